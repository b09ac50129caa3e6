"""trace: the tap between a caller and a service, and packed envelopes in what somebody has logged."""

import base64
import json
import os
import re
import signal
import subprocess

import lab

ADD = ('<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope"><SOAP-ENV:Body>'
       '<c:add xmlns:c="urn:soapxmpp:calculator"><a>2</a><b>3</b></c:add></SOAP-ENV:Body></SOAP-ENV:Envelope>')
# The same, as the library packs it.
PACKED = "IQHApQEA04EF4gV3RAQj4QV1JEzZEG1HNBxHkgz9GAn86m+delErToY8+KgHKPUOKglkcWV0GFS2IQ=="
INDENTED = """\
  <SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope">
    <SOAP-ENV:Body>
      <c:add xmlns:c="urn:soapxmpp:calculator">
        <a>2</a>
        <b>3</b>
      </c:add>
    </SOAP-ENV:Body>
  </SOAP-ENV:Envelope>
"""


def line(text, attributes="", after=""):
    return "<iq type='get'><packed xmlns='urn:soap-xmpp:packed:1'%s>%s</packed></iq>%s\n" % (attributes, text, after)


def stored(xml):
    return base64.b64encode(xml.encode()).decode()


class Decodings(lab.Lab):
    def decode(self, text, *options, code=0):
        """What it says, and what it notes."""
        ended = self.tool("trace", "--decode", *options, stdin=text, code=code)
        return ended.stdout, ended.stderr

    def test_a_packed_one_stands_indented_behind_its_line(self):
        said = "before\n" + line(PACKED, after=" and after")
        self.assertEqual(self.decode(said), (said + INDENTED, ""))

    def test_exactly(self):
        self.assertEqual(self.decode(line(PACKED), "--exact")[0], line(PACKED) + ADD + "\n")

    def test_stored_ones_and_several_in_a_line(self):
        said = line(stored("<a/>"), " form='stored'")[:-1] + line(stored("<b/>"), ' form="stored"')
        self.assertEqual(self.decode(said, "--exact")[0], said + "<a/>\n<b/>\n")

    def test_a_reference_is_none(self):
        said = "<packed xmlns='urn:soap-xmpp:packed:1' transfer='x' size='5'/> <packedthing>AAAA</packedthing>\n"
        self.assertEqual(self.decode(said), (said, ""))

    def test_damaged_ones_are_told_and_the_others_shown(self):
        out, err = self.decode(line("AAAA") + line(PACKED) + line(PACKED)[:60], code=5)
        self.assertIn(INDENTED, out)
        self.assertIn("line 1: ", err)
        self.assertIn("line 3: ", err)

    def test_as_json(self):
        event, end = map(json.loads, self.decode("x\n" + line(PACKED), "--json")[0].splitlines())
        self.assertEqual((event["line"], event["envelope"], event["bytes"]), (2, ADD, len(ADD)))
        self.assertEqual((end["lines"], end["packed"], end["failed"]), (2, 1, 0))

    def test_no_terminal_obeys_an_envelope(self):
        said = line(stored('<a>\u009b2J<!-- > --><b c=">"/>\r.</a>'), " form='stored'")
        self.assertEqual(self.decode(said)[0][len(said):], '  <a>&#x9b;2J<!-- > -->\n    <b c=">"/>&#xd;.</a>\n')

    def test_what_is_no_xml_ends_all_the_same(self):
        for broken in ("<", "<a", '<a b="', "<!--", "<![CDATA[x", "</a></a>", "x", "<a><b></a>"):
            self.assertIn(broken[-1], self.decode(line(stored(broken), " form='stored'"))[0])

    def test_the_input_may_come_in_pieces_and_end_without_a_line_end(self):
        writing = "printf 'a\\nb'; sleep 0.1; printf 'c\\n\\nd'; sleep 0.1; printf 'e'"
        ended = subprocess.run(["sh", "-c", "(%s) | soap-xmpp trace --decode" % writing], env=self.environment,
                               capture_output=True, text=True, timeout=lab.PATIENCE_S)
        self.assertEqual((ended.stdout, ended.stderr), ("a\nbc\n\nde\n", ""))

    def test_input_that_does_not_end_is_read_no_longer_than_the_timeout(self):
        read, write = os.pipe()
        os.write(write, b"one\ntw")
        ended = subprocess.run(["soap-xmpp", "-t", "0.5", "trace", "--decode"], stdin=read, env=self.environment,
                               capture_output=True, text=True, timeout=lab.PATIENCE_S)
        os.close(read)
        os.close(write)
        self.assertEqual((ended.returncode, ended.stdout), (0, "one\n"))

    def test_a_line_without_end_is_refused(self):
        line = "{ echo one; yes | tr -d '\\n' | head -c 200000000; } | soap-xmpp trace --decode"
        ended = subprocess.run(["sh", "-c", line], env=self.environment, capture_output=True, text=True,
                               timeout=lab.PATIENCE_S)
        self.assertEqual((ended.returncode, ended.stdout[:80]), (5, "one\n"))
        self.assertIn("line 2: it is longer than 96 MiB\n", ended.stderr)

    def test_what_cannot_be_read_is_told(self):
        ended = subprocess.run(["sh", "-c", "soap-xmpp trace --decode < /"], env=self.environment, capture_output=True,
                               text=True, timeout=lab.PATIENCE_S)
        self.assertEqual(ended.returncode, 2)
        self.assertIn("standard input: Is a directory\n", ended.stderr)

    def test_one_of_both(self):
        self.tool("trace", code=2)
        self.tool("trace", "--decode", "xmpp:a@b", code=2)


