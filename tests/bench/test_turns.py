"""Whose turn it is, when a turn is spoilt, what a call costs."""
import os
import unittest
from unittest import mock

from measured import COST, all_of, turn
import processor
import programs
import turns
from processor import Moment
from programs import Slice


class Standin:
    """A program, or a server, of the benchmark's."""

    def __init__(self, piece=None, pid=None):
        self.pid, self.service, self.piece = pid or os.getpid(), None, piece

    def order(self, *order):
        return self.piece


class Take(unittest.TestCase):
    def take(self, busy_of_others, piece=Slice(10, 1, 1, 1, 7), threads=1):
        quiet = 1.0 * os.cpu_count()
        moments = [Moment(0, 0, 0), Moment(1, quiet * (1 - busy_of_others), 0)]
        with mock.patch.object(processor, "moment", side_effect=moments), \
                mock.patch.object(programs, "pids", return_value=[]):
            return turns.take(Standin(piece), Standin(), "add", 1, threads, "1n")

    def test_a_turn_beside_another_load_is_spoilt(self):
        self.assertTrue(self.take(0.06).spoilt)
        self.assertFalse(self.take(0.04).spoilt)

    def test_how_much_is_too_much_can_be_chosen(self):
        with mock.patch.dict(os.environ, BENCH_FOREIGN="50"):
            self.assertTrue(self.take(0.51).spoilt)
            self.assertFalse(self.take(0.49).spoilt)

    def test_the_program_itself_knows_its_switches_best(self):
        self.assertEqual(self.take(0).cost["caller_switches"], 7)

    def test_switches_of_threads_that_have_ended_are_unknown_unless_told(self):
        silent = Slice(10, 1, 1, 1)
        self.assertIsNone(self.take(0, silent, threads=8).cost["caller_switches"])
        self.assertIsNotNone(self.take(0, silent, threads=1).cost["caller_switches"])

    def test_a_program_that_serves_itself_has_no_service_to_pay_for(self):
        self.assertIsNone(self.take(0).cost["service_switches"])
        self.assertIsNone(self.take(0).cost["service_us"])


class TakeAll(unittest.TestCase):
    def names(self, wanted, spoilt=()):
        """Who had a turn, one after the other."""
        had = []

        def take(program, server, *order):
            had.append(program)
            return turn(1, spoilt=len(had) in spoilt)
        with mock.patch.object(turns, "take", side_effect=take):
            turns.take_all({name: (name, ()) for name in "abc"}, None, wanted)
        return "".join(had)

    def rounds(self, wanted, spoilt=()):
        names = self.names(wanted, spoilt)
        return [names[begin:begin + 3] for begin in range(0, len(names), 3)]

    def test_each_has_one_turn_in_each_round(self):
        self.assertEqual(["".join(sorted(one)) for one in self.rounds(4)], ["abc"] * 4)

    def test_each_begins_and_ends_some_rounds_and_in_the_next_run_the_same(self):
        rounds = self.rounds(20)
        self.assertEqual({one[0] for one in rounds}, set("abc"))
        self.assertEqual({one[2] for one in rounds}, set("abc"))
        self.assertEqual(self.rounds(20), rounds)

    def test_when_one_turn_was_spoilt_all_have_another_round(self):
        self.assertEqual(len(self.rounds(2)), 2)
        self.assertEqual(len(self.rounds(2, spoilt=(1,))), 3)

    def test_without_programs_nothing_is_measured(self):
        self.assertEqual(turns.take_all({}, None, 3), {})


class Cost(unittest.TestCase):
    def test_a_call_costs_what_all_good_rounds_cost_by_their_calls(self):
        measured = [turn(1, calls=100, caller_us=1000.0), turn(1, calls=300, caller_us=2000.0)]
        self.assertEqual(turns.cost_per_call(measured, [0, 1])["caller_us"], 7.5)

    def test_spoilt_rounds_cost_nothing(self):
        measured = all_of([1, 1]) + [turn(1, spoilt=True, caller_us=1e9)]
        self.assertEqual(turns.cost_per_call(measured, [0, 1])["caller_us"],
                         COST["caller_us"] / 100)

    def test_what_one_round_does_not_tell_is_not_told(self):
        measured = [turn(1), turn(1, caller_switches=None)]
        self.assertIsNone(turns.cost_per_call(measured, [0, 1])["caller_switches"])


if __name__ == "__main__":
    unittest.main()
