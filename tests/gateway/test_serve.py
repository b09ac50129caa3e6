"""What reaches a service by HTTP, and what becomes of what it answers."""

import contextlib
import gzip
import os
import re
import ssl
import subprocess
import threading

import gateway_lab
import lab
from gateway_lab import CALCULATOR_NS, HangUp, envelope, operation, post

WSDL = """<?xml version="1.0" encoding="%(encoding)s"?>
<!-- a comment --><w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/" targetNamespace="urn:t"
 xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:x="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t">
<w:types><x:schema targetNamespace="urn:t" elementFormDefault="qualified"><x:import namespace="urn:a"
 schemaLocation="?xsd=1"/><x:import namespace="urn:b" schemaLocation="http://elsewhere.invalid/b.xsd"/>
<x:element name="go"><x:complexType><x:sequence/></x:complexType></x:element></x:schema></w:types>
<w:message name="m"><w:part name="p" element="t:go"/></w:message>
<w:portType name="P"><w:operation name="go"><w:input message="t:m"/></w:operation></w:portType>
<w:binding name="B" type="t:P"><s:binding transport="http://schemas.xmlsoap.org/soap/http"/>
<w:operation name="go"><s:operation soapAction="urn:go"/><w:input><s:body use="literal"/></w:input></w:operation>
</w:binding><w:service name="S"><w:port name="p" binding="t:B"><s:address location="%(url)s"/></w:port></w:service>
</w:definitions>"""
SCHEMA = """<x:schema xmlns:x="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:a">
<x:include schemaLocation="types/more.xsd"/></x:schema>"""
MORE = '<x:schema xmlns:x="http://www.w3.org/2001/XMLSchema"><x:element name="more"/></x:schema>'


class Serving(gateway_lab.GatewayLab):
    def setUp(self):
        super().setUp()
        self.environment.update(
            SOAP_XMPP_HOST="127.0.0.1", SOAP_XMPP_PORT=self.server.port, SOAP_XMPP_CAFILE=self.server.ca,
            SOAP_XMPP_JID="alice@%s" % self.server.domain,
            SOAP_XMPP_PASSWORD_FILE=self.file("tool.password", self.server.passwords["alice"] + "\n"))

    def logged(self, gateway, count):
        """The outcomes of so many requests, as the service's own gateway has logged them."""
        def found():
            return re.findall(r"^serve=.* outcome=(\S+)", gateway.said, re.M)

        self.assertTrue(gateway_lab.until(lambda: len(found()) >= count), gateway.said)
        return found()

    def outcome(self, answer, status, outcome, condition=None):
        self.assertEqual((answer.status, answer.outcome), (status, outcome), answer)
        if condition:
            self.assertEqual((answer.detail or {}).get("condition"), condition, answer)


