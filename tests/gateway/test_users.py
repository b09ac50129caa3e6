"""Users of HTTP, whom the service knows by JIDs of their own; signatures; messages."""

import base64
import subprocess

import lxml.etree
import zeep
from zeep.exceptions import SignatureVerificationFailed
from zeep.wsa import WsAddressingPlugin
from zeep.wsse.signature import Signature

import gateway_lab
import lab
from gateway_lab import envelope, free_port, operation, post, until

DSIG = "http://www.w3.org/2000/09/xmldsig#"
ADDRESSING = "http://www.w3.org/2005/08/addressing"


def basic(user, password):
    return {"Authorization": "Basic " + base64.b64encode(("%s:%s" % (user, password)).encode()).decode()}


@lab.at_each_server
class Users(gateway_lab.GatewayLab):
    def hashed(self, **passwords):
        """A file as auth takes it."""
        return self.file("users", "".join("%s:%s\n" % (user, subprocess.run(
            ["openssl", "passwd", "-6", "-stdin"], input=password, capture_output=True, text=True,
            check=True).stdout.strip()) for user, password in passwords.items()))

    def test_the_services_rules_hold_for_each_of_them(self):
        ledger = self.ledger()
        jid = "%%s@desk.%s" % self.server.domain
        self.gateway("serves", self.link("bob") + (
            'serve "bob@%s" { url = "%s" link = "main" allow = { "%s:{%s}add", "%s" } }\n' % (
                self.server.domain, ledger.url, jid % "ann", gateway_lab.CALCULATOR_NS, jid % "ben")))
        port = free_port()
        self.gateway("routes", (
            'listen "127.0.0.1:%d" { auth = "staff" }\nauth "staff" { type = "basic" file = "%s" }\n'
            'route "/calc" { to = "%s" link = "main" from = "{user}@desk.%s" }\n') % (
                port, self.hashed(ann="a secret", ben="b:secret", eve="c"), self.endpoint(), self.server.domain) +
            self.component_link("desk"))
        url = "http://127.0.0.1:%d/calc" % port

        def asks(name, **headers):
            answer = post(url, operation(name, 1, 2), headers=headers)
            return answer.status, answer.outcome

        self.assertEqual(asks("add", **basic("ann", "a secret")), (200, "executed"))
        self.assertEqual(asks("mul", **basic("ann", "a secret")), (403, "not-executed"))
        self.assertEqual(asks("mul", **basic("ben", "b:secret")), (200, "executed"))
        self.assertEqual(asks("add", **basic("eve", "c")), (403, "not-executed"))
        for headers in ({}, basic("ann", "wrong"), basic("nobody", "a secret"), {"Authorization": "Basic %%%"},
                        {"Authorization": "Bearer x"}):
            self.assertEqual(asks("add", **headers)[0], 401, headers)
        self.assertEqual(len(ledger.numbers), 2)
        self.assertIsNone(ledger.calls[0].header("Authorization"))


    def test_a_rule_whose_namespace_nobody_knows_is_told_at_the_start(self):
        path = self.file("gateway.conf", self.link("bob") + (
            'serve "bob@%s" { url = "http://127.0.0.1:1/" allow = { "*@%s:add" } }\n' % (
                self.server.domain, self.server.domain)))
        ended = subprocess.run([lab.BUILD / "soap-xmpp-gateway", "-f", path, "--check"], capture_output=True, text=True,
                               timeout=gateway_lab.PATIENCE_S, env=lab.alone())
        self.assertEqual(ended.returncode, 2)
        self.assertRegex(ended.stderr, r"gateway\.conf:2: allow has .*: it has to say in which namespace")


