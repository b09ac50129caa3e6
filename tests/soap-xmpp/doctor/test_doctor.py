"""Each check of doctor, as a server, a name server or a file makes it end."""
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import tempfile
import time
import unittest

import doctor_site as site

NAMES = site.NameServer
IDS = ["config", "dns", "tcp", "tls", "login", "component", "server", "rtt", "rate", "idle", "clock", "limits",
       "message", "federation", "peer", "allowed"]


NOBODY_LISTENS = """\
ok    config      alice@xmpp.test/desk, a password
ok    dns         the host that is configured, 1 address
FAIL  tcp         nobody answers at 1 of 1 address
        127.0.0.1:1: Connection refused
      -> see that the server runs and listens there, and that no firewall is between
      -> Prosody: c2s_ports and interfaces say where it listens
      -> ejabberd: listen, port and ip say where it listens
skip  tls         there is nobody to talk to: see tcp
FAIL  login       no connection to 127.0.0.1 port 1: Connection refused
      -> docs/errors.md says what each sentence means, and what to do
skip  component   alice@xmpp.test/desk is an account
skip  server      not online: see login
skip  rtt         not online: see login
skip  rate        not online: see login
skip  idle        not online: see login
skip  clock       not online: see login
ok    limits      N descriptors, N open
skip  message     not online: see login
skip  federation  not online: see login
skip  peer        not online: see login
skip  allowed     not online: see login
3 ok, 0 warn, 2 FAIL, 11 skip
"""


class Config(unittest.TestCase):
    def setUp(self):
        self.server = site.Server("prosody")

    def look(self, **more):
        return site.Findings(site.environment(self.server, **more), "--only", "config")

    def test_a_password_file_that_others_can_read_is_a_warning(self):
        path = site.secret_file("alicepw\n", 0o644)
        try:
            found = self.look(SOAP_XMPP_PASSWORD=None, SOAP_XMPP_PASSWORD_FILE=path)
        finally:
            os.unlink(path)
        self.assertEqual((found.code, found.state("config")), (0, "warn"))
        self.assertIn("chmod 600 " + path, found.advice("config"))

    def test_a_file_that_is_not_there_is_a_failure(self):
        found = self.look(SOAP_XMPP_PASSWORD=None, SOAP_XMPP_PASSWORD_FILE="/nonexistent/pw")
        self.assertEqual((found.code, found.state("config")), (1, "FAIL"))
        self.assertIn("/nonexistent/pw", found["config"]["found"])

    def test_no_password_is_a_failure_and_nobody_is_asked_without_a_terminal(self):
        found = self.look(SOAP_XMPP_PASSWORD=None)
        self.assertEqual((found.code, found.state("config")), (1, "FAIL"))

    def test_it_says_where_each_value_comes_from_and_no_secret(self):
        found = site.Findings(site.environment(self.server), "--only", "config", "--ca", self.server.ca)
        self.assertIn("ca: --ca", found["config"]["details"])
        self.assertIn("jid: SOAP_XMPP_JID", found["config"]["details"])
        self.assertNotIn("alicepw", found.out + found.err)


