"""gateway_lab.py - what the tests of the gateway share: gateways beside the servers of tools/with-servers, services and
clients that know HTTP alone.

Everything waits for an event, with a deadline that no slow machine reaches."""

import contextlib
import http.client
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import threading
import time

import lab
from lab import PATIENCE_S, Service

HERE = pathlib.Path(__file__).resolve().parent
BACKENDS, CLIENTS = HERE / "backends", HERE / "clients"
PYTHON = "/usr/bin/python3"
CALCULATOR_NS = "urn:soapxmpp:calculator"
SOAP = {11: "http://schemas.xmlsoap.org/soap/envelope/", 12: "http://www.w3.org/2003/05/soap-envelope"}
TYPES = {11: "text/xml; charset=utf-8", 12: "application/soap+xml; charset=utf-8"}

_ports = {}


def free_port():
    """One that nobody listens on, below those that the system gives out itself; no other one that runs these tests gets
    it, since a name for it is held to the end of this process."""
    while True:
        port, held = random.randrange(20000, 32000), socket.socket(socket.AF_UNIX)
        try:
            held.bind("\0soapxmpp-port-%d" % port)
            with socket.socket() as one:
                one.bind(("127.0.0.1", port))
        except OSError:
            held.close()
        else:
            _ports[port] = held
            return port


# ---- envelopes -------------------------------------------------------------------------------------


def envelope(body, version=12, header=""):
    return "<e:Envelope xmlns:e='%s'>%s<e:Body>%s</e:Body></e:Envelope>" % (
        SOAP[version], header and "<e:Header>%s</e:Header>" % header, body)


def operation(name, a, b, version=12, header=""):
    """add, mul or div of the calculator."""
    return envelope("<c:%s xmlns:c='%s'><c:a>%s</c:a><c:b>%s</c:b></c:%s>" % (
        name, CALCULATOR_NS, a, b, name), version, header)


class Answer:
    """What came back: status, headers, body; outcome is Soap-Outcome's."""

    def __init__(self, response):
        self.status, self.headers = response.status, response.headers
        self.body = response.read().decode("utf-8", "replace")
        self.outcome = self.headers.get("Soap-Outcome")

    def __repr__(self):
        return "%d, outcome %s: %s" % (self.status, self.outcome, self.body[:2000])

    @property
    def value(self):
        """The calculator's result, or None."""
        found = re.search(r"<(?:\w+:)?result[^>]*>([^<]*)<", self.body)
        return found and found[1]

    @property
    def fault(self):
        """The text of a fault, or None."""
        found = re.search(r"<(?:[\w-]+:)?(?:faultstring|Text)[^>]*>([^<]*)<", self.body)
        return found and found[1]

    @property
    def detail(self):
        """What the gateway's own fault says, by attribute; None, if the fault is another's."""
        found = re.search(r"<gateway [^>]*>", self.body)
        return found and dict(re.findall(r"([a-z]+)=[\"']([^\"']*)[\"']", found[0]))


def ask(url, body=None, method=None, headers=(), timeout=PATIENCE_S):
    """One request, on a connection of its own."""
    scheme, _, authority, path = re.fullmatch(r"(https?):(//)([^/?]+)(.*)", url).groups()
    connection = http.client.HTTPConnection(authority, timeout=timeout)
    try:
        body = body.encode() if isinstance(body, str) else body
        connection.request(
            method or ("GET" if body is None else "POST"), path or "/", body, dict(headers),
            encode_chunked="Transfer-Encoding" in dict(headers))
        return Answer(connection.getresponse())
    finally:
        connection.close()


def post(url, body, version=12, **others):
    headers = {"Content-Type": TYPES[version], **others.pop("headers", {})}
    if version == 11:
        headers.setdefault("SOAPAction", '""')
    return ask(url, body, "POST", headers, **others)


