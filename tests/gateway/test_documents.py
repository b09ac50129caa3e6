"""Documents that are made to hurt: each ends in a fault that says why, soon, and costs nobody else anything."""

import gateway_lab
import lab
from gateway_lab import TYPES, ask, envelope, operation, post


def nested(depth):
    return envelope("<a>" * depth + "</a>" * depth)


def repeated_namespace(namespace_bytes, attributes):
    """A reader that writes a namespace out for each attribute needs their product."""
    return envelope("<a xmlns:p='%s'%s/>" % (
        "n" * namespace_bytes, "".join(" p:a%d=''" % number for number in range(attributes))))


def includes(count):
    text = envelope("".join(
        "<a><i:Include xmlns:i='http://www.w3.org/2004/08/xop/include' href='cid:x'/></a>" for _ in range(count)))
    return ("multipart/related; boundary=b; type=\"application/xop+xml\"; start-info=\"application/soap+xml\"",
            "--b\r\nContent-Type: application/xop+xml\r\n\r\n%s\r\n--b\r\nContent-ID: <x>\r\n\r\n%s\r\n--b--" % (
                text, "y" * 100000))


# (what, status, Content-Type, body)
HURTFUL = (
    ("deep", 400, TYPES[12], nested(300)),
    ("deeper", 400, TYPES[12], nested(200000)),
    ("a long namespace", 400, TYPES[12], repeated_namespace(400000, 20000)),
    ("a namespace repeated", 413, TYPES[12], repeated_namespace(500, 100000)),
    ("entities", 400, TYPES[12], "<!DOCTYPE a [<!ENTITY a 'aa'><!ENTITY b '&a;&a;&a;'>]>" + envelope("<a>&b;</a>")),
    ("an entity that isn't there", 400, TYPES[12], envelope("<a>&b;</a>")),
    ("a prefix that isn't there", 400, TYPES[12], envelope("<p:a/>")),
    ("an attribute twice", 400, TYPES[12], envelope("<a b='' b=''/>")),
    ("no UTF-8", 400, TYPES[12], envelope("<a>\xff</a>").encode("latin-1")),
    ("another encoding than is said", 400, "text/xml; charset=utf-16", envelope("<a/>", 11)),
    ("a NUL", 400, TYPES[12], envelope("<a>\0</a>")),
    ("half", 400, TYPES[12], envelope("<a/>")[:-4]),
    ("two envelopes", 400, TYPES[12], envelope("<a/>") * 2),
    ("one part often", 413, *includes(1000)),
    ("one part more than often", 400, *includes(1001)),
    ("no part at all", 400, "multipart/related; boundary=b", "--b--"),
    ("a thousand parts and two", 400, "multipart/related; boundary=b", "--b\r\n\r\n\r\n" * 1002 + "--b--"),
)


@lab.at_one_server
class Documents(gateway_lab.GatewayLab):
    def test_documents_that_hurt_end_in_a_fault_that_says_why(self):
        ledger = self.ledger()
        chain = self.chain(ledger.url)
        for what, status, kind, body in HURTFUL:
            with self.subTest(what):
                answer = ask(chain.url, body, "POST", {"Content-Type": kind})
                self.assertEqual((answer.status, answer.outcome), (status, "not-executed"), answer)
                self.assertTrue(answer.fault, answer)
                self.answered(post(chain.url, operation("add", 7, 1)), "7")
        self.assertEqual(set(ledger.numbers), {"7"})

    def test_answers_that_hurt_are_told_and_leave_the_next_one_alone(self):
        answers = iter(HURTFUL)

        def act(call):
            if call.number == "7":
                return call.answer()
            _, _, kind, body = next(answers)
            return call.answer(body, content_type=kind)

        ledger = self.ledger(act)
        chain = self.chain(ledger.url)
        for what, *_ in HURTFUL:
            with self.subTest(what):
                answer = post(chain.url, operation("add", 1, 1))
                self.assertEqual((answer.status, answer.outcome), (502, "unknown"), answer)
                self.assertTrue(answer.fault, answer)
                self.answered(post(chain.url, operation("add", 7, 1)), "7")
        self.assertEqual(len(ledger.numbers), 2 * len(HURTFUL))

    def test_many_small_elements_pass(self):
        ledger = self.ledger()
        chain = self.chain(ledger.url)
        header = "<h xmlns='urn:h'>%s</h>" % ("<i/>" * 50000)
        self.answered(post(chain.url, operation("add", 3, 1, header=header)), "3")