class Dns(unittest.TestCase):
    A = bytes([127, 0, 0, 1])

    def setUp(self):
        self.server = site.Server("prosody")

    def look(self, records, *more, silent=(), only="dns"):
        values = site.environment(self.server, SOAP_XMPP_JID="alice@far.test", SOAP_XMPP_HOST=None, SOAP_XMPP_PORT=None)
        with NAMES(records, silent) as names:
            return site.Findings(values, "--only", only, "--name-server", names.address, *more)

    def test_srv_records_are_followed_in_their_order(self):
        found = self.look({("_xmpp-client._tcp.far.test", NAMES.SRV): [NAMES.srv(20, 0, 5222, "b.test"),
                                                                      NAMES.srv(10, 5, self.server.port, "a.test")],
                           ("a.test", NAMES.A): [self.A], ("b.test", NAMES.A): [bytes([127, 0, 0, 2])]})
        self.assertEqual(found.state("dns"), "ok", found.out)
        details = [line for line in found["dns"]["details"] if line.startswith("_xmpp")]
        self.assertEqual(["a.test" in line for line in details], [True, False])
        self.assertEqual(found["dns"]["numbers"]["addresses"], 2)

    def test_a_domain_without_srv_is_a_warning_with_the_record_to_add(self):
        found = self.look({("far.test", NAMES.A): [self.A]})
        self.assertEqual((found.code, found.state("dns")), (0, "warn"))
        self.assertIn("_xmpp-client._tcp.far.test.", found.advice("dns"))

    def test_a_domain_that_is_none_is_a_failure(self):
        found = self.look({})
        self.assertEqual((found.code, found.state("dns")), (1, "FAIL"))

    def test_a_target_without_an_address_is_a_failure(self):
        found = self.look({("_xmpp-client._tcp.far.test", NAMES.SRV): [NAMES.srv(1, 1, 5222, "a.test")]})
        self.assertEqual(found.state("dns"), "FAIL")

    def test_a_domain_that_says_it_has_no_xmpp_is_a_failure(self):
        found = self.look({("_xmpp-client._tcp.far.test", NAMES.SRV): [NAMES.srv(0, 0, 0, ".")],
                           ("far.test", NAMES.A): [self.A]})
        self.assertEqual(found.state("dns"), "FAIL")
        self.assertIn("no XMPP", found["dns"]["found"])

    def test_a_name_server_that_is_silent_is_told(self):
        found = self.look({}, silent=("_xmpps-client._tcp.far.test", "_xmpp-client._tcp.far.test", "far.test"))
        self.assertEqual(found.state("dns"), "FAIL")
        self.assertIn("no name server", found["dns"]["found"])

    def test_one_address_of_two_is_a_warning_for_tcp(self):
        found = self.look({("_xmpp-client._tcp.far.test", NAMES.SRV): [NAMES.srv(1, 1, self.server.port, "a.test"),
                                                                      NAMES.srv(2, 1, 1, "a.test")],
                           ("a.test", NAMES.A): [self.A]}, only="tcp")
        self.assertEqual(found.state("tcp"), "warn")
        self.assertEqual(found["tcp"]["numbers"]["addresses_open"], 1)
        self.assertNotIn("dns", found.checks)


class Tls(unittest.TestCase):
    def look(self, label, **more):
        return site.Findings(site.environment(site.Server(label), **more), "--only", "tls")

    def test_a_good_certificate(self):
        found = self.look("prosody")
        self.assertEqual((found.code, found.state("tls")), (0, "ok"))
        self.assertGreater(found["tls"]["numbers"]["certificate_left_seconds"], 14 * 86400)

    def test_direct_tls(self):
        server = site.Server("prosody")
        found = site.Findings(site.environment(server, server.direct_port, SOAP_XMPP_TLS="direct"), "--only", "tls")
        self.assertEqual(found.state("tls"), "ok", found.out)

    def test_a_ca_that_nobody_knows(self):
        found = self.look("prosody", SOAP_XMPP_CAFILE=None)
        self.assertEqual((found.code, found.state("tls")), (1, "FAIL"))
        self.assertIn("isn't trusted", found["tls"]["found"])
        self.assertIn("--ca FILE", found.advice("tls"))

    def test_another_name(self):
        found = self.look("wronghost")
        self.assertEqual(found.state("tls"), "FAIL")
        self.assertIn("not for " + site.Server("wronghost").domain, found["tls"]["found"])

    def test_an_expired_one(self):
        found = self.look("expired")
        self.assertEqual(found.state("tls"), "FAIL")
        self.assertIn("expired", found["tls"]["found"])
        self.assertIn("renew", found.advice("tls"))

    def test_no_starttls(self):
        found = self.look("clear")
        self.assertEqual(found.state("tls"), "FAIL")
        self.assertIn("STARTTLS", found["tls"]["found"])

    def test_a_domain_that_the_server_does_not_have(self):
        found = self.look("prosody", SOAP_XMPP_JID="alice@elsewhere.test")
        self.assertEqual(found.state("tls"), "FAIL")
        self.assertIn("host-unknown", found["tls"]["found"])

    def look_at(self, days=30, **settings):
        server = site.Server("prosody")
        with tempfile.TemporaryDirectory() as folder, \
                site.TlsServer(*site.sign(server, folder, days), **settings) as other:
            return site.Findings(site.environment(server, other.port, SOAP_XMPP_TLS="direct"), "--only", "tls")

    def test_a_certificate_that_expires_soon_is_a_warning(self):
        found = self.look_at(days=13)
        self.assertEqual((found.code, found.state("tls")), (0, "warn"), found.out)
        self.assertIn("expires in", found["tls"]["found"])

    def test_an_old_tls_is_a_warning(self):
        found = self.look_at(maximum_version=ssl.TLSVersion.TLSv1_2)
        self.assertEqual(found.state("tls"), "warn", found.out)
        self.assertIn("TLSv1.2", found["tls"]["found"])

    def test_what_answers_is_no_xmpp(self):
        with site.Proxy(site.Server("prosody").port, lambda said: "SSH-2.0-OpenSSH>") as proxy:
            found = site.Findings(site.environment(site.Server("prosody"), proxy.port), "--only", "tls")
        self.assertEqual(found.state("tls"), "FAIL")
        self.assertIn("no XMPP server", found["tls"]["found"])


