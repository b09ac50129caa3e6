"""ping, info, ls, stats and watch: who is there, and what happens."""

import json
import re
import signal

import lab


class Looking(lab.Online):
    def last(self, *arguments, code=0):
        """What the last object of --json says: before it there may be events."""
        ended = self.tool("--json", *arguments, code=code)
        return json.loads(ended.stdout.splitlines()[-1])

    def running(self, *arguments, **environment):
        process = lab.Service(["soap-xmpp", *arguments], dict(self.environment, **environment))
        self.addCleanup(process.end)
        return process

    def nobody(self):
        return "xmpp:bob@%s/nobody" % self.server.domain


@lab.at_each_server
class Pings(Looking):
    def test_a_service_is_asked_and_each_answer_is_a_line(self):
        self.serve("--echo")
        lines = self.tool("ping", self.endpoint, "-n", "3", "--interval", "0.01").stdout.splitlines()
        self.assertEqual([re.sub("[0-9.]+ ms", "T", line) for line in lines[:3]], ["1: T", "2: T", "3: T"])
        self.assertRegex(lines[3], "^3 sent, 0 lost, min/avg/max [0-9.]+/[0-9.]+/[0-9.]+ ms$")

    def test_our_own_server_is_asked(self):
        told = self.last("ping", "--server", "--count", "2", "--interval", "0.01")
        self.assertEqual((told["sent"], told["lost"]), (2, 0))
        self.assertLessEqual(told["ms"]["min"], told["ms"]["avg"])
        self.assertLessEqual(told["ms"]["avg"], told["ms"]["max"])

    def test_nobody_is_3(self):
        told = self.last("ping", self.nobody(), "-n", "1", code=3)
        self.assertEqual((told["sent"], told["lost"]), (1, 1))
        self.assertIn("service-unavailable", told["text"])

    def test_a_ping_that_the_timeout_cuts_off_is_not_lost(self):
        service = self.serve("--echo")
        process = self.running("ping", self.endpoint, "-n", "100", "-t", "8", "--interval", "4")
        process.hears("1: ")
        service.process.send_signal(signal.SIGSTOP)
        self.addCleanup(service.process.send_signal, signal.SIGCONT)
        process.hears("(ended)\n")
        self.assertEqual(process.end(), 0)
        self.assertIn("\n1 sent, 0 lost, ", process.said)

    def test_nobody_who_answers_before_the_timeout_is_3(self):
        service = self.serve("--echo")
        service.process.send_signal(signal.SIGSTOP)
        self.addCleanup(service.process.send_signal, signal.SIGCONT)
        told = self.last("-t", "4", "ping", self.endpoint, code=3)
        self.assertEqual((told["sent"], told["lost"]), (1, 1))

    def test_what_makes_no_sense_is_2(self):
        for wrong in ([], ["--server", self.endpoint], ["a@b", "-n", "0"], ["a@b", "--interval", "x"]):
            self.tool("ping", *wrong, code=2)

    def test_a_signal_ends_it_with_what_was_counted(self):
        process = self.running("ping", "--server", "-n", "1000")
        process.hears("1: ")
        self.assertEqual(process.end(signal.SIGINT), 130)
        self.assertIn(" sent, 0 lost", process.said)


@lab.at_each_server
class Infos(Looking):
    def test_a_service_says_what_it_can(self):
        self.serve("--echo")
        said = self.tool("info", self.endpoint, "--features").stdout
        self.assertRegex(said, "(?m)^soap +yes$")
        self.assertRegex(said, "(?m)^packed +yes$")
        self.assertRegex(said, "(?m)^incarnation +\\S+$")
        self.assertIn("urn:soap-xmpp:packed:1", said)

    def test_a_service_that_describes_itself_tells_its_operations(self):
        self.serve("--echo", "--wsdl", lab.CALCULATOR)
        told = self.last("info", self.endpoint)
        operations = told["forms"]["urn:soap-xmpp:service:1"]["operations"]
        self.assertIn("add", [name.rsplit("}", 1)[-1] for name in operations])
        self.assertRegex(self.tool("info", self.endpoint).stdout, r"(?m)^operations +\S*add$")

    def test_a_server_can_be_asked_as_well(self):
        told = self.last("info", self.server.domain)
        self.assertFalse(told["soap"])
        self.assertIn("server/im", [identity["category"] for identity in told["identities"]])
        self.assertIn("urn:xmpp:ping", told["features"])

    def test_nobody_is_3(self):
        self.assertIn("service-unavailable", self.last("info", self.nobody(), code=3)["text"])

    def test_a_wrong_password_is_6(self):
        self.file("alice.password", "wrong\n")
        self.tool("info", self.endpoint, code=6)