@lab.at_one_server
class Requests(Serving):
    def test_fields_say_who_asks_for_what(self):
        ledger = self.ledger()
        chain = self.chain(ledger.url)
        trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        for version in (11, 12):
            headers = {"X-Xmpp-From": "mallory@evil.test", "traceparent": trace, "SOAPAction": '"urn:add"',
                       "Cookie": "a=b", "Authorization": "Basic eDp5"}
            if version == 12:
                headers["Content-Type"] = 'application/soap+xml; action="urn:add"'
            self.answered(post(chain.url, operation("add", 1, 2, version), version, headers=headers), "1")
            call = ledger.calls[-1]
            self.assertEqual(call.header("X-Xmpp-From"), "alice@%s/%s" % (self.server.domain, self.resource))
            self.assertEqual(call.head.count("mallory"), 0)
            self.assertIn(trace[3:35], call.header("traceparent"))
            self.assertTrue(call.header("User-Agent").startswith("soap-xmpp-gateway/"))
            self.assertIsNone(call.header("Cookie"))
            self.assertIsNone(call.header("Authorization"))
            self.assertIsNone(call.header("Transfer-Encoding"))
            if version == 11:
                self.assertEqual(call.header("SOAPAction"), '"urn:add"')
            else:
                self.assertIn('action="urn:add"', call.header("Content-Type"))
                self.assertIsNone(call.header("SOAPAction"))

    def test_the_path_of_an_accounts_device_goes_along(self):
        ledger = self.ledger()
        chain = self.chain(ledger.url + "onvif/device", 'path = "header" query = true', 'path = "header"')
        self.answered(post(chain.url, operation("add", 1, 2)), "1")
        self.answered(post(chain.url + "/onvif/a%20b", operation("add", 2, 2)), "2")
        self.outcome(post(chain.url + "/admin", operation("add", 3, 2)), 404, "not-executed")
        self.assertEqual([call.path for call in ledger.calls], ["/onvif/device", "/onvif/a%20b"])
        self.assertFalse(any("cargo" in call.body for call in ledger.calls))

    def test_each_serve_of_a_link_has_its_own_rules(self):
        ledger = self.ledger()
        domain = "svc." + self.server.domain
        self.gateway("serves", self.component_link("svc") + "".join(
            'serve "%s@%s" { url = "%s%s" link = "main" allow = { "%s@%s" } }\n' % (
                node, domain, ledger.url, node, who, self.server.domain)
            for node, who in (("one", "alice"), ("two", "carol"))))
        routing = self.routes(*(("/" + node, "xmpp:%s@%s" % (node, domain), "") for node in ("one", "two", "none")))
        self.answered(post(routing.url + "/one", operation("add", 1, 2)), "1")
        self.outcome(post(routing.url + "/two", operation("add", 2, 2)), 403, "not-executed", "forbidden")
        self.assertEqual(post(routing.url + "/none", operation("add", 3, 2)).outcome, "not-executed")
        self.assertEqual(ledger.numbers, ["1"])

    def test_an_action_chooses_no_operation_that_its_own_serves_rules_do_not_name(self):
        """Whoever may call everything at one service of a link may call one operation at another."""
        ledger = self.ledger()
        domain = "svc." + self.server.domain
        self.gateway("serves", self.component_link("svc") + "".join(
            'serve "%s@%s" { url = "%s%s" link = "main" allow = { "alice@%s%s" } }\n' % (
                node, domain, ledger.url, node, self.server.domain, operations)
            for node, operations in (("one", ""), ("two", ":{%s}add" % CALCULATOR_NS))))
        routing = self.routes(*(("/" + node, "xmpp:%s@%s" % (node, domain), "") for node in ("one", "two")))
        action = {"SOAPAction": '"urn:mul"'}
        for path in ("/one", "/two"):
            self.answered(post(routing.url + path, operation("add", 1, 2, 11), 11, headers=action), "1")
        self.assertEqual([call.header("SOAPAction") for call in ledger.calls], ['"urn:mul"', '""'])
        self.outcome(post(routing.url + "/two", operation("mul", 7, 2)), 403,
                     "not-executed", "forbidden")
        hidden = operation("add", 3, 2, header="<x xmlns='urn:x' xmlns:z='urn:soap-Envelope'/>")
        self.assertEqual(post(routing.url + "/one", hidden).outcome, "executed")
        self.outcome(post(routing.url + "/two", hidden), 403, "not-executed", "forbidden")

    def test_a_certificate_is_checked_always(self):
        ca, other = self.certificate("ca"), self.certificate("other")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*ca)
        context.load_verify_locations(other[0])
        context.verify_mode = ssl.CERT_REQUIRED
        ledger = self.ledger(context=context)
        # A caller that has sent copies meanwhile, on a slow machine, is told "unknown" where nothing has run. The third is
        # told that it lacks a certificate when its request may be sent (RFC 8446 4.4.2.4).
        neither = "not-executed", "unknown"
        for options, *outcomes in (("", *neither), ('ca = "%s"' % other[0], *neither), ('ca = "%s"' % ca[0], *neither),
                                   ('ca = "%s" cert = "%s" key = "%s"' % (ca[0], *other), "executed")):
            with self.subTest(options):
                chain = self.chain(ledger.url, options)
                post(chain.url, operation("add", 1, 2))
                told = self.logged(chain.serving, 1)
                self.assertIn(told[0], outcomes)
                self.assertEqual(ledger.numbers, ["1"] if told == ["executed"] else [])
                chain.serving.end()
                chain.routing.end()

    def certificate(self, name):
        """A file with a certificate for localhost that nobody else has signed, and one with its key."""
        paths = [str(self.home / ("%s.%s" % (name, what))) for what in ("pem", "key")]
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-out",
                        paths[0], "-keyout", paths[1]], check=True, capture_output=True)
        return paths


