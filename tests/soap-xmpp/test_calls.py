"""What `soap-xmpp call` sends, prints and ends with."""

import json
import re

import lab

ENVELOPE_11 = "http://schemas.xmlsoap.org/soap/envelope/"
ENVELOPE_12 = "http://www.w3.org/2003/05/soap-envelope"
SCRIPT = str(lab.TOP / "soap-xmpp" / "demo" / "calculator.sh")

XS = "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xmlns:xs='http://www.w3.org/2001/XMLSchema'"
# What W3C's databinding patterns are made of.
DOCUMENTS = [
    "<x xmlns='urn:x'><a>1</a><a/><b><c>2</c></b></x>",
    "<p:x xmlns:p='urn:x' xmlns:q='urn:q' q:z='1' y=\"it's\"><q:a>q:b</q:a><a xmlns=''>3</a></p:x>",
    "<x xmlns='urn:x' %s><a xsi:type='xs:int'>1</a><b xsi:nil='true'/><c xsi:type='xs:QName'>xs:int</c></x>" % XS,
    "<x xmlns='urn:x' a='&lt;&amp;&quot;&#10;'>&lt;&amp;&gt;&#13;&#x1F600;</x>",
    "<x xmlns='urn:x'><![CDATA[<a>&amp;</a>]]> ]] <b> mixed </b> text </x>",
    "<x xmlns='urn:x'>\u00e9\u4e2d\u05d0\U0001d11e \u200f</x>",
    "<x xmlns='urn:x' xml:lang='de' xml:space='preserve'>\n  two\n\tlines </x>",
    "<x xmlns='urn:x'>%s</x>" % ("0123456789abcdef" * 20000),
    "<x xmlns='urn:x'>%s%s</x>" % ("<a>" * 100, "</a>" * 100),
    "<x xmlns='urn:x'>%s</x>" % "".join("<i n='%d'>%d</i>" % (i, i) for i in range(2000)),
]


