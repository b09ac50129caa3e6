"""lab.py - what the tests of soap-xmpp share: the servers beside which they run, the tool, services.

Everything waits for an event, with a deadline that no slow machine reaches."""

import json
import os
import pathlib
import random
import signal
import subprocess
import tempfile
import threading
import unittest

PATIENCE_S = 60
TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = TOP / "build"
CALCULATOR = str(TOP / "wsdl" / "calculator.wsdl")


class Server:
    """A server of tools/with-servers."""

    def __init__(self, label):
        def variable(name):
            return os.environ["SOAPXMPP_TEST_%s_%s" % (label.upper(), name)]

        self.label, self.domain = label, variable("DOMAIN")
        self.port, self.ca = variable("PORT"), variable("CAFILE")
        self.direct_port, self.component_port = variable("DIRECT_TLS_PORT"), variable("COMPONENT_PORT")
        self.passwords = dict(user.split(":", 1) for user in variable("USERS").split())


def servers():
    return [Server(label) for label in os.environ.get("SOAPXMPP_TEST_SERVERS", "").split()]


def alone():
    """The environment of a user who has set nothing, with a home of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SOAP_XMPP_", "SOAPXMPP_", "XDG_"))}
    kept.pop("TRACEPARENT", None)
    kept["PATH"] = "%s:%s" % (BUILD, os.environ["PATH"])
    return kept


class Lab(unittest.TestCase):
    """A folder that is home, and the tool."""

    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="soapxmpp-tool.")
        self.addCleanup(folder.cleanup)
        self.home = pathlib.Path(folder.name)
        self.environment = dict(alone(), HOME=folder.name)

    def file(self, name, text, mode=0o600):
        path = self.home / name
        path.write_text(text)
        path.chmod(mode)
        return str(path)

    def tool(self, *arguments, code=0, stdin="", **environment):
        """Runs it to its end, and wants that exit code."""
        ended = subprocess.run(
            ["soap-xmpp", *arguments], input=stdin, capture_output=True, text=True, timeout=PATIENCE_S,
            env=dict(self.environment, **environment), cwd=self.home)
        self.assertEqual(ended.returncode, code, ended.stdout + ended.stderr)
        return ended

    def told(self, *arguments, code=0, **others):
        """With --json: the one object."""
        ended = self.tool("--json", *arguments, code=code, **others)
        lines = ended.stdout.splitlines()
        self.assertEqual(len(lines), 1, ended.stdout)
        told = json.loads(lines[0])
        self.assertEqual(told["exit"], code)
        return told


class Online(Lab):
    """The same beside a server: alice calls, bob serves. Subclasses have the server."""

    server = None

    def setUp(self):
        super().setUp()
        self.log_in("alice")
        self.environment.update(
            SOAP_XMPP_HOST="127.0.0.1", SOAP_XMPP_PORT=self.server.port, SOAP_XMPP_CAFILE=self.server.ca)
        self.resource = "t%d-%s" % (os.getpid(), self.id().rsplit(".", 1)[1][-40:])
        self.serves_as("bob")

    def serves_as(self, user):
        self.endpoint = "xmpp:%s@%s/%s" % (user, self.server.domain, self.resource)

    def log_in(self, user):
        self.environment["SOAP_XMPP_JID"] = "%s@%s" % (user, self.server.domain)
        self.environment["SOAP_XMPP_PASSWORD_FILE"] = self.password_file(user)

    def password_file(self, user):
        return self.file(user + ".password", self.server.passwords[user] + "\n")

    def serve(self, *arguments, user="bob", allow=("--allow", "*"), **environment):
        """A service of that account's, online; it is ended with the test."""
        environment = dict(
            self.environment, SOAP_XMPP_JID="%s@%s" % (user, self.server.domain),
            SOAP_XMPP_PASSWORD_FILE=self.password_file(user), **environment)
        service = Service(["soap-xmpp", "serve", "--resource", self.resource, *allow, *arguments], environment)
        self.addCleanup(service.end, signal.SIGINT)  # whatever it is in the middle of
        service.hears("serving at " + self.endpoint)
        return service

    def call(self, *arguments, **others):
        return self.tool("call", self.endpoint, *arguments, **others)


class Service:
    """A process whose standard error is read while it runs."""

    def __init__(self, command, environment):
        self.said, self.news = "", threading.Condition()
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            with self.news:
                self.said += line
                self.news.notify_all()
        with self.news:
            self.said += "(ended)\n"
            self.news.notify_all()

    def hears(self, text):
        with self.news:
            heard = self.news.wait_for(lambda: text in self.said or "(ended)\n" in self.said, PATIENCE_S)
            assert heard and text in self.said, "wanted %r, heard: %s" % (text, self.said)

    def end(self, with_signal=signal.SIGTERM):
        """Its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        code = self.process.wait(PATIENCE_S)
        self.reader.join(PATIENCE_S)
        self.process.stdout.close()
        return code


def long_sleep():
    """A number of seconds that no other process sleeps: by it that one is found."""
    return "%d.%d" % (random.randrange(10**6, 10**7), random.randrange(10**6, 10**7))


def running(mark):
    """The processes that have this text in their command line."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in path.read_bytes() and int(path.parent.name) != os.getpid():
                found.append(int(path.parent.name))
        except OSError:
            pass
    return found


def at_each_server(case):
    """A class for each server, in the place of this one."""
    module = __import__(case.__module__, fromlist=["*"])
    for server in servers():
        name = "%s_at_%s" % (case.__name__, server.label)
        setattr(module, name, type(name, (case,), {"server": server, "__module__": case.__module__}))
    return None


def at_one_server(case):
    """The same beside the first server alone, for what no server has a say in."""
    for server in servers()[:1]:
        return type(case.__name__, (case,), {"server": server, "__module__": case.__module__})
    return None