@lab.at_one_server
class Answers(Serving):
    def answers_with(self, act, options="", **others):
        ledger = self.ledger(act)
        return ledger, self.chain(ledger.url, options, **others)

    def test_statuses_without_an_envelope_say_whether_it_ran(self):
        rows = {200: ("unknown", None), 302: ("unknown", None), 400: ("unknown", None), 401: ("not-executed", "not-allowed"),
                403: ("not-executed", "forbidden"), 404: ("not-executed", "item-not-found"),
                405: ("not-executed", "not-allowed"), 409: ("unknown", None), 413: ("not-executed", "policy-violation"),
                415: ("not-executed", "not-acceptable"), 429: ("not-executed", "resource-constraint"),
                500: ("unknown", None), 502: ("unknown", None), 503: ("unknown", None), 504: ("unknown", None)}
        ledger, chain = self.answers_with(
            lambda call: call.answer("<html>no\x1b[2J %s</html>" % call.number, "%s No" % call.number, "text/html"))
        for status, (outcome, condition) in rows.items():
            with self.subTest(status):
                answer = post(chain.url, operation("add", status, 2))
                self.assertEqual(answer.outcome, outcome, answer)
                if condition:
                    self.assertEqual(answer.detail["condition"], condition)
                self.assertIn("%d" % status, answer.fault)
                self.assertNotIn("\x1b", answer.body)
        self.assertEqual(len(ledger.calls), len(rows))
        chain.serving.hears("the backend answered 504")
        self.assertNotIn("<html>", chain.serving.said)  # no log has any of what is answered

    def test_an_envelope_is_an_answer_whatever_its_status(self):
        fault = envelope("<e:Fault><e:Code><e:Value>e:Receiver</e:Value></e:Code><e:Reason><e:Text xml:lang='en'>full"
                         "</e:Text></e:Reason></e:Fault>")
        _, chain = self.answers_with(lambda call: call.answer(fault, "503 Full"))
        answer = post(chain.url, operation("add", 1, 2))
        self.outcome(answer, 500, "executed")
        self.assertEqual(answer.fault, "full")

    def test_nothing_is_an_empty_result(self):
        _, chain = self.answers_with(lambda call: call.answer("", "%s Done" % call.number))
        for status in (200, 202):
            self.outcome(post(chain.url, operation("add", status, 2)), 202, "executed")

    def test_another_version_of_soap_is_no_answer(self):
        mismatch = envelope("<e:Fault><faultcode>e:VersionMismatch</faultcode><faultstring>no</faultstring></e:Fault>", 11)
        other = envelope("<x/>", 11)
        _, chain = self.answers_with(
            lambda call: call.answer(mismatch if call.number == "1" else other, "500 Other", "text/xml"))
        answer = post(chain.url, operation("add", 1, 2))
        self.assertEqual(answer.outcome, "not-executed", answer)
        self.assertIn("1.1", answer.fault)
        self.assertNotEqual(post(chain.url, operation("add", 2, 2)).outcome, "not-executed")

    def test_answers_in_other_forms_are_read(self):
        def act(call):
            body = envelope("<c:addResponse xmlns:c='%s'><c:result>ö%s</c:result></c:addResponse>" % (
                CALCULATOR_NS, call.number))
            if call.number == "1":
                call.answer(gzip.compress(body.encode()), headers="Content-Encoding: gzip\r\n")
            elif call.number == "2":
                call.answer(("<?xml version='1.0'?><!-- hello -->" + body).encode("utf-16"),
                            content_type="application/soap+xml; charset=utf-16")
            elif call.number == "3":
                call.answer(body.encode("latin-1"), content_type="text/xml; charset=iso-8859-1")
            elif call.number == "4":
                call.answer(b"--b\r\nContent-Type: application/xop+xml; type=\"application/soap+xml\"\r\n"
                            b"Content-ID: <r>\r\n\r\n" + body.replace("ö", "<i:Include xmlns:i='http://www.w3.org/2004/"
                            "08/xop/include' href='cid:p'/>").replace("4<", "<").encode() + b"\r\n--b\r\nContent-ID: "
                            b"<p>\r\nContent-Type: image/png\r\n\r\nabc\r\n--b--\r\n", content_type=
                            'multipart/related; type="application/xop+xml"; start="<r>"; start-info="application/soap+xml"'
                            '; boundary=b')

        _, chain = self.answers_with(act)
        for number, value in ((1, "ö1"), (2, "ö2"), (3, "ö3"), (4, "YWJj")):
            self.answered(post(chain.url, operation("add", number, 2)), value)

    def test_an_answer_over_the_limit_is_told_with_both_sizes(self):
        def act(call):
            body = envelope("<x>%s</x>" % ("a" * 2000000))
            if call.number == "1":
                call.answer(body)
            else:
                call.answer(gzip.compress(body.encode()), headers="Content-Encoding: gzip\r\n")

        _, chain = self.answers_with(act, more='limits { body = "1MiB" }\n')
        for number in (1, 2):
            answer = post(chain.url, operation("add", number, 2))
            self.assertIn(answer.outcome, ("unknown", "executed"), answer)
            self.assertIn("1048576", answer.fault)

    def test_a_large_answer_comes_whole(self):
        body = envelope("<x>%s</x>" % ("a" * 3000000))
        _, chain = self.answers_with(lambda call: call.answer(body))
        answer = post(chain.url, operation("add", 1, 2))
        self.outcome(answer, 200, "executed")
        self.assertEqual(answer.body, body)


