"""How each command ends on a signal, and what memory it leaves."""

import signal
import subprocess
import time

import lab

SLOW_MACHINE_S = 10  # a second is the tool's; the rest the machine's


@lab.at_each_server
class Logins(lab.Online):
    def test_a_wrong_password_is_6(self):
        self.file("alice.password", "wrong\n")
        ended = self.tool("wsdl", self.endpoint, code=6)
        self.assertRegex(ended.stderr, r"^soap-xmpp: xmpp:\S+: alice@\S+ is not online: .+\n$")

    def test_an_unknown_ca_is_6(self):
        environment = dict(self.environment)
        self.environment.pop("SOAP_XMPP_CAFILE")
        self.tool("wsdl", self.endpoint, code=6)
        self.environment = environment
        self.tool("wsdl", self.endpoint, "--ca", self.server.ca, code=3, SOAP_XMPP_CAFILE=self.server.ca)

    def test_options_say_where_the_server_is(self):
        for name in ("SOAP_XMPP_HOST", "SOAP_XMPP_PORT", "SOAP_XMPP_CAFILE", "SOAP_XMPP_JID", "SOAP_XMPP_PASSWORD_FILE"):
            self.environment.pop(name)
        self.tool("--jid", "alice@" + self.server.domain, "--password-file", self.password_file("alice"), "--host",
                  "127.0.0.1:" + self.server.direct_port, "--tls", "direct", "--ca", self.server.ca, "wsdl", self.endpoint,
                  code=3)

    def test_the_trace_is_told_as_far_as_wanted(self):
        self.assertNotIn("-> online", self.tool("wsdl", self.endpoint, code=3).stderr)
        self.assertIn("-> online", self.tool("-v", "wsdl", self.endpoint, code=3).stderr)
        self.assertIn("<iq", self.tool("-vvv", "--quiet", "wsdl", self.endpoint, code=3).stderr)

    def ends(self, *command, with_signal):
        process = lab.Service(["soap-xmpp", "-v", *command], self.environment)
        process.hears("-> online")
        begun = time.monotonic()
        code = process.end(with_signal)
        self.assertEqual(code, 128 + with_signal, (command, process.said))
        self.assertLess(time.monotonic() - begun, SLOW_MACHINE_S, command)

    def test_each_command_ends_on_a_signal(self):
        self.serve("--command", "sleep " + lab.long_sleep(), "--operation", "x", "--operation", "GetMetadata", "--jobs", "9")
        for with_signal in (signal.SIGINT, signal.SIGTERM):
            self.ends("call", self.endpoint, "x", "--ns", "urn:x", with_signal=with_signal)
            self.ends("serve", "--echo", with_signal=with_signal)
            self.ends("wsdl", self.endpoint, with_signal=with_signal)

    def test_each_question_ends_on_a_signal(self):
        service = self.serve("--echo")
        service.process.send_signal(signal.SIGSTOP)
        self.addCleanup(service.process.send_signal, signal.SIGCONT)
        for with_signal in (signal.SIGINT, signal.SIGTERM):
            for command in ("info", "stats", "ping"):
                self.ends(command, self.endpoint, with_signal=with_signal)
            self.ends("ls", self.endpoint.removeprefix("xmpp:"), with_signal=with_signal)

    def test_it_is_clean_under_valgrind(self):
        if self.server.label != lab.servers()[0].label:
            self.skipTest("once is enough")
        if b"__asan_init" in (lab.BUILD / "soap-xmpp").read_bytes():
            self.skipTest("the address sanitizer looks already")
        self.serve("--command", str(lab.TOP / "soap-xmpp/demo/calculator.sh"))
        ended = subprocess.run(
            ["valgrind", "-q", "--error-exitcode=99", "--leak-check=full", "--errors-for-leak-kinds=definite", "soap-xmpp",
             "call", self.endpoint, "add", "a=1", "b=2", "--wsdl", lab.CALCULATOR, "--output", "value"],
            env=self.environment, capture_output=True, text=True, timeout=2 * lab.PATIENCE_S)
        self.assertEqual((ended.returncode, ended.stdout), (0, "result=3\n"), ended.stderr)
