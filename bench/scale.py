#!/usr/bin/python3
"""scale.py BUILD - one component, many processes, two nodes: what they serve, and what a death costs.

Run by make bench-scale: tools/with-servers cluster,... -- bench/scale.py build. Processes with one thread
each serve the component through ejabberd; a link on each node in use calls it. Measures throughput of 1, 2
and 4 processes on 1 and 2 nodes, then kills a process and a node in the middle and looks at every call:
how it ended, who ran it, whether anybody ran it twice. Prints a table and writes BUILD/scale.json: a list
of objects with the members row, value and unit. Fails if a request ran twice, or ran although its caller
was told that it didn't. docs/fleet.md tells how to read it.

Environment:
  SCALE_SECONDS   of measuring, for each number of processes (5)
  SCALE_OPERATION_US  what the operation takes (5000)
  SCALE_ROWS      a part of a row's name before its colon: "throughput", "kill" (all)
"""
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

import measurement
import programs
from programs import Failed, Program, say

CALLS_PER_PROCESS = 8    # under way
TIMEOUT_S = 20           # of a call
RAMP_S = 1.0             # not counted: the first calls ask whom they call
KILL_S, MEND_S, RUN_S = 4.0, 8.0, 32.0
WINDOW_S = 0.5
ENOUGH = 0.9             # of the throughput before: is that again
RESTART_S = 60


def setting(name, default):
    return type(default)(os.environ.get(f"SCALE_{name}") or default)


class Node:
    def __init__(self, server):
        prefix = f"SOAPXMPP_TEST_{server.label.upper()}_"
        self.server = server
        self.component_port = os.environ[prefix + "COMPONENT_PORT"]
        self.label, self.secret = os.environ[prefix + "COMPONENTS"].split()[0].split(":")
        self.control, self.folder = os.environ[prefix + "CONTROL"], os.environ[prefix + "DIR"]

    def domain(self):
        return f"{self.label}.{self.server.domain}"

    def kill(self):
        with open(f"{self.folder}/pid") as file:
            os.kill(int(file.read()), signal.SIGKILL)

    def restart(self):
        subprocess.run([self.control, "restart", self.folder], check=True, timeout=RESTART_S)


