"""What a row says, of one build and of two."""
import contextlib
import io
import tempfile
import unittest

from measured import all_of, turn
import comparison
import costs
import report
import rows
from rows import Group

GROUP = Group("add, one at a time", "add", 1, 1, ["p50"], ["floor", "gsoap", "plain"],
              {("plain", "p50"): "<=1.15"}, [("plain", "gsoap", None)])


def judged(**taken):
    return {row["row"].partition(": ")[2]: row
            for row in rows.judge(GROUP, "TLS", "prosody", taken)}


class OneBuild(unittest.TestCase):
    def test_a_row_tells_the_ratio_of_the_rounds_and_its_quartiles(self):
        row = judged(floor=all_of([100] * 5), plain=all_of([110, 120, 130, 140, 150]))
        row = row["gSOAP plain p50"]
        self.assertEqual((row["q1"], row["ratio"], row["q3"]), (1.2, 1.3, 1.4))
        self.assertEqual((row["value"], row["floor"], row["unit"]), (130, 100, "us"))
        self.assertEqual((row["rounds"], row["spoilt"]), (5, 0))
        self.assertEqual(report.verdict(row), "missed")

    def test_a_spoilt_round_is_counted_and_left_out(self):
        row = judged(floor=all_of([100] * 5, spoilt=(0,)),
                     plain=all_of([900, 120, 130, 140, 900], spoilt=(4,)))["gSOAP plain p50"]
        self.assertEqual((row["ratio"], row["rounds"], row["spoilt"]), (1.3, 5, 2))
        self.assertEqual(row["value"], 130)
        self.assertEqual(report.good(row), "3/5")

    def test_a_row_with_too_few_good_rounds_says_so_instead_of_a_number(self):
        row = judged(floor=all_of([100] * 5), plain=all_of([110] * 5, spoilt=(0, 1, 2)))
        row = row["gSOAP plain p50"]
        self.assertEqual((row["value"], row["ratio"], row["caller_us"]), (None, None, None))
        self.assertEqual(report.verdict(row), report.TOO_FEW)

    def test_a_row_is_also_measured_against_the_floor_with_gsoap(self):
        found = judged(floor=all_of([100] * 3), gsoap=all_of([150] * 3), plain=all_of([180] * 3))
        self.assertEqual(found["gSOAP plain p50 against floor with gSOAP"]["ratio"], 1.2)

    def test_what_comes_on_top_is_the_difference_of_the_rounds(self):
        group = GROUP._replace(on_top=[("plain", "gsoap", "<=35")])
        taken = {"gsoap": all_of([100, 200, 300], spoilt=()), "plain": all_of([140, 230, 310])}
        row = list(rows.judge(group, "TLS", "prosody", taken))[-1]
        self.assertEqual(row["row"], "add, one at a time, TLS: gSOAP plain p50 on top of floor with gSOAP")
        self.assertEqual((row["value"], row["ratio"], row["unit"]), (30, None, "us"))
        self.assertEqual(report.verdict(row), "ok")

    def test_without_a_floor_there_is_a_value_and_no_ratio(self):
        row = judged(plain=all_of([110] * 3))["gSOAP plain p50"]
        self.assertEqual((row["value"], row["ratio"], row["q1"]), (110, None, None))

    def test_eight_threads_are_eight_outstanding_where_nothing_has_threads(self):
        group = Group("add, 8 threads", "add", 1, 8, ["rate"], [])
        for variant, outstanding, threads in (("floor", 8, 1), ("gsoap", 8, 1), ("plain", 1, 8)):
            self.assertEqual(rows.order_of(group, variant, 1)[1:3], (outstanding, threads))


