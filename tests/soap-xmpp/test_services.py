"""What `soap-xmpp serve` does with requests, and with its commands."""

import json
import os
import pathlib
import pty
import signal
import subprocess
import time

import lab


@lab.at_each_server
class Services(lab.Online):
    def ask(self, operation="x", **others):
        return self.call(operation, "--ns", "urn:x", **others)

    def test_a_command_has_the_envelope_and_the_environment(self):
        self.serve("--shell", "--command",
                   "echo \"<r xmlns='urn:r' from='$SOAPXMPP_FROM' to='$SOAPXMPP_TO' operation='$SOAPXMPP_OPERATION'"
                   " namespace='$SOAPXMPP_NAMESPACE' id='$SOAPXMPP_ID'>$(grep -c Envelope)</r>\"")
        answer = self.call("turn", "--ns", "urn:x", "--output", "envelope").stdout
        self.assertRegex(answer, "from='alice@%s/soap-xmpp[.]" % self.server.domain)
        self.assertIn("to='%s'" % self.endpoint.removeprefix("xmpp:"), answer)
        self.assertIn("operation='turn' namespace='urn:x'", answer)
        self.assertRegex(answer, "id='[^']+'>1</r>")

    def test_a_command_does_not_have_the_password(self):
        environment = dict(self.environment, SOAP_XMPP_JID="bob@" + self.server.domain,
                           SOAP_XMPP_PASSWORD=self.server.passwords["bob"])
        del environment["SOAP_XMPP_PASSWORD_FILE"]
        service = lab.Service(["soap-xmpp", "serve", "--resource", self.resource, "--allow", "*", "--shell", "--command",
                               "echo \"<r xmlns='urn:r'>${SOAP_XMPP_PASSWORD-none}, $SOAP_XMPP_HOST</r>\""], environment)
        self.addCleanup(service.end, signal.SIGINT)
        service.hears("serving at " + self.endpoint)
        self.assertRegex(self.ask().stdout, ">none, 127.0.0.1</r>")

    def test_a_terminal_obeys_no_answer(self):
        said = "<r xmlns='urn:r'>\u009b31m</r>"
        self.serve("--answer", self.file("answer.xml", said))
        for form in ("body", "envelope", "value", "json"):
            ours, theirs = pty.openpty()
            calling = ["soap-xmpp", "call", self.endpoint, "x", "--ns", "urn:x", "--output", form]
            ended = subprocess.run(calling, env=self.environment, stdin=subprocess.DEVNULL, stdout=theirs,
                                   timeout=lab.PATIENCE_S)
            os.close(theirs)
            shown = os.read(ours, 65536).decode()
            os.close(ours)
            self.assertEqual(ended.returncode, 0)
            self.assertRegex(shown, "(&#x9b;|u009[bB])31m", form)
            self.assertNotIn("\u009b", shown, form)
        self.assertIn("\u009b31m", self.ask("x").stdout)

    def test_a_file_is_an_answer(self):
        self.serve("--answer", self.file("answer.xml", "<?xml version='1.0'?><r xmlns='urn:r'>1</r>"))
        self.assertRegex(self.ask().stdout, "^<r xmlns=.urn:r.[^>]*>1</r>\n$")

    def test_a_fault_is_an_answer_in_the_request_s_version(self):
        self.serve("--fault", "not <today>")
        for version, code in (("1.1", "Client"), ("1.2", "Sender")):
            told = self.told("call", self.endpoint, "x", "--ns", "urn:x", "--soap", version, code=1)
            self.assertEqual((told["soap"], told["fault"]["code"], told["fault"]["reason"]),
                             (version, code, "not <today>"))

    def test_a_reason_of_many_lines_is_one_line_on_standard_error(self):
        self.serve("--fault", "one\ntwo\u009b31m")
        self.assertRegex(self.ask(code=1).stderr, r": x: Sender: one\?two\?+31m: executed\n$")
        self.assertEqual(self.told("call", self.endpoint, "x", "--ns", "urn:x", code=1)["fault"]["reason"],
                         "one\ntwo\u009b31m")

    def test_a_reason_that_is_too_long_is_cut_and_told(self):
        for blanks in range(2):
            self.resource += str(blanks)
            self.serves_as("bob")
            self.serve("--fault", "x" * blanks + "é" * 4000)
            self.assertIn("éé", self.told("call", self.endpoint, "x", "--ns", "urn:x", code=1)["text"])

    def test_the_first_line_of_a_command_that_ends_with_1_is_the_fault(self):
        self.serve("--shell", "--command", "echo 'too cold' >&2; echo more >&2; exit 1")
        self.assertIn(": x: Sender: too cold: executed\n", self.ask(code=1).stderr)

    def test_any_other_end_is_unknown_to_the_caller_and_told_here(self):
        service = self.serve("--shell", "--command", "echo oh >&2; exit 2")
        self.ask(code=4)
        service.hears("oh\n")
        service.hears("its command failed")

    def test_a_command_that_is_not_there_is_not_executed(self):
        service = self.serve("--command", "/no/such/command")
        self.ask(code=3)
        service.hears("/no/such/command")

    def test_other_operations_are_not_executed(self):
        self.serve("--echo", "--operation", "on", "--operation", "off")
        self.ask("on")
        self.ask("off")
        self.assertIn("feature-not-implemented (501)", self.ask("explode", code=3).stderr)

    def test_a_command_that_takes_too_long_is_killed_with_its_children(self):
        mark = lab.long_sleep()
        service = self.serve("--shell", "--command", "sleep %s & sleep %s" % (mark, mark), "--kill-after", "0.5")
        self.ask(code=4)
        self.assertEqual([pid for pid in lab.running(mark) if pid != service.process.pid], [])

    def test_so_many_jobs_run_at_once_and_no_more(self):
        log = self.home / "log"
        self.serve("--shell", "--command", "echo + >> %s; sleep 0.3; echo - >> %s; echo '<r xmlns=\"u:r\"/>'" % (log, log),
                   "--jobs", "2")
        calls = [lab.Service(["soap-xmpp", "call", self.endpoint, "x", "--ns", "urn:x"], self.environment)
                 for _ in range(5)]
        self.assertEqual([one.process.wait(lab.PATIENCE_S) for one in calls], [0] * 5)
        for one in calls:
            one.end()
        steps = [1 if line == "+" else -1 for line in log.read_text().split()]
        self.assertEqual((len(steps), max(sum(steps[:end]) for end in range(11))), (10, 2))

    def test_a_service_whose_address_another_takes_ends_with_6(self):
        first = self.serve("--echo")
        self.serve("--echo")
        self.assertEqual(first.process.wait(lab.PATIENCE_S), 6)
        self.ask()

    def wait_for(self, condition):
        end = time.monotonic() + lab.PATIENCE_S
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)

    def test_what_runs_is_finished_after_sigterm(self):
        begun = self.home / "begun"
        service = self.serve("--shell", "--command", "touch %s; sleep 1; echo '<r xmlns=\"urn:r\"/>'" % begun)
        caller = lab.Service(["soap-xmpp", "call", self.endpoint, "x", "--ns", "urn:x"], self.environment)
        self.wait_for(begun.exists)
        self.assertEqual(service.end(signal.SIGTERM), 143)
        self.assertEqual(caller.process.wait(lab.PATIENCE_S), 0, caller.said)
        caller.end()

    def test_sigint_leaves_no_child(self):
        mark = lab.long_sleep()
        service = self.serve("--command", "sleep " + mark)
        caller = lab.Service(["soap-xmpp", "call", self.endpoint, "x", "--ns", "urn:x", "-t", "30"], self.environment)
        self.wait_for(lambda: [pid for pid in lab.running(mark) if pid != service.process.pid])
        self.assertEqual(service.end(signal.SIGINT), 130)
        self.assertEqual(lab.running(mark), [])
        self.assertEqual(caller.process.wait(lab.PATIENCE_S), 4, caller.said)
        caller.end()

    def test_json_tells_where_it_serves_and_what_it_has_done(self):
        environment = dict(self.environment, SOAP_XMPP_JID="bob@" + self.server.domain,
                           SOAP_XMPP_PASSWORD_FILE=self.password_file("bob"))
        service = lab.Service(["soap-xmpp", "serve", "--json", "--echo", "--allow", "*", "--resource", self.resource],
                              environment)
        service.hears('"jid":"%s"' % self.endpoint.removeprefix("xmpp:"))
        self.ask()
        self.assertEqual(service.end(), 143)
        last = json.loads(service.said.splitlines()[-2])
        self.assertEqual((last["exit"], last["answered"]), (143, 1))

    def test_a_service_that_describes_itself_is_called_without_a_contract(self):
        self.serve("--command", str(lab.TOP / "soap-xmpp" / "demo" / "calculator.sh"), "--wsdl", lab.CALCULATOR)
        self.assertEqual(self.call("mul", "a=6", "b=7", "--output", "value").stdout, "result=42\n")
        self.assertEqual(self.call("mul", "a=6", "b=7", "--output", "value").stdout, "result=42\n")
        self.assertTrue(list((self.home / ".cache/soap-xmpp/wsdl").iterdir()))
        self.tool("wsdl", self.endpoint, "-o", "c.wsdl", "--location", "http://x.test/c")
        changed = (self.home / "c.wsdl").read_text()
        self.assertIn('location="http://x.test/c"', changed)
        self.assertIn('transport="http://schemas.xmlsoap.org/soap/http"', changed)
        self.assertEqual(self.tool("wsdl", self.endpoint, "--all", "all").stdout, "all/service.wsdl\n")
        self.assertIn("calculatorPortType", self.told("wsdl", self.endpoint)["wsdl"])

    def test_what_wsdl_prints_has_the_transport_that_tools_know(self):
        given = pathlib.Path(lab.CALCULATOR).read_text()
        http, xmpp = "http://schemas.xmlsoap.org/soap/http", "http://jabber.org/protocol/soap"
        self.assertIn('transport="%s"' % xmpp, given)
        self.serve("--echo", "--wsdl", lab.CALCULATOR)
        changed = self.tool("wsdl", self.endpoint).stdout
        self.assertEqual((changed.count(http), changed.count(xmpp)), (1, 0))
        self.assertEqual(self.tool("wsdl", self.endpoint, "--transport", "http").stdout, changed)
        self.assertEqual(self.told("wsdl", self.endpoint)["wsdl"].strip(), changed.strip())
        exact = self.tool("wsdl", self.endpoint, "--transport", "given").stdout
        self.assertIn(exact[exact.index("<portType"):exact.index("<SOAP:address")], given)
        self.assertEqual(self.tool("wsdl", self.endpoint, "--transport", "xmpp").stdout, exact)
        self.tool("wsdl", self.endpoint, "--all", "all")
        self.assertIn(http, (self.home / "all" / "service.wsdl").read_text())

    def test_a_rule_names_an_operation_with_its_namespace_or_the_wsdl_does(self):
        self.serve("--echo", allow=("--allow", "*:add"))
        self.ask("add", code=3)
        self.resource += "-named"
        self.serves_as("bob")
        self.serve("--echo", allow=("--allow", "*:{urn:x}add"))
        self.ask("add")
        self.ask("sub", code=3)
        self.resource += "-told"
        self.serves_as("bob")
        self.serve("--echo", "--wsdl", lab.CALCULATOR, allow=("--allow", "*:add"))
        self.call("add", "a=1", "b=2", "--wsdl", lab.CALCULATOR)

    def test_a_service_that_does_not_is_3_with_what_to_do(self):
        self.serve("--echo")
        for arguments in (["wsdl", self.endpoint], ["call", self.endpoint, "add"]):
            self.assertIn("--wsdl", self.tool(*arguments, code=3).stderr)


class Plans(lab.Lab):
    def test_what_makes_no_service_is_2(self):
        for arguments in ([], ["--echo", "--fault", "x"], ["--echo", "--shell"], ["--command", " "], ["--answer", "none"],
                          ["--echo", "--jobs", "65"], ["--echo", "--kill-after", "0"], ["--echo", "x"]):
            ended = self.tool("serve", "-j", "a@x.test", *arguments, code=2)
            self.assertEqual(ended.stderr.count("\n"), 1, ended.stderr)
