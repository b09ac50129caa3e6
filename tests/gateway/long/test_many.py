"""Many at once, and for long: what a gateway holds stays bounded, and nothing is lost or run twice."""

import os
import pathlib
import random
import resource
import socket
import sys
import threading
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
import gateway_lab  # noqa: E402
import lab  # noqa: E402
from gateway_lab import PATIENCE_S, operation, post, until  # noqa: E402

MEGABYTE = 1 << 20
resource.setrlimit(resource.RLIMIT_NOFILE, (min(20000, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)


class Client:
    """A connection that stays."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=2 * PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.kept = b""

    def send(self, body):
        self.socket.sendall(b"POST /calc HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/soap+xml\r\n"
                            b"Content-Length: %d\r\n\r\n%s" % (len(body), body.encode()))

    def read(self):
        """Status and body."""
        head, body, self.kept = gateway_lab.Ledger.read(self.socket, self.kept)
        return int(head.split(" ", 2)[1]), body

    def close(self):
        self.socket.close()


@lab.at_one_server
class Many(gateway_lab.GatewayLab):
    LIMITS = "limits { in-flight = 1200 connections = 4000 }\n"

    def clients(self, port, count):
        made = [Client(port) for _ in range(count)]
        for client in made:
            self.addCleanup(client.close)
        return made

    def held(self, more=""):
        """A thousand calls, all of which the service has; they are answered once gate is set."""
        gate = threading.Event()
        self.addCleanup(gate.set)

        def act(call):
            assert gate.wait(5 * PATIENCE_S)
            call.answer()

        ledger = self.ledger(act)
        chain = self.chain(
            ledger.url, "connections = 1000 timeout = 300", "timeout = 300", self.LIMITS + more)
        clients = self.clients(chain.routing.port, 1000)
        for number, client in enumerate(clients):
            client.send(operation("add", number, 0))
        ledger.has(1000)
        return gate, ledger, chain, clients

    def test_1000_calls_are_under_way_in_64_megabytes(self):
        gate, ledger, chain, clients = self.held()
        memory = [gateway.memory_bytes() for gateway in (chain.routing, chain.serving)]
        print("    1000 calls under way: %.0f and %.0f MB" % tuple(bytes / MEGABYTE for bytes in memory))
        self.assertLess(max(memory), 64 * MEGABYTE)
        gate.set()
        for number, client in enumerate(clients):
            status, body = client.read()
            self.assertEqual(status, 200, body)
            self.assertIn(">%d<" % number, body)
        self.assertEqual(sorted(ledger.numbers, key=int), [str(number) for number in range(1000)])

    def test_a_gateway_that_stops_answers_1000_calls(self):
        gate, ledger, chain, clients = self.held("drain = 2\n")
        chain.routing.process.terminate()
        for client in clients:
            status, body = client.read()
            self.assertIn(status, (502, 503), body)
            self.assertIn("unknown", body)
        self.assertEqual(chain.routing.end(0), 0)

    def test_1000_clients_call_again_and_again(self):
        ledger = self.ledger()
        chain = self.chain(ledger.url, "connections = 16", "", self.LIMITS)
        clients = self.clients(chain.routing.port, 1000)
        for turn in range(5):
            for number, client in enumerate(clients):
                client.send(operation("add", 1000 * turn + number, 0))
            for number, client in enumerate(clients):
                status, body = client.read()
                self.assertEqual(status, 200, body)
                self.assertIn(">%d<" % (1000 * turn + number), body)
        self.assertEqual(sorted(ledger.numbers, key=int), [str(number) for number in range(5000)])

    def test_for_long_nothing_grows(self):
        seconds = float(os.environ.get("GATEWAY_SOAK_SECONDS", "600"))
        ledger = self.ledger()
        chain = self.chain(ledger.url, "", "", self.LIMITS)
        end = time.monotonic() + seconds
        failures, counts, lock = [], [0], threading.Lock()

        def call(seed):
            choice, client = random.Random(seed), Client(chain.routing.port)
            while time.monotonic() < end and not failures:
                what = choice.random()
                if what < 0.9:
                    client.send(operation("add", seed, "0" * choice.choice([1, 100, 5000])))
                    status, body = client.read()
                    wanted = 200
                elif what < 0.95:
                    client.send("<broken")
                    status, body = client.read()
                    wanted = 400
                else:  # goes away in the middle
                    client.send(operation("add", seed, 0))
                    client.close()
                    client, status, wanted = Client(chain.routing.port), 0, 0
                with lock:
                    counts[0] += 1
                    if status != wanted:
                        failures.append((status, body))
            client.close()

        threads = [threading.Thread(target=call, args=(seed,)) for seed in range(8)]
        for thread in threads:
            thread.start()
        time.sleep(seconds / 2)  # a service's side remembers what it answered, up to its limit
        gateways = (chain.routing, chain.serving)
        before = [(gateway.memory_bytes(), gateway.descriptors()) for gateway in gateways]
        for thread in threads:
            thread.join(seconds + 2 * PATIENCE_S)
        self.assertEqual(failures, [])
        for gateway, (memory, descriptors) in zip(gateways, before):
            self.assertLess(gateway.memory_bytes(), memory + 4 * MEGABYTE)
            until(lambda: gateway.descriptors() <= descriptors + 8)
            self.assertLessEqual(gateway.descriptors(), descriptors + 8)
        print("    %d calls in %.0f s; bytes and descriptors after half of it: %s" % (counts[0], seconds, before))


class Restarts(gateway_lab.GatewayLab):
    def comes_back(self, kind):
        """libstrophe's select() knows no descriptor beyond 1,023: HTTP's must not take those below."""
        self.server = gateway_lab.OwnServer(kind)
        self.addCleanup(self.server.close)
        ledger = self.ledger()
        chain = self.chain(ledger.url, "", "", Many_limits)
        idle = [Client(chain.routing.port) for _ in range(1500)]
        self.answered(post(chain.url, operation("add", 1, 0)), "1")
        self.server.kill()
        idle += [Client(chain.routing.port) for _ in range(300)]
        self.server.start()
        self.assertTrue(until(lambda: post(chain.url, operation("add", 2, 0)).status == 200))
        for client in idle:
            client.send(operation("add", 3, 0))
        for client in idle:
            self.assertEqual(client.read()[0], 200)
            client.close()

    def test_a_link_comes_back_beside_1500_connections_prosody(self):
        self.comes_back("prosody")

    def test_a_link_comes_back_beside_1500_connections_ejabberd(self):
        self.comes_back("ejabberd")


Many_limits = "limits { in-flight = 4000 connections = 4000 idle = 300 }\n"
