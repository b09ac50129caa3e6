"""turns.py - programs that stand side by side and measure in turn.

Noun: the turn, one slice of one program with what it cost. All programs of a group take one turn in
each round, in another order each time, so that neither what changes steadily nor the neighbour
favours any of them. A turn is spoilt if others had more of the processors meanwhile than
BENCH_FOREIGN allows.
"""
import os
import random
import statistics
from collections import namedtuple

import processor
import programs
import ratios

FOREIGN_PERCENT = 5

# foreign: the others' share of the processors' time. cost: by name, see COSTS; a value is None
# where it can't be known.
Turn = namedtuple("Turn", "piece foreign spoilt cost")
COSTS = ("caller_switches", "service_switches", "caller_us", "service_us", "server_us")


def allowed_share():
    return float(os.environ.get("BENCH_FOREIGN") or FOREIGN_PERCENT) / 100


class Meter:
    """The switches and the processor time of one process, from now on."""

    def __init__(self, pid):
        self.pid = pid
        self.switches, self.seconds = self.read() if pid else (None, None)

    def read(self):
        return processor.context_switches(self.pid), processor.cpu_seconds(self.pid)

    def spent(self):
        """Switches, and us of processor time; None twice without a process."""
        if not self.pid:
            return None, None
        switches, seconds = self.read()
        return switches - self.switches, (seconds - self.seconds) * 1e6


def take(program, server, *order):
    """One turn. order: Program.order's. Threads that end with the slice take their switches along:
    then the program itself has to tell, or nobody can."""
    threads = order[2]
    pids = programs.pids()
    before = processor.moment(pids)
    caller, service, host = (Meter(pid) for pid in (
        program.pid, program.service and program.service.pid, server.pid))
    piece = program.order(*order)
    counted, caller_us = caller.spent()
    if piece.switches is not None:
        counted = piece.switches
    elif threads > 1:
        counted = None
    service_switches, service_us = service.spent()
    cost = dict(zip(COSTS, (counted, service_switches, caller_us, service_us, host.spent()[1])))
    foreign = processor.foreign_share(before, processor.moment(pids))
    return Turn(piece, foreign, foreign > allowed_share(), cost)


def order_of_round(names, number):
    """By chance, but the same in every run."""
    return random.Random(number).sample(sorted(names), len(names))


def take_all(contestants, server, wanted):
    """For each name its turns, round by round. contestants: name -> program and order."""
    turns = {name: [] for name in contestants}
    done = 0
    while contestants and ratios.needs_more(list(turns.values()), wanted):
        for name in order_of_round(contestants, done):
            program, order = contestants[name]
            turns[name].append(take(program, server, *order))
        done += 1
    return turns


def foreign_percent(taken):
    """The others' share in the middle one of these turns."""
    return 100 * statistics.median(turn.foreign for turn in taken)


def cost_per_call(turns, rounds):
    """By name, over these rounds together."""
    calls = sum(turns[number].piece.calls for number in rounds)

    def each(name):
        values = [turns[number].cost[name] for number in rounds]
        return None if not values or None in values else sum(values) / calls

    return {name: each(name) for name in COSTS}
