"""The gateway as a program: its arguments, exit codes, signals, and what systemd is told."""

import http.client
import os
import random
import signal
import socket
import subprocess
import threading
import time

import gateway_lab
import lab
from gateway_lab import PATIENCE_S, Gateway, ask, free_port, operation, post, until


def serves(jid):
    """What every configuration needs: something to do."""
    return 'serve "%s" { url = "http://127.0.0.1:9/" link = "main" allow = { "b@x.test" } }\n' % jid


class Program(lab.Lab):
    """Without a server."""

    def run_it(self, *arguments, code):
        """What it says, on standard output and error."""
        ended = subprocess.run(
            [str(lab.BUILD / "soap-xmpp-gateway"), *map(str, arguments)], capture_output=True, text=True,
            timeout=PATIENCE_S, env=self.environment, stdin=subprocess.DEVNULL)
        self.assertEqual(ended.returncode, code, ended.stdout + ended.stderr)
        return ended.stdout, ended.stderr

    def conf(self, more="", password="a secret"):
        """One whose link finds no server."""
        return self.file("gateway.conf", (
            'link "main" { jid = "a@x.test/r" password_file = "%s" host = "127.0.0.1" port = "%d" }\n' % (
                self.file("password", password + "\n"), free_port())) + serves("a@x.test") + more)

    def test_help_and_version_are_told(self):
        out, err = self.run_it("--help", code=0)
        self.assertTrue(out.startswith("usage: soap-xmpp-gateway") and not err, out + err)
        self.assertRegex(self.run_it("--version", code=0)[0], r"^soap-xmpp-gateway \d+\.\d+\.\d+\n$")

    def test_wrong_arguments_end_with_2(self):
        for wrong in (["--no-such"], ["-f"], ["one"], ["--check", "--print"], ["--check", "one"],
                      ["--ready", "127.0.0.1:1", "two"]):
            out, err = self.run_it(*wrong, code=2)
            self.assertTrue(err and not out, wrong)

    def test_a_configuration_that_is_not_there_ends_with_2(self):
        for how in ([], ["--check"], ["--print"], ["--ready"]):
            out, err = self.run_it("-f", self.home / "none.conf", *how, code=2)
            self.assertIn("none.conf", err)
            self.assertEqual(out, "")

    def test_a_mistake_ends_with_2_and_is_told_with_file_and_line(self):
        conf = self.conf('route "/x" { too = "xmpp:b@x.test" link = "main" }\n')
        for how in ([], ["--check"], ["--print"]):
            out, err = self.run_it("-f", conf, *how, code=2)
            self.assertRegex(err, r"^soap-xmpp-gateway: \S*gateway\.conf:3: .*too.*\n$")
            self.assertEqual(out, "")

    def test_check_finds_what_stands_in_other_files_and_what_the_library_does_not_take(self):
        """What a start would find only then. And a gateway that runs doesn't take it over."""
        listen = 'listen "127.0.0.1:8080" { %s }\n'
        for wrong, sentence in (
                ('link "two" { jid = "b@x.test" tls = maybe }\n', r'gateway.conf:3: link "two": tls is "maybe"'),
                ('link "two" { jid = "c.x.test" }\nserve "c.x.test" { url = "http://x" link = two allow = "b@@x" }\n',
                 r'gateway.conf:4: "b@@x"'),
                ('auth s { file = "%s" }\n' % self.file("users", "ann:open\n") + listen % "auth = s",
                 r"users:1: .* no hash"),
                (listen % 'cert = "{0}" key = "{0}"'.format(self.file("cert.pem", "none\n")), r"cert\.pem"),
                ('link "two" { jid = "c.x.test" }\nserve "c.x.test" { url = "http://x" link = two allow = "*"\n'
                 '    login = basic user = u password_file = "%s" }\n' % self.file("empty", "\n"),
                 r"gateway\.conf:4: .*empty: the first line")):
            out, err = self.run_it("-f", self.conf(wrong), "--check", code=2)
            self.assertRegex(err, sentence)
            self.assertEqual(out, "")

    def test_check_finds_no_mistake_where_there_is_none(self):
        conf = self.conf()
        self.assertEqual(self.run_it("-f", conf, "--check", code=0), (conf + ": no mistake found\n", ""))

    def test_print_has_defaults_and_no_secret(self):
        out, err = self.run_it("-f", self.conf(), "--print", code=0)
        self.assertIn("in-flight", out)
        self.assertNotIn("a secret", out + err)

    def test_what_is_printed_is_read_as_the_same(self):
        out, _ = self.run_it("-f", self.conf(
            'route "/x" { to = "xmpp:b@x.test" link = "main" }\nlisten "127.0.0.1:8080" { }\n'), "--print", code=0)
        self.assertEqual(self.run_it("-f", self.file("again.conf", out), "--print", code=0)[0], out)

    def test_ready_where_nobody_listens_ends_with_1(self):
        port = free_port()
        for address in ("127.0.0.1:%d" % port, "[::1]:%d" % port, str(self.home / "socket"), "localhost", "1.2.3.4",
                        ""):
            out, err = self.run_it("--ready", address, code=1)
            self.assertTrue(err and not out, address)

    def test_ready_without_an_admin_listener_ends_with_2(self):
        self.assertIn("admin", self.run_it("-f", self.conf(), "--ready", code=2)[1])

    def test_ready_of_something_else_ends_with_1(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def serve():
                with listener.accept()[0] as stream:
                    stream.sendall(b"220 mail.example.org ESMTP\r\n")
                    stream.recv(1000)

            thread = threading.Thread(target=serve)
            thread.start()
            err = self.run_it("--ready", "127.0.0.1:%d" % listener.getsockname()[1], code=1)[1]
            thread.join()
        self.assertIn("HTTP", err)

    def test_an_address_in_use_ends_with_1(self):
        for what in ("listen", "admin"):
            with socket.create_server(("127.0.0.1", 0)) as taken:
                address = "127.0.0.1:%d" % taken.getsockname()[1]
                err = self.run_it("-f", self.conf('%s "%s" { }\n' % (what, address) + (
                    'route "/x" { to = "xmpp:b@x.test" link = "main" }\nlisten "127.0.0.1:0" { }\n')), code=1)[1]
            self.assertRegex(err, r"can't start: .*%s" % address.replace(".", r"\."))

    def test_it_needs_no_gsoap(self):
        needs = subprocess.run(["ldd", str(lab.BUILD / "soap-xmpp-gateway")], capture_output=True, text=True, check=True)
        self.assertNotIn("gsoap", needs.stdout)
        self.assertIn("libmicrohttpd", needs.stdout)

    def gateway(self, configuration):
        gateway = Gateway(self.home / "gateway", configuration, ready=False)
        self.addCleanup(lambda: gateway.end(signal.SIGKILL))
        return gateway

    def test_one_that_is_not_online_is_not_ready_and_ends_at_once(self):
        socket_path = self.home / "admin"
        conf = self.conf('admin "%s" { }\n' % socket_path)
        gateway = self.gateway(open(conf, encoding="utf-8").read())
        gateway.hears("status on %s" % socket_path)
        self.assertIn("main", self.run_it("--ready", socket_path, code=1)[1])
        self.assertIn("main", self.run_it("-f", conf, "--ready", code=1)[1])
        self.assertEqual(gateway.end(), 0)
        self.assertIn("TERM: stopping", gateway.said)

    def test_a_lines_form_is_as_the_configuration_says(self):
        conf = self.conf('log = "json"\nadmin "127.0.0.1:%d" { }\n' % free_port())
        gateway = self.gateway(open(conf, encoding="utf-8").read())
        gateway.hears('"text": "status on ')
        self.assertEqual(gateway.end(signal.SIGINT), 0)
        self.assertTrue(all(line.startswith('{"time": "') for line in gateway.said.splitlines()[:-1]), gateway.said)


@lab.at_one_server
class Signals(gateway_lab.GatewayLab):
    def setUp(self):
        super().setUp()
        self.alice = "alice@" + self.server.domain

    def slow_chain(self):
        """A chain, and what lets its backend answer. Calls of 0 wait for that."""
        gate = threading.Event()
        self.addCleanup(gate.set)

        def act(call):
            if call.number == "0":
                assert gate.wait(PATIENCE_S)
            call.answer()

        ledger = self.ledger(act)
        return self.chain(ledger.url, "connections = 20"), ledger, gate

    def test_a_second_signal_ends_it_at_once(self):
        chain, ledger, _ = self.slow_chain()
        posts = gateway_lab.Posts(chain.url, [operation("add", 0, 0)])
        ledger.has(1)
        chain.routing.process.send_signal(signal.SIGTERM)
        chain.routing.hears("TERM: stopping")
        self.assertEqual(chain.routing.end(signal.SIGINT), 1)
        self.assertIsInstance(posts.ended()[0], Exception)

    def test_one_that_stops_is_not_ready_and_can_be_looked_at(self):
        _, ledger, gate = self.slow_chain()
        admin = free_port()
        routing = self.routes(("/calc", self.endpoint(), ""), user="carol",
                              more='admin "127.0.0.1:%d" { }\n' % admin)
        at = "http://127.0.0.1:%d" % admin
        self.assertEqual(ask(at + "/readyz").status, 200)
        posts = gateway_lab.Posts(routing.url + "/calc", [operation("add", 0, 0)])
        ledger.has(1)
        routing.process.send_signal(signal.SIGTERM)
        self.assertTrue(until(lambda: ask(at + "/readyz").status == 503))
        self.assertIn("stopping", ask(at + "/readyz").body)
        self.assertIn("/calc", ask(at + "/metrics").body)
        gate.set()
        self.answered(posts.ended()[0], "0")
        self.assertEqual(routing.end(0), 0)

    def test_looking_at_one_that_stops_harms_nothing(self):
        for _ in range(5):
            admin, ends = free_port(), threading.Event()
            gateway = self.gateway("looked-at", self.link("alice") + serves(self.alice) + (
                'admin "127.0.0.1:%d" { }\n' % admin))

            def look():
                while not ends.is_set():
                    for path in ("/status.json", "/healthz", "/metrics"):
                        try:
                            ask("http://127.0.0.1:%d%s" % (admin, path))
                        except (OSError, http.client.HTTPException):
                            pass

            threads = [threading.Thread(target=look) for _ in range(4)]
            for thread in threads:
                thread.start()
            code = gateway.end()
            ends.set()
            for thread in threads:
                thread.join(PATIENCE_S)
            self.assertEqual(code, 0, gateway.said)

    def test_it_ends_with_connections_that_say_nothing(self):
        chain, _, _ = self.slow_chain()
        streams = [socket.create_connection(("127.0.0.1", chain.routing.port)) for _ in range(20)]
        for stream in streams[10:]:
            stream.sendall(b"POST /calc HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n<half")
        self.answered(post(chain.url, operation("add", 1, 0)), "1")
        self.assertEqual(chain.routing.end(), 0)
        for stream in streams:
            stream.close()

    def test_reading_again_under_load_loses_no_call(self):
        chain, _, _ = self.slow_chain()
        answers, is_done = [], threading.Event()

        def call():
            while not is_done.is_set():
                answers.append(post(chain.url, operation("add", 1, 0)))

        threads = [threading.Thread(target=call) for _ in range(4)]
        for thread in threads:
            thread.start()
        for count in range(1, 21):
            for gateway in (chain.routing, chain.serving):
                gateway.process.send_signal(signal.SIGHUP)
                self.assertTrue(until(lambda: gateway.said.count("was read again") == count), gateway.said)
        is_done.set()
        for thread in threads:
            thread.join(PATIENCE_S)
        self.assertGreater(len(answers), 20)
        for answer in answers:
            self.answered(answer, "1")

    def test_what_needs_a_restart_is_told_and_nothing_changes(self):
        chain, _, _ = self.slow_chain()
        before = chain.routing.configuration
        other = free_port()
        for after in (before.replace("127.0.0.1:0\"", "127.0.0.1:%d\"" % other),
                      before.replace("jid = \"alice@", "jid = \"dave@")):
            self.assertNotEqual(after, before)
            chain.routing.reads(after.replace('"/calc"', '"/sums"'), "needs a restart")
            self.answered(post(chain.url, operation("add", 1, 0)), "1")
            self.assertEqual(post(chain.url.replace("/calc", "/sums"), operation("add", 1, 0)).status, 404)
        chain.routing.reads(before.replace('"/calc"', '"/sums"'), "was read again")
        self.answered(post(chain.url.replace("/calc", "/sums"), operation("add", 1, 0)), "1")

    def test_rules_that_are_read_again_hold_for_the_next_request(self):
        chain, ledger, _ = self.slow_chain()
        before = chain.serving.configuration
        self.answered(post(chain.url, operation("add", 1, 0)), "1")
        chain.serving.reads(before.replace('"*@%s"' % self.server.domain, '"dave@%s"' % self.server.domain),
                            "was read again")
        answer = post(chain.url, operation("add", 2, 0))
        self.assertEqual((answer.status, answer.outcome), (403, "not-executed"), answer)
        chain.serving.reads(before, "was read again")
        self.assertTrue(until(lambda: chain.serving.said.count("was read again") == 2))
        self.answered(post(chain.url, operation("add", 3, 0)), "3")
        self.assertEqual(ledger.numbers, ["1", "3"])

    def test_links_in_another_order_are_the_same_links(self):
        ledger = self.ledger()
        links = [self.link("bob", "one"), self.link("carol", "two")]
        serve = 'serve "%s@%s" { url = "%s" link = "%s" allow = { "*@%s" } }\n'
        domain = self.server.domain
        services = [serve % ("bob", domain, ledger.url, "one", domain), serve % ("carol", domain, ledger.url, "two", domain)]
        serving = self.gateway("serving", "".join(links + services))
        routing = self.routes(("/bob", self.endpoint("bob"), ""), ("/carol", self.endpoint("carol"), ""))
        for path in ("/bob", "/carol"):
            self.answered(post(routing.url + path, operation("add", 1, 0)), "1")
        # Nobody may call carol any more; bob's rules are as they were.
        services[1] = services[1].replace("*@" + domain, "dave@" + domain)
        serving.reads("".join(links[::-1] + services), "was read again")
        self.answered(post(routing.url + "/bob", operation("add", 2, 0)), "2")
        self.assertEqual(post(routing.url + "/carol", operation("add", 3, 0)).status, 403)
        self.assertEqual(ledger.numbers, ["1", "1", "2"])

    def test_usr1_has_a_link_try_at_once(self):
        attempts = threading.Semaphore(0)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def refuse():
                while True:
                    try:
                        listener.accept()[0].close()
                    except OSError:
                        return
                    attempts.release()

            threading.Thread(target=refuse, daemon=True).start()
            link = 'link "main" { jid = "a@x.test/r" password_file = "%s" host = "127.0.0.1" port = "%d" }\n' % (
                self.file("password", "x\n"), listener.getsockname()[1])
            gateway = self.gateway("kicked", link + serves("a@x.test"), ready=False)
            # By themselves so many take minutes: each waits longer than the one before.
            end = time.monotonic() + PATIENCE_S
            for _ in range(12):
                self.assertTrue(attempts.acquire(timeout=max(0, end - time.monotonic())))
                gateway.process.send_signal(signal.SIGUSR1)
            self.assertEqual(gateway.end(), 0)
            listener.shutdown(socket.SHUT_RDWR)

    def test_systemd_is_told_what_it_does(self):
        told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        with told:
            name = "soapxmpp-notify-%d-%d" % (os.getpid(), random.getrandbits(60))
            told.bind("\0" + name)
            told.settimeout(PATIENCE_S)
            home = self.home / "told"
            home.mkdir()
            (home / "gateway.conf").write_text(self.link("alice") + serves(self.alice))
            gateway = lab.Service(
                [str(lab.BUILD / "soap-xmpp-gateway"), "-f", str(home / "gateway.conf")],
                dict(lab.alone(), NOTIFY_SOCKET="@" + name, WATCHDOG_USEC="200000"))
            self.addCleanup(lambda: gateway.end(signal.SIGKILL))

            def hears(line):
                while True:
                    lines = told.recv(4096).decode().splitlines()
                    if any(one.startswith(line) for one in lines):
                        return lines

            self.assertEqual(hears("READY=1"), ["READY=1", "STATUS=ready"])
            hears("WATCHDOG=1")
            hears("WATCHDOG=1")
            gateway.process.send_signal(signal.SIGHUP)
            self.assertTrue(any(line.startswith("MONOTONIC_USEC=") for line in hears("RELOADING=1")))
            hears("READY=1")
            gateway.process.send_signal(signal.SIGTERM)
            hears("STOPPING=1")
            self.assertEqual(gateway.end(0), 0)

    def test_ready_is_told_by_the_program(self):
        gateway = self.gateway("ready", self.link("alice") + serves(self.alice) + 'admin "127.0.0.1:%d" { }\n' % free_port())
        environment = lab.alone()
        ended = subprocess.run([str(lab.BUILD / "soap-xmpp-gateway"), "-f", str(gateway.home / "gateway.conf"), "--ready"],
                               env=environment, capture_output=True, text=True, timeout=PATIENCE_S)
        self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
        self.assertEqual(ended.stderr, "")

