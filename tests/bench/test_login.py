"""What is measured of logins, and the server that never answers one."""
import socket
import unittest

import measured  # noqa: F401 - finds bench/
import login
from silence import Silence


class Groups(unittest.TestCase):
    def test_each_variant_has_an_order_and_a_way(self):
        for group in (login.TIME, login.PASS):
            for variant in group.variants:
                what, _, way = variant.partition(", ")
                self.assertIn((group.name, what), login.ORDERS)
                self.assertIn(way, login.WAYS)

    def test_targets_and_references_are_of_variants(self):
        for group in (login.TIME, login.PASS):
            named = {variant for variant, _ in group.targets}
            named.update(*(pair[:2] for pair in group.against))
            self.assertLessEqual(named, set(group.variants))

    def test_a_link_is_compared_with_one_that_logs_in_the_same_way(self):
        for variant, reference, _ in login.TIME.against:
            self.assertEqual(variant.partition(", ")[2], reference.partition(", ")[2])


class Silent(unittest.TestCase):
    def client(self, offers_tls):
        client = socket.create_connection(("127.0.0.1", Silence(offers_tls).port), 60)
        self.addCleanup(client.close)
        return client

    def hear(self, client, last):
        heard = b""
        while not heard.endswith(last):
            more = client.recv(4096)
            self.assertTrue(more)
            heard += more
        return heard

    def assert_silent(self, client):
        client.settimeout(0.05)
        with self.assertRaises(TimeoutError):
            client.recv(1)

    def test_it_says_nothing(self):
        client = self.client(False)
        client.sendall(b"<stream:stream>")
        self.assert_silent(client)

    def test_it_offers_tls_and_then_says_nothing(self):
        client = self.client(True)
        client.sendall(b"<stream:str")
        client.sendall(b"eam>")
        self.assertIn(b"<starttls", self.hear(client, b"</stream:features>"))
        client.sendall(b"<starttls/>")
        self.assertIn(b"<proceed", self.hear(client, b"/>"))
        client.sendall(b"\x16\x03\x01")
        self.assert_silent(client)