@lab.at_each_server
class Lists(Looking):
    def test_a_component_that_serves_is_listed_and_one_that_does_not_with_all(self):
        domain, secret = "svc." + self.server.domain, self.file("secret", "s3cret\n")
        with_secret = dict(SOAP_XMPP_JID=domain, SOAP_XMPP_PASSWORD_FILE=secret, SOAP_XMPP_CAFILE="",
                           SOAP_XMPP_PORT=self.server.component_port)
        component = dict(self.environment, **with_secret)
        del component["SOAP_XMPP_CAFILE"]
        service = lab.Service(["soap-xmpp", "serve", "--echo", "--allow", "*"], component)
        self.addCleanup(service.end)
        service.hears("serving at xmpp:" + domain)
        self.assertIn(domain, [item["jid"] for item in self.last("ls")["items"]])
        self.assertRegex(self.tool("ls", self.server.domain).stdout, "(?m)^soap  " + re.escape(domain))
        service.end()
        self.assertNotIn(domain, [item["jid"] for item in self.last("ls")["items"]])
        silent = [item for item in self.last("ls", "--all")["items"] if item["jid"] == domain]
        self.assertTrue(all("text" in item for item in silent))

    def test_a_domain_that_does_not_answer_is_3(self):
        self.tool("ls", "far.test", "--timeout", "20", code=3)


@lab.at_one_server
class Statistics(Looking):
    def test_a_service_that_tells_none_is_3(self):
        self.serve("--echo")
        self.assertIn("doesn't describe itself", self.last("stats", self.endpoint, code=3)["text"])

    def test_each_operation_is_a_row(self):
        self.serve("--echo", "--wsdl", lab.CALCULATOR)
        self.call("add", "a=1", "b=2")
        rows = self.last("stats", self.endpoint)["operations"]
        row = {row["operation"].rsplit("}", 1)[-1]: row for row in rows}["add"]
        self.assertEqual((row["calls"], row["faults"]), (1, 0))
        self.assertGreaterEqual(row["max_ms"], row["mean_ms"])
        self.assertRegex(self.tool("stats", self.endpoint).stdout, r"(?m)^ +1 +0 +[0-9.]+ +[0-9.]+  \S*add$")

    def test_it_looks_again_until_a_signal(self):
        self.serve("--echo", "--wsdl", lab.CALCULATOR)
        process = self.running("--json", "stats", self.endpoint, "--watch", "0.05")
        process.hears('"event":"statistics"')
        self.assertEqual(process.end(signal.SIGTERM), 143)


@lab.at_one_server
class Watches(Looking):
    def test_a_request_is_told_and_not_executed(self):
        bob = dict(SOAP_XMPP_JID="bob@" + self.server.domain, SOAP_XMPP_PASSWORD_FILE=self.password_file("bob"))
        process = self.running("watch", "--resource", self.resource, "--json", SOAP_XMPP_ALLOW="*", **bob)
        process.hears('"name":"online"')
        self.assertEqual(self.told("call", self.endpoint, "look", "--ns", "urn:x", code=3)["outcome"], "not-executed")
        process.hears('"event":"request"')
        told = [json.loads(line) for line in process.said.splitlines() if '"request"' in line][0]
        self.assertTrue(told["name"].startswith("alice@"), told)
        self.assertIn("look", told["text"])
        self.assertEqual(process.end(), 143)

    def test_a_server_that_is_not_there_is_an_event(self):
        process = self.running("watch", "--presence", SOAP_XMPP_PORT="1")
        process.hears("refused")
        self.assertEqual(process.end(signal.SIGINT), 130)

    def test_it_ends_when_its_time_is_over(self):
        self.assertRegex(self.tool("watch", "--timeout", "0.5").stdout, r"^\S+Z  state    connecting")