class Login(unittest.TestCase):
    def test_a_wrong_password(self):
        found = site.Findings(site.environment(site.Server("prosody"), password="wrong"), "--only", "login")
        self.assertEqual((found.code, found.state("login")), (1, "FAIL"))
        self.assertIn("not-authorized", found["login"]["found"])
        self.assertIn("prosodyctl", found.advice("login"))
        self.assertIn("ejabberdctl", found.advice("login"))
        self.assertNotIn("wrong", found.out + found.err)

    def test_a_hidden_failure_is_told_and_counts(self):
        found = site.Findings(site.environment(site.Server("prosody"), password="wrong"), "--only", "rtt")
        self.assertEqual((found.code, found.state("login"), found.state("rtt")), (1, "FAIL", "skip"))

    def test_another_resource_than_asked_for(self):
        server = site.Server("clear")
        change = site.replace(r"(<jid>[^<]*/)[^<]*</jid>", r"\1other</jid>")
        with site.Proxy(server.port, change) as proxy:
            found = site.Findings(clear(server, proxy.port), "--only", "login", "--resource", "mine")
        self.assertEqual(found.state("login"), "warn", found.out)
        self.assertIn("another resource", found["login"]["found"])

    def test_no_mechanism_but_plain(self):
        server = site.Server("clear")
        for others in ("", "<mechanism>OAUTHBEARER</mechanism>"):  # which needs a token: no password
            change = site.replace(r"(<mechanism>SCRAM[^<]*</mechanism>)+", others)
            with site.Proxy(server.port, change) as proxy:
                found = site.Findings(clear(server, proxy.port), "--only", "login")
            self.assertEqual(found.state("login"), "warn", found.out)
            self.assertIn("no SCRAM", found["login"]["found"])


def clear(server, port=None, **more):
    """Without TLS, so that a proxy can change what the server says."""
    return site.environment(server, port, SOAP_XMPP_TLS="off", **more)


class Component(unittest.TestCase):
    def values(self, secret, domain="svc"):
        server = site.Server("prosody")
        return site.environment(server, server.component_port, password=secret, SOAP_XMPP_CAFILE=None,
                                SOAP_XMPP_JID="%s.%s" % (domain, server.domain))

    def test_its_stream(self):
        found = site.Findings(self.values("s3cret"), "--only", "component,login,tls")
        states = [found.state(name) for name in ("component", "login", "tls")]
        self.assertEqual(states, ["ok", "skip", "skip"], found.out)

    def test_a_wrong_secret(self):
        found = site.Findings(self.values("wrong"), "--only", "component")
        self.assertEqual((found.code, found.state("component")), (1, "FAIL"))
        self.assertIn("component_secret", found.advice("component"))

    def test_a_domain_that_the_server_does_not_know(self):
        found = site.Findings(self.values("s3cret", "nobody"), "--only", "component")
        self.assertEqual(found.state("component"), "FAIL")


