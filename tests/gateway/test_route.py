"""What a route does with a request beside calling: contracts, pages, methods, messages, users and paths."""

import base64
import contextlib
import http.client
import re
import subprocess
import xml.etree.ElementTree

import gateway_lab
import lab
from gateway_lab import TYPES, ask, envelope, free_port, operation, post

NEVER = "xmpp:nobody@nowhere.invalid/soap"
ADDRESSING = "http://www.w3.org/2005/08/addressing"
TRACE = "0af7651916cd43dd8448eb211c80319c"

WSDL = """<?xml version="1.0" encoding="UTF-8"?>
<definitions name="Shop" targetNamespace="urn:shop" xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:t="urn:shop"
    xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:x="http://www.w3.org/2001/XMLSchema">
  <types><x:schema><x:import namespace="urn:shop" schemaLocation="types/shop.xsd"/></x:schema></types>
  <message name="in"><part name="p" element="t:buy"/></message>
  <portType name="Shop"><operation name="buy"><documentation>Buys &lt;one&gt; thing</documentation>
    <input message="t:in"/></operation></portType>
  <binding name="Shop" type="t:Shop">
    <s:binding style="document" transport="http://jabber.org/protocol/soap"/>
    <operation name="buy"><s:operation soapAction="urn:shop#buy"/><input><s:body use="literal"/></input></operation>
  </binding>
  <service name="Shop"><port name="Shop" binding="t:Shop"><s:address location="http://192.168.1.7/shop"/></port></service>
</definitions>
"""
SHOP = """<schema targetNamespace="urn:shop" xmlns="http://www.w3.org/2001/XMLSchema">
  <include schemaLocation="../common.xsd"/><element name="buy" type="string"/></schema>
"""
COMMON = "<schema xmlns='http://www.w3.org/2001/XMLSchema'><simpleType name='n'><restriction base='int'/></simpleType></schema>"