@lab.at_each_server
class Taps(lab.Online):
    def setUp(self):
        super().setUp()
        self.behind, self.front = self.endpoint, self.endpoint + "-front"

    def tap(self, *options):
        environment = dict(self.environment, SOAP_XMPP_JID="bob@" + self.server.domain,
                           SOAP_XMPP_PASSWORD_FILE=self.password_file("bob"))
        process = lab.Service(["soap-xmpp", "trace", self.behind, "--resource", self.resource + "-front", "--allow",
                               "*", *options], environment)
        self.addCleanup(process.end)
        process.hears("-front in the place of")
        return process

    def through(self, code=0):
        return self.told("call", self.front, "add", "--ns", "urn:x", "a=1", code=code)

    def test_both_envelopes_are_shown_and_the_answer_goes_back(self):
        self.serve("--echo")
        tap = self.tap()
        told = self.through()
        self.assertEqual((told["outcome"], told["end"]), ("executed", "answer"))
        self.assertEqual(tap.end(signal.SIGINT), 130)
        self.assertRegex(tap.said, r"#1  alice@\S+ -> bob@\S+-front  add  \d+ bytes, SOAP 1.2\n")
        self.assertRegex(tap.said, r"#1  answer  \d+ bytes, packed  [0-9.]+ ms  executed\n")
        self.assertEqual(len(re.findall(r"(?m)^ +<[^/>]*add", tap.said)), 2, tap.said)

    def test_as_json_and_exactly(self):
        self.serve("--echo")
        tap = self.tap("--json", "--exact")
        self.through()
        tap.end()
        events = [json.loads(line) for line in tap.said.splitlines() if line.startswith('{"event"')]
        request, answer = events
        self.assertEqual((request["operation"], request["namespace"]), ("add", "urn:x"))
        self.assertEqual((answer["end"], answer["outcome"], answer["number"]), ("answer", "executed", 1))
        self.assertEqual(request["envelope"], answer["envelope"])

    def test_a_fault_passes_as_one(self):
        self.serve("--fault", "not today")
        tap = self.tap()
        self.assertEqual(self.through(code=1)["outcome"], "executed")
        tap.hears("#1  fault ")
        tap.hears("not today")

    def test_what_nobody_has_run_its_caller_is_told_so(self):
        tap = self.tap()
        told = self.through(code=3)
        self.assertEqual((told["outcome"], told["condition"]), ("not-executed", "service-unavailable"))
        tap.hears("#1  refused  0 bytes")