class Server(unittest.TestCase):
    """Through a proxy that changes what Prosody says."""

    def look(self, only, change=None, *more, **proxy):
        server = site.Server("clear")
        with site.Proxy(server.port, change, **proxy) as between:
            return site.Findings(clear(server, between.port), "--only", only, *more)

    def test_what_it_is(self):
        found = self.look("server")
        self.assertEqual(found.state("server"), "ok", found.out)
        self.assertIn("Prosody", found["server"]["found"])
        self.assertIn("ping: yes", found["server"]["details"])

    def test_a_small_limit_is_a_warning_for_this_server_alone(self):
        # Prosody announces limits of its own from 13.0 on.
        change = site.replace("(<limits .*?</limits>)?</stream:features>",
                              "<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>10000</max-bytes></limits>"
                              "</stream:features>")
        found = self.look("server", change)
        self.assertEqual(found.state("server"), "warn", found.out)
        self.assertIn("c2s_stanza_size_limit", found.advice("server"))
        self.assertNotIn("ejabberd", found.advice("server"))

    def test_no_offline_messages(self):
        found = self.look("message", site.replace(r"<feature var='msgoffline'/>", ""))
        self.assertEqual(found.state("message"), "warn", found.out)
        self.assertIn("offline", found.advice("message"))

    def test_a_server_that_answers_no_ping(self):
        change = site.replace(r"<iq [^>]*type='result'[^>]*/>", "")
        found = self.look("rtt", change, "--timeout", "2")
        self.assertEqual((found.code, found.state("rtt")), (1, "FAIL"), found.out)

    def test_a_slow_way(self):
        def late(said):
            time.sleep(0.21)
            return said
        found = self.look("rtt", late)
        self.assertEqual(found.state("rtt"), "warn", found.out)
        self.assertIn("slow", found["rtt"]["found"])

    def test_nagle(self):
        found = self.look("rtt", nagle_s=0.2)  # longer than a loaded machine takes between two of a pair
        self.assertEqual(found.state("rtt"), "warn", found.out)
        self.assertIn("Nagle", found["rtt"]["found"])
        self.assertIn("nagle = false", found.advice("rtt"))

    def test_a_clock_that_is_wrong(self):
        found = self.look("clock", site.replace(r"<utc>[^<]*</utc>", "<utc>2020-02-29T12:00:00Z</utc>"))
        self.assertEqual(found.state("clock"), "warn", found.out)
        self.assertIn("ahead of", found["clock"]["found"])

    def test_a_server_without_a_clock(self):
        found = self.look("clock", site.replace(r"<utc>[^<]*</utc>", "<utc>noon</utc>"))
        self.assertEqual(found.state("clock"), "skip", found.out)

    def test_a_slow_server(self):
        def slowly(said):
            time.sleep(len(said) / 40000)
            return said
        found = self.look("rate", None, change_up=slowly)
        self.assertEqual(found.state("rate"), "warn", found.out)
        self.assertIn("limits", found.advice("rate"))
        self.assertIn("c2s_shaper", found.advice("rate"))
        self.assertLess(found["rate"]["numbers"]["bytes_per_second"], 50000)

    def test_a_nat_that_forgets(self):
        at = time.monotonic() + 3600

        def forget(said):
            nonlocal at
            was, at = at, time.monotonic()
            return None if time.monotonic() - was > 1.5 else said
        found = self.look("idle", None, "--idle", "2", "--timeout", "20", change_up=forget)
        self.assertEqual((found.code, found.state("idle")), (1, "FAIL"), found.out)
        self.assertIn("keepalive_ms", found.advice("idle"))

    def test_a_connection_that_lives(self):
        found = self.look("idle", None, "--idle", "1")
        self.assertEqual(found.state("idle"), "ok", found.out)


class Peer(unittest.TestCase):
    def look(self, only, *arguments):
        return site.Findings(site.environment(site.Server("prosody")), "--only", only, *arguments)

    def test_without_an_endpoint_they_are_skipped(self):
        found = self.look("federation,peer,allowed")
        self.assertEqual([found.state(name) for name in ("federation", "peer", "allowed")], ["skip"] * 3)

    def test_nobody_is_there(self):
        found = self.look("federation,peer", "xmpp:bob@%s/soap" % site.Server("prosody").domain)
        self.assertEqual((found.code, found.state("federation"), found.state("peer")), (1, "skip", "FAIL"))
        self.assertIn("service-unavailable", found["peer"]["found"])

    def test_a_server_that_is_no_soap_service(self):
        found = self.look("peer", site.Server("prosody").domain)
        self.assertEqual(found.state("peer"), "FAIL")
        self.assertIn("no SOAP", found["peer"]["found"])

    def test_a_domain_that_cannot_be_reached(self):
        found = self.look("federation", "xmpp:bob@far.test/soap")
        self.assertEqual((found.code, found.state("federation")), (1, "FAIL"), found.out)