class Crew:
    """Processes that serve, and links that call, on some nodes."""

    def __init__(self, build, nodes, processes):
        self.build, self.nodes = build, nodes
        self.folder = tempfile.TemporaryDirectory(prefix="soapxmpp-scale.")
        self.workers, self.loads, self.worker_logs, self.load_logs = [], [], [], []
        for number in range(processes):
            self.workers.append(self.start_worker(nodes[number % len(nodes)]))
        for worker in self.workers:
            worker.wait_ready()
        threads = str(CALLS_PER_PROCESS * processes // len(nodes))
        for node in nodes:
            name, password = node.server.users[0].split(":")
            log = f"{self.folder.name}/load{len(self.loads)}"
            self.load_logs.append(log)
            self.loads.append(Program(
                [f"{build}/bench/scale/load", log, f"xmpp:{node.domain()}", threads],
                {"SOAP_XMPP_JID": f"{name}@{node.server.domain}/load{len(self.loads)}",
                 "SOAP_XMPP_PASSWORD": password, "SOAP_XMPP_HOST": "127.0.0.1",
                 "SOAP_XMPP_PORT": node.server.port, "SOAP_XMPP_CAFILE": node.server.ca_file}))
        for load in self.loads:
            load.wait_ready()

    def start_worker(self, node):
        log = f"{self.folder.name}/worker{len(self.worker_logs)}"
        self.worker_logs.append(log)
        return Program([f"{self.build}/bench/scale/worker", log, "1"],
                       {"SOAP_XMPP_JID": node.domain(), "SOAP_XMPP_PASSWORD": node.secret,
                        "SOAP_XMPP_HOST": "127.0.0.1", "SOAP_XMPP_PORT": node.component_port,
                        "SOAP_XMPP_SHARED_JID": "1", "SOAP_XMPP_ALLOW": "*"})

    def begin(self, seconds, burn_us, wait_us):
        self.begun = time.monotonic()
        for number, load in enumerate(self.loads):
            load.process.stdin.write(
                f"run {(number + 1) * 10 ** 9} {seconds} {burn_us} {wait_us} {TIMEOUT_S}\n".encode())
            load.process.stdin.flush()

    def end(self, seconds):
        """(id, outcome, seconds after the beginning) of each call; ids as often as they were run."""
        for load in self.loads:
            load.line(seconds + 3 * TIMEOUT_S)
        calls, ran = [], []
        for log in self.load_logs:
            with open(log) as file:
                for line in file:
                    number, outcome, ended_us, _ = line.split()
                    calls.append((int(number), outcome, int(ended_us) / 1e6 - self.begun))
        for log in self.worker_logs:
            with open(log) as file:
                ran += map(int, file)
        return calls, ran

    def stop(self):
        for program in self.loads + self.workers:
            program.stop()
        self.folder.cleanup()


def rate(calls, since, until):
    return sum(1 for _, outcome, at in calls
               if outcome == "answered" and since <= at < until) / (until - since)


def first_time(calls, wanted, since, until):
    """When the rate of a window that ends then is enough again; None: never."""
    at = since + WINDOW_S
    while at <= until:
        if rate(calls, at - WINDOW_S, at) >= wanted:
            return at
        at += 0.05
    return None


class Measurement:
    def __init__(self, build):
        self.build = build
        self.nodes = [Node(server) for server in programs.servers()]
        self.seconds = setting("SECONDS", 5.0)
        self.operation_us = setting("OPERATION_US", 5000)
        self.found, self.wrong = [], []
        milliseconds = f"{self.operation_us / 1000:g} ms"
        self.kinds = ((f"{milliseconds} of processor time", self.operation_us, 0),
                      (f"{milliseconds} of waiting", 0, self.operation_us))

    def add(self, row, value, unit):
        self.found.append({"row": row, "value": value, "unit": unit})

    def check(self, what, calls, ran):
        """No request runs twice, and none that its caller was told didn't run."""
        twice = len(ran) - len(set(ran))
        lied = len({n for n, outcome, _ in calls if outcome == "not-executed"} & set(ran))
        unserved = len({n for n, outcome, _ in calls if outcome == "answered"} - set(ran))
        for count, text in ((twice, "ran twice"), (lied, "ran, and were said not to have"),
                            (unserved, "were answered and never ran")):
            if count:
                self.wrong.append(f"{what}: {count} requests {text}")

    def measure_throughput(self, kind, burn_us, wait_us):
        single = None
        for nodes, processes in ((1, 1), (1, 2), (1, 4), (2, 2), (2, 4)):
            what = f"throughput, {kind}, {processes} processes on {nodes} nodes"
            say(what)
            crew = Crew(self.build, self.nodes[:nodes], processes)
            seconds = self.seconds + RAMP_S
            crew.begin(seconds, burn_us, wait_us)
            calls, ran = crew.end(seconds)
            crew.stop()
            served = rate(calls, RAMP_S, seconds)
            single = single or served
            self.add(f"{what}", served, "calls/s")
            self.add(f"{what}: beside one process", served / single, "times")
            failed = sum(1 for _, outcome, _ in calls if outcome != "answered")
            if failed:
                self.wrong.append(f"{what}: {failed} calls failed")
            self.check(what, calls, ran)

    def kill(self, what, kind, burn_us, wait_us, strike, mend):
        """strike(crew) after KILL_S, mend(crew) after MEND_S; 4 processes on 2 nodes."""
        what = f"kill of {what}, {kind}"
        say(what)
        crew = Crew(self.build, self.nodes, 4)
        crew.begin(RUN_S, burn_us, wait_us)
        time.sleep(KILL_S)
        struck = time.monotonic() - crew.begun
        strike(crew)
        time.sleep(max(0.0, crew.begun + MEND_S - time.monotonic()))
        mended = []
        mender = threading.Thread(
            target=lambda: (mend(crew), mended.append(time.monotonic() - crew.begun)))
        mender.start()
        calls, ran = crew.end(RUN_S)
        mender.join(RESTART_S)
        crew.stop()
        before = rate(calls, RAMP_S, struck)
        for outcome in ("answered", "unknown", "not-executed"):
            self.add(f"{what}: calls {outcome}", sum(1 for c in calls if c[1] == outcome), "calls")
        lost = {n for n, outcome, _ in calls if outcome == "unknown"}
        self.add(f"{what}: of the unknown, had run", len(lost & set(ran)), "calls")
        self.add(f"{what}: throughput before", before, "calls/s")
        self.add(f"{what}: in the second behind", rate(calls, struck, struck + 1), "calls/s")
        self.add(f"{what}: of the survivors", rate(calls, struck + 1.5, MEND_S), "calls/s")
        self.add(f"{what}: longest time without an answer", self.silence(calls, struck), "s")
        full = first_time(calls, ENOUGH * before, struck, RUN_S)
        again = mended and first_time(calls, ENOUGH * before, MEND_S, RUN_S)
        self.add(f"{what}: until full throughput", full - struck if full else -1, "s")
        self.add(f"{what}: until full throughput after the order to start it again",
                 again - MEND_S if again else -1, "s")
        self.add(f"{what}: requests that ran twice", len(ran) - len(set(ran)), "requests")
        self.check(what, calls, ran)

    @staticmethod
    def silence(calls, since):
        times = sorted(at for _, outcome, at in calls if outcome == "answered" and since <= at < RUN_S)
        return max((b - a for a, b in zip([since] + times, times)), default=-1)

    def kill_process(self, kind, burn_us, wait_us):
        def strike(crew):
            crew.workers[0].process.kill()

        def mend(crew):
            crew.workers.append(crew.start_worker(self.nodes[0]))
            crew.workers[-1].wait_ready()

        self.kill("a process", kind, burn_us, wait_us, strike, mend)

    def kill_node(self, kind, burn_us, wait_us):
        self.kill("a node", kind, burn_us, wait_us, lambda crew: self.nodes[1].kill(),
                  lambda crew: self.nodes[1].restart())

    def run(self):
        wanted = os.environ.get("SCALE_ROWS", "")
        for kind in self.kinds:
            for name, measure in (("throughput", self.measure_throughput),
                                  ("kill of a process", self.kill_process),
                                  ("kill of a node", self.kill_node)):
                if wanted in name:
                    measure(*kind)
        if self.wrong:
            raise Failed("; ".join(self.wrong))


if __name__ == "__main__":
    sys.exit(measurement.main("scale", __doc__,
                              None if len(programs.servers()) == 2 else "no cluster",
                              Measurement))