@lab.at_one_server
class Contracts(Serving):
    def gives(self, documents):
        """What a backend's GET gives, by path and query; another one is 404."""
        def act(call):
            body = documents.get(call.path)
            if callable(body):
                body = body()
            if body is None:
                call.answer("no", "404 Not Found", "text/plain")
            else:
                call.answer(body, content_type="text/xml")

        ledger = self.ledger(act)
        return ledger

    def wsdl(self, code=0):
        return self.tool("wsdl", self.endpoint(), "--transport", "given", code=code)

    def test_a_wsdl_is_fetched_with_what_it_imports(self):
        documents = {"/soap/s/types/more.xsd": MORE, "/soap/s?xsd=1": SCHEMA.replace("types/", "/soap/s/types/")}
        ledger = self.gives(documents)
        documents["/soap/s?wsdl"] = (WSDL % {
            "encoding": "UTF-16", "url": ledger.url + "soap/s"}).encode("utf-16")
        self.serves(ledger.url + "soap/s", 'wsdl = "url"')
        self.tool("wsdl", self.endpoint(), "--all", "kept")
        kept = {path.name: path.read_text() for path in (self.home / "kept").iterdir()}
        self.assertEqual(len(kept), 3, kept)
        main = next(text for text in kept.values() if "definitions" in text)
        self.assertIn('location="%s"' % self.endpoint(), main)
        self.assertNotIn("127.0.0.1", main)
        self.assertIn("http://elsewhere.invalid/b.xsd", main)
        for name in re.findall('schemaLocation="([^h][^"]*)"', "".join(kept.values())):
            self.assertIn(name, kept)
        self.assertEqual(len(ledger.calls), 3)
        self.wsdl()
        self.assertEqual(len(ledger.calls), 3)  # it was kept
        self.assertIn("go", self.tool("info", self.endpoint()).stdout + self.wsdl().stdout)

    def test_locations_of_other_hosts_and_too_many_stay(self):
        documents = {"/s?wsdl": WSDL % {"encoding": "UTF-8", "url": "http://other.invalid/"}}
        for number in range(1, 60):
            documents["/s?xsd=%d" % number] = SCHEMA.replace("types/more.xsd", "?xsd=%d" % (number + 1))
        ledger = self.gives(documents)
        self.serves(ledger.url + "s", 'wsdl = "url"')
        self.assertIn("http://other.invalid/", self.wsdl().stdout)
        self.assertEqual(len(ledger.calls), 32)

    def test_no_more_than_64_are_fetched_at_once(self):
        go = threading.Event()
        self.addCleanup(go.set)

        def act(call):
            go.wait(gateway_lab.PATIENCE_S)
            call.answer(WSDL % {"encoding": "UTF-8", "url": "http://other.invalid/"}, content_type="text/xml")

        ledger = self.ledger(act)
        chain = self.chain(ledger.url, 'wsdl = "url" timeout = 60')
        question = envelope("<m:GetMetadata xmlns:m='http://schemas.xmlsoap.org/ws/2004/09/mex'/>")
        asked = gateway_lab.Posts(chain.url, [question] * 70)
        self.logged(chain.serving, 6)
        go.set()
        answers = asked.ended()
        self.assertEqual(sorted(answer.status for answer in answers), [200] * 64 + [503] * 6, answers)
        self.assertEqual({answer.outcome for answer in answers if answer.status == 503}, {"not-executed"})

    def test_each_service_of_a_device_has_its_own(self):
        ledger = self.gives({})
        ledger.act = lambda call: call.answer(WSDL % {"encoding": "UTF-8", "url": ledger.url + call.path[1:-5]},
                                              content_type="text/xml")
        self.gateway("serves", self.component_link("west") + 'serve "{node}@west.%s" { url = "%sa/one" link = "main" '
                     'allow = { "alice@%s" } }\n' % (self.server.domain, ledger.url, self.server.domain))
        for resource, path in (("", "/a/one"), ("/a/two", "/a/two")):
            told = self.tool("wsdl", "xmpp:x@west.%s%s" % (self.server.domain, resource)).stdout
            self.assertIn('location="xmpp:x@west.%s%s"' % (self.server.domain, resource), told)
            self.assertEqual(ledger.calls[-2 if resource else 0].path, path + "?wsdl")

    def test_why_there_is_none_is_told(self):
        def hang_up():
            raise HangUp

        documents = {"/s?wsdl": None}
        ledger = self.gives(documents)
        self.serves(ledger.url + "s", 'wsdl = "url"')
        for body, said in ((None, "404"), ("<html/>", "neither a WSDL"), ("<!DOCTYPE a><a/>", "DOCTYPE"),
                           (hang_up, "reply"), ("<a>" + 5000000 * "a", "4194304")):
            documents["/s?wsdl"] = body
            ended = self.wsdl(code=3)
            self.assertIn(said, ended.stderr)

    def test_a_file_stands_in_its_place(self):
        self.file("cam.wsdl", WSDL % {"encoding": "UTF-8", "url": "http://127.0.0.1:1/s"})
        self.serves("http://127.0.0.1:1/s", 'wsdl = "%s"' % (self.home / "cam.wsdl"))
        self.assertIn('location="%s"' % self.endpoint(), self.wsdl().stdout)

    def test_a_service_that_answers_itself_is_asked(self):
        ledger = self.ledger(lambda call: call.answer("no", "404 Not Found", "text/plain"))
        self.serves(ledger.url + "s", 'wsdl = "none"')
        self.wsdl(code=3)
        self.assertIn("GetMetadata", ledger.calls[0].body)