class Service(unittest.TestCase):
    """A service of bob's, and what its features say through a proxy."""
    WSDL = os.path.join(site.TOP, "wsdl", "calculator.wsdl")

    def setUp(self):
        self.server = site.Server("clear")
        resource = "served-%s" % self.id().rsplit(".", 1)[1]
        self.endpoint = "xmpp:bob@%s/%s" % (self.server.domain, resource)
        self.service = subprocess.Popen(
            [site.TOOL, "serve", "--resource", resource, "--echo", "--allow", "*", "--wsdl", self.WSDL],
            env=clear(self.server, user="bob"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True)
        self.assertIn("serving at", self.service.stderr.readline())

    def tearDown(self):
        self.service.terminate()
        self.service.communicate(timeout=site.PATIENCE_S)

    def look(self, *arguments, change=None, only="peer,allowed"):
        with site.Proxy(self.server.port, change) as between:
            return site.Findings(clear(self.server, between.port), "--only", only, self.endpoint, *arguments)

    def test_one_that_describes_itself(self):
        found = self.look("add")
        self.assertEqual([found.state(name) for name in ("peer", "allowed")], ["ok", "ok"], found.out)
        self.assertIn("runs each call once, also when it is sent again: yes", found["peer"]["details"])

    def test_an_operation_that_it_does_not_have(self):
        found = self.look("divide-by-zero")
        self.assertEqual((found.code, found.state("allowed")), (1, "FAIL"), found.out)

    def test_a_foreign_one_is_a_warning(self):
        found = self.look(change=site.replace(r"<feature var='urn:soap-xmpp:delivery:1[^']*'/>", ""))
        self.assertEqual(found.state("peer"), "warn", found.out)

    def test_one_that_says_nothing_of_rules_is_skipped_with_the_rule_to_add(self):
        found = self.look("add", change=site.replace(r"urn:soap-xmpp:service:1", "urn:x"))
        self.assertEqual(found.state("allowed"), "skip", found.out)
        self.assertIn("SOAP_XMPP_ALLOW='alice@%s:add'" % self.server.domain, found.advice("allowed"))


class Machine(unittest.TestCase):
    def test_few_descriptors(self):
        values = site.environment(site.Server("prosody"))
        for limit, state in (("14", "warn"), ("64", "ok")):
            done = subprocess.run(["sh", "-c", 'ulimit -n %s; exec "$@"' % limit, "sh", site.TOOL, "doctor", "--json",
                                   "--only", "limits"], env=values, capture_output=True, timeout=site.PATIENCE_S)
            check = json.loads(done.stdout)["checks"][0]
            self.assertEqual(check["state"], state, check)


class Command(unittest.TestCase):
    def setUp(self):
        self.values = site.environment(site.Server("prosody"))

    def test_all_checks_in_their_order(self):
        found = site.Findings(self.values)
        self.assertEqual(list(found.checks), IDS)
        self.assertEqual((found.code, found.report["fail"]), (0, 0), found.out)

    def test_for_people(self):
        code, out, _ = site.run(self.values, "doctor", "--only", "config,limits", "--details")
        lines = out.splitlines()
        self.assertEqual(code, 0)
        self.assertRegex(lines[0], r"^ok    config      alice@")
        self.assertIn("        jid: SOAP_XMPP_JID", lines)
        self.assertEqual(lines[-1], "2 ok, 0 warn, 0 FAIL, 0 skip")

    def test_a_whole_visit_where_nobody_listens(self):
        self.values.update(SOAP_XMPP_PORT="1", SOAP_XMPP_JID="alice@xmpp.test/desk")
        code, out, err = site.run(self.values, "doctor", "--resource", "desk")
        self.assertEqual((code, err), (1, "soap-xmpp: failed: tcp, login\n"))
        self.assertEqual(re.sub(r"[0-9]+ descriptors, [0-9]+ open", "N descriptors, N open", out), NOBODY_LISTENS)

    def test_strict(self):
        path = site.secret_file("alicepw\n", 0o644)
        self.values.update(SOAP_XMPP_PASSWORD_FILE=path)
        del self.values["SOAP_XMPP_PASSWORD"]
        try:
            codes = [site.run(self.values, "doctor", "--only", "config", *strict)[0] for strict in ((), ("--strict",))]
        finally:
            os.unlink(path)
        self.assertEqual(codes, [0, 1])

    def test_an_unknown_check_is_wrong_usage(self):
        code, _, err = site.run(self.values, "doctor", "--only", "dsn")
        self.assertEqual(code, 2)
        self.assertIn("is it dns?", err)

    def test_wrong_usage(self):
        for wrong in (["--idle", "0"], ["--name-server", "here"], ["--format", "nagios", "--json"]):
            self.assertEqual(site.run(self.values, "doctor", *wrong)[0], 2, wrong)

    def test_nagios(self):
        code, out, err = site.run(self.values, "doctor", "--format", "nagios", "--only", "tls,login")
        self.assertEqual((code, err, out.count("\n")), (0, "", 1))
        self.assertRegex(out, r"^SOAP-XMPP OK - 2 checks, 0 skipped \|( \w+=[0-9.e+-]+(s|B)?)+$")
        self.values.update(SOAP_XMPP_PASSWORD="wrong")
        code, out, _ = site.run(self.values, "doctor", "--format", "nagios", "--only", "login")
        self.assertEqual(code, 2)
        self.assertTrue(out.startswith("SOAP-XMPP CRITICAL - login: "), out)
        del self.values["SOAP_XMPP_JID"]
        code, out, _ = site.run(self.values, "doctor", "--format", "nagios")
        self.assertEqual(code, 3)
        self.assertTrue(out.startswith("SOAP-XMPP UNKNOWN - "), out)

    def test_prometheus(self):
        code, out, _ = site.run(self.values, "doctor", "--format", "prometheus", "--only", "tls,login,rtt")
        self.assertEqual(code, 0)
        names = set()
        for line in out.splitlines():
            typed = re.match(r"# TYPE (soapxmpp_doctor_[a-z0-9_]+) gauge$", line)
            if typed:
                self.assertNotIn(typed[1], names)
                names.add(typed[1])
                continue
            sample = re.match(r'([a-z0-9_]+)(\{([a-z]+="[A-Za-z]+",?)+\})? -?[0-9.e+-]+$', line)
            self.assertTrue(line.startswith("# HELP ") or (sample and sample[1] in names), line)
        self.assertIn('soapxmpp_doctor_state{check="login",state="ok"} 1', out)
        if shutil.which("promtool"):
            subprocess.run(["promtool", "check", "metrics"], input=out.encode(), check=True)

    def test_it_is_clean_under_valgrind(self):
        with open(site.TOOL, "rb") as tool:
            if b"__asan_init" in tool.read():
                self.skipTest("the address sanitizer looks already")
        done = subprocess.run(["valgrind", "-q", "--error-exitcode=99", "--leak-check=full",
                               "--errors-for-leak-kinds=definite", site.TOOL, "doctor", "--json",
                               "bob@%s/nobody" % site.Server("prosody").domain, "add"],
                              env=self.values, capture_output=True, timeout=2 * site.PATIENCE_S)
        self.assertIn(done.returncode, (0, 1), done.stderr.decode())
        self.assertEqual(len(json.loads(done.stdout)["checks"]), len(IDS))

    def test_a_signal_ends_it(self):
        tool = subprocess.Popen([site.TOOL, "doctor", "--only", "idle", "--idle", "600"], env=self.values,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        # Once it is online the server's log would say so; here the link is watched by its socket.
        deadline = time.monotonic() + site.PATIENCE_S
        while time.monotonic() < deadline and not any(
                "socket:" in os.readlink(link) for link in sockets_of(tool.pid)):
            time.sleep(0.01)
        tool.send_signal(signal.SIGINT)
        self.assertEqual(tool.wait(site.PATIENCE_S), 130)
        tool.communicate()


def sockets_of(pid):
    folder = "/proc/%d/fd" % pid
    links = []
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        try:
            os.readlink(path)
        except OSError:
            continue
        links.append(path)
    return links


class Throttled(unittest.TestCase):
    """Debian's own configurations, which slow their clients down: make everything."""

    def look(self, label):
        if not site.Server.is_there(label):
            self.skipTest("make everything")
        return site.Findings(site.environment(site.Server(label)), "--only", "rate,server")

    def test_debians_prosody(self):
        found = self.look("slowprosody")
        self.assertEqual(found.state("rate"), "warn", found.out)

    def test_debians_ejabberd(self):
        found = self.look("slowejabberd")
        self.assertEqual(found.state("rate"), "warn", found.out)


if __name__ == "__main__":
    unittest.main()
