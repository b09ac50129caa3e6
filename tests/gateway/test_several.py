"""Several gateways for one thing: a component served by two of them, an account called from by two of them."""

import signal

import gateway_lab
import lab
from gateway_lab import Posts, operation, post


def at_ejabberd(case):
    """Prosody takes one connection for a component."""
    for server in lab.servers():
        if server.label == "ejabberd":
            return type(case.__name__, (case,), {"server": server, "__module__": case.__module__})
    return None


@at_ejabberd
class Several(gateway_lab.GatewayLab):
    component = None  # each test has its own, since they run at the same time

    def serving(self, name, url):
        """One of those that serve the component."""
        link = self.component_link(self.component).replace(" }\n", " shared_jid = 1 }\n")
        return self.gateway(name, link + 'serve "meter-{n}@%s.%s" { url = "%s{n}" allow = "*@%s" }\n' % (
            self.component, self.server.domain, url, self.server.domain))

    def calling(self, name):
        port = gateway_lab.free_port()
        gateway = self.gateway(name, 'listen "127.0.0.1:%d" { }\n' % port +
                               self.link("alice", resource="%s-%s" % (self.resource, name)) +
                               'route "/meter/{n}" { to = "xmpp:meter-{n}@%s.%s" }\n' % (
                                   self.component, self.server.domain))
        gateway.url = "http://127.0.0.1:%d/meter/7" % port
        return gateway

    def test_a_component_has_two_gateways_and_one_of_them_dies(self):
        self.component = "north"
        one, other = self.ledger(), self.ledger()
        first, _ = self.serving("one", one.url), self.serving("other", other.url)
        route = self.calling("route")
        for answer in Posts(route.url, [operation("add", number, 0) for number in range(40)]).ended():
            self.assertEqual((answer.status, answer.outcome), (200, "executed"), answer)
        self.assertTrue(one.numbers and other.numbers, "one gateway got all: %s %s" % (one.numbers, other.numbers))
        self.assertEqual(sorted(map(int, one.numbers + other.numbers)), list(range(40)))
        first.kill()
        before = len(one.numbers)
        executed, number = list(range(40)), 40
        while len(executed) < 60:
            answer = post(route.url, operation("add", number, 0))
            # Until the server has noticed it may give some to the one that has died.
            self.assertIn(answer.outcome, ("executed", "unknown"), answer)
            self.assertLess(number, 80)
            executed += [number] if answer.outcome == "executed" else []
            number += 1
        self.assertEqual(len(one.numbers), before)
        self.assertEqual(sorted(map(int, one.numbers + other.numbers)), executed)
        self.assertEqual({call.path for call in one.calls + other.calls}, {"/7"})

    def test_a_name_is_known_to_the_gateway_that_heard_it(self):
        self.component = "south"
        ledger = self.ledger()
        self.serving("serves", ledger.url)
        one, other = self.calling("one"), self.calling("other")
        named = {"Idempotency-Key": "order-1"}
        for _ in range(3):
            self.answered(post(one.url, operation("add", 1, 0), headers=named), "1")
        self.assertEqual(ledger.numbers, ["1"])
        self.answered(post(other.url, operation("add", 1, 0), headers=named), "1")
        self.assertEqual(ledger.numbers, ["1", "1"])

    def test_calls_of_a_gateway_that_stops_are_answered_and_the_other_goes_on(self):
        self.component = "east"
        held = gateway_lab.Held()
        ledger = self.ledger(held)
        self.serving("serves", ledger.url)
        one, other = self.calling("one"), self.calling("other")
        posts = Posts(one.url, [operation("add", 1, 0)])
        ledger.has(1)
        one.process.send_signal(signal.SIGTERM)
        waiting = Posts(other.url, [operation("add", 2, 0)])
        ledger.has(2)
        held.gate.set()
        self.answered(posts.ended()[0], "1")
        self.answered(waiting.ended()[0], "2")