class Posts:
    """Requests that are under way at the same time; ended() waits for all answers, in the order of the requests. An
    exception stands where there was no answer."""

    def __init__(self, url, bodies, **others):
        self.answers = [None] * len(bodies)
        self.threads = [
            threading.Thread(target=self.post, args=(index, url, body, others)) for index, body in enumerate(bodies)]
        for thread in self.threads:
            thread.start()

    def post(self, index, url, body, others):
        try:
            self.answers[index] = post(url, body, **others)
        except (OSError, http.client.HTTPException) as error:
            self.answers[index] = error

    def ended(self):
        for thread in self.threads:
            thread.join(PATIENCE_S)
        assert not any(thread.is_alive() for thread in self.threads), "requests without an end: %s" % self.answers
        return self.answers


# ---- services by HTTP ------------------------------------------------------------------------------


class Backend(Service):
    """A service in a process of its own that says "listening on PORT", and "ran add 1 2" for what it executes."""

    def __init__(self, command, environment=None):
        super().__init__([str(word) for word in command], environment or lab.alone())
        self.hears("listening on ")
        self.port = int(re.search(r"listening on (\d+)", self.said)[1])
        self.url = "http://127.0.0.1:%d/" % self.port

    def runs(self):
        return re.findall(r"^ran (.*)$", self.said, re.M)


def calculator_wsdl(path, url):
    path.write_text((BACKENDS / "calculator.wsdl").read_text().replace("LOCATION", url))
    return path


def contract_in_parts(url):
    """The same contract, which imports another one, which imports a schema: text by path."""
    whole = (BACKENDS / "calculator.wsdl").read_text().replace("LOCATION", url)
    head = whole[:whole.index("<types>")]
    schema = re.search(r"<xsd:schema.*</xsd:schema>", whole, re.S)[0]
    abstract = whole[whole.index("<message"):whole.index("<binding")]
    imported = ('<types><xsd:schema><xsd:import namespace="%s" schemaLocation="types/calculator.xsd"/></xsd:schema>'
                "</types>" % CALCULATOR_NS)
    return {
        "/?wsdl": head + '<import namespace="%s" location="abstract.wsdl"/>' % CALCULATOR_NS +
        whole[whole.index("<binding"):],
        "/abstract.wsdl": head + imported + abstract + "</definitions>",
        "/types/calculator.xsd": schema.replace(
            "<xsd:schema ", '<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:c="%s" ' % CALCULATOR_NS, 1),
    }


def gsoap_calculator(folder):
    wsdl = folder / "gsoap.wsdl"
    backend = Backend([lab.BUILD / "gateway" / "calculator-http", wsdl])
    calculator_wsdl(wsdl, backend.url)
    return backend


def php_calculator(folder):
    """php -S has no way to say which port it was given, and says when it listens."""
    port = free_port()
    wsdl = calculator_wsdl(folder / "php.wsdl", "http://127.0.0.1:%d/" % port)
    backend = Service(["php", "-S", "127.0.0.1:%d" % port, BACKENDS / "calculator.php"],
                      dict(lab.alone(), WSDL=str(wsdl)))
    backend.hears("started")
    backend.port, backend.url = port, "http://127.0.0.1:%d/" % port
    backend.runs = lambda: Backend.runs(backend)
    return backend


def spyne_calculator(_):
    return Backend([PYTHON, "-B", BACKENDS / "calculator_spyne.py"])


class Call:
    """A request that a Ledger has read."""

    def __init__(self, ledger, stream, sent, head, body, count):
        self.ledger, self.socket, self.sent = ledger, stream, sent
        self.head, self.body, self.count = head, body, count  # count: which one on its connection, from 1
        self.path = head.split(" ", 2)[1]
        found = re.search(r"<(?:\w+:)?a(?: [^>]*)?>([^<]*)<", body)
        self.number = found[1] if found else ""
        self.version = 11 if SOAP[11] in body else 12

    def header(self, name):
        found = re.search(r"^%s: *(.*?)\r?$" % re.escape(name), self.head, re.M | re.I)
        return found and found[1]

    def send(self, data):
        self.socket.sendall(data.encode() if isinstance(data, str) else data)

    def answer(self, body=None, status="200 OK", content_type=None, headers=""):
        """The number itself, unless there is something else to say."""
        if body is None:
            body = envelope("<c:addResponse xmlns:c='%s'><c:result>%s</c:result></c:addResponse>" % (
                CALCULATOR_NS, self.number), self.version)
        body = body.encode() if isinstance(body, str) else body
        self.send(b"HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s\r\n" % (
            status.encode(), (content_type or TYPES[self.version]).encode(), len(body), headers.encode()) + body)


