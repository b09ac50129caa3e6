"""Whose the processor time was, and how many switches."""
import os
import threading
import time
import unittest

import measured  # noqa: F401
import processor
from processor import Moment


BURNT_S, PATIENCE_S, WAITS = 0.02, 30, 50


def burn():
    """Some processor time of this process'; it ends even if the clock stands still."""
    begun, end = processor.cpu_seconds(os.getpid()), time.monotonic() + PATIENCE_S
    while processor.cpu_seconds(os.getpid()) < begun + BURNT_S and time.monotonic() < end:
        pass


class Foreign(unittest.TestCase):
    def test_what_is_neither_idle_nor_ours_is_foreign(self):
        share = processor.foreign_share(Moment(10, 100, 5), Moment(11, 100.7, 5.9), processors=2)
        self.assertAlmostEqual(share, 0.2)

    def test_a_machine_that_does_nothing_else_has_no_foreign_load(self):
        self.assertAlmostEqual(
            processor.foreign_share(Moment(0, 0, 0), Moment(1, 1.5, 0.5), processors=2), 0)

    def test_idle_time_that_comes_in_steps_gives_no_negative_share(self):
        self.assertEqual(
            processor.foreign_share(Moment(0, 0, 0), Moment(1, 1.51, 0.5), processors=2), 0)

    def test_waiting_for_a_disk_is_idle(self):
        line = "cpu  100 0 50 1000 200 0 10 5 0 0"
        self.assertEqual(processor.idle_seconds(line), 1200 / processor.TICKS_PER_S)

    def test_what_this_process_does_is_ours(self):
        pid = os.getpid()
        before = processor.moment([pid])
        burn()
        self.assertGreaterEqual(processor.moment([pid]).our_seconds, before.our_seconds + BURNT_S)


class OneProcess(unittest.TestCase):
    def test_the_time_of_a_thread_that_has_ended_stays(self):
        before = processor.cpu_seconds(os.getpid())
        thread = threading.Thread(target=burn)
        thread.start()
        thread.join()
        self.assertGreaterEqual(processor.cpu_seconds(os.getpid()), before + BURNT_S)

    def test_each_wait_is_a_context_switch(self):
        before = processor.context_switches(os.getpid())
        for _ in range(WAITS):
            time.sleep(0.001)
        self.assertGreaterEqual(processor.context_switches(os.getpid()), before + WAITS)


if __name__ == "__main__":
    unittest.main()