@lab.at_one_server
class Contract(gateway_lab.GatewayLab):
    def shop(self, wsdl=WSDL):
        folder = self.home / "wsdl"
        (folder / "types").mkdir(parents=True, exist_ok=True)
        (folder / "shop.wsdl").write_text(wsdl)
        (folder / "types" / "shop.xsd").write_text(SHOP)
        (folder / "common.xsd").write_text(COMMON)
        return self.routes(("/shop", NEVER, 'wsdl = "%s"' % (folder / "shop.wsdl"))).url + "/shop"

    def test_a_contract_names_our_addresses(self):
        url = self.shop()
        for query in ("?wsdl", "?WSDL", "?wsdl=0"):
            answer = ask(url + query)
            self.assertEqual((answer.status, answer.outcome), (200, "not-executed"), answer)
            self.assertEqual(answer.headers["Content-Type"], "text/xml; charset=utf-8")
            # a browser runs no XHTML that the service's owner has put into it
            self.assertIn("sandbox", answer.headers["Content-Security-Policy"] or "")
            xml.etree.ElementTree.fromstring(answer.body)
            self.assertIn('location="%s"' % url, answer.body)
            self.assertIn('transport="http://schemas.xmlsoap.org/soap/http"', answer.body)
            self.assertIn('schemaLocation="%s?xsd=1"' % url, answer.body)
            self.assertNotIn("192.168.1.7", answer.body)
        self.assertIn('schemaLocation="%s?xsd=2"' % url, ask(url + "?xsd=1").body)
        self.assertIn("simpleType", ask(url + "?xsd=2").body)
        for query in ("?xsd=3", "?xsd=", "?xsd=x", "?xsd=-1", "?xsd=99999999999999999999"):
            self.assertEqual(ask(url + query).status, 404, query)
        single = ask(url + "?singleWsdl")
        self.assertEqual(single.status, 200, single)
        for text in ('location="%s"' % url, "simpleType", '<element name="buy"', 'targetNamespace="urn:shop"'):
            self.assertIn(text, single.body)
        self.assertNotIn("schemaLocation", single.body)
        self.assertNotIn("include", single.body)

    def test_a_location_that_leads_out_of_the_folder_is_refused(self):
        self.file("secret.xsd", "<schema xmlns='http://www.w3.org/2001/XMLSchema'/>")
        answer = ask(self.shop(WSDL.replace("types/shop.xsd", "../secret.xsd")) + "?wsdl")
        self.assertEqual(answer.status, 500)
        self.assertIn("../secret.xsd: it leads out of the WSDL's folder", answer.body)

    def test_a_page_tells_a_person(self):
        url = self.shop(WSDL.replace('name="Shop"', 'name="Shop&lt;b&gt;"', 1))
        answer = ask(url)
        self.assertEqual(answer.status, 200)
        self.assertIn("<b>buy</b>: Buys &lt;one&gt; thing", answer.body)
        self.assertIn("<code>%s</code>" % NEVER, answer.body)
        self.assertIn("-H 'SOAPAction: &quot;urn:shop#buy&quot;' --data-binary @request.xml '%s'" % url, answer.body)
        self.assertIn("<title>Shop&lt;b&gt;</title>", answer.body)
        self.assertIn("default-src 'none'", answer.headers["Content-Security-Policy"])
        self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
        head = ask(url, method="HEAD")
        self.assertEqual((head.status, head.body), (200, ""))

    def test_a_page_without_a_contract_says_why(self):
        url = self.routes(("/calc", NEVER, 'wsdl = "none"')).url + "/calc"
        self.assertIn("the route gives no WSDL", ask(url).body)
        answer = ask(url + "?wsdl")
        self.assertEqual((answer.status, answer.outcome), (404, "not-executed"))

    def test_methods(self):
        url = self.shop()
        answer = ask(url, method="OPTIONS")
        self.assertEqual((answer.status, answer.headers["Allow"], answer.body), (204, "GET, HEAD, OPTIONS, POST", ""))
        self.assertIsNone(answer.headers["Access-Control-Allow-Origin"])
        for method in ("PUT", "DELETE", "PATCH"):
            answer = ask(url, "x", method)
            self.assertEqual((answer.status, answer.headers["Allow"]), (405, "GET, HEAD, OPTIONS, POST"), method)
            self.assertEqual(answer.outcome, "not-executed")

    def test_metadata_may_be_asked_for_where_wcf_does(self):
        backend = self.backend(gateway_lab.gsoap_calculator)
        chain = self.chain(backend.url, 'wsdl = "%s"' % (self.home / "gsoap.wsdl"))
        question = envelope("<m:GetMetadata xmlns:m='http://schemas.xmlsoap.org/ws/2004/09/mex'/>")
        answer = post(chain.url + "/mex", question)
        self.assertEqual(answer.status, 200, answer)
        self.assertRegex(answer.body, "location=[\"']%s[\"']" % re.escape(chain.url))
        self.assertIn("http://schemas.xmlsoap.org/soap/http", answer.body)