class HangUp(Exception):
    """A Ledger's act() ends the connection by it."""


class Held:
    """What a Ledger does with its calls: each waits until it is let go."""

    def __init__(self):
        self.gate = threading.Event()

    def __call__(self, call):
        assert self.gate.wait(PATIENCE_S)
        call.answer()


class Ledger:
    """A service in this process that keeps a list of all that it executes: ledger.numbers, the calls' first operands in
    the order in which they came. act(call) answers, or raises HangUp, or waits for something of the test's. With a
    context of ssl's it is one by https."""

    def __init__(self, act=Call.answer, meets=lambda ledger, count: None, context=None):
        self.act, self.meets, self.context, self.news = act, meets, context, threading.Condition()
        self.numbers, self.calls, self.connections = [], [], 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.port = self.listener.getsockname()[1]
        self.url = "%s:%d/" % ("https://localhost" if context else "http://127.0.0.1", self.port)
        self.streams = set()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                stream, _ = self.listener.accept()
            except OSError:
                return
            with self.news:
                self.streams.add(stream)
                self.connections += 1
                self.news.notify_all()
            threading.Thread(target=self.serve, args=(stream, self.connections), daemon=True).start()

    def serve(self, stream, connection):
        """meets(ledger, connection) may raise HangUp before a byte is read."""
        count, kept = 0, b""
        with contextlib.suppress(HangUp, OSError, ValueError):
            if self.context:
                with self.news:
                    self.streams.discard(stream)
                stream = self.context.wrap_socket(stream, server_side=True)
                with self.news:
                    self.streams.add(stream)
            self.meets(self, connection)
            while True:
                head, body, kept = self.read(stream, kept)
                count += 1
                call = Call(self, stream, connection, head, body, count)
                with self.news:
                    self.numbers.append(call.number)
                    self.calls.append(call)
                    self.news.notify_all()
                self.act(call)
                if (call.header("Connection") or "").lower() == "close":
                    raise HangUp
        with self.news:
            self.streams.discard(stream)
        with contextlib.suppress(OSError):
            stream.shutdown(socket.SHUT_RDWR)
        stream.close()

    @staticmethod
    def read(stream, kept):
        def more():
            piece = stream.recv(65536)
            if not piece:
                raise HangUp
            return kept + piece

        while b"\r\n\r\n" not in kept:
            kept = more()
        head, kept = kept.split(b"\r\n\r\n", 1)
        head = head.decode()
        if re.search(r"^expect: *100-continue", head, re.M | re.I):
            stream.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        length = re.search(r"^content-length: *(\d+)", head, re.M | re.I)
        if re.search(r"^transfer-encoding: *chunked", head, re.M | re.I):
            body = b""
            while True:
                while b"\r\n" not in kept:
                    kept = more()
                size, kept = kept.split(b"\r\n", 1)
                size = int(size, 16)
                while len(kept) < size + 2:
                    kept = more()
                body, kept = body + kept[:size], kept[size + 2:]
                if not size:
                    return head, body.decode(), kept
        length = int(length[1]) if length else 0
        while len(kept) < length:
            kept = more()
        return head, kept[:length].decode(), kept[length:]

    def has(self, count):
        """Waits until so many have come."""
        with self.news:
            assert self.news.wait_for(lambda: len(self.numbers) >= count, PATIENCE_S), self.numbers

    def hang_up(self):
        """On all at once, as a process that is killed; and nobody listens any more."""
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.news:
            for stream in self.streams:
                with contextlib.suppress(OSError):
                    stream.shutdown(socket.SHUT_RDWR)

    close = hang_up


