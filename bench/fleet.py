#!/usr/bin/python3
"""fleet.py BUILD - many devices on one ejabberd: what each costs, and how they come back.

Run by make bench-fleet: tools/with-servers ejabberd,FLEET=5000,... -- bench/fleet.py build. Brings the
devices online, lets them be idle, calls each of them twice from one link, restarts the server and
waits for all. Prints a table and writes BUILD/fleet.json: a list of objects with the members row, value
and unit. docs/fleet.md tells how to read it.

Environment:
  FLEET_DEVICES       how many; the server must have as many accounts (5000)
  FLEET_PER_PROCESS   of them in one process: libstrophe's select() can't do more (450)
  FLEET_WINDOW        connecting at a time, at first, in each process (2)
  FLEET_SETTLE_SECONDS  for garbage to be collected, before memory is looked at (10)
  FLEET_IDLE_SECONDS  how long they are watched doing nothing (60)
  FLEET_TLS           required, or off if the server has none (required)
  FLEET_PATIENCE      seconds that each step may take (900)
"""
import os
import select
import subprocess
import sys
import time

import measurement
import programs
from programs import Failed, Program, say

PERCENTS = (1, 10, 25, 50, 75, 90, 99, 100)
CALLERS = 16
RESTART_S = 180


def setting(name, default):
    return type(default)(os.environ.get(f"FLEET_{name}") or default)


# ---- the server's process ----

