"""What bindings put into an envelope (tests/corpus/databinding) comes through two gateways as it was sent."""

import http.client
import re
import sys
import xml.etree.ElementTree

import gateway_lab
import lab
from gateway_lab import PATIENCE_S

sys.path.insert(0, str(lab.TOP / "tests" / "corpus" / "databinding"))
import databinding  # noqa: E402


def echo(call):
    """Answers with what was asked."""
    call.answer(call.body, content_type=call.header("Content-Type"))


XSI = "http://www.w3.org/2001/XMLSchema-instance"

# What servers write anew isn't all there afterwards, unless it went packed: CR, a tab or a line's end in an attribute,
# at Prosody a prefix that values alone use (docs/internals/servers.md).
SERVERS_LOSE = ("types-string-references-", "attributes-references-", "types-enumeration-", "choice-derived-")


class Client:
    """One connection, over which requests are sent one by one."""

    def __init__(self, port, path):
        self.connection, self.path = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S), path

    def send(self, request):
        headers = {"Content-Type": request.content_type}
        if request.action:
            headers["SOAPAction"] = '"%s"' % request.action
        self.connection.request("POST", self.path, request.body, headers)
        response = self.connection.getresponse()
        return response.status, media_type(response.headers["Content-Type"]), response.read()


def media_type(text):
    return re.sub(r"\s*;.*", "", text).lower()


def seen(call):
    """What a service goes by."""
    return media_type(call.header("Content-Type")), call.header("SOAPAction"), action_of(call), call.body


def action_of(call):
    found = re.search(r'action="([^"]*)"', call.header("Content-Type"))
    return found and found[1]


def infoset(body):
    """What XML says that two envelopes have in common; which prefix stands for a namespace is no part of it."""
    return xml.etree.ElementTree.canonicalize(
        body, rewrite_prefixes=True, qname_aware_attrs=["{%s}type" % XSI])


@lab.at_each_server
class Databinding(gateway_lab.GatewayLab):
    options = ""

    def link(self, *words, **others):
        return super().link(*words, **others).replace(" }", " %s }" % self.options)

    def test_each_request_and_its_answer_are_those_without_a_gateway(self):
        ledger = self.ledger(echo)
        chain = self.chain(ledger.url)
        direct, through = Client(ledger.port, "/"), Client(chain.routing.port, "/calc")
        requests = list(databinding.requests())
        self.assertGreaterEqual(len(requests), 300)
        for request in requests:
            with self.subTest(request.name):
                answered = direct.send(request)
                self.assertEqual(answered[::2], (200, request.body))
                self.assertEqual(through.send(request), answered)
                self.assertEqual(seen(ledger.calls[-1]), seen(ledger.calls[-2]))
        self.assertEqual(len(ledger.calls), 2 * len(requests))

    def test_unpacked_they_are_the_same_to_xml(self):
        self.options = 'packing = "never"'
        ledger = self.ledger(echo)
        chain = self.chain(ledger.url)
        through = Client(chain.routing.port, "/calc")
        for request in databinding.requests():
            status, _, body = through.send(request)
            with self.subTest(request.name):
                self.assertEqual(status, 200, body)
                if not request.name.startswith(SERVERS_LOSE):
                    self.assertEqual(infoset(body), infoset(request.body))
                    self.assertEqual(infoset(ledger.calls[-1].body), infoset(request.body))
