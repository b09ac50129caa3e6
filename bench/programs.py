"""programs.py - the programs that measure, as run.py starts, orders and ends them.

Invariant: what was started is ended by stop_all(), and ends by itself with its standard input,
which only this process holds open. Every wait has an end.
"""
import os
import select
import subprocess
import sys
import time
from collections import namedtuple

READY_S, ANSWER_S, END_S, HASTY_END_S = 120, 120, 20, 1
NOT_BUILT = 77  # a program's exit status, DIAL_NOT_BUILT in C

# switches: None from a program that doesn't tell them.
Slice = namedtuple("Slice", "calls seconds p50_us p99_us switches", defaults=[None])
Server = namedtuple("Server", "label domain port tls_port ca_file users pid")


class Failed(Exception):
    """A program did not do what it was told."""


class NotBuilt(Exception):
    """What was asked for isn't there: packing in the library, or an optional package."""


BEGUN = time.monotonic()


def say(text):
    """Progress, on standard error."""
    print(f"bench: {time.monotonic() - BEGUN:3.0f} s: {text}", file=sys.stderr, flush=True)


def servers():
    """Those that tools/with-servers has started, with two accounts each."""
    found = []
    for label in os.environ.get("SOAPXMPP_TEST_SERVERS", "").split():
        def told(name):
            return os.environ[f"SOAPXMPP_TEST_{label.upper()}_{name}"]
        with open(f"{told('DIR')}/pid") as file:
            pid = int(file.read())
        found.append(Server(label, told("DOMAIN"), told("PORT"), told("DIRECT_TLS_PORT"),
                            told("CAFILE"), told("USERS").split(), pid))
    return found


def pids():
    """Of all processes that belong to the measurement: this one, what it started, the servers."""
    return [os.getpid(), *(program.pid for program in Program.started),
            *(server.pid for server in servers())]


class Program:
    started = []

    def __init__(self, argv, environment=None, errors=None):
        self.name = " ".join(os.path.basename(word) for word in argv[:3])
        self.text = b""
        self.process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
            env=dict(os.environ, **(environment or {})))
        self.pid = self.process.pid
        self.service = None  # the program that answers this one's calls, if that is another
        Program.started.append(self)

    def line(self, seconds=ANSWER_S):
        while b"\n" not in self.text:
            if not select.select([self.process.stdout], [], [], seconds)[0]:
                raise Failed(f"{self.name}: no word for {seconds} s")
            more = os.read(self.process.stdout.fileno(), 65536)
            if not more:
                status = self.process.wait(END_S)
                Program.started.remove(self)
                if status == NOT_BUILT:
                    raise NotBuilt(self.name)
                raise Failed(f"{self.name} has ended: {status}")
            self.text += more
        line, self.text = self.text.split(b"\n", 1)
        return line.decode()

    def wait_ready(self):
        lines = []
        while (line := self.line(READY_S)) != "ready":
            lines.append(line)
        return lines

    def order(self, payload, outstanding, threads, limit):
        """limit: "0.5s" or "100n" (slice.h)."""
        self.process.stdin.write(f"{payload} {outstanding} {threads} {limit}\n".encode())
        self.process.stdin.flush()
        return Slice(*map(float, self.line().split()))

    def stop(self, patience_s=END_S):
        """Ends its input, then waits; it is killed if that takes too long."""
        if self in Program.started:
            Program.started.remove(self)
        for end in (self.process.stdin.close, None, self.process.terminate, None,
                    self.process.kill):
            try:
                if end:
                    end()
                else:
                    self.process.wait(patience_s)
                    break
            except BrokenPipeError:
                pass
            except subprocess.TimeoutExpired:
                say(f"{self.name} doesn't end")
        self.process.wait(END_S)
        self.process.stdout.close()
        return self.process.returncode


def stop_all():
    """The last first: callers before what they call."""
    for program in reversed(list(Program.started)):
        program.stop(HASTY_END_S)


