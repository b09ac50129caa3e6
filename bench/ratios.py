"""ratios.py - what the turns of two programs that were measured side by side say of each other.

Noun: the ratio of one to the other, one for each round, and of these the quartiles. A round counts
if neither of its two turns was spoilt. Nothing here is measured, it is arithmetic alone.
"""
import statistics
from collections import namedtuple

ENOUGH = 3  # good rounds: of fewer nothing is said

Quartiles = namedtuple("Quartiles", "q1 median q3")


def quartiles(values):
    """values: at least one."""
    if len(values) == 1:
        return Quartiles(values[0], values[0], values[0])
    return Quartiles(*statistics.quantiles(values, n=4, method="inclusive"))


def good_rounds(*sides):
    """The numbers of the rounds that count. sides: for each program its turns, round by round."""
    return [number for number, turns in enumerate(zip(*sides))
            if not any(turn.spoilt for turn in turns)]


def ratio(values, references, rounds):
    """The quartiles of value / reference in these rounds."""
    return quartiles([values[number] / references[number] for number in rounds])


def needs_more(turns, wanted):
    """Whether another round is to be measured: spoilt ones are made up for, but at most as many
    again are tried. turns: for each program its turns."""
    done = len(turns[0])
    return done < wanted or (len(good_rounds(*turns)) < wanted and done < 2 * wanted)


def compare(before, now, less_is_better):
    """"same" unless the median now lies outside of the quartiles before, then "worse" or "better".
    Both: the quartiles of the ratios to one reference, measured in the same rounds."""
    if before.q1 <= now.median <= before.q3:
        return "same"
    return "better" if (now.median < before.q1) == less_is_better else "worse"
