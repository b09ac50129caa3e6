"""A gateway that stops, and one that reads its configuration anew, while calls are under way."""

import signal
import threading

import gateway_lab
import lab
from gateway_lab import PATIENCE_S, Posts, ask, operation, post, until


@lab.at_one_server
class Life(gateway_lab.GatewayLab):
    def setUp(self):
        super().setUp()
        self.gate = threading.Event()
        self.addCleanup(self.gate.set)

    def held(self, more=""):
        """Ten calls that are under way, the chain, and the ledger."""
        def act(call):
            if int(call.number) < 10:
                assert self.gate.wait(PATIENCE_S)
            call.answer()

        ledger = self.ledger(act)
        chain = self.chain(ledger.url, "connections = 20", more=more)
        posts = Posts(chain.url, [operation("add", number, 0) for number in range(10)])
        ledger.has(10)
        return posts, chain, ledger

    def test_a_client_gateway_that_stops_answers_first(self):
        posts, chain, ledger = self.held()
        chain.routing.process.send_signal(signal.SIGTERM)
        self.assertTrue(until(lambda: self.refused(chain.url)))
        self.gate.set()
        for number, answer in enumerate(posts.ended()):
            self.answered(answer, str(number))
        self.assertEqual(chain.routing.end(0), 0)
        # The question whether it refuses may have come before it did.
        self.assertEqual(sorted(number for number in ledger.numbers if number != "10"), [str(n) for n in range(10)])

    def test_a_service_gateway_that_stops_answers_first(self):
        posts, chain, ledger = self.held()
        chain.serving.process.send_signal(signal.SIGTERM)
        self.assertTrue(until(lambda: post(chain.url, operation("add", 10, 0)).outcome == "not-executed"))
        self.gate.set()
        for number, answer in enumerate(posts.ended()):
            self.answered(answer, str(number))
        self.assertEqual(chain.serving.end(0), 0)

    def refused(self, url):
        try:
            return post(url, operation("add", 10, 0)).status == 503
        except OSError:
            return True

    def test_calls_that_take_longer_than_the_drain_are_told_as_unknown(self):
        posts, chain, _ = self.held("drain = 1\n")
        self.assertEqual(chain.routing.end(), 0)
        for answer in posts.ended():
            self.assertEqual((answer.status, answer.outcome), (502, "unknown"), answer)

    def test_another_configuration_holds_from_the_next_request_on(self):
        posts, chain, ledger = self.held()
        before = chain.routing.configuration
        chain.routing.reads(before.replace('"/calc"', '"/sums"'), "")
        url = chain.url.replace("/calc", "/sums")
        self.assertTrue(until(lambda: post(url, operation("add", 10, 0)).status == 200))
        self.assertEqual(post(chain.url, operation("add", 11, 0)).status, 404)
        self.gate.set()
        for number, answer in enumerate(posts.ended()):
            self.answered(answer, str(number))

    def test_a_broken_configuration_changes_nothing(self):
        self.gate.set()
        _, chain, _ = self.held()
        chain.routing.reads(chain.routing.configuration.replace("route", "rout"), "gateway.conf:")
        self.answered(post(chain.url, operation("add", 10, 0)), "10")

    def test_a_page_tells_what_a_route_is(self):
        self.gate.set()
        _, chain, _ = self.held()
        answer = ask(chain.url)
        self.assertEqual(answer.status, 200, answer)
        self.assertIn("/calc", answer.body)
        self.assertEqual(ask(chain.url, "", "PUT").status, 405)
        self.assertEqual(ask(chain.routing.url + "/none").status, 404)