class Site:
    """One server, with or without TLS, and the programs of one build that stand by there. payloads
    is the folder of the envelopes, mark keeps the resources of two builds apart."""

    def __init__(self, build, server, tls, payloads, mark=""):
        self.build, self.bin = build, f"{build}/bench"
        self.server, self.tls, self.mark = server, tls, mark
        self.payloads = payloads
        self.programs = {}

    def account(self, who, resource, **more):
        """The environment of a link; who: 0 calls, 1 serves."""
        name, password = self.server.users[who].split(":")
        return {"SOAP_XMPP_JID": f"{name}@{self.server.domain}/{resource}{self.mark}",
                "SOAP_XMPP_PASSWORD": password, "SOAP_XMPP_HOST": "127.0.0.1",
                "SOAP_XMPP_PORT": self.server.tls_port if self.tls else self.server.port,
                "SOAP_XMPP_TLS": "direct" if self.tls else "off",
                "SOAP_XMPP_CAFILE": self.server.ca_file,
                "SOAP_XMPP_ALLOW": f"*@{self.server.domain}", **more}

    def endpoint(self, resource):
        return "xmpp:" + self.service_jid(resource)

    def service_jid(self, resource):
        return f"{self.server.users[1].split(':')[0]}@{self.server.domain}/{resource}{self.mark}"

    def start(self, program, *argv, environment=None, before=(), errors=None):
        started = self.begin(program, *argv, environment=environment, before=before, errors=errors)
        started.heard = started.wait_ready()
        return started

    def begin(self, program, *argv, environment=None, before=(), errors=None):
        """One that never says "ready"."""
        path = f"{self.bin}/{program}"
        if not os.path.exists(path):
            raise NotBuilt(path)
        return Program([*before, path, *argv], environment, errors)

    def program(self, name):
        """By the name of a variant (rows.py), or of what it calls."""
        if name not in self.programs:
            self.programs[name] = getattr(self, "start_" + name.split()[0])(*name.split()[1:])
        return self.programs[name]

    def caller(self, service, program):
        program.service = self.program(service)
        return program

    def raw_place(self):
        """Port, domain and CA file, as the programs without the library want them."""
        if self.tls:
            return self.server.tls_port, self.server.domain, self.server.ca_file
        return self.server.port, self.server.domain, "off"

    def start_floor(self):
        return self.start("floor", *self.raw_place(), self.payloads, *self.server.users)

    def start_echo(self):
        return self.program("floor")

    def start_gsoapd(self):
        return self.start("gsoap_floor", *self.raw_place(), self.server.users[1],
                          "gsoap-service" + self.mark)

    def start_gsoap(self):
        self.program("gsoapd")
        return self.caller("gsoapd", self.start(
            "gsoap_floor", *self.raw_place(), self.server.users[0],
            "gsoap-caller" + self.mark,
            self.service_jid("gsoap-service")))

    def start_service(self):
        return self.start("service", "8", environment=self.account(1, "service"))

    def start_caller(self, packing):
        self.program("service")
        return self.caller("service", self.start(
            "caller", self.endpoint("service"),
            environment=self.account(0, "caller-" + packing, BENCH_PACKING=packing)))

    def start_plain(self):
        return self.start_caller("never")

    def start_packed(self):
        return self.start_caller("auto")

    def start_responder(self, payload):
        return self.start("raw", "serve", self.payloads, payload,
                          environment=self.account(1, "raw-" + payload))

    def start_raw(self, packing, payload):
        self.program("responder " + payload)
        packing = {"plain": "never", "packed": "auto"}[packing]
        return self.caller("responder " + payload, self.start(
            "raw", "call", self.endpoint("raw-" + payload), self.payloads,
            environment=self.account(0, f"raw-{packing}-{payload}", BENCH_PACKING=packing)))

    def start_httpd(self):
        return self.start("http")

    def start_http(self):
        port = self.program("httpd").heard[0].split()[1]
        return self.caller("httpd", self.start("caller", f"http://127.0.0.1:{port}/"))

    def start_gatewayd(self):
        from gateway import Gateway
        self.program("responder add")
        return Gateway(self.build, self.account(0, "gateway"), self.endpoint("raw-add"))

    def start_gateway(self):
        url = self.program("gatewayd").url
        return self.caller("gatewayd", self.start("caller", url))

    def start_rpcd(self):
        return self.start_slixmpp(1, "serve")

    def start_rpc(self):
        self.program("rpcd")
        return self.caller("rpcd", self.start_slixmpp(0, "call"))

    def start_slixmpp(self, who, role):
        here = os.path.dirname(os.path.abspath(__file__))
        program = Program(["/usr/bin/python3", f"{here}/jabber_rpc.py", role,
                           self.endpoint("rpc")[5:]],
                          self.account(who, "rpc" if who else "rpc-caller"))
        program.wait_ready()
        return program

    def start_broker(self):
        from broker import Broker
        return Broker()

    def start_mqttd(self):
        return self.start("mqtt", "serve", str(self.program("broker").port), self.payloads)

    def start_mqtt(self):
        self.program("mqttd")
        return self.caller("mqttd", self.start("mqtt", "call", str(self.program("broker").port),
                                               self.payloads))

    def stop(self):
        for program in reversed(list(self.programs.values())):
            program.stop()
        self.programs = {}