# ---- gateways --------------------------------------------------------------------------------------


class Gateway(Service):
    """A process that is listening, and online, once it is made. With a configuration as gateway.conf has it."""

    port = None  # of a listener that was given one by the system

    def __init__(self, home, configuration, ready=True):
        self.home, self.configuration = home, configuration
        home.mkdir(exist_ok=True)
        path = home / "gateway.conf"
        path.write_text(configuration)
        told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        with told:
            told.bind("\0soapxmpp-gateway-%d-%d" % (os.getpid(), random.getrandbits(60)))
            told.settimeout(PATIENCE_S)
            name = "@" + told.getsockname()[1:].decode()
            super().__init__(
                [str(lab.BUILD / "soap-xmpp-gateway"), "-f", str(path)], dict(lab.alone(), NOTIFY_SOCKET=name))
            threading.Thread(target=self.wake, args=(name,), daemon=True).start()
            while ready:
                lines = told.recv(4096).decode().splitlines()
                assert "ended" not in lines, self.said
                if "READY=1" in lines:
                    break

    def reads(self, configuration, says):
        """Reads this in the place of its own, by HUP, and says that of it."""
        (self.home / "gateway.conf").write_text(configuration)
        self.process.send_signal(signal.SIGHUP)
        self.hears(says)

    def wake(self, name):
        """Who waits is told that the process has ended."""
        self.process.wait()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one, contextlib.suppress(OSError):
            one.sendto(b"ended", "\0" + name[1:])

    def kill(self):
        self.end(signal.SIGKILL)

    def again(self):
        """The same once more, on the same ports. One that the system gave out may be another's for a moment: it is
        waited for."""
        configuration = self.configuration
        if self.port:
            configuration = configuration.replace("127.0.0.1:0", "127.0.0.1:%d" % self.port, 1)
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                gateway = Gateway(self.home, configuration)
            except AssertionError as error:
                if "Address already in use" not in str(error) or time.monotonic() > end:
                    raise
            else:
                gateway.port = self.port
                return gateway

    def memory_bytes(self):
        status = pathlib.Path("/proc/%d/status" % self.process.pid).read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.process.pid))

    def sockets(self, port, state):
        """Its own ends of connections to or from a port in that state of /proc/net/tcp: "08" is CLOSE_WAIT."""
        inodes = set()
        for name in pathlib.Path("/proc/%d/fd" % self.process.pid).iterdir():
            with contextlib.suppress(OSError):
                inodes.add(os.readlink(name))
        lines = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
        return sum(line[3] == state and "socket:[%s]" % line[9] in inodes and
                   "%04X" % port in (line[1][-4:], line[2][-4:]) for line in lines)


