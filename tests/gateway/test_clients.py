"""Clients of others, unmodified but for a URL: by HTTP, and through two gateways, the same."""

import re

import gateway_lab
import lab
import others
from gateway_lab import CALCULATOR_NS, envelope


@lab.at_each_server
class Clients(others.Conversation, gateway_lab.GatewayLab):
    def test_zeep_speaks_1_1(self):
        self.speaks("zeep", "11")

    def test_php_speaks_1_2(self):
        self.speaks("PHP", "12")

    def test_a_gsoap_stub_speaks_1_2(self):
        self.speaks("gSOAP", "12")

    def test_zeep_speaks_with_php(self):
        self.speaks("zeep", "12", gateway_lab.php_calculator)


@lab.at_one_server
class More_clients(others.Conversation, gateway_lab.GatewayLab):
    def test_zeep_speaks_1_2(self):
        self.speaks("zeep", "12")

    def test_php_speaks_1_1(self):
        self.speaks("PHP", "11")

    def test_suds_speaks_1_1(self):
        self.speaks("suds", "11")

    def test_a_gsoap_stub_speaks_1_1(self):
        self.speaks("gSOAP", "11")

    def test_node_soap_speaks_1_1(self):
        self.speaks("Node", "11")

    def test_node_soap_speaks_1_2(self):
        self.speaks("Node", "12")

    def test_php_speaks_with_php(self):
        self.speaks("PHP", "11", gateway_lab.php_calculator)

    def test_zeep_speaks_with_spyne_by_its_contract(self):
        self.speaks("zeep", "11", gateway_lab.spyne_calculator)

    def test_suds_speaks_with_spyne_by_its_contract(self):
        self.speaks("suds", "11", gateway_lab.spyne_calculator)


@lab.at_one_server
class Parts(gateway_lab.GatewayLab):
    """A contract in parts, each of which has an address of the gateway's own."""

    def calculates(self, call):
        if call.head.startswith("GET "):
            call.answer(self.parts[call.path], content_type="text/xml; charset=utf-8")
            return
        name, a, b = re.search(r"<(?:\w+:)?(add|mul|div)[ >].*?<(?:\w+:)?a[^>]*>(.*?)<.*?<(?:\w+:)?b[^>]*>(.*?)<",
                               call.body, re.S).groups()
        if name == "div":
            call.answer(envelope("<e:Fault><faultcode>e:Client</faultcode><faultstring>division by zero</faultstring>"
                                 "</e:Fault>", 11), "500 Internal Server Error")
            return
        value = float(a) + float(b) if name == "add" else float(a) * float(b)
        call.answer(envelope("<c:%sResponse xmlns:c='%s'><c:result>%d</c:result></c:%sResponse>" % (
            name, CALCULATOR_NS, value, name), 11))

    def reads_parts(self, client):
        service = self.ledger(self.calculates)
        self.parts = gateway_lab.contract_in_parts(service.url)
        self.assertEqual(others.converse(self, client, service.url), others.EXPECTED)
        chain = self.chain(service.url)
        self.assertEqual(others.converse(self, client, chain.url), others.EXPECTED)

    def test_zeep_reads_a_contract_in_parts(self):
        self.reads_parts("zeep")

    def test_suds_reads_a_contract_in_parts(self):
        self.reads_parts("suds")

    def test_php_reads_a_contract_in_parts(self):
        self.reads_parts("PHP")

    def test_node_soap_reads_a_contract_in_parts(self):
        self.reads_parts("Node")
