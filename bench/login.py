#!/usr/bin/python3
"""login.py BUILD - what a login costs: text, instructions, time, the longest pass of the loop.

Run by make bench-login beside the servers of with-servers. Prints a table and writes
BUILD/login.json: a list of objects with the members of rows.ROW. docs/performance.md tells how to
read it.

Environment:
  BENCH_ROUNDS, BENCH_FOREIGN, BENCH_ROWS   as for run.py
  LOGIN_COUNT   logins of each kind under callgrind (10)
"""
import os
import shutil
import subprocess
import sys
import tempfile

import costs
import measurement
import programs
import report
import rows
import turns
from programs import Program, say
from silence import Silence

WAYS = {"STARTTLS": "required", "direct TLS": "direct"}
NEW, AGAIN, SILENT = "a new link", "the same link again", "a silent server"
LONGEST_PASS_US = "<=20000"
KEPT_TARGET = "<=9300000"  # the handshake's 8.0 M and a sixth more


def each_way(*kinds):
    return [f"{kind}, {way}" for kind in kinds for way in WAYS]


# Few logins in a slice: ejabberd takes 0.1 s to say good-bye.
TIME = rows.Group("time of a login", "first", 1, 1, ["first"], each_way(NEW, AGAIN), {},
                  list(zip(each_way(AGAIN), each_way(NEW), [None] * len(WAYS))), "3n")
PASS = rows.Group("longest pass of the loop", "first", 1, 1, ["p50"], each_way(NEW, SILENT),
                  dict.fromkeys([(variant, "p50") for variant in each_way(NEW, SILENT)],
                                LONGEST_PASS_US), [], "3n")
ORDERS = {(TIME.name, NEW): "open", (TIME.name, AGAIN): "again",
          (PASS.name, NEW): "pass", (PASS.name, SILENT): "silence"}

# Order, mechanism if not the best, target.
COUNTED = {"nothing kept": ("open", None, None),
           "salted password kept": ("again", None, KEPT_TARGET),
           "PLAIN": ("again", "PLAIN", None)}


def text_bytes(path):
    """Code and constants, as size(1) adds them up."""
    said = subprocess.run(["size", path], check=True, capture_output=True, text=True).stdout
    return int(said.splitlines()[1].split()[0])


def weigh(build, found):
    for what, path in (("the core", "libsoapxmppcore.so.0"), ("the plugin", "libsoapxmpp.so.0"),
                       ("a program with a link, without gSOAP", "bench/login")):
        found.append(rows.row(f"text: {what}", "", text_bytes(f"{build}/{path}") / 1024, "KiB"))


class Place:
    """One server, and a silent one beside it."""

    def __init__(self, build, server):
        self.site = programs.Site(build, server, True, None)
        self.label = server.label
        self.ports = {"STARTTLS": server.port, "direct TLS": server.tls_port}
        self.silent = {way: Silence(offers_tls=way == "STARTTLS") for way in WAYS}

    def start(self, way, order, before=(), errors=None, **more):
        port = self.silent[way].port if order == "silence" else self.ports[way]
        return self.site.start("login", before=before, errors=errors, environment=self.site.account(
            0, f"login{len(Program.started)}", SOAP_XMPP_TLS=WAYS[way], SOAP_XMPP_PORT=str(port),
            **more))

    def instructions(self, order, mechanism, count):
        """Of a whole process."""
        more = {"SOAP_XMPP_MECHANISMS": mechanism} if mechanism else {}
        with tempfile.TemporaryFile() as errors:
            program = self.start("direct TLS", order, costs.CALLGRIND, errors, **more)
            program.order(order, 1, 1, f"{count}n")
            program.stop()
            return costs.collected(errors)

    def count(self, found):
        """Each further login of one process: what twice as many take more."""
        count = int(os.environ.get("LOGIN_COUNT") or 10)
        for what, (order, mechanism, target) in COUNTED.items():
            name = f"instructions of a further login, direct TLS: {what}"
            say(f"{self.label}: {name}")
            once, twice = (self.instructions(order, mechanism, times * count) for times in (1, 2))
            found.append(rows.row(name, self.label, (twice - once) / count, "instructions",
                                  target=target))

    def contestants(self, group):
        for variant in group.variants:
            what, _, way = variant.partition(", ")
            order = ORDERS[group.name, what]
            program = self.start(way, order)
            program.order(order, 1, 1, "1n")
            yield variant, (program, (order, 1, 1, group.limit))

    def measure(self, group, found):
        say(f"{self.label}: {group.name}")
        contestants = dict(self.contestants(group))
        taken = turns.take_all(contestants, self.site.server, rows.rounds_of(group))
        found += rows.judge(group, "TLS", self.label, taken)
        for program, _ in contestants.values():
            program.stop()


class Measurement:
    def __init__(self, build):
        self.build, self.found = build, []
        self.places = [Place(build, server) for server in programs.servers()]

    def run(self):
        wanted = os.environ.get("BENCH_ROWS", "")
        if wanted in "text":
            weigh(self.build, self.found)
        for place in self.places:
            if wanted in "instructions of a further login" and shutil.which("valgrind"):
                place.count(self.found)
            for group in (PASS, TIME):
                if wanted in group.name:
                    place.measure(group, self.found)


def tell(path, found):
    report.print_table(found)
    report.write(path, found)


if __name__ == "__main__":
    sys.exit(measurement.main("login", __doc__, None if programs.servers() else "no server",
                              Measurement, tell))