def is_alive(pid):
    """False for a process that has ended and that nobody has waited for yet."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Beam:
    """An ejabberd of tools/with-servers, as the kernel sees it."""

    def __init__(self, server):
        prefix = f"SOAPXMPP_TEST_{server.label.upper()}_"
        self.control, self.folder = os.environ[prefix + "CONTROL"], os.environ[prefix + "DIR"]
        self.port = int(server.port)

    def pid(self):
        with open(f"{self.folder}/pid") as file:
            return int(file.read())

    def resident_kib(self):
        with open(f"/proc/{self.pid()}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))

    def cpu_s(self):
        with open(f"/proc/{self.pid()}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def listens(self):
        """Asks the kernel, since a connection of its own would wait behind the devices."""
        with open("/proc/net/tcp") as file:
            return any(f":{self.port:04X} 00000000:0000 0A" in line for line in file)

    def restart(self):
        """When that began, when the old one was gone, and when the new one listened."""
        old, begun, gone, up = self.pid(), time.monotonic(), None, None
        end = begun + RESTART_S
        with subprocess.Popen([self.control, "restart", self.folder]) as restart:
            while not up and time.monotonic() < end and restart.poll() in (None, 0):
                if not gone and not is_alive(old):
                    gone = time.monotonic()
                if gone and self.listens():
                    up = time.monotonic()
                time.sleep(0.02)
        if not up or restart.returncode:
            raise Failed("the server didn't come back")
        return begun, gone, up


# ---- the devices' processes ----

class Fleet:
    def __init__(self, build, server, count, per_process):
        self.environment = {
            "SOAP_XMPP_PASSWORD": server.users[0].split(":")[1], "SOAP_XMPP_HOST": "127.0.0.1",
            "SOAP_XMPP_PORT": server.port, "SOAP_XMPP_CAFILE": server.ca_file,
            "SOAP_XMPP_TLS": setting("TLS", "required"), "SOAP_XMPP_ALLOW": f"*@{server.domain}"}
        self.count, self.server, self.build = count, server, build
        self.holders = []
        for first in range(0, count, per_process):
            self.holders.append(Program(
                [f"{build}/bench/fleet", server.domain, str(first),
                 str(min(per_process, count - first))], self.environment))
        for holder in self.holders:
            holder.wait_ready()

    def order(self, text):
        for holder in self.holders:
            holder.process.stdin.write(f"{text}\n".encode())
            holder.process.stdin.flush()

    def until_ready(self, what, patience_s):
        """Tells how many are online until all are."""
        online, told = dict.fromkeys(self.holders, 0), time.monotonic()
        waiting, end = set(self.holders), time.monotonic() + patience_s
        while waiting:
            readable = select.select([h.process.stdout for h in waiting], [], [], 1)[0]
            for holder in [h for h in waiting if h.process.stdout in readable or b"\n" in h.text]:
                line = holder.line()
                if line == "ready":
                    waiting.discard(holder)
                else:
                    online[holder] = int(line.split()[1])
            if time.monotonic() >= end:
                raise Failed(f"{what}: not all are online after {patience_s} s")
            if time.monotonic() - told >= 5:
                told = time.monotonic()
                known = sum(online[h] for h in waiting)
                say(f"{what}: {known} online in {len(waiting)} processes, "
                    f"{len(self.holders) - len(waiting)} processes complete")

    def costs(self):
        """Sums: KiB, seconds of processor time, threads, descriptors, context switches."""
        self.order("cost")
        each = [list(map(int, h.line().split()[1:])) for h in self.holders]
        kib, ms, threads, descriptors, switches = map(sum, zip(*each))
        return kib, ms / 1e3, threads, descriptors, switches

    def stacks(self):
        self.order("stacks")
        each = [list(map(int, h.line().split()[1:])) for h in self.holders]
        return [max(column) if index % 3 == 2 else sum(column)
                for index, column in enumerate(zip(*each))]

    def stop(self):
        """Ends all at the same time."""
        for holder in self.holders:
            holder.process.stdin.close()
        for holder in self.holders:
            holder.stop()

    def forget(self):
        self.order("forget")
        for holder in self.holders:
            holder.line()

    def events(self):
        """(lost s, back s, attempts, served) of each device."""
        self.order("tell")
        found = []
        for holder in self.holders:
            while (line := holder.line()) != "told":
                _, _, lost, back, attempts, served = line.split()
                found.append((int(lost) / 1e6, int(back) / 1e6, int(attempts), int(served)))
        return found


def percentile(values, percent):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-len(ordered) * percent // 100) - 1))]


# ---- the measurement ----

class Measurement:
    def __init__(self, build):
        self.build, self.server = build, programs.servers()[0]
        self.count = setting("DEVICES", 5000)
        self.patience_s = setting("PATIENCE", 900)
        self.beam, self.found, self.complete = Beam(self.server), [], True

    def add(self, row, value, unit):
        self.found.append({"row": row, "value": value, "unit": unit})

    def bring_online(self):
        time.sleep(setting("SETTLE_SECONDS", 10.0))  # garbage of the start is collected
        before_kib, before_s = self.beam.resident_kib(), self.beam.cpu_s()
        self.fleet = Fleet(self.build, self.server, self.count, setting("PER_PROCESS", 450))
        bare_kib, bare_cpu_s, bare_threads, bare_fds, _ = self.fleet.costs()
        begun = time.monotonic()
        self.fleet.order(f"open {setting('WINDOW', 2)}")
        self.fleet.until_ready("opening", self.patience_s)
        took_s = time.monotonic() - begun
        kib, cpu_s, threads, fds, _ = self.fleet.costs()
        self.add("devices online", self.count, "devices")
        self.add("processes that hold them", len(self.fleet.holders), "processes")
        self.add("all opened, two at a time in each process", took_s, "s")
        self.add("opening: processor time of a device", (cpu_s - bare_cpu_s) / self.count * 1e3,
                 "ms")
        self.add("opening: processor time at the server for a device",
                 (self.beam.cpu_s() - before_s) / self.count * 1e3, "ms")
        time.sleep(setting("SETTLE_SECONDS", 10.0))  # garbage of the logins is collected
        kib, _, threads, fds, _ = self.fleet.costs()
        self.add("memory of a device: link, context, threads", (kib - bare_kib) / self.count, "KiB")
        self.add("memory at the server for a device",
                 (self.beam.resident_kib() - before_kib) / self.count, "KiB")
        self.add("memory of the server before", before_kib / 1024, "MiB")
        self.add("threads of a device", (threads - bare_threads) / self.count, "threads")
        self.add("descriptors of a device", (fds - bare_fds) / self.count, "descriptors")
        links, link_kib, link_most, services, service_kib, service_most = self.fleet.stacks()
        if links and services:
            self.add("stack in use by a link's thread", link_kib / links, "KiB")
            self.add("stack in use by a link's thread, the most", link_most, "KiB")
            self.add("stack in use by a serving thread", service_kib / services, "KiB")
            self.add("stack in use by a serving thread, the most", service_most, "KiB")

    def be_idle(self):
        seconds = setting("IDLE_SECONDS", 60.0)
        say(f"idle for {seconds:g} s")
        server_s, (_, cpu_s, _, _, switches) = self.beam.cpu_s(), self.fleet.costs()
        time.sleep(seconds)
        _, now_s, _, _, now_switches = self.fleet.costs()
        per = self.count * seconds
        self.add("idle: processor time of a device", (now_s - cpu_s) / per * 1e6, "us/s")
        self.add("idle: wake-ups of a device", (now_switches - switches) / per * 60, "per minute")
        self.add("idle: processor time at the server for a device",
                 (self.beam.cpu_s() - server_s) / per * 1e6, "us/s")

    def call_each(self):
        name, password = self.server.users[1].split(":")
        caller = Program([f"{self.build}/bench/roll", self.server.domain, str(self.count),
                          str(CALLERS)],
                         dict(self.fleet.environment, SOAP_XMPP_PASSWORD=password,
                              SOAP_XMPP_JID=f"{name}@{self.server.domain}/roll"))
        caller.wait_ready()
        for what in ("called once, a question before", "called once more"):
            say(what)
            server_s, (_, cpu_s, *_) = self.beam.cpu_s(), self.fleet.costs()
            caller.process.stdin.write(b"call\n")
            caller.process.stdin.flush()
            answered, failed, seconds, p50, p99, most = map(float, caller.line(
                self.patience_s).split())
            self.add(f"{what}: answered", int(answered), "devices")
            self.complete = self.complete and answered == self.count
            self.add(f"{what}: failed", int(failed), "devices")
            self.add(f"{what}: rate", answered / seconds, "calls/s")
            self.add(f"{what}: p50", p50 / 1e3, "ms")
            self.add(f"{what}: p99", p99 / 1e3, "ms")
            self.add(f"{what}: processor time of a device",
                     (self.fleet.costs()[1] - cpu_s) / self.count * 1e6, "us")
            self.add(f"{what}: processor time at the server for a device",
                     (self.beam.cpu_s() - server_s) / self.count * 1e6, "us")
        caller.stop()
        served = sum(device[3] for device in self.fleet.events())
        self.add("requests that the devices have served", served, "requests")
        kib = self.beam.resident_kib()
        self.add("memory of the server after the calls", kib / 1024, "MiB")

    def come_back(self):
        say("restarting the server")
        self.fleet.forget()
        cpu_s = self.fleet.costs()[1]
        begun, gone, up = self.beam.restart()
        self.add("restart: to stop", gone - begun, "s")
        self.add("restart: to listen again", up - gone, "s")
        self.fleet.order("await")
        self.fleet.until_ready("coming back", self.patience_s)
        events = self.fleet.events()
        after = [back - up for _, back, _, _ in events]
        for percent in PERCENTS:
            self.add(f"restart: {percent} % online again after it listens",
                     percentile(after, percent), "s")
        attempts = [device[2] for device in events]
        self.add("restart: attempts of a device, median", percentile(attempts, 50), "attempts")
        self.add("restart: attempts of a device, most", max(attempts), "attempts")
        self.add("restart: processor time of a device",
                 (self.fleet.costs()[1] - cpu_s) / self.count * 1e3, "ms")
        self.add("restart: processor time at the server for a device, its start included",
                 self.beam.cpu_s() / self.count * 1e3, "ms")
        self.add("restart: busiest second", self.busiest(after), "logins")

    @staticmethod
    def busiest(after):
        per_second = {}
        for value in after:
            per_second[int(value)] = per_second.get(int(value), 0) + 1
        return max(per_second.values())

    def run(self):
        self.bring_online()
        self.be_idle()
        self.call_each()
        self.come_back()
        self.fleet.stop()
        if not self.complete:
            raise Failed("not all have answered")


if __name__ == "__main__":
    sys.exit(measurement.main("fleet", __doc__,
                              None if programs.servers() else "no server",
                              Measurement))
