"""Bytes beside an envelope: MTOM becomes text in it, and attachments go along from one gateway to the other."""

import base64
import email.parser
import re

import gateway_lab
import lab
from gateway_lab import ask, envelope, post

DATA = bytes(range(128)) * 40  # the ledger reads text
XOP = "http://www.w3.org/2004/08/xop/include"
STORE = "<u:store xmlns:u='urn:attachments'><u:data>%s</u:data></u:store>"
INCLUDE = "<xop:Include xmlns:xop='%s' href='%%s'/>" % XOP
OPTIONS = 'mtom = { "{urn:attachments}data" }'


def multipart(root_type, text, parts, info=""):
    """(Content-Type, body), as JAX-WS lays it out; parts are (id, type, bytes)."""
    pieces = [(b"root@x", root_type, text.encode())] + [(one.encode(), kind, data) for one, kind, data in parts]
    body = b"".join(
        b"--uuid:7\r\nContent-Id: <%s>\r\nContent-Type: %s\r\nContent-Transfer-Encoding: binary\r\n\r\n%s\r\n" % (
            one, kind.encode(), data) for one, kind, data in pieces) + b"--uuid:7--\r\n"
    return 'multipart/related; type="%s"; start="<root@x>"; boundary="uuid:7"%s' % (
        root_type.split(";")[0], info), body


def package(text, *parts):
    return multipart('application/xop+xml; charset=utf-8; type="text/xml"', text, parts, '; start-info="text/xml"')


def attached(text, *parts):
    return multipart("text/xml; charset=utf-8", text, parts)


def read(content_type, body):
    """The envelope and the parts of a multipart, by an implementation of others."""
    message = email.parser.BytesParser().parsebytes(
        b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body.encode())
    first, *others = message.get_payload()
    assert message.get_param("start") == first["Content-ID"], message.get_param("start")
    return first.get_content_type(), first.get_payload(), [
        (one["Content-ID"].strip("<>"), one["Content-Type"], one.get_payload(decode=True)) for one in others]


