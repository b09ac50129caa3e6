"""processor.py - processor time and context switches: whose they were, between two moments.

Noun: the use of the processors. What runs in a measurement is known by its process ids; all that
the processors did beyond it is foreign: another program, an interrupt, or a hypervisor that gave
the processor to another machine (steal). A process that was born and has died between the two
moments counts as foreign, too, since it is what the processors' idle time leaves that is looked at.

The kernel tells idle time in steps of 10 ms: a share of much less than 0.2 s says little.
"""
import os
import time
from collections import namedtuple

TICKS_PER_S = os.sysconf("SC_CLK_TCK")

Moment = namedtuple("Moment", "seconds idle_seconds our_seconds")


def cpu_seconds(pid):
    """Of all threads that the process has or had: the clock of clock_getcpuclockid(3), in ns."""
    return time.clock_gettime((~pid << 3) | 2)


def context_switches(pid):
    """Of all threads that the process has. Those of a thread that has ended are gone."""
    switches = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/status") as file:
            switches += sum(int(line.split()[1]) for line in file if "ctxt_switches" in line)
    return switches


def idle_seconds(line):
    """Of all processors together; line: the first of /proc/stat."""
    fields = line.split()
    return (int(fields[4]) + int(fields[5])) / TICKS_PER_S


def moment(pids):
    """Now. pids: the processes that belong to the measurement, this one among them."""
    with open("/proc/stat") as file:
        idle = idle_seconds(file.readline())
    return Moment(time.monotonic(), idle, sum(map(cpu_seconds, pids)))


def foreign_share(before, after, processors=os.cpu_count()):
    """Of all processors' time between the moments: what others had of it, 0 to 1."""
    whole = (after.seconds - before.seconds) * processors
    idle = after.idle_seconds - before.idle_seconds
    ours = after.our_seconds - before.our_seconds
    return max(0.0, (whole - idle - ours) / whole)