@lab.at_each_server
class Calls(lab.Online):
    def add(self, *arguments, **others):
        return self.call("add", "a=1", "b=2", "--wsdl", lab.CALCULATOR, *arguments, **others)

    def test_an_answer_is_0_and_its_body_is_printed(self):
        self.serve("--command", SCRIPT)
        self.assertRegex(self.add().stdout, r"addResponse.*>\s*<\S*result>3</")
        self.assertEqual(self.add("--output", "value").stdout, "result=3\n")
        self.assertEqual(json.loads(self.add("--output", "json").stdout), {"result": 3})
        self.assertTrue(self.add("--output", "envelope").stdout.startswith("<"))

    def test_a_fault_is_1_and_both_outputs_have_it(self):
        self.serve("--command", SCRIPT)
        ended = self.call("div", "a=1", "b=0", "--wsdl", lab.CALCULATOR, code=1)
        self.assertIn("division by zero", ended.stdout)
        self.assertEqual(
            ended.stderr, "soap-xmpp: %s: div: Sender: division by zero: executed\n" % self.endpoint)

    def test_json_tells_all_of_it(self):
        self.serve("--command", SCRIPT)
        told = self.told("call", self.endpoint, "add", "a=1", "b=2", "--wsdl", lab.CALCULATOR)
        self.assertEqual(
            [told[name] for name in ("command", "endpoint", "operation", "end", "outcome", "soap", "body")],
            ["call", self.endpoint, "add", "answer", "executed", "1.2", {"result": 3}])
        self.assertIn("Envelope", told["envelope"])
        self.assertGreater(told["bytes"]["out"], 0)
        self.assertRegex(told["trace"], "^00-[0-9a-f]{32}-[0-9a-f]{16}-01$")
        told = self.told("call", self.endpoint, "div", "a=1", "b=0", "--wsdl", lab.CALCULATOR, code=1)
        self.assertEqual(told["fault"]["reason"], "division by zero")

    def test_nobody_there_is_3_and_not_executed(self):
        ended = self.add(code=3)
        self.assertRegex(
            ended.stderr, r"^soap-xmpp: xmpp:\S+: add: service-unavailable \(503\).*: not executed\n$")
        self.assertEqual(ended.stdout, "")
        told = self.told("call", self.endpoint, "add", "a=1", "b=2", "--wsdl", lab.CALCULATOR, code=3)
        self.assertEqual((told["outcome"], told["condition"]), ("not-executed", "service-unavailable"))

    def test_no_rule_is_3_and_the_service_says_which_would_do(self):
        service = self.serve("--command", SCRIPT, allow=())
        service.hears("nobody may call")
        self.assertIn("forbidden (403)", self.add(code=3).stderr)
        service.hears("--allow 'alice@%s:" % self.server.domain)

    def test_no_answer_in_time_is_4(self):
        self.serve("--command", "sleep 50")
        ended = self.add("-t", "2", code=4)
        self.assertIn("unknown whether it ran", ended.stderr)

    def test_a_service_that_failed_is_4(self):
        self.serve("--command", "false", "--shell", "--command", "exit 3")
        self.assertIn("internal-server-error (500)", self.add(code=4).stderr)

    def test_an_answer_that_is_none_is_5(self):
        bob = dict(self.environment, SOAP_XMPP_JID="%s/%s" % ("bob@" + self.server.domain, self.resource),
                   SOAP_XMPP_PASSWORD=self.server.passwords["bob"])
        service = lab.Service(["/usr/bin/python3", "-B", str(lab.TOP / "tests/soap-xmpp/foreign.py"), "<y xmlns='urn:y'/>"],
                              bob)
        self.addCleanup(service.end)
        service.hears("serving at " + self.endpoint)
        told = self.told("call", self.endpoint, "x", "--ns", "urn:x", code=5)
        self.assertEqual((told["end"], told["outcome"]), ("bad", "executed"))

    def test_whatever_a_document_holds_comes_back(self):
        if self.server.label != lab.servers()[0].label:
            self.skipTest("packed, no server sees it: once is enough")
        self.serve("--echo")
        for content in DOCUMENTS:
            envelope = "<e:Envelope xmlns:e='%s'><e:Body>%s</e:Body></e:Envelope>" % (ENVELOPE_12, content)
            sent = self.call("-", "--output", "envelope", stdin=envelope)
            self.assertEqual(sent.stdout, envelope + "\n")

    def test_an_element_by_its_namespace_needs_no_contract(self):
        self.serve("--echo")
        echoed = self.call("add", "--ns", "urn:x", "a=1", "b=2", "--output", "envelope").stdout
        self.assertIn(ENVELOPE_12, echoed)
        self.assertRegex(echoed, r"<\w+:add xmlns:\w+=['\"]urn:x['\"]>\s*<a>1</a>\s*<b>2</b>")
        echoed = self.call("add", "--ns", "urn:x", "--qualified", "a=1", "--output", "envelope").stdout
        self.assertRegex(echoed, r"<(\w+:)?add xmlns(:\w+)?=['\"]urn:x['\"]>\s*<(\w+:)?a>1</")

    def test_a_document_is_sent_as_it_is(self):
        self.serve("--echo")
        envelope = "<e:Envelope xmlns:e='%s'><e:Body><x xmlns='urn:x'> 1 </x></e:Body></e:Envelope>" % ENVELOPE_11
        sent = self.call("-", "--output", "envelope", stdin="<?xml version='1.0'?><!-- mine -->\n" + envelope)
        self.assertEqual(sent.stdout.strip(), envelope)
        path = self.file("body.xml", "<x xmlns='urn:x'>2</x>")
        sent = self.call("body.xml", "--output", "envelope", "--soap", "1.1").stdout
        self.assertIn(ENVELOPE_11, sent)
        self.assertIn("<x xmlns='urn:x'>2</x>", sent)
        self.assertRegex(self.call(path, "--output", "body").stdout, "^<x xmlns=.urn:x.[^>]*>2</x>\n$")

    def test_headers_and_a_user_s_token_go_along(self):
        self.serve("--echo")
        self.file("block.xml", "<h xmlns='urn:h'>1</h>")
        password = self.file("secret", "sesame\n")
        sent = self.call("add", "--ns", "urn:x", "--header", "<g xmlns='urn:g'/>", "--header", "block.xml", "--user", "ann",
                         "--user-password-file", password, "--output", "envelope").stdout
        for part in ("<g xmlns='urn:g'/>", "<h xmlns='urn:h'>1</h>", "ann</", "#PasswordDigest"):
            self.assertIn(part, sent)
        self.assertNotIn("sesame", sent)

    def test_an_action_goes_along(self):
        self.serve("--shell", "--command", 'echo "<r xmlns=\\"urn:r\\">$SOAPXMPP_ACTION</r>"')
        self.assertIn(">urn:do<", self.call("x", "--ns", "urn:x", "--action", "urn:do", SOAP_XMPP_MESSAGES="0").stdout)

    def test_a_call_is_made_as_often_as_wanted(self):
        self.serve("--command", SCRIPT)
        self.assertEqual(self.add("--count", "3", "--output", "value").stdout, "result=3\n" * 3)
        told = self.tool("--json", "call", self.endpoint, "add", "a=1", "b=2", "--wsdl", lab.CALCULATOR, "--count", "2")
        self.assertEqual([json.loads(line)["exit"] for line in told.stdout.splitlines()], [0, 0])

    def test_one_way_ends_without_an_answer(self):
        self.serve("--shell", "--command", ":")
        self.assertEqual(self.call("x", "--ns", "urn:x", "--one-way").stdout, "")
        self.assertEqual(self.told("call", self.endpoint, "x", "--ns", "urn:x")["end"], "empty")

    def test_a_message_is_answered_too(self):
        self.serve("--command", SCRIPT, SOAP_XMPP_MESSAGES="1")
        self.assertEqual(self.add("--message", "--output", "value", SOAP_XMPP_MESSAGES="1").stdout, "result=3\n")

    def test_a_named_message_needs_a_key(self):
        self.serve("--command", SCRIPT, SOAP_XMPP_MESSAGES="1")
        self.assertIn("--name-key-file", self.add("--message", "--name", "n", code=2).stderr)
        key = self.file("key", "a secret of mine\n")
        self.add("--message", "--name", "n", "--name-key-file", key)

    def test_an_answer_that_comes_late_is_fetched_by_its_name(self):
        self.log_in("dave")
        self.serves_as("carol")
        key = self.file("key", "a secret of mine\n")
        named = ["--message", "--name", self.resource[:60], "--name-key-file", key]
        self.add(*named, "-t", "3", code=4)
        self.serve("--command", SCRIPT, user="carol", SOAP_XMPP_MESSAGES="1")
        self.assertEqual(self.add(*named, "--late", "--output", "value").stdout, "result=3\n")
        self.add("--late", code=2)

    def test_the_trace_goes_on(self):
        self.serve("--shell", "--command", 'echo "<r xmlns=\\"urn:r\\">$TRACEPARENT</r>"')
        trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        answer = self.call("x", "--ns", "urn:x", TRACEPARENT=trace).stdout
        self.assertRegex(answer, ">00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01<")
        self.assertNotIn("b7ad6b7169203331", answer)

    def test_two_beside_each_other_do_not_clash(self):
        self.serve("--shell", "--command", "sleep 1; echo '<r xmlns=\"urn:r\"/>'", "--jobs", "8")
        both = [lab.Service(["soap-xmpp", "call", self.endpoint, "x", "--ns", "urn:x"], self.environment) for _ in "12"]
        self.assertEqual([one.process.wait(lab.PATIENCE_S) for one in both], [0, 0])
        for one in both:
            one.end()