@lab.at_each_server
class Attachments(gateway_lab.GatewayLab):
    def setUp(self):
        super().setUp()
        self.ledger_of_all = self.ledger(lambda call: call.answer(call.body, content_type=call.header("Content-Type")))

    def send(self, chain, content_type, body):
        return ask(chain.url, body, "POST", {"Content-Type": content_type, "SOAPAction": '"urn:attachments:store"'})

    def text(self):
        return envelope(STORE % base64.b64encode(DATA).decode(), 11)

    def test_a_package_reaches_the_service_as_text(self):
        chain = self.chain(self.ledger_of_all.url)
        answer = self.send(chain, *package(
            envelope(STORE % (INCLUDE % "cid:http%3A%2F%2Ftempuri.org%2F1"), 11),
            ("http://tempuri.org/1", "application/octet-stream", DATA)))
        call = self.ledger_of_all.calls[-1]
        self.assertEqual(call.body, self.text())
        self.assertEqual(call.header("Content-Type"), "text/xml; charset=utf-8")
        self.assertEqual((answer.status, answer.outcome), (200, "executed"), answer)
        # Who sent a package is answered with one.
        kind, text, parts = read(answer.headers["Content-Type"], answer.body)
        self.assertEqual((kind, text, parts), ("application/xop+xml", self.text(), []))

    def test_what_a_route_lists_is_answered_as_a_part(self):
        chain = self.chain(self.ledger_of_all.url, route_options=OPTIONS)
        answer = self.send(chain, *package(
            envelope(STORE % (INCLUDE % "cid:a@x"), 11), ("a@x", "application/octet-stream", DATA)))
        _, text, parts = read(answer.headers["Content-Type"], answer.body)
        self.assertEqual([data for _, _, data in parts], [DATA])
        self.assertIn('href="cid:%s"' % parts[0][0], text)
        # Who sent text is answered with text.
        answer = post(chain.url, self.text(), 11)
        self.assertEqual(answer.body, self.text())

    def test_a_service_that_takes_packages_gets_one(self):
        chain = self.chain(self.ledger_of_all.url, serve_options=OPTIONS)
        answer = post(chain.url, self.text(), 11)
        kind, text, parts = read(self.ledger_of_all.calls[-1].header("Content-Type"), self.ledger_of_all.calls[-1].body)
        self.assertEqual(kind, "application/xop+xml")
        self.assertEqual([data for _, _, data in parts], [DATA])
        self.assertRegex(text, r'<u:data><xop:Include [^>]*href="cid:%s"/></u:data>' % re.escape(parts[0][0]))
        self.assertEqual((answer.status, answer.body), (200, self.text()))

    def test_attachments_go_along_and_back(self):
        chain = self.chain(self.ledger_of_all.url)
        for text in (envelope("<a xmlns='urn:a'/>", 11), envelope("<a xmlns='urn:a'/>", 11, "<b xmlns='urn:b'/>"),
                     envelope("<a xmlns='urn:a'/>", 11).replace("<e:Body>", "<e:Header/><e:Body>")):
            parts = [("photo@shop", "image/jpeg", DATA), ("list%40shop", 'text/plain; charset="us-ascii"', b"a\r\n--b")]
            answer = self.send(chain, *attached(text, *parts))
            call = self.ledger_of_all.calls[-1]
            self.assertEqual(read(call.header("Content-Type"), call.body), ("text/xml", text, parts))
            self.assertEqual((answer.status, answer.outcome), (200, "executed"), answer)
            self.assertEqual(read(answer.headers["Content-Type"], answer.body), ("text/xml", text, parts))

    def test_bodies_that_are_none_reach_nobody(self):
        chain = self.chain(self.ledger_of_all.url)
        text = envelope(STORE % (INCLUDE % "cid:a@x"), 11)
        part = ("a@x", "application/octet-stream", DATA)
        kind, whole = package(text, part)
        for content_type, body, why in (
                (kind, whole[:-20], "ends before its last boundary"),
                package(text) + ("names a part that isn't there",),
                package(text, part, ("b@x", "a/b", b"")) + ("no xop:Include names one of the parts",),
                package(text, part, part) + ("two parts have one Content-ID",),
                (kind.replace("boundary", "border"), whole, "it has no boundary"),
                (kind.replace("root@x", "other"), whole, "start names")):
            answer = self.send(chain, content_type, body)
            self.assertEqual((answer.status, answer.outcome), (400, "not-executed"), answer)
            self.assertIn(why, answer.fault.replace("&apos;", "'"))
        self.assertEqual(self.ledger_of_all.calls, [])

    def test_a_package_that_becomes_too_large_is_413(self):
        chain = self.chain(self.ledger_of_all.url, more='limits { body = "200KiB" }\n')
        for size, status, outcome in ((100, 200, "executed"), (190, 413, "not-executed")):
            answer = self.send(chain, *package(
                envelope(STORE % (INCLUDE % "cid:a@x"), 11), ("a@x", "a/b", b"x" * size * 1024)))
            self.assertEqual((answer.status, answer.outcome), (status, outcome), answer)
        self.assertEqual(len(self.ledger_of_all.calls), 1)

    def test_a_service_that_is_no_gateway_takes_no_attachments(self):
        service = lab.Service([str(lab.BUILD / "samples" / "calculator-service")], dict(
            lab.alone(), SOAP_XMPP_JID="bob@%s/%s" % (self.server.domain, self.resource),
            SOAP_XMPP_PASSWORD=self.server.passwords["bob"], SOAP_XMPP_HOST="127.0.0.1",
            SOAP_XMPP_PORT=self.server.port, SOAP_XMPP_CAFILE=self.server.ca, SOAP_XMPP_ALLOW="*@" + self.server.domain))
        self.addCleanup(service.end)
        service.hears("online as")
        routing = self.routes(("/calc", self.endpoint(), ""))
        routing.url += "/calc"
        answer = self.send(routing, *attached(gateway_lab.operation("add", 1, 2, 11), ("a@x", "a/b", b"c")))
        self.assertEqual((answer.status, answer.outcome), (415, "not-executed"), answer)
        self.assertIn("the service takes no attachments", answer.fault)
