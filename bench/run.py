#!/usr/bin/python3
"""run.py BUILD [--against=BUILD | --plot | --help] - measures beside the servers of with-servers.

Prints a table and writes BUILD/bench.json: a list of objects with the members of rows.ROW; what was
not measured is null. Or:

  --against=BUILD  compares with the build folder of another checkout, where its programs are
                   made (make bench-programs). Both builds take turns on the same server. The
                   exit status is 3 if a row is worse. Writes BUILD/bench-against.json: objects with
                   the members of comparison.COMPARISON. By make: make bench AGAINST=BUILD
  --plot           draws latency against outstanding calls: BUILD/bench-latency.png

docs/performance.md tells how to read it all.

Environment:
  BENCH_SECONDS       of measuring, for each variant of each row (2)
  BENCH_ROUNDS        that share them, at least 3 (9, or 5 where envelopes are large); --against
                      has twice as many
  BENCH_FOREIGN       percent of the processors' time that others may have in a round before it
                      counts as spoilt; 100: no round does (5)
  BENCH_IDLE_SECONDS  how long the idle ones are watched (30)
  BENCH_ROWS          a part of a row's name before its colon: "64 outstanding", "no TLS"
  BENCH_SERVERS       which servers make starts: "prosody ejabberd"
"""
import os
import signal
import subprocess
import sys

import comparison
import costs
import plot
import programs
import report
import rows

# Of the members of the files; all others are a number or null.
KINDS = {"row": str, "server": str, "unit": str, "costs_before": dict, "costs_now": dict,
         "target": (str, type(None)), "verdict": (str, type(None))}
WORSE = 3
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def kinds(members):
    return {name: KINDS.get(name, (int, float, type(None))) for name in members}


def wishes():
    """Seconds for each variant, and a part of the name of the rows."""
    return float(os.environ.get("BENCH_SECONDS") or 2), os.environ.get("BENCH_ROWS", "")


def measure(site_of, servers, found, notes):
    """Adds to found row after row, so that what was measured is there whatever happens then."""
    seconds, wanted = wishes()
    for server in servers:
        for tls in (True, False):
            site = site_of(server, tls)
            rows.measure_all(site, seconds, wanted, found, notes)
            site.stop()
    costs.measure_all(site_of, servers, wanted, found, notes)


def end(number, frame):
    """Once: what comes later must not break off the tidying."""
    for name in SIGNALS:
        signal.signal(name, signal.SIG_IGN)
    raise KeyboardInterrupt


def option(name):
    """The value of --name=VALUE, or None."""
    values = [word.partition("=")[2] for word in sys.argv[2:] if word.startswith(f"--{name}=")]
    return values[-1] if values else None


def run(build, servers, against):
    """Measures, then tells and writes what was found, even if the rest failed. The exit status."""
    found, notes, status = [], set(), 0
    payloads = f"{build}/bench/payloads"

    def site_of(server, tls):
        return programs.Site(build, server, tls, payloads)

    def site_before_of(server, tls):
        return programs.Site(against, server, tls, payloads, mark="-before")

    try:
        if against:
            comparison.measure_all(site_of, site_before_of, servers, *wishes(), found, notes)
        else:
            measure(site_of, servers, found, notes)
    except KeyboardInterrupt:
        status = 130
    except programs.Failed as failed:
        programs.say(failed)
        status = 1
    finally:
        programs.stop_all()
    path = f"{build}/bench-against.json" if against else f"{build}/bench.json"
    report.write(path, found)
    if found:
        (report.print_comparison if against else report.print_table)(found)
    for note in sorted(notes):
        print(f"note: {note}")
    if against and not status and any(row["verdict"] == "worse" for row in found):
        status = WORSE
    return status or report.check(path, kinds(comparison.COMPARISON if against else rows.ROW))


def draw(build, servers):
    try:
        return plot.draw(build, servers)
    finally:
        programs.stop_all()


def main():
    if len(sys.argv) < 2 or "--help" in sys.argv:
        print(__doc__)
        return 0 if "--help" in sys.argv else 2
    build, servers, against = sys.argv[1], programs.servers(), option("against")
    if not servers:
        print("run.py: tools/with-servers has started no server", file=sys.stderr)
        return 2
    if against and not os.path.exists(f"{against}/bench/caller"):
        print(f"run.py: {against}/bench/caller isn't there: make -C its checkout bench-programs",
              file=sys.stderr)
        return 2
    os.makedirs(f"{build}/bench/payloads", exist_ok=True)
    subprocess.run([f"{build}/bench/envelopes", f"{build}/bench/payloads", "add", "records",
                    "megabyte"], check=True, timeout=60)
    for name in SIGNALS:
        signal.signal(name, end)
    return draw(build, servers) if "--plot" in sys.argv else run(build, servers, against)


if __name__ == "__main__":
    sys.exit(main())