@lab.at_one_server
class Connections(Serving):
    def test_backends_have_high_descriptors_and_as_many_connections_as_they_may(self):
        held = gateway_lab.Held()
        self.addCleanup(held.gate.set)
        ledger = self.ledger(held)
        chain = self.chain(ledger.url, "connections = 3")
        posts = gateway_lab.Posts(chain.url, [operation("add", number, 0) for number in range(8)])
        ledger.has(3)
        numbers = self.descriptors(chain.serving.process.pid, ledger.port)
        self.assertEqual(len(numbers), 3)
        self.assertGreaterEqual(min(numbers), 1100)
        held.gate.set()
        for number, answer in enumerate(posts.ended()):
            self.answered(answer, str(number))
        self.assertEqual(ledger.connections, 3)

    @staticmethod
    def descriptors(process, port):
        """Numbers of its sockets that lead to that port."""
        lines = [line.split() for line in open("/proc/net/tcp", encoding="ascii").readlines()[1:]]
        inodes = {"socket:[%s]" % line[9] for line in lines if line[2].endswith(":%04X" % port)}
        found = []
        for number in os.listdir("/proc/%d/fd" % process):
            with contextlib.suppress(OSError):
                if os.readlink("/proc/%d/fd/%s" % (process, number)) in inodes:
                    found.append(int(number))
        return found

    def test_who_waits_too_long_for_a_connection_did_not_run(self):
        held = gateway_lab.Held()
        self.addCleanup(held.gate.set)
        ledger = self.ledger(held)
        chain = self.chain(ledger.url, "connections = 1 timeout = 1")
        posts = gateway_lab.Posts(chain.url, [operation("add", number, 0) for number in range(4)])
        posts.ended()
        outcomes = self.logged(chain.serving, 4)
        ledger.has(outcomes.count("unknown"))
        self.assertEqual(outcomes.count("unknown"), len(ledger.calls))
        self.assertEqual(outcomes.count("not-executed"), 4 - len(ledger.calls))
