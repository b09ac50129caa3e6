"""measurement.py - a program of one measurement, from its command line to table and JSON file."""

import json
import signal
import sys

import programs
from programs import Failed, say

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def number(value):
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.2f}"


def report(path, found):
    width = max(len(row["row"]) for row in found)
    for row in found:
        print(f"{row['row']:{width}}  {number(row['value']):>10} {row['unit']}")
    with open(path, "w") as file:
        json.dump(found, file, indent=1)


def end(signal_number, frame):
    for name in SIGNALS:
        signal.signal(name, signal.SIG_IGN)
    raise KeyboardInterrupt


def main(name, text, missing, make, tell=report):
    """missing: what tools/with-servers should have started and hasn't, or None. make(build) gives
    what has run() and found. What was found is told even if the rest failed: tell(path, found)."""
    if len(sys.argv) != 2 or "--help" in sys.argv:
        print(text)
        return 0 if "--help" in sys.argv else 2
    if missing:
        print(f"{name}.py: tools/with-servers has started {missing}", file=sys.stderr)
        return 2
    for signal_name in SIGNALS:
        signal.signal(signal_name, end)
    build = sys.argv[1]
    measurement, status = make(build), 0
    try:
        measurement.run()
    except KeyboardInterrupt:
        status = 130
    except Failed as failed:
        say(failed)
        status = 1
    finally:
        programs.stop_all()
    if measurement.found:
        tell(f"{build}/{name}.json", measurement.found)
    return status
