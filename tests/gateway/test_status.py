"""The gateway seen from outside, as an operator sees it: metrics, health, the status page, the try-it form."""

import json
import re
import shutil
import signal
import subprocess
import time

import admin
import gateway_lab as gw
import lab


@lab.at_one_server
class Status(admin.Admin):
    def test_what_ended_is_counted_and_what_failed_is_told(self):
        gateway = self.admin()
        for number in range(3):
            self.assertEqual(gw.post(gateway.url + "/calc", gw.operation("add", number, 1)).status, 200)
        self.assertEqual(gw.post(gateway.url + "/calc", gw.operation("div", 1, 0)).status, 400)
        self.assertEqual(gw.post(gateway.url + "/calc", "<no").status, 400)
        self.assertEqual(gw.post(gateway.url + "/nobody", gw.operation("add", 1, 1)).status, 404)
        labels = 'side="http",route="/calc"'
        self.assertEqual(self.metric("soapxmpp_gateway_requests_total{%s,code=\"200\"}" % labels), 3)
        self.assertEqual(self.metric("soapxmpp_gateway_requests_total{%s,code=\"400\"}" % labels), 2)
        self.assertEqual(self.metric("soapxmpp_gateway_outcomes_total{%s,outcome=\"executed\"}" % labels), 4)
        self.assertEqual(self.metric("soapxmpp_gateway_outcomes_total{%s,outcome=\"not-executed\"}" % labels), 1)
        self.assertEqual(self.metric("soapxmpp_gateway_requests_in_flight{%s}" % labels), 0)
        self.assertEqual(self.metric("soapxmpp_gateway_request_seconds_count{%s}" % labels), 5)
        self.assertEqual(self.metric('soapxmpp_link_state{link="main",state="online"}'), 1)
        self.assertEqual(self.metric('soapxmpp_calls_total{link="main",end="answer",outcome="executed"}'), 3)
        told = self.told()
        self.assertEqual([link["state"] for link in told["links"]], ["online"])
        route = next(route for route in told["routes"] if route["route"] == "/calc")
        self.assertEqual((route["total"], route["codes"]["200"], route["executed"]), (5, 3, 4))
        self.assertGreater(route["p99_ms"], 0)
        failed = [failure for failure in told["failures"] if failure["route"] == "/calc"]
        self.assertIn("not-executed", {failure["outcome"] for failure in failed})
        self.assertTrue(all(failure["text"] and len(failure["trace"]) == 32 for failure in failed), failed)

    def test_a_trace_id_of_the_client_is_told_with_its_failure(self):
        gateway = self.admin()
        trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        answer = gw.post(gateway.url + "/calc", "<no", headers={"traceparent": "00-%s-00f067aa0ba902b7-01" % trace})
        self.assertEqual(answer.status, 400)
        self.assertEqual([failure["trace"] for failure in self.told()["failures"]], [trace])

    def test_metrics_are_what_prometheus_takes(self):
        if not shutil.which("promtool"):
            self.skipTest("promtool isn't installed (Debian's prometheus)")
        gateway = self.admin()
        gw.post(gateway.url + "/calc", gw.operation("add", 1, 1))
        checked = subprocess.run(["promtool", "check", "metrics"], input=self.get("/metrics").body, text=True,
                                 capture_output=True, timeout=lab.PATIENCE_S)
        self.assertEqual((checked.returncode, checked.stdout + checked.stderr), (0, ""))

    def test_each_name_is_documented(self):
        self.admin(more="metrics-operations = true\n")
        page = (lab.TOP / "docs" / "gateway-metrics.md").read_text()
        told = set(re.findall(r"^# TYPE (soapxmpp_gateway_\w+) ", self.get("/metrics").body, re.M))
        self.assertEqual(told, set(re.findall(r"^\| `(soapxmpp_gateway_\w+)` \|", page, re.M)))

    def test_operations_are_counted_where_that_is_wanted(self):
        series = 'soapxmpp_gateway_operations_total{side="http",route="/calc",operation="add",outcome="executed"}'
        gateway = self.admin()
        gw.post(gateway.url + "/calc", gw.operation("add", 1, 1))
        self.assertNotIn("operations_total", self.get("/metrics").body)
        gateway.end()
        self.serving.end()
        gateway = self.admin(more="metrics-operations = true\n")
        gw.post(gateway.url + "/calc", gw.operation("add", 1, 1))
        self.assertEqual(self.metric(series), 1)

    def test_what_can_be_zero_is_shown_as_zero(self):
        self.admin()
        self.assertEqual(self.metric('soapxmpp_gateway_requests_in_flight{side="http",route="/calc"}'), 0)
        for name in ("abandoned_total", "repeated_total", "signed_total", "http_requests",
                     'rewrites_total{category="xaddr"}', 'http_refused_total{code="413"}'):
            self.assertEqual(self.metric("soapxmpp_gateway_" + name), 0, name)

    def test_a_gateway_is_ready_as_long_as_its_link_is_online(self):
        self.admin()
        self.assertEqual((self.get("/healthz").status, self.get("/readyz").status), (200, 200))
        # Somebody else takes its place on the server: the same account and resource.
        self.log_out()
        with self.subTest("offline"):
            answer = self.wait(lambda: self.get("/readyz"), lambda answer: answer.status == 503)
            self.assertIn("link main: ", answer.body)
            self.assertEqual(self.get("/healthz").status, 200)

    def log_out(self):
        environment = dict(lab.alone(), SOAP_XMPP_JID="alice@%s/%s" % (self.server.domain, self.resource),
                           SOAP_XMPP_PASSWORD_FILE=self.file("other.password", self.server.passwords["alice"] + "\n"),
                           SOAP_XMPP_HOST="127.0.0.1", SOAP_XMPP_PORT=self.server.port, SOAP_XMPP_CAFILE=self.server.ca)
        other = lab.Service(["soap-xmpp", "serve", "--resource", self.resource, "--echo"], environment)
        self.addCleanup(other.end, signal.SIGINT)
        other.hears("serving at ")

    def wait(self, look, is_it):
        """Looks until it is so: nothing tells when a server has noticed."""
        until = time.monotonic() + lab.PATIENCE_S
        seen = look()
        while not is_it(seen) and time.monotonic() < until:
            time.sleep(0.05)
            seen = look()
        self.assertTrue(is_it(seen), seen)
        return seen

    def test_only_who_means_this_machine_is_answered(self):
        self.admin("try = true")
        for host in ("evil.example:%d" % self.admin_port, "127.0.0.1.evil.example", "localhost.evil.example"):
            self.assertEqual(self.get("/status.json", Host=host).status, 421, host)
        self.assertEqual(self.get("/status.json", Host="localhost:%d" % self.admin_port).status, 200)
        self.assertEqual(gw.ask(self.at + "/status.json", "x", "POST").status, 405)
        self.assertEqual(self.get("/passwd").status, 404)

    def test_no_answer_may_be_framed_or_fetch_from_elsewhere(self):
        self.admin()
        for path in ("/", "/page.js", "/page.css", "/status.json", "/metrics", "/nothing"):
            answer = self.get(path)
            self.assertIn("default-src 'none'", answer.headers["Content-Security-Policy"], path)
            self.assertIn("frame-ancestors 'none'", answer.headers["Content-Security-Policy"], path)
            self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff", path)
        self.assertNotRegex(self.get("/").body, r"(src|href)=\"(?!/)")