class GatewayLab(lab.Lab):
    """Gateways beside a server; subclasses have the server."""

    server = None

    def setUp(self):
        super().setUp()
        self.resource = "t%d-%s" % (os.getpid(), self.id().rsplit(".", 1)[1][-40:])

    def link(self, user, name="main", resource=None):
        """A link for an account, as the configuration says it."""
        password = self.file("%s.password" % user, self.server.passwords[user] + "\n")
        return 'link "%s" { jid = "%s@%s/%s" password_file = "%s" host = "127.0.0.1" port = "%s" ca_file = "%s" }\n' % (
            name, user, self.server.domain, resource or self.resource, password, self.server.port, self.server.ca)

    def component_link(self, label, name="main"):
        secrets = dict(one.split(":") for one in os.environ[
            "SOAPXMPP_TEST_%s_COMPONENTS" % self.server.label.upper()].split())
        password = self.file("%s.secret" % label, secrets[label] + "\n")
        return 'link "%s" { jid = "%s.%s" password_file = "%s" host = "127.0.0.1" port = "%s" }\n' % (
            name, label, self.server.domain, password, self.server.component_port)

    def gateway(self, name, configuration, **others):
        gateway = Gateway(self.home / name, configuration, **others)
        self.addCleanup(lambda: gateway.end(signal.SIGKILL))
        return gateway

    def endpoint(self, user="bob"):
        return "xmpp:%s@%s/%s" % (user, self.server.domain, self.resource)

    def serves(self, url, options="", user="bob", more=""):
        """The service's gateway: what is asked of the account goes to url."""
        return self.gateway("serves-" + user, self.link(user) + more + (
            'serve "%s@%s" { url = "%s" link = "main" allow = { "*@%s" } %s }\n' % (
                user, self.server.domain, url, self.server.domain, options)))

    def routes(self, *routes, user="alice", more="", **others):
        """The clients' gateway: each route is (path, endpoint, options). It has .url."""
        lines = ['route "%s" { to = "%s" link = "main" %s }\n' % route for route in routes]
        gateway = self.gateway(
            "routes-" + user, 'listen "127.0.0.1:0" { }\n' + self.link(user) + more + "".join(lines), **others)
        gateway.hears("listening on 127.0.0.1:")
        gateway.port = int(re.search(r"listening on 127\.0\.0\.1:(\d+)", gateway.said)[1])
        gateway.url = "http://127.0.0.1:%d" % gateway.port
        return gateway

    def chain(self, url, serve_options="", route_options="", more=""):
        """HTTP -> gateway -> XMPP -> gateway -> HTTP: .serving, .routing, and the URL for clients, .url."""
        chain = Chain()
        chain.serving = self.serves(url, serve_options, more=more)
        chain.routing = self.routes(("/calc", self.endpoint(), route_options), more=more)
        chain.url = chain.routing.url + "/calc"
        return chain

    def backend(self, make):
        backend = make(self.home)
        self.addCleanup(lambda: backend.end(signal.SIGKILL))
        return backend

    def ledger(self, *arguments, **others):
        ledger = Ledger(*arguments, **others)
        self.addCleanup(ledger.close)
        return ledger

    @staticmethod
    def certain(url, body):
        """The answer to what a service's gateway declines. A caller that has sent copies by then, as on a slow machine,
        isn't certain of it, and asks again."""
        end = time.monotonic() + PATIENCE_S
        while True:
            answer = post(url, body)
            if answer.outcome != "unknown" or time.monotonic() > end:
                return answer

    def answered(self, answer, value):
        self.assertEqual((answer.status, answer.value, answer.outcome), (200, value, "executed"), answer)


class Chain:
    pass


class OwnServer(lab.Server):
    """A server that a test alone has, and may kill."""

    def __init__(self, kind):
        users = " ".join("%s:%spw" % (name, name) for name in ("alice", "bob"))
        self.process = subprocess.Popen(
            [str(lab.TOP / "tools" / "with-servers"), "own=%s,USERS=%s" % (kind, users), "--", "sh", "-c",
             "env; echo .; cat > /dev/null"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.values = {}
        for line in iter(self.process.stdout.readline, ".\n"):
            name, _, value = line.rstrip("\n").partition("=")
            assert line, "there is no server"
            self.values[name.removeprefix("SOAPXMPP_TEST_OWN_")] = value
        self.label, self.domain, self.port = "own", self.values["DOMAIN"], self.values["PORT"]
        self.ca, self.component_port = self.values["CAFILE"], self.values["COMPONENT_PORT"]
        self.passwords = dict(user.split(":", 1) for user in self.values["USERS"].split())

    def kill(self):
        os.kill(int(pathlib.Path(self.values["DIR"], "pid").read_text()), signal.SIGKILL)

    def start(self):
        """With the ports that it had."""
        subprocess.run([self.values["CONTROL"], "restart", self.values["DIR"]], check=True, timeout=2 * PATIENCE_S,
                       stdout=subprocess.DEVNULL)

    def close(self):
        """It ends when nobody writes to the pipe."""
        self.process.stdin.close()
        self.process.wait(PATIENCE_S)
        self.process.stdout.close()


def until(is_so, seconds=PATIENCE_S):
    """For what tells no event: asks until it is so."""
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