@lab.at_one_server
class Told(gateway_lab.GatewayLab):
    """What each answer tells beside its body."""

    def test_where_nothing_is_called(self):
        url = self.routes(("/calc", NEVER, "")).url
        for answer, status in ((ask(url + "/other"), 404), (post(url + "/other", operation("add", 1, 2)), 404),
                               (post(url + "/calc/more", operation("add", 1, 2)), 404),
                               (post(url + "/calc", "", 11), 400),
                               (post(url + "/calc", operation("add", 1, 2), headers={"Content-Type": "text/plain"}), 415)):
            self.assertEqual((answer.status, answer.outcome), (status, "not-executed"), answer)
            self.assertRegex(answer.headers["traceparent"], "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")
        self.assertIn("multipart/related", answer.headers["Accept-Post"])

    def test_what_http_refuses_is_a_fault_too(self):
        url = self.routes(("/calc", NEVER, ""), more='limits { body = "64KiB" }\n').url + "/calc"
        for version, sender in ((11, "Client"), (12, "Sender")):
            answer = post(url, operation("add", 1, "2" * 70000, version), version)
            self.assertEqual((answer.status, answer.outcome), (413, "not-executed"), answer)
            self.assertIn(":%s<" % sender, answer.body)
            self.assertEqual(answer.headers["Content-Type"], TYPES[version])

    def test_a_trace_goes_along(self):
        ledger = self.ledger()
        chain = self.chain(ledger.url)
        parent = "00-%s-b7ad6b7169203331-01" % TRACE
        answer = post(chain.url, operation("add", 1, 2), headers={"traceparent": parent})
        self.assertEqual(answer.headers["traceparent"], parent)
        self.assertIn(TRACE, ledger.calls[0].header("traceparent"))
        made = post(chain.url, operation("add", 1, 2), headers={"traceparent": "nonsense"}).headers["traceparent"]
        self.assertIn(made.split("-")[1], ledger.calls[1].header("traceparent"))

    def test_a_fault_s_status_may_be_one_for_all(self):
        backend = self.backend(gateway_lab.gsoap_calculator)
        chain = self.chain(backend.url, "", 'fault-status = "500"')
        answer = post(chain.url, operation("div", 1, 0))
        self.assertEqual((answer.status, answer.fault, answer.outcome), (500, "division by zero", "executed"))

    def test_a_name_that_cannot_be_kept_is_not_run(self):
        ledger = self.ledger()
        chain = self.chain(ledger.url, more="limits { memory = \"1MiB\" body = \"64KiB\" in-flight = 8 }\n")
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", chain.routing.port)) as kept:
            for key in range(3000):
                kept.request("POST", "/calc", operation("add", key, 2), {
                    "Content-Type": TYPES[12], "Idempotency-Key": str(key)})
                answer = gateway_lab.Answer(kept.getresponse())
                if answer.status != 200:
                    break
        self.assertEqual((answer.status, answer.outcome), (503, "not-executed"), answer)
        self.assertEqual(answer.headers["Retry-After"], "5")
        self.assertEqual(len(ledger.numbers), key)
        # those that were kept are, and those without a name run
        again = post(chain.url, operation("add", 0, 2), headers={"Idempotency-Key": "0"})
        self.assertEqual((again.status, again.outcome), (409, "executed"), again)
        self.assertEqual(post(chain.url, operation("add", 7, 2)).status, 200)
        self.assertEqual(len(ledger.numbers), key + 1)

    def test_a_name_that_cannot_be_read_is_not_run(self):
        ledger = self.ledger()
        chain = self.chain(ledger.url, "", 'once = "message-id"')
        for key in ("", '""', "a" * 256):
            answer = post(chain.url, operation("add", 1, 2), headers={"Idempotency-Key": key})
            self.assertEqual((answer.status, answer.outcome), (400, "not-executed"), answer)
        body = operation("add", 1, 2, header="<a:MessageID xmlns:a='%s'>%s</a:MessageID>" % (ADDRESSING, "a" * 256))
        self.assertEqual(post(chain.url, body).status, 400)
        self.assertEqual(ledger.numbers, [])

    def test_an_answer_that_is_repeated_says_so(self):
        chain = self.chain(self.ledger().url)
        first = post(chain.url, operation("add", 1, 2), headers={"Idempotency-Key": "k"})
        again = post(chain.url, operation("add", 1, 2), headers={"Idempotency-Key": "\"k\""})
        self.assertIsNone(first.headers["Idempotent-Replayed"])
        self.assertEqual(again.headers["Idempotent-Replayed"], "true")
        self.assertEqual((again.status, again.body, again.outcome, again.headers["Content-Type"]),
                         (first.status, first.body, "executed", first.headers["Content-Type"]))


@lab.at_one_server
class Browsers(gateway_lab.GatewayLab):
    def test_a_page_of_another_origin_calls_nothing(self):
        ledger = self.ledger()
        chain = self.chain(ledger.url)
        body = operation("add", 1, 2).encode()
        for origin in ("http://evil.example", "null", "", chain.routing.url + ".evil.example"):
            # what a browser may send without asking first has no Content-Type
            answer = ask(chain.url, body, "POST", {"Origin": origin})
            self.assertEqual((answer.status, answer.outcome), (403, "not-executed"), answer)
        self.assertEqual(ledger.numbers, [])
        # a name of somebody else's that has been made to mean our address
        answer = ask(chain.url, body, "POST", {"Host": "evil.example:%d" % chain.routing.port,
                                               "Origin": "http://evil.example:%d" % chain.routing.port})
        self.assertEqual((answer.status, answer.outcome), (403, "not-executed"), answer)
        self.assertEqual(ledger.numbers, [])
        for name in ("127.0.0.1", "LocalHost", "[::1]"):
            own = "%s:%d" % (name, chain.routing.port)
            self.assertEqual(ask(chain.url, body, "POST", {"Host": own, "Origin": "http://" + own}).status, 200)
        self.assertEqual(ask(chain.url, body, "POST", {"Origin": chain.routing.url}).status, 200)
        self.assertEqual(ask(chain.url, body, "POST").status, 200)