@lab.at_one_server
class Trials(admin.Admin):
    def post(self, asked, **headers):
        headers = {"Content-Type": "application/json", **headers}
        answer = gw.ask(self.at + "/try/call", json.dumps(asked), "POST", headers)
        return answer.status, json.loads(answer.body) if answer.body.startswith("{") else answer.body

    def test_nobody_calls_unless_the_configuration_says_so(self):
        self.admin()
        self.assertEqual(self.get("/try/operations?route=/calc").status, 404)
        self.assertEqual(self.post({"route": "/calc", "operation": "add"})[0], 404)
        self.assertFalse(self.told()["has_trial"])

    def test_an_operation_is_listed_and_called(self):
        self.admin("try = true")
        listed = json.loads(self.get("/try/operations?route=%2Fcalc").body)
        add = next(one for one in listed["operations"] if one["name"] == "add")
        self.assertEqual([(one["path"], one["type"], one["required"]) for one in add["parameters"]],
                         [("a", "double", True), ("b", "double", True)])
        status, told = self.post({"route": "/calc", "operation": "add", "arguments": ["a=1", "b=2"]})
        self.assertEqual((status, told["end"], told["outcome"], told["values"]), (200, "answer", "executed", "result=3\n"))
        status, told = self.post({"route": "/calc", "operation": "div", "arguments": ["a=1", "b=0"]})
        self.assertEqual((status, told["end"], told["fault"]["code"]), (200, "fault", "Sender"), told)

    def test_what_is_wrong_is_said(self):
        self.admin("try = true")
        for asked, code, sentence in (
                ({"route": "/nobody", "operation": "add"}, 404, "no route has this path"),
                ({"route": "/calc", "operation": "sub"}, 400, "sub"),
                ({"route": "/calc", "operation": "add", "arguments": ["c=1"]}, 400, "'c'"),
                ({"route": "/calc", "operation": "add", "arguments": ["a=@/etc/passwd", "b=1"]}, 400, ""),
                ({"route": "/calc", "operation": "add", "arguments": "a"}, 400, "array"),
                ({"route": "/calc"}, 400, "operation"),
                (["route"], 400, "JSON")):
            status, told = self.post(asked)
            self.assertEqual(status, code, (asked, told))
            self.assertIn(sentence, told["error"], asked)

    def test_a_page_of_another_site_calls_nothing(self):
        backend = self.ledger()
        self.admin("try = true", url=backend.url)
        asked = {"route": "/calc", "operation": "add", "arguments": ["a=1", "b=2"]}
        self.assertEqual(self.post(asked, Origin="https://evil.example")[0], 403)
        self.assertEqual(self.post(asked, **{"Content-Type": "text/plain"})[0], 403)
        self.assertEqual(backend.numbers, [])