class Requests(lab.Lab):
    """What is said before anybody is called."""

    def test_the_envelope_that_would_be_sent_is_printed(self):
        ended = self.tool("call", "xmpp:a@x.test", "add", "a=1", "b=2", "--wsdl", lab.CALCULATOR, "--dry-run")
        self.assertRegex(ended.stdout, r"add.*>\s*<\S*a>1</\S*a>\s*<\S*b>2</")
        told = self.told("call", "xmpp:a@x.test", "add", "a=1", "b=2", "--wsdl", lab.CALCULATOR, "--dry-run")
        self.assertEqual(told["envelope"].strip(), ended.stdout.strip())

    def test_a_template_has_the_types(self):
        ended = self.tool("call", "xmpp:a@x.test", "add", "--wsdl", lab.CALCULATOR, "--template")
        self.assertRegex(ended.stdout, r"<\S*a>double</")

    def test_an_unknown_parameter_is_2_with_those_there_are(self):
        ended = self.tool("call", "xmpp:a@x.test", "add", "aa=1", "b=2", "--wsdl", lab.CALCULATOR, code=2)
        self.assertTrue(re.search("aa", ended.stderr) and ended.stderr.count("\n") == 1, ended.stderr)
        self.tool("call", "xmpp:a@x.test", "ad", "--wsdl", lab.CALCULATOR, code=2)
        self.tool("call", "xmpp:a@x.test", "add", "a=one", "b=2", "--wsdl", lab.CALCULATOR, code=2)

    def test_what_contradicts_itself_is_2(self):
        for arguments in (["add", "--ns", "urn:x", "--wsdl", lab.CALCULATOR], ["./x.xml", "a=1"],
                          ["add", "--qualified"], ["add", "--ns", "u:x", "--user", "ann"],
                          ["add", "--ns", "u:x", "--count", "0"], ["add", "--ns", "u:x", "--soap", "2"]):
            ended = self.tool("call", "xmpp:a@x.test", *arguments, code=2)
            self.assertEqual(ended.stderr.count("\n"), 1, ended.stderr)
        self.tool("call", "http://x.test", "add", code=2)
