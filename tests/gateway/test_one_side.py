"""One gateway alone, where the other side's program speaks xmpp: itself: this library's samples."""

import base64
import datetime
import hashlib
import os
import subprocess

import gateway_lab
import lab
import others
from gateway_lab import PATIENCE_S, SOAP, post

WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
PROFILE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest"
ENCODING = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"


@lab.at_each_server
class One_side(gateway_lab.GatewayLab):
    def account(self, user, **more):
        """The environment of a sample."""
        return dict(
            lab.alone(), SOAP_XMPP_JID="%s@%s/%s" % (user, self.server.domain, self.resource),
            SOAP_XMPP_PASSWORD=self.server.passwords[user], SOAP_XMPP_HOST="127.0.0.1",
            SOAP_XMPP_PORT=self.server.port, SOAP_XMPP_CAFILE=self.server.ca,
            SOAP_XMPP_ALLOW="*@" + self.server.domain, **more)

    def sample(self, name, **more):
        service = lab.Service([str(lab.BUILD / "samples" / name)], self.account("bob", **more))
        self.addCleanup(service.end)
        service.hears("online as")
        return service

    def test_zeep_speaks_with_a_service_of_the_library(self):
        self.sample("calculator-service", SOAP_XMPP_WSDL=lab.CALCULATOR)
        routing = self.routes(("/calc", self.endpoint(), 'wsdl = "service"'))
        self.assertEqual(others.converse(self, "zeep", routing.url + "/calc", "12"), others.EXPECTED)

    def test_php_speaks_with_a_service_whose_contract_is_a_file(self):
        self.sample("calculator-service")
        routing = self.routes(("/calc", self.endpoint(), 'wsdl = "%s"' % lab.CALCULATOR))
        self.assertEqual(others.converse(self, "PHP", routing.url + "/calc", "12"), others.EXPECTED)

    def test_a_client_of_the_library_speaks_with_a_service_of_http(self):
        backend = self.backend(gateway_lab.gsoap_calculator)
        self.serves(backend.url)

        def calculates(*words):
            ended = subprocess.run(
                [lab.BUILD / "samples" / "calculator-client", self.endpoint(), *words], capture_output=True, text=True,
                env=self.account("alice"), timeout=PATIENCE_S)
            return ended.returncode, ended.stdout + ended.stderr

        self.assertEqual(calculates("add", "1", "2"), (0, "3\n"))
        code, said = calculates("div", "1", "0")
        self.assertEqual(code, 1)
        self.assertIn("division by zero", said)
        self.assertEqual(backend.runs(), ["add 1 2", "div 1 0"])

    def knocks(self, url, user, secret):
        """As WS-Security's UsernameToken profile has it."""
        nonce = os.urandom(20)  # as the guard wants it
        now = datetime.datetime.now(datetime.timezone.utc)
        created, expires = (moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in (
            now, now + datetime.timedelta(seconds=60)))
        digest = base64.b64encode(hashlib.sha1(nonce + (created + secret).encode()).digest()).decode()
        return post(url, (
            "<?xml version='1.0'?><s:Envelope xmlns:s='%s'><s:Header><w:Security s:mustUnderstand='true' xmlns:w='%s' "
            "xmlns:u='%s'><u:Timestamp><u:Created>%s</u:Created><u:Expires>%s</u:Expires></u:Timestamp>"
            "<w:UsernameToken><w:Username>%s</w:Username><w:Password Type='%s'>%s</w:Password><w:Nonce EncodingType='%s'>%s</w:Nonce>"
            "<u:Created>%s</u:Created></w:UsernameToken></w:Security></s:Header><s:Body>"
            "<open xmlns='urn:soapxmpp:guard'><door>door</door></open></s:Body></s:Envelope>") % (
                SOAP[12], WSSE, WSU, created, expires, user, PROFILE, digest, ENCODING,
                base64.b64encode(nonce).decode(), created))

    def test_a_login_within_the_envelope_is_the_services_affair(self):
        self.sample("guard-service", GUARD_USER="ann", GUARD_SECRET="sesame")
        url = self.routes(("/guard", self.endpoint(), "")).url + "/guard"
        answer = self.knocks(url, "ann", "sesame")
        self.assertEqual((answer.status, answer.outcome), (200, "executed"), answer)
        self.assertIn("ann, the door is open", answer.body)
        answer = self.knocks(url, "ann", "Sesame")
        self.assertEqual((answer.status, answer.outcome), (400, "executed"), answer)
        self.assertIn("could not be authenticated", answer.fault)
