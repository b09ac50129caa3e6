"""measured.py - turns as they might have been measured, for tests of the benchmark's arithmetic."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../bench"))

import programs  # noqa: E402
import turns     # noqa: E402

COST = dict(zip(turns.COSTS, (300, 500, 10000.0, 20000.0, 30000.0)))


def turn(p50_us, spoilt=False, calls=100, seconds=1.0, **cost):
    piece = programs.Slice(calls, seconds, p50_us, 2 * p50_us)
    return turns.Turn(piece, 0.5 * spoilt, spoilt, dict(COST, **cost))


def all_of(p50s_us, spoilt=()):
    """Turns with these latencies; spoilt: the numbers of those that were."""
    return [turn(p50_us, number in spoilt) for number, p50_us in enumerate(p50s_us)]
