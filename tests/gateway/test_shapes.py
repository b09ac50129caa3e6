"""Requests in the shapes in which other programs send them (tests/corpus/clients): each is understood, and what reaches
the service is what was sent."""

import gzip
import re
import socket
import subprocess

import gateway_lab
import lab
from gateway_lab import PATIENCE_S, TYPES, ask, operation, post

CORPUS = lab.TOP / "tests" / "corpus" / "clients"


def recorded(path):
    """Its version, the status that it gets, and the request as bytes: CRLF in the head, and Content-Length as it is."""
    version, status, head, body = re.fullmatch(
        r"# .*?\n# SOAP (1\.[12]), (\d+)\n(.*?)\n\n(.*)", path.read_text(), re.S).groups()
    body = body.removesuffix("\n")
    if "multipart/" in head:
        body = body.replace("\n", "\r\n")
    return int(version.replace(".", "")), int(status), (
        "%s\nContent-Length: %d\n\n" % (head, len(body.encode()))).replace("\n", "\r\n").encode() + body.encode()


def exchange(port, data):
    """Sends it as it is: status and all that came, up to the end of the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as one:
        one.sendall(data)
        came = b""
        while piece := one.recv(65536):
            came += piece
    return int(came.split(b" ", 2)[1]) if came else 0, came.decode("utf-8", "replace")


@lab.at_one_server
class Shapes(gateway_lab.GatewayLab):
    def test_each_recorded_request_is_answered(self):
        ledger = self.ledger()
        chain = self.chain(ledger.url)
        paths, refused = sorted(CORPUS.glob("*.http")), 0
        self.assertGreater(len(paths), 7)
        for path in paths:
            with self.subTest(path.name):
                version, expected, data = recorded(path)
                data = data.replace(b"\r\nHost:", b"\r\nConnection: close\r\nHost:", 1)
                status, came = exchange(chain.routing.port, data)
                self.assertEqual(status, expected, came)
                if status != 200:
                    refused += 1
                    continue
                self.assertIn("Soap-Outcome: executed", came)
                call = ledger.calls[-1]
                self.assertEqual(call.version, version)
                self.assertEqual(call.number, "3")
                self.assertEqual(call.header("Content-Type").split(";")[0], TYPES[version].split(";")[0])
        self.assertEqual(len(ledger.calls), len(paths) - refused)

    def setUp(self):
        super().setUp()
        self.calls = self.ledger()

    def forwarded(self, body, version=12, **headers):
        """What the service has read."""
        chain = self.chain(self.calls.url)
        answer = ask(chain.url, body, "POST", {name.replace("_", "-"): value for name, value in headers.items()})
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(self.calls.calls[-1].version, version)
        return self.calls.calls[-1]

    def action(self, **headers):
        """SOAPAction, as the service has read it."""
        return self.forwarded(operation("add", 1, 2, 11), 11, Content_Type="text/xml", **headers).header("SOAPAction")

    def test_an_action_reaches_the_service(self):
        self.assertEqual(self.action(SOAPAction='"urn:a#b"'), '"urn:a#b"')

    def test_an_action_without_quotes_is_the_same(self):
        self.assertEqual(self.action(SOAPAction="urn:a#b"), '"urn:a#b"')

    def test_an_action_of_1_2_stands_in_its_type(self):
        call = self.forwarded(operation("add", 1, 2), Content_Type='application/soap+xml; action="urn:a#b"')
        self.assertIn('action="urn:a#b"', call.header("Content-Type"))

    def test_without_an_action_there_is_an_empty_one(self):
        self.assertEqual(self.action(), '""')

    def test_gzip_is_unpacked(self):
        body = operation("add", 1, 2)
        call = self.forwarded(gzip.compress(body.encode()), Content_Type=TYPES[12], Content_Encoding="gzip")
        self.assertEqual((call.body, call.header("Content-Encoding")), (body, None))

    def test_utf_16_becomes_utf_8(self):
        body = operation("add", 1, 2, header="<x:x xmlns:x='urn:x'>\u00e9\u4e2d\U0001d11e</x:x>")
        call = self.forwarded(("<?xml version='1.0' encoding='UTF-16'?>" + body).encode("utf-16"),
                              Content_Type="application/soap+xml; charset=utf-16")
        self.assertIn("\u00e9\u4e2d\U0001d11e", call.body)

    def test_a_declaration_a_mark_and_comments_are_taken_off(self):
        body = operation("add", 1, 2)
        call = self.forwarded("\ufeff<?xml version='1.0' encoding='utf-8'?>\n<!-- a --><?b c?>" +
                              body.replace("<c:a>", "<!--Optional:--><c:a>"), Content_Type=TYPES[12])
        self.assertEqual(call.body, body)

    def test_curl_sends_a_large_body_after_100_continue(self):
        path = self.file("body", operation("add", 1, "2" * 2000000))
        chain = self.chain(self.calls.url)
        ended = subprocess.run(
            ["curl", "-sS", "-i", "-H", "Content-Type: application/soap+xml", "-H", "Expect: 100-continue",
             "--data-binary", "@" + path, chain.url], capture_output=True, text=True, timeout=PATIENCE_S)
        self.assertIn("HTTP/1.1 100 Continue", ended.stdout)
        self.assertIn("HTTP/1.1 200", ended.stdout)
        self.assertEqual(len(self.calls.calls[-1].body), 2000000 + len(operation("add", 1, "")))

    def test_curl_sends_chunks(self):
        path = self.file("body", operation("add", 4, 5))
        chain = self.chain(self.calls.url)
        ended = subprocess.run(
            ["curl", "-sS", "-H", "Content-Type: text/xml", "-H", "Transfer-Encoding: chunked", "--data-binary",
             "@" + path, chain.url], capture_output=True, text=True, timeout=PATIENCE_S)
        self.assertIn(">4<", ended.stdout)

    def test_what_is_no_soap_reaches_nobody(self):
        chain = self.chain(self.calls.url)
        for body, kind, status in (("{}", "application/json", 415), ("<x/>", TYPES[12], 400),
                                   ("<e:Envelope", TYPES[12], 400),
                                   ("<!DOCTYPE a [<!ENTITY b 'c'>]>" + operation("add", 1, 2), TYPES[12], 400)):
            answer = ask(chain.url, body, "POST", {"Content-Type": kind})
            self.assertEqual((answer.status, answer.outcome), (status, "not-executed"), answer)
        self.assertEqual(self.calls.numbers, [])


@lab.at_each_server
class Faults(gateway_lab.GatewayLab):
    def test_a_fault_has_its_versions_status(self):
        backend = self.backend(gateway_lab.gsoap_calculator)
        chain = self.chain(backend.url)
        for version, status in ((11, 500), (12, 400)):
            direct = post(backend.url, operation("div", 1, 0, version), version)
            through = post(chain.url, operation("div", 1, 0, version), version)
            self.assertEqual((direct.status, direct.fault), (status, "division by zero"))
            self.assertEqual((through.status, through.fault, through.outcome),
                             (status, "division by zero", "executed"))
            self.assertEqual(through.body, re.sub(r"^<\?xml[^>]*\?>\s*", "", direct.body).rstrip())

    def test_an_empty_answer_is_202(self):
        ledger = self.ledger(lambda call: call.send("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"))
        chain = self.chain(ledger.url)
        answer = post(chain.url, operation("add", 1, 2))
        self.assertEqual((answer.status, answer.body, answer.outcome), (202, "", "executed"))

    def test_a_refused_caller_runs_nothing(self):
        ledger = self.ledger()
        self.serves(ledger.url)
        routing = self.routes(("/calc", self.endpoint(), ""), user="carol")
        self.assertEqual(post(routing.url + "/calc", operation("add", 1, 2)).status, 200)
        stranger = self.gateway("other", self.link("dave", resource=self.resource + "-x") + (
            'serve "dave@%s" { url = "%s" link = "main" allow = { "nobody@%s" } }\n' % (
                self.server.domain, ledger.url, self.server.domain)))
        self.assertTrue(stranger)
        routing = self.routes(("/calc", "xmpp:dave@%s/%s-x" % (self.server.domain, self.resource), ""))
        answer = post(routing.url + "/calc", operation("add", 3, 2))
        self.assertEqual((answer.status, answer.outcome), (403, "not-executed"), answer)
        self.assertEqual(ledger.numbers, ["1"])
