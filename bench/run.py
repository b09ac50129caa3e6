#!/usr/bin/python3
"""run.py BUILD [--plot | --help] - measures beside the servers of tools/with-servers.

Prints a table and writes BUILD/bench.json: a list of objects with the members row, server, value,
unit, floor, ratio and target. --plot measures latency against outstanding calls instead, for
BUILD/bench-latency.png. docs/performance.md tells how to read it all.

Environment:
  BENCH_SECONDS       of measuring, for each variant of each row (1)
  BENCH_IDLE_SECONDS  how long the idle ones are watched (30)
  BENCH_ROWS          a part of a row's name before its colon: "64 outstanding", "no TLS"
  BENCH_SERVERS       which servers make starts: "prosody ejabberd"
"""
import json
import operator
import os
import signal
import subprocess
import sys

import costs
import plot
import programs
import rows

MEMBERS = {"row": str, "server": str, "value": (int, float), "unit": str,
           "floor": (int, float, type(None)), "ratio": (int, float, type(None)),
           "target": (str, type(None))}
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
RELATIONS = {"<=": operator.le, ">=": operator.ge, "<": operator.lt}


def verdict(row):
    """"" without a target; one for a row without a ratio means its value."""
    if not row["target"]:
        return ""
    relation = row["target"].rstrip("0123456789.")
    measured = row["value"] if row["ratio"] is None else round(row["ratio"], 2)
    met = RELATIONS[relation](measured, float(row["target"][len(relation):]))
    return "ok" if met else "missed"


def number(value):
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.2f}"


def print_table(found):
    width = max(len(row["row"]) for row in found)
    print(f"{'row':{width}}  {'server':8} {'value':>10} {'floor':>10} {'unit':12} {'ratio':>6}  "
          "target")
    for row in found:
        ratio = "-" if row["ratio"] is None else f"{row['ratio']:.2f}"
        print(f"{row['row']:{width}}  {row['server']:8} {number(row['value']):>10} "
              f"{number(row['floor']):>10} {row['unit']:12} {ratio:>6}  "
              f"{row['target'] or '':8} {verdict(row)}".rstrip())


def check(path):
    """What a reader of bench.json relies on; the exit status."""
    with open(path) as file:
        found = json.load(file)
    for row in found:
        wrong = set(row) ^ set(MEMBERS) or [member for member, kinds in MEMBERS.items()
                                            if not isinstance(row[member], kinds)]
        if wrong:
            print(f"run.py: {path}: {row['row']}: {', '.join(wrong)}", file=sys.stderr)
            return 1
    if not found:
        print("run.py: no row is called so", file=sys.stderr)
        return 2
    return 0


def measure(build, servers, found, notes):
    """Adds to found row after row, so that what was measured is there whatever happens then."""
    seconds = float(os.environ.get("BENCH_SECONDS") or 1)
    idle_seconds = float(os.environ.get("BENCH_IDLE_SECONDS") or 30)
    wanted = os.environ.get("BENCH_ROWS", "")
    for server in servers:
        for tls in (True, False):
            site = programs.Site(build, server, tls)
            rows.measure_all(site, seconds, wanted, found, notes)
            site.stop()
        costs.time_first(build, server, wanted, found)
        costs.weigh(build, server, wanted, found)
        costs.send_big(build, server, wanted, found)
    costs.watch_idle(build, servers, idle_seconds, wanted, found)
    costs.count_instructions(build, servers, wanted, found, notes)


def end(number, frame):
    """Once: what comes later must not break off the tidying."""
    for name in SIGNALS:
        signal.signal(name, signal.SIG_IGN)
    raise KeyboardInterrupt


def main():
    if len(sys.argv) < 2 or "--help" in sys.argv:
        print(__doc__)
        return 0 if "--help" in sys.argv else 2
    build, servers, notes = sys.argv[1], programs.servers(), set()
    if not servers:
        print("run.py: tools/with-servers has started no server", file=sys.stderr)
        return 2
    os.makedirs(f"{build}/bench/payloads", exist_ok=True)
    subprocess.run([f"{build}/bench/envelopes", f"{build}/bench/payloads", "add", "records",
                    "megabyte"], check=True, timeout=60)
    for name in SIGNALS:
        signal.signal(name, end)
    found, status = [], 0
    try:
        if "--plot" in sys.argv:
            return plot.draw(build, servers)
        measure(build, servers, found, notes)
    except KeyboardInterrupt:
        status = 130
    except programs.Failed as failed:
        programs.say(failed)
        status = 1
    finally:
        programs.stop_all()
    path = f"{build}/bench.json"
    with open(path, "w") as file:
        json.dump(found, file, indent=1)
    if found:
        print_table(found)
    for note in sorted(notes):
        print(f"note: {note}")
    return status or check(path)


if __name__ == "__main__":
    sys.exit(main())