class TwoBuilds(unittest.TestCase):
    def compared(self, before, now, metric="p50", floor=None):
        return comparison.judge("a row", "prosody", metric, floor or all_of([100] * len(now)),
                                before, now)

    def test_equal_builds_are_the_same(self):
        turns = all_of([140, 150, 160])
        row = self.compared(turns, turns)
        self.assertEqual((row["ratio"], row["q1"], row["q3"], row["verdict"]), (1, 1, 1, "same"))

    def test_the_builds_are_compared_round_by_round(self):
        row = self.compared(all_of([100, 200, 400]), all_of([110, 220, 440]))
        self.assertAlmostEqual(row["ratio"], 1.1)
        self.assertAlmostEqual(row["q3"], 1.1)

    def test_a_latency_outside_of_the_quartiles_before_is_worse(self):
        row = self.compared(all_of([140, 150, 160]), all_of([156, 156, 156]))
        self.assertEqual((row["before_q1"], row["before_q3"]), (1.45, 1.55))
        self.assertEqual(row["verdict"], "worse")

    def test_fewer_calls_per_second_are_worse(self):
        def many(*counts):
            return [turn(1, calls=count) for count in counts]
        row = self.compared(many(90, 100, 110), many(80, 80, 80), "rate", many(100, 100, 100))
        self.assertEqual((row["before"], row["now"], row["verdict"]), (100, 80, "worse"))

    def test_noise_that_the_floor_has_too_makes_nothing_worse(self):
        row = self.compared(all_of([100, 110, 480]), all_of([108, 108, 440]),
                            floor=all_of([100, 100, 400]))
        self.assertEqual((row["before_q1"], row["before_q3"]), (1.05, 1.15))
        self.assertEqual((row["now_ratio"], row["verdict"]), (1.08, "same"))

    def test_with_too_few_good_rounds_there_is_no_verdict(self):
        row = self.compared(all_of([100] * 3, spoilt=(0,)), all_of([200] * 3))
        self.assertEqual((row["verdict"], row["ratio"], row["spoilt"]), (None, None, 1))

    def test_what_was_measured_once_is_joined_by_name_and_has_no_verdict_of_better_or_worse(self):
        now = [rows.row("memory: a link", "prosody", 150, "KiB"), rows.row("new", "", 1, "us"),
               rows.row("wake-ups", "", 0, "switches")]
        before = [rows.row("wake-ups", "", 0, "switches"),
                  rows.row("memory: a link", "prosody", 200, "KiB"),
                  rows.row("memory: a link", "ejabberd", 900, "KiB")]
        joined = list(comparison.join_once(now, before))
        self.assertEqual([(row["row"], row["before"], row["now"], row["ratio"], row["verdict"])
                          for row in joined],
                         [("memory: a link", 200, 150, 0.75, comparison.ONCE),
                          ("wake-ups", 0, 0, None, comparison.ONCE)])


class Once(unittest.TestCase):
    def test_a_time_that_was_measured_once_beside_another_load_is_no_number(self):
        one = rows.row("50 MB in pieces: speed", "prosody", 10, "MB/s", 5, 2, ">=1.00")
        spoilt = costs.unless_spoilt(0.3, dict(one))
        self.assertEqual((spoilt["value"], spoilt["ratio"]), (None, None))
        self.assertEqual((report.good(spoilt), report.verdict(spoilt)), ("0/1", report.TOO_FEW))
        good = costs.unless_spoilt(0.01, dict(one))
        self.assertEqual(good["value"], 10)
        self.assertEqual((report.good(good), report.verdict(good)), ("1/1", "ok"))


class File(unittest.TestCase):
    MEMBERS = {"row": str, "value": (int, type(None))}

    def check(self, *found):
        with tempfile.TemporaryDirectory() as folder, \
                contextlib.redirect_stderr(io.StringIO()):
            report.write(f"{folder}/bench.json", found)
            return report.check(f"{folder}/bench.json", self.MEMBERS)

    def test_rows_with_all_their_members_are_right(self):
        self.assertEqual(self.check({"row": "a", "value": 1}, {"row": "b", "value": None}), 0)

    def test_a_member_that_is_missing_or_of_another_kind_is_wrong(self):
        self.assertEqual(self.check({"row": "a"}), 1)
        self.assertEqual(self.check({"row": "a", "value": "1"}), 1)

    def test_no_row_at_all_is_a_name_that_nothing_bears(self):
        self.assertEqual(self.check(), 2)


if __name__ == "__main__":
    unittest.main()
