"""doctor_site.py - what the tests of doctor stand between: the tool, servers, a proxy that changes what a server
says, a name server that says what a test wants."""
import json
import os
import re
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import lab  # noqa: E402

TOP, TOOL = str(lab.TOP), str(lab.BUILD / "soap-xmpp")
PATIENCE_S = 120


class Server:
    """One that tools/with-servers has started."""

    def __init__(self, label):
        read = lambda name: os.environ["SOAPXMPP_TEST_%s_%s" % (label.upper(), name)]  # noqa: E731
        self.domain, self.port, self.ca = read("DOMAIN"), int(read("PORT")), read("CAFILE")
        self.direct_port, self.component_port = int(read("DIRECT_TLS_PORT")), int(read("COMPONENT_PORT"))
        self.users = dict(user.split(":") for user in read("USERS").split())

    @staticmethod
    def is_there(label):
        return label in os.environ.get("SOAPXMPP_TEST_SERVERS", "").split()


def environment(server, port=None, user="alice", password=None, **more):
    """The variables of an account; None takes one away."""
    values = {name: value for name, value in os.environ.items() if not name.startswith("SOAP")}
    values.update(SOAP_XMPP_JID="%s@%s" % (user, server.domain), SOAP_XMPP_HOST="127.0.0.1",
                  SOAP_XMPP_PORT=str(port or server.port), SOAP_XMPP_CAFILE=server.ca,
                  SOAP_XMPP_PASSWORD=password or server.users.get(user, "none"), XDG_CONFIG_HOME="/nonexistent",
                  LC_ALL="C.UTF-8")
    values.update(more)
    return {name: value for name, value in values.items() if value is not None}


def run(values, *arguments, stdin=b""):
    """Exit code, standard output, standard error."""
    done = subprocess.run([TOOL, *arguments], env=values, input=stdin, capture_output=True, timeout=PATIENCE_S)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class Findings:
    """What doctor --json has found: findings['dns']['state']."""

    def __init__(self, values, *arguments):
        self.code, self.out, self.err = run(values, "doctor", "--json", *arguments)
        self.report = json.loads(self.out)
        self.checks = {check["id"]: check for check in self.report.get("checks", [])}

    def __getitem__(self, name):
        return self.checks[name]

    def state(self, name):
        return self.checks[name]["state"]

    def advice(self, name):
        return "\n".join(self.checks[name]["advice"])


class Proxy:
    """Passes on what a client and a server say; change(text) may change what the server says, one chunk of whole
    tags at a time; change_up(text) what the client says. A chunk that becomes None closes the connection."""

    def __init__(self, port, change=None, change_up=None, nagle_s=0.0):
        self.target, self.change, self.change_up, self.nagle_s = port, change, change_up, nagle_s
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.sockets = []
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # A thread that accepts holds the listener open: shutdown() ends that.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for one in self.sockets:
            one.close()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.target))
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.sockets += [client, server]
            threading.Thread(target=self.pump, args=(client, server, self.change_up, 0), daemon=True).start()
            threading.Thread(target=self.pump, args=(server, client, self.change, self.nagle_s), daemon=True).start()

    @staticmethod
    def pump(source, sink, change, nagle_s):
        kept, last = "", 0.0
        try:
            while chunk := source.recv(65536):
                if change:
                    kept += chunk.decode("utf-8", "surrogateescape")
                    if not kept.endswith(">"):
                        continue
                    changed, kept = change(kept), ""
                    if changed is None:
                        break
                    chunk = changed.encode("utf-8", "surrogateescape")
                # A second small segment waits until the first one was acknowledged, which takes its time.
                if nagle_s and last and time.monotonic() - last < nagle_s:
                    time.sleep(nagle_s)
                sink.sendall(chunk)
                last = time.monotonic()
        except OSError:
            pass
        for one in (source, sink):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class TlsServer:
    """TLS from the first byte, as context has it, and features; no login."""

    def __init__(self, certificate, key, **settings):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        for name, value in settings.items():
            setattr(self.context, name, value)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
                with self.context.wrap_socket(client, server_side=True) as stream:
                    if stream.recv(4096):
                        stream.sendall(b"<stream:stream xmlns='jabber:client' id='1' version='1.0' "
                                       b"xmlns:stream='http://etherx.jabber.org/streams'><stream:features/>")
                        stream.recv(4096)
            except ssl.SSLError:
                continue
            except OSError:
                if self.listener.fileno() < 0:
                    return


def sign(server, folder, days):
    """A certificate for the server's domain by its CA, good for so many days: certificate and key."""
    base, folder = os.path.dirname(server.ca), str(folder)
    names = {name: os.path.join(folder, name) for name in ("key", "request", "certificate", "names")}
    with open(names["names"], "w") as out:
        out.write("subjectAltName=DNS:%s\n" % server.domain)
    for command in (["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", names["key"],
                     "-subj", "/CN=x", "-out", names["request"]],
                    ["x509", "-req", "-in", names["request"], "-CA", server.ca, "-CAkey", os.path.join(base, "ca.key"),
                     "-set_serial", "7", "-days", str(days), "-extfile", names["names"], "-out", names["certificate"]]):
        subprocess.run(["openssl", *command], check=True, capture_output=True)
    return names["certificate"], names["key"]


class NameServer:
    """Answers by UDP what records say: {('_xmpp-client._tcp.x.test', 33): [bytes, ...]}; silent for names that are
    in silent."""
    A, AAAA, SRV = 1, 28, 33

    def __init__(self, records, silent=()):
        self.records, self.silent = records, silent
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    @staticmethod
    def name(text):
        return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".") if label) + b"\0"

    @classmethod
    def srv(cls, priority, weight, port, host):
        return struct.pack("!HHH", priority, weight, port) + cls.name(host)

    def serve(self):
        while True:
            try:
                question, sender = self.socket.recvfrom(4096)
            except OSError:
                return
            labels, at = [], 12
            while question[at]:
                labels.append(question[at + 1:at + 1 + question[at]].decode())
                at += question[at] + 1
            name, (kind,) = ".".join(labels), struct.unpack("!H", question[at + 1:at + 3])
            if name in self.silent:
                continue
            answers = self.records.get((name, kind), [])
            known = any(name == other for other, _ in self.records)
            flags = 0x8180 if known else 0x8183
            reply = question[:2] + struct.pack("!HHHHH", flags, 1, len(answers), 0, 0) + question[12:at + 5]
            for answer in answers:
                reply += b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(answer)) + answer
            self.socket.sendto(reply, sender)


def secret_file(text, mode=0o600):
    """A file with this text, for a password; the caller removes it."""
    handle, path = tempfile.mkstemp()
    os.write(handle, text.encode())
    os.close(handle)
    os.chmod(path, mode)
    return path


def replace(pattern, text):
    return lambda said: re.sub(pattern, text, said, flags=re.S)
