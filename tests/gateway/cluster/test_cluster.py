"""A component of two nodes of an ejabberd cluster, served by gateways on both, with a gateway for clients on each: who
gets what, and what becomes of each call when gateways are killed."""

import pathlib
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import gateway_lab  # noqa: E402
import lab  # noqa: E402
from gateway_lab import PATIENCE_S, Posts, operation, post  # noqa: E402

CALLS = 40

alone = threading.Lock()  # the component is one for all tests



def nodes():
    return {server.label: server for server in lab.servers()}


class Cluster(gateway_lab.GatewayLab):
    def setUp(self):
        super().setUp()
        self.nodes = nodes()
        if sorted(self.nodes) != ["node1", "node2"]:
            self.skipTest("there is no cluster")
        alone.acquire()
        self.addCleanup(alone.release)  # the last to be done, when no gateway is left
        self.gate, self.called = threading.Event(), 0
        self.gate.set()
        self.ledgers, self.serving = {}, {}
        for node in self.nodes:
            for place in "ab":
                self.serve(node, place)

    def serve(self, node, place):
        """One more process of the component, with a service of its own."""
        self.server = self.nodes[node]
        ledger = gateway_lab.Ledger(self.held)
        self.addCleanup(ledger.close)
        label = gateway_lab.os.environ["SOAPXMPP_TEST_%s_COMPONENTS" % node.upper()].split(":")[0]
        self.component = "%s.%s" % (label, self.server.domain)
        link = self.component_link(label).replace(" }\n", " shared_jid = 1 }\n")
        self.ledgers[node, place] = ledger
        self.serving[node, place] = self.gateway("serves-%s%s" % (node, place), link + (
            'serve "meter-{n}@%s" { url = "%s{n}" allow = "*@%s" connections = 100 }\n' % (
                self.component, ledger.url, self.server.domain)))

    def held(self, call):
        assert self.gate.wait(PATIENCE_S)
        call.answer()

    def route(self, node, user):
        """A gateway for clients whose link is with that node: the address of a meter."""
        self.server = self.nodes[node]
        port = gateway_lab.free_port()
        self.gateway("route-" + node, 'listen "127.0.0.1:%d" { }\n' % port + self.link(user) +
                     'route "/meter/{n}" { to = "xmpp:meter-{n}@%s" }\n' % self.component)
        return "http://127.0.0.1:%d/meter/7" % port

    def begin(self, url, count=CALLS):
        bodies = [operation("add", self.called + index, 0) for index in range(count)]
        self.called += count
        return Posts(url, bodies)

    def ran(self, node):
        return sum((ledger.numbers for (at, _), ledger in self.ledgers.items() if at == node), [])

    def all_once(self):
        """What was executed; nothing twice."""
        numbers = sorted(int(number) for node in self.nodes for number in self.ran(node))
        self.assertEqual(numbers, sorted(set(numbers)))
        return numbers

    def all_answered(self, posts):
        for answer in posts.ended():
            self.assertEqual((answer.status, answer.outcome), (200, "executed"), answer)

    def test_each_node_serves_its_own_callers_and_each_call_runs_once(self):
        for node, user in (("node1", "alice"), ("node2", "bob")):
            before = self.called
            self.all_answered(self.begin(self.route(node, user)))
            self.assertEqual(sorted(map(int, self.ran(node))), list(range(before, self.called)))
            for place in "ab":
                self.assertTrue(self.ledgers[node, place].numbers, "%s%s got nothing" % (node, place))
        self.assertEqual(self.all_once(), list(range(self.called)))

    def test_what_a_killed_gateway_had_begun_is_unknown_and_the_rest_is_answered(self):
        url = self.route("node1", "alice")
        self.gate.clear()
        posts = self.begin(url)
        one, other = self.ledgers["node1", "a"], self.ledgers["node1", "b"]
        self.until(lambda: len(one.numbers) + len(other.numbers) == CALLS)
        self.serving["node1", "a"].kill()
        self.gate.set()
        for number, answer in enumerate(posts.ended()):
            if str(number) in one.numbers:
                self.assertEqual(answer.outcome, "unknown", answer)
                self.assertIn(answer.status, (502, 504), answer)
            else:
                self.assertEqual((answer.status, answer.outcome), (200, "executed"), answer)
        self.all_answered(self.begin(url))
        self.assertEqual(self.all_once(), list(range(self.called)))

    def test_without_a_gateway_of_its_own_node_a_caller_is_served_by_the_other(self):
        url = self.route("node1", "alice")
        for place in "ab":
            self.serving["node1", place].kill()
        # the server learns of it by the connections' ends, a moment later
        self.until(lambda: post(url, operation("add", self.next_number(), 0)).status == 200)
        self.all_answered(self.begin(url))
        self.assertEqual(self.ran("node1"), [])
        self.all_once()

    def next_number(self):
        self.called += 1
        return self.called - 1

    def until(self, holds):
        for _ in range(PATIENCE_S * 100):
            if holds():
                return
            time.sleep(0.01)
        self.fail("it never came to that")
