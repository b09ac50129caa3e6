"""Clients of others, unmodified but for a URL: by HTTP, and through two gateways, the same."""

import gateway_lab
import lab
import others


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
