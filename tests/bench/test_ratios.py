"""Quartiles, good rounds, and which of two builds is worse."""
import unittest

from measured import all_of
import ratios
from ratios import Quartiles


class Ratios(unittest.TestCase):
    def test_the_quartiles_of_five_values_are_the_second_third_and_fourth(self):
        self.assertEqual(ratios.quartiles([5, 1, 4, 2, 3]), Quartiles(2, 3, 4))

    def test_quartiles_between_two_values_are_interpolated(self):
        self.assertEqual(ratios.quartiles([1, 2, 3, 4]), Quartiles(1.75, 2.5, 3.25))

    def test_one_value_is_all_its_quartiles(self):
        self.assertEqual(ratios.quartiles([7]), Quartiles(7, 7, 7))

    def test_a_round_counts_only_if_no_side_was_spoilt(self):
        self.assertEqual(ratios.good_rounds(all_of([1] * 5, spoilt=(1,)),
                                            all_of([1] * 5, spoilt=(1, 4))), [0, 2, 3])

    def test_the_ratio_is_taken_round_by_round_and_not_of_the_totals(self):
        # A machine that gets ten times slower in the last round: the totals would say 1.55.
        self.assertEqual(ratios.ratio([2, 2, 20], [1, 1, 20], [0, 1, 2]).median, 2)

    def test_spoilt_rounds_leave_no_trace_in_the_ratio(self):
        self.assertEqual(ratios.ratio([2, 99, 4, 3], [1, 1, 1, 1], [0, 2, 3]),
                         Quartiles(2.5, 3, 3.5))

    def test_no_round_is_added_when_all_were_good(self):
        self.assertTrue(ratios.needs_more([all_of([1] * 4)], 5))
        self.assertFalse(ratios.needs_more([all_of([1] * 5)], 5))

    def test_a_spoilt_round_is_made_up_for(self):
        self.assertTrue(ratios.needs_more([all_of([1] * 5), all_of([1] * 5, spoilt=(2,))], 5))
        self.assertFalse(ratios.needs_more([all_of([1] * 6), all_of([1] * 6, spoilt=(2,))], 5))

    def test_a_machine_that_is_never_quiet_is_given_up(self):
        self.assertTrue(ratios.needs_more([all_of([1] * 9, spoilt=range(9))], 5))
        self.assertFalse(ratios.needs_more([all_of([1] * 10, spoilt=range(10))], 5))


class Compare(unittest.TestCase):
    BEFORE = Quartiles(1.4, 1.5, 1.6)

    def verdict(self, median, less_is_better):
        now = Quartiles(median - 1, median, median + 1)
        return ratios.compare(self.BEFORE, now, less_is_better)

    def test_inside_of_the_quartiles_before_nothing_is_worse(self):
        for median in (1.4, 1.5, 1.6):
            for less_is_better in (True, False):
                self.assertEqual(self.verdict(median, less_is_better), "same")

    def test_a_latency_above_the_quartiles_is_worse_and_below_better(self):
        self.assertEqual(self.verdict(1.61, True), "worse")
        self.assertEqual(self.verdict(1.39, True), "better")

    def test_calls_per_second_above_the_quartiles_are_better_and_below_worse(self):
        self.assertEqual(self.verdict(1.61, False), "better")
        self.assertEqual(self.verdict(1.39, False), "worse")


if __name__ == "__main__":
    unittest.main()
