"""The recipes of docs/gateway-*.md, with accounts, addresses and files of a test in the place of theirs."""

import re

import gateway_lab
import lab
from gateway_lab import free_port, operation, post


def blocks(page):
    """The configurations of a page of docs/."""
    return re.findall(r"^```conf\n(.*?)^```$", (lab.TOP / "docs" / page).read_text(), re.M | re.S)


@lab.at_each_server
class Recipes(gateway_lab.GatewayLab):
    def place(self):
        """Where a link finds the server, which DNS would tell."""
        return 'host = "127.0.0.1" port = "%s" ca_file = "%s"' % (self.server.port, self.server.ca)

    def runs(self, name, text, accounts, **others):
        """A gateway as a block of a page says it; accounts: theirs -> one of the server's."""
        for theirs, user in accounts.items():
            text = text.replace(theirs, "%s@%s" % (user, self.server.domain))
            if '"%s@%s"' % (user, self.server.domain) in text:
                password = self.file("%s.password" % user, self.server.passwords[user] + "\n")
                text = re.sub(r'(jid = "%s@%s") password_file = "[^"]*"' % (user, re.escape(self.server.domain)),
                              r'\1 password_file = "%s" %s' % (password, self.place()), text)
        for theirs, ours in others.items():
            text = text.replace(theirs, ours)
        for file in re.findall(r'password_file = "([^"/]+)"', text):
            text = text.replace('"%s"' % file, '"%s"' % self.file(file, "a secret\n"))
        self.port = free_port()
        return self.gateway(name, text.replace("127.0.0.1:8080", "127.0.0.1:%d" % self.port))

    def test_a_camera(self):
        ledger = self.ledger()
        site, office = blocks("gateway-camera.md")[:2]
        accounts = {"cam1@example.org": "alice", "office@example.org": "bob"}
        site = site.replace("http://192.168.1.10/", ledger.url).replace("digest", "basic")
        self.runs("site", site, accounts)
        self.runs("office", office, accounts)
        url = "http://127.0.0.1:%d/cam1" % self.port
        self.answered(post(url, operation("add", 1, 0)), "1")
        self.answered(post(url + "/onvif/media_service", operation("add", 2, 0)), "2")
        self.assertEqual([call.path for call in ledger.calls], ["/onvif/device_service", "/onvif/media_service"])
        self.assertEqual(ledger.calls[0].header("Authorization"), "Basic YWRtaW46YSBzZWNyZXQ=")
        answer = post(url + "/admin", operation("add", 3, 0))
        self.assertEqual((answer.status, answer.outcome, len(ledger.calls)), (404, "not-executed", 2), answer)

    def test_a_shop(self):
        ledger = self.ledger()
        erp, shop = blocks("gateway-php.md")
        accounts = {"erp@example.org": "carol", "shop@example.org": "dave"}
        erp = erp.replace("http://127.0.0.1:8000/", ledger.url)
        for theirs, ours in ("urn:erp", gateway_lab.CALCULATOR_NS), ("GetPrice", "add"), ("PlaceOrder", "mul"):
            self.assertIn(theirs, erp)
            erp = erp.replace(theirs, ours)
        self.runs("erp", erp, accounts)
        self.runs("shop", shop, accounts)
        url = "http://127.0.0.1:%d/erp" % self.port
        for _ in range(2):
            self.answered(post(url, operation("mul", 1, 0), headers={"Idempotency-Key": "order-1"}), "1")
        answer = post(url, operation("div", 1, 1))
        self.assertEqual((answer.status, answer.outcome), (403, "not-executed"), answer)
        self.assertEqual(ledger.numbers, ["1"])

    def test_meters(self):
        ledger = self.ledger()
        building, reader = blocks("gateway-meter.md")
        hall = "hall.%s" % self.server.domain
        secret = self.file("heating-ca.pem", self.server.ca and open(self.server.ca, encoding="ascii").read())
        building = self.component_link("hall", "building") + building.split("\n", 1)[1]
        for theirs, ours in (
                ("meters.example.org", hall), ("heating-ca.pem", secret), ("http://10.7.0.{n}/", ledger.url + "{n}/"),
                ("billing.example.org:{urn:meter}Read", "%s:{%s}add" % (
                    self.server.domain, gateway_lab.CALCULATOR_NS))):
            self.assertIn(theirs, building)
            building = building.replace(theirs, ours)
        self.runs("building", building, {})
        listen, _, route = reader.splitlines(True)
        self.runs("reader", listen + self.link("carol") + route.replace("meters.example.org", hall), {})
        url = "http://127.0.0.1:%d/meter/17" % self.port
        self.answered(post(url, operation("add", 4, 0)), "4")
        self.assertEqual([call.path for call in ledger.calls], ["/17/meter"])
        answer = post(url, operation("mul", 4, 0))
        self.assertEqual((answer.status, answer.outcome), (403, "not-executed"), answer)
        answer = post("http://127.0.0.1:%d/meter/a@b" % self.port, operation("add", 5, 0))
        self.assertEqual((answer.status, answer.outcome), (404, "not-executed"), answer)
