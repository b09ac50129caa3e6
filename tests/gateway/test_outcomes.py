"""Who dies, and when: each call ends, no request runs twice, and what its outcome says is true."""

import signal
import socket

import gateway_lab
from gateway_lab import Held, HangUp, Posts, operation, post, until
import lab


class Judge(gateway_lab.GatewayLab):
    def ran_once(self, ledger, numbers):
        """Each of these, and nothing else."""
        self.assertEqual(sorted(ledger.numbers, key=int), sorted(map(str, numbers), key=int))

    def unknown(self, answer):
        self.assertIsInstance(answer, gateway_lab.Answer)
        self.assertIn(answer.status, (502, 504), answer)
        self.assertEqual(answer.outcome, "unknown", answer)
        self.assertEqual((answer.detail or {}).get("outcome"), "unknown", answer)
        self.assertTrue(answer.fault, answer)

    def not_executed(self, answer, *statuses):
        self.assertIn(answer.status, statuses, answer)
        self.assertEqual(answer.outcome, "not-executed", answer)
        self.assertEqual((answer.detail or {}).get("outcome"), "not-executed", answer)
        self.assertTrue(answer.fault, answer)


@lab.at_each_server
class Deaths(Judge):
    def test_calls_whose_service_gateway_is_killed_are_unknown(self):
        held = Held()
        ledger = self.ledger(held)
        chain = self.chain(ledger.url, "connections = 20")
        posts = Posts(chain.url, [operation("add", number, 0) for number in range(10)])
        ledger.has(10)
        chain.serving.kill()
        again = chain.serving.again()
        self.addCleanup(again.end)
        for answer in posts.ended():
            self.unknown(answer)
        held.gate.set()
        self.answered(post(chain.url, operation("add", 10, 0)), "10")
        self.ran_once(ledger, range(11))

    def test_calls_whose_client_gateway_is_killed_run_once(self):
        held = Held()
        ledger = self.ledger(held)
        chain = self.chain(ledger.url, "connections = 20")
        posts = Posts(chain.url, [operation("add", number, 0) for number in range(10)])
        ledger.has(10)
        chain.routing.kill()
        for answer in posts.ended():
            self.assertIsInstance(answer, Exception)
        again = chain.routing.again()
        self.addCleanup(again.end)
        held.gate.set()
        self.answered(post(chain.url, operation("add", 10, 0)), "10")
        self.ran_once(ledger, range(11))

    def test_calls_whose_backend_is_killed_are_unknown_and_later_ones_did_not_run(self):
        ledger = self.ledger(Held())
        chain = self.chain(ledger.url, "connections = 20")
        posts = Posts(chain.url, [operation("add", number, 0) for number in range(10)])
        ledger.has(10)
        ledger.hang_up()
        for answer in posts.ended():
            self.unknown(answer)
        self.not_executed(self.certain(chain.url, operation("add", 10, 0)), 502)
        self.ran_once(ledger, range(10))

    def test_a_call_to_nobody_did_not_run(self):
        routing = self.routes(("/calc", self.endpoint(), ""))
        for version in (11, 12):
            self.not_executed(post(routing.url + "/calc", operation("add", 1, 2, version), version), 502)

    def test_a_call_that_takes_too_long_is_unknown(self):
        held = Held()
        ledger = self.ledger(held)
        chain = self.chain(ledger.url, "", "timeout = 2")
        answer = post(chain.url, operation("add", 1, 0))
        self.unknown(answer)
        self.assertEqual(answer.status, 504)
        held.gate.set()
        self.ran_once(ledger, [1])

    def test_a_dead_peer_holds_up_nobody_else(self):
        ledger, silent = self.ledger(), self.ledger()
        self.serves(ledger.url, user="carol")
        dead = self.serves(silent.url)
        routing = self.routes(("/dead", self.endpoint(), "timeout = 20"), ("/calc", self.endpoint("carol"), ""))
        dead.process.send_signal(signal.SIGSTOP)
        try:
            posts = Posts(routing.url + "/dead", [operation("add", number, 0) for number in range(8)])
            for number in range(20):
                self.answered(post(routing.url + "/calc", operation("add", number, 0)), str(number))
            self.assertTrue(all(thread.is_alive() for thread in posts.threads), posts.answers)
            for answer in posts.ended():
                self.assertEqual(answer.status, 504, answer)
        finally:
            dead.process.send_signal(signal.SIGCONT)
        self.ran_once(ledger, range(20))

    def test_a_dead_peer_that_has_filled_the_limit_holds_up_nobody_else(self):
        ledger, silent = self.ledger(), self.ledger(Held())
        self.addCleanup(silent.act.gate.set)
        self.serves(ledger.url, user="carol")
        self.serves(silent.url, "connections = 20")
        routing = self.routes(("/dead", self.endpoint(), ""), ("/calc", self.endpoint("carol"), ""),
                              more="limits { in-flight = 16 }\n")
        posts = Posts(routing.url + "/dead", [operation("add", number, 0) for number in range(16)])
        silent.has(16)
        self.not_executed(post(routing.url + "/dead", operation("add", 16, 0)), 503)
        for number in range(5):
            self.answered(post(routing.url + "/calc", operation("add", number, 0)), str(number))
        silent.act.gate.set()
        for number, answer in enumerate(posts.ended()):
            self.answered(answer, str(number))

    def test_a_client_that_hangs_up_leaves_no_connection_and_its_call_runs_once(self):
        held = Held()
        ledger = self.ledger(held)
        chain = self.chain(ledger.url, "connections = 20")
        body = operation("add", 7, 0).encode()
        for number in range(5):
            with socket.create_connection(("127.0.0.1", chain.routing.port)) as client:
                client.sendall(b"POST /calc HTTP/1.1\r\nHost: x\r\nContent-Type: application/soap+xml\r\n"
                               b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
                ledger.has(number + 1)
        held.gate.set()
        self.assertTrue(until(lambda: chain.routing.sockets(chain.routing.port, "08") == 0))
        self.answered(post(chain.url, operation("add", 8, 0)), "8")
        self.ran_once(ledger, [7] * 5 + [8])


class OwnServers(Judge):
    """The server itself dies, and comes back."""

    kind = None

    def setUp(self):
        if not self.kind:
            self.skipTest("this is what both have in common")
        super().setUp()
        self.server = gateway_lab.OwnServer(self.kind)
        self.addCleanup(self.server.close)

    def test_the_server_is_killed_while_calls_are_under_way(self):
        held = Held()
        ledger = self.ledger(held)
        chain = self.chain(ledger.url, "connections = 20", "timeout = 50")
        posts = Posts(chain.url, [operation("add", number, 0) for number in range(10)])
        ledger.has(10)
        self.server.kill()
        self.server.start()
        held.gate.set()
        for number, answer in enumerate(posts.ended()):
            self.answered(answer, str(number))
        self.answered(post(chain.url, operation("add", 10, 0)), "10")
        self.ran_once(ledger, range(11))

    def test_while_the_server_is_gone_calls_say_that_they_did_not_run(self):
        ledger = self.ledger()
        chain = self.chain(ledger.url, "", "timeout = 3")
        self.answered(post(chain.url, operation("add", 1, 0)), "1")
        self.server.kill()
        answer = post(chain.url, operation("add", 2, 0))
        self.assertIn(answer.status, (502, 503, 504), answer)
        self.assertIn(answer.outcome, ("not-executed", "unknown"), answer)
        self.server.start()
        self.assertTrue(until(lambda: post(chain.url, operation("add", 3, 0)).status == 200))
        self.assertLessEqual(ledger.numbers.count("2"), 0 if answer.outcome == "not-executed" else 1)


class Prosody_itself(OwnServers):
    kind = "prosody"


class Ejabberd_itself(OwnServers):
    kind = "ejabberd"


del OwnServers


@lab.at_one_server
class Hang_ups(Judge):
    """A backend that ends the connection in the middle: libcurl would ask again, which nobody may."""

    def hangs_up(self, act, meets=lambda ledger, connection: None, executed=1):
        ledger = self.ledger(act, meets=meets)
        chain = self.chain(ledger.url, "connections = 1")
        answer = post(chain.url, operation("add", 1, 0))
        self.unknown(answer)
        self.assertEqual(len(ledger.numbers), executed, ledger.numbers)
        self.assertEqual(ledger.connections, 1)

    def test_before_it_reads(self):
        def meets(ledger, connection):
            raise HangUp

        self.hangs_up(None, meets, 0)

    def test_before_it_reads_with_a_reset(self):
        def meets(ledger, connection):
            for stream in ledger.streams:
                stream.recv(1)  # what is unread makes a reset of the end
            raise HangUp

        self.hangs_up(None, meets, 0)

    def says(self, text):
        def act(call):
            call.send(text)
            raise HangUp

        return act

    def test_after_it_has_read(self):
        self.hangs_up(self.says(""))

    def test_within_the_status_line(self):
        self.hangs_up(self.says("HTTP/1.1 20"))

    def test_within_the_header(self):
        self.hangs_up(self.says("HTTP/1.1 200 OK\r\nContent-Type: text/xm"))

    def test_within_the_body(self):
        self.hangs_up(self.says("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 1000\r\n\r\n<e:Envelope"))

    def test_within_a_chunk(self):
        self.hangs_up(self.says(
            "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n<e:Envelope"))

    def test_each_second_request_of_a_connection(self):
        def act(call):
            if call.count == 2:
                raise HangUp
            call.answer()

        ledger = self.ledger(act)
        chain = self.chain(ledger.url, "connections = 1 keepalive = 60")
        answers = [post(chain.url, operation("add", number, 0)) for number in range(6)]
        for number, answer in enumerate(answers):
            if number % 2:
                self.unknown(answer)
            else:
                self.answered(answer, str(number))
        self.ran_once(ledger, range(6))

    def test_a_connection_that_was_closed_meanwhile_is_not_used_again(self):
        def act(call):
            call.answer()
            raise HangUp

        ledger = self.ledger(act)
        chain = self.chain(ledger.url, "connections = 1 keepalive = 60")
        for number in range(6):
            self.assertTrue(until(lambda: not ledger.streams))
            self.answered(post(chain.url, operation("add", number, 0)), str(number))
        self.ran_once(ledger, range(6))

    def test_a_redirect_is_not_followed(self):
        other = self.ledger()
        ledger = self.ledger(lambda call: call.answer(
            "", "307 Temporary Redirect", "text/plain", "Location: %s\r\n" % other.url))
        chain = self.chain(ledger.url)
        answer = post(chain.url, operation("add", 1, 0))
        self.assertNotEqual(answer.status, 200, answer)
        self.assertEqual((len(ledger.numbers), other.connections), (1, 0))


@lab.at_one_server
class Once(Judge):
    """A client that asks again is given what the first time gave."""

    def key(self, url, number, key="k1", body=None):
        return post(url, body or operation("add", number, 0), headers={"Idempotency-Key": key})

    def test_the_same_key_runs_once(self):
        ledger = self.ledger()
        chain = self.chain(ledger.url)
        first, second = self.key(chain.url, 1), self.key(chain.url, 1)
        self.answered(first, "1")
        self.answered(second, "1")
        self.assertEqual(first.body, second.body)
        self.answered(self.key(chain.url, 2, "k2"), "2")
        self.ran_once(ledger, [1, 2])

    def test_at_the_same_time_too(self):
        held = Held()
        ledger = self.ledger(held)
        chain = self.chain(ledger.url, "connections = 20")
        posts = Posts(chain.url, [operation("add", 1, 0)] * 5, headers={"Idempotency-Key": "k"})
        ledger.has(1)
        held.gate.set()
        for answer in posts.ended():
            self.answered(answer, "1")
        self.ran_once(ledger, [1])

    def test_a_client_that_gave_up_gets_the_answer_when_it_asks_again(self):
        held = Held()
        ledger = self.ledger(held)
        chain = self.chain(ledger.url)
        with self.assertRaises(OSError):
            post(chain.url, operation("add", 1, 0), headers={"Idempotency-Key": "k"}, timeout=1)
        ledger.has(1)
        held.gate.set()
        self.answered(self.key(chain.url, 1, "k"), "1")
        self.ran_once(ledger, [1])

    def test_another_body_under_the_same_key_is_422(self):
        ledger = self.ledger()
        chain = self.chain(ledger.url)
        self.answered(self.key(chain.url, 1), "1")
        self.not_executed(self.key(chain.url, 2), 422)
        self.ran_once(ledger, [1])

    def test_a_message_id_is_a_key_where_the_route_says_so(self):
        ledger = self.ledger()
        chain = self.chain(ledger.url, "", 'once = "message-id"')
        body = operation(
            "add", 1, 0,
            header="<a:MessageID xmlns:a='http://www.w3.org/2005/08/addressing'>urn:uuid:1</a:MessageID>")
        self.answered(post(chain.url, body), "1")
        self.answered(post(chain.url, body), "1")
        self.ran_once(ledger, [1])

    def test_what_is_unknown_stays_so_and_is_not_tried_again(self):
        def act(call):
            raise HangUp

        ledger = self.ledger(act)
        chain = self.chain(ledger.url)
        self.unknown(self.key(chain.url, 1))
        self.unknown(self.key(chain.url, 1))
        self.ran_once(ledger, [1])