@lab.at_one_server
class Messages(gateway_lab.GatewayLab):
    def test_a_call_by_message_is_202_when_our_server_has_it(self):
        url = self.routes(("/later", "xmpp:bob@" + self.server.domain, "message = true")).url
        answer = post(url + "/later?message", operation("add", 1, 2))
        self.assertEqual((answer.status, answer.outcome, answer.body), (202, "unknown", ""), answer)


@lab.at_one_server
class Users(gateway_lab.GatewayLab):
    def test_a_route_lets_its_own_users_in(self):
        ledger = self.ledger()
        self.serves(ledger.url)
        port = free_port()
        hashed = self.file("users", "".join("%s:%s\n" % (user, subprocess.run(
            ["openssl", "passwd", "-6", user[0]], capture_output=True, text=True, check=True).stdout.strip())
            for user in ("ann", "ben", "eve")))
        self.gateway("routes", (
            'listen "127.0.0.1:%d" { auth = "staff" }\n'
            'auth "staff" { type = "basic" file = "%s" groups = { "ops=ben" } }\n' % (port, hashed) + self.link("alice") +
            'route "/calc" { to = "%s" link = "main" users = { "ann", "group:ops" } }\n' % self.endpoint()))
        for user, status in (("ann", 200), ("ben", 200), ("eve", 403)):
            authorization = "Basic " + base64.b64encode(("%s:%s" % (user, user[0])).encode()).decode()
            answer = post("http://127.0.0.1:%d/calc" % port, operation("add", 1, 2),
                          headers={"Authorization": authorization})
            self.assertEqual(answer.status, status, answer)
        self.assertEqual((answer.outcome, answer.detail["condition"]), ("not-executed", "forbidden"))
        self.assertEqual(len(ledger.numbers), 2)


@lab.at_one_server
class Paths(gateway_lab.GatewayLab):
    def test_an_account_s_device_is_told_its_path_in_the_cargo(self):
        ledger = self.ledger()
        self.serves(ledger.url + "onvif/", 'path = "header" paths = { "/onvif/*" }')
        url = self.routes(("/home", self.endpoint(), 'path = "header"')).url + "/home"
        answer = post(url + "/onvif/media_service", operation("add", 1, 2))
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(ledger.calls[0].path, "/onvif/media_service")
        self.assertEqual(ledger.calls[0].body, operation("add", 1, 2))
        self.assertEqual(post(url + "/admin", operation("add", 1, 2)).outcome, "not-executed")
        self.assertEqual(len(ledger.calls), 1)

    def test_no_client_says_a_cargo_of_its_own(self):
        """It would choose a path that its route doesn't give it."""
        ledger = self.ledger()
        self.serves(ledger.url + "onvif/", 'path = "header" paths = { "/onvif/*" }')
        url = self.routes(("/home", self.endpoint(), ""), ("/paths", self.endpoint(), 'path = "header"')).url
        for name in ("urn:soap-xmpp:gateway:1", "urn:soap-xmpp:gatewa&#121;:1"):
            block = "<g:cargo xmlns:g='%s' path='/onvif/media_service'/>" % name
            for path in ("/home", "/paths", "/paths/onvif/x"):
                answer = post(url + path, operation("add", 1, 2, header=block))
                self.assertEqual((answer.status, answer.outcome), (400, "not-executed"), answer)
        self.assertEqual(ledger.calls, [])

    def test_our_url_in_a_request_is_the_service_s_own(self):
        ledger = self.ledger()
        chain = self.chain(ledger.url)
        body = operation("add", 1, 2, header="<a:To xmlns:a='%s'>%s</a:To>" % (ADDRESSING, chain.url))
        self.assertEqual(post(chain.url, body).status, 200)
        self.assertNotIn(chain.url, ledger.calls[0].body)