@lab.at_one_server
class Signed(gateway_lab.GatewayLab):
    def test_what_is_signed_arrives_byte_for_byte(self):
        ledger = self.ledger()
        chain = self.chain(ledger.url, 'rewrite = { "xaddr", "wsa" }', 'rewrite = { "xaddr", "wsa" }')
        body = envelope(
            "<c:add xmlns:c='%s'  Id = 'b'><c:a>1</c:a>\n\t<c:b >&#x32;</c:b>&lt;\u00e9<![CDATA[<x>]]></c:add>" %
            gateway_lab.CALCULATOR_NS, 12,
            "<a:To xmlns:a='%s'>%s</a:To><s:Signature xmlns:s='%s'><s:SignedInfo/></s:Signature>" % (
                ADDRESSING, chain.url, DSIG))
        self.answered(post(chain.url, body), "1")
        self.assertEqual(ledger.calls[-1].body, body)

    def key(self):
        """A key, and a certificate of its own."""
        key, certificate = str(self.home / "key.pem"), str(self.home / "certificate.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=ann", "-keyout", key,
                        "-out", certificate], check=True, capture_output=True, timeout=gateway_lab.PATIENCE_S)
        return key, certificate

    def test_signatures_of_zeep_hold_on_both_ways(self):
        """Each end verifies what the other has signed: bodies whose canonical form is all that counts."""
        signature, refused = Signature(*self.key()), []

        def act(call):
            try:
                signature.verify(lxml.etree.fromstring(call.body.encode()))
            except SignatureVerificationFailed as error:
                refused.append(str(error))
            answer = lxml.etree.fromstring(envelope(
                "<r:addResponse xmlns:r='%s' xmlns:unused='urn:unused'>\n <r:result>%s</r:result>\n</r:addResponse>" % (
                    gateway_lab.CALCULATOR_NS, call.number), 11))
            signature.apply(answer, {})
            call.answer(lxml.etree.tostring(answer))

        ledger = self.ledger(act)
        rewrite = 'rewrite = { "xaddr", "wsa", "wsdl" }'
        chain = self.chain(ledger.url, rewrite, rewrite)
        contract = gateway_lab.calculator_wsdl(self.home / "calculator.wsdl", chain.url)
        client = zeep.Client(str(contract), wsse=signature, plugins=[WsAddressingPlugin()])
        self.assertEqual(client.service.add(7, 1), 7)
        self.assertEqual((refused, ledger.numbers), ([], ["7"]))
        self.assertIn(chain.url, ledger.calls[0].body)  # wsa:To, as it was signed
        with self.assertRaises(SignatureVerificationFailed):
            signature.verify(lxml.etree.fromstring(ledger.calls[0].body.replace(">7<", ">8<")))

    def test_what_is_not_signed_is_told_to_the_service_by_its_own_address(self):
        ledger = self.ledger()
        chain = self.chain(ledger.url, 'rewrite = { "wsa" }', 'rewrite = { "wsa" }')
        body = operation("add", 1, 2, header="<a:To xmlns:a='%s'>%%s</a:To>" % ADDRESSING)
        self.answered(post(chain.url, body % chain.url), "1")
        self.assertIn("<a:To xmlns:a='%s'>%s</a:To>" % (ADDRESSING, ledger.url.rstrip("/")),
                      ledger.calls[-1].body.replace("/<", "<"))


@lab.at_each_server
class Messages(gateway_lab.GatewayLab):
    def test_a_call_by_message_is_202_and_runs_later(self):
        ledger = self.ledger()
        self.gateway("serves", self.link("bob").replace(" }\n", ' messages = "1" }\n') + (
            'serve "bob@%s" { url = "%s" link = "main" allow = { "*@%s" } }\n' % (
                self.server.domain, ledger.url, self.server.domain)))
        routing = self.routes(("/calc", self.endpoint(), "message = true"), ("/other", self.endpoint(), ""))
        answer = post(routing.url + "/calc?message", operation("add", 1, 2))
        self.assertEqual((answer.status, answer.body), (202, ""), answer)
        ledger.has(1)
        self.assertNotEqual(post(routing.url + "/other?message", operation("add", 2, 2)).status, 202)
        self.assertTrue(until(lambda: ledger.numbers[:1] == ["1"]))
