#!/usr/bin/python3
"""foreign_service.py ADDRESS PORT CA_FILE JID PASSWORD

A SOAP service that knows XEP-0072 from reading it: slixmpp for the stream, stanzas written by hand.
Prints "ready" when it is online. Answers lab:add in the way that its first number asks for (see
ANSWERS), lab:say by printing "said: " and what it heard, and with what Python read of it.
Exits when its standard input ends, or with 1 after DEADLINE_S.
"""
import asyncio
import logging
import sys
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

logging.basicConfig(level=logging.ERROR)
logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # slixmpp leaves a task of its own behind

from slixmpp import ClientXMPP
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath
from slixmpp.xmlstream.tostring import tostring

DEADLINE_S = 60
SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
LAB = "urn:soapxmpp:lab"
STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas"

RESULT11 = f"""<x:Envelope xmlns:x='{SOAP11}'><x:Body xmlns=''><m:addResponse xmlns:m='{LAB}'>
<sum>11.5</sum></m:addResponse></x:Body></x:Envelope>"""
RESULT12 = f"""<Envelope xmlns='{SOAP12}'><Body><addResponse xmlns='{LAB}'><sum xmlns=''>12.5</sum>
</addResponse></Body></Envelope>"""
FAULT11 = f"""<soap:Envelope xmlns:soap='{SOAP11}'><soap:Body><soap:Fault xmlns=''>
<faultcode>soap:Client</faultcode><faultstring>not like this</faultstring><detail><why
xmlns='urn:x'>because</why></detail></soap:Fault></soap:Body></soap:Envelope>"""
FAULT12 = f"""<env:Envelope xmlns:env='{SOAP12}'><env:Body><env:Fault><env:Code>
<env:Value>env:Receiver</env:Value></env:Code><env:Reason><env:Text xml:lang='en'>not today</env:Text>
</env:Reason></env:Fault></env:Body></env:Envelope>"""


def error(kind, code, condition, more=""):
    return f"<error type='{kind}' code='{code}'><{condition} xmlns='{STANZAS}'/>{more}</error>"


def soap_error(kind, code, name):
    return error(kind, code, "undefined-condition",
                 f"<{name} xmlns='http://jabber.org/protocol/soap#fault'/>")


TEXT = f"<text xmlns='{STANZAS}' xml:lang='en'>it moved</text>"

# the first number -> type of the answer and what is in it; None: the request, sent back
ANSWERS = {
    1: ("result", RESULT11),
    2: ("result", RESULT12),
    3: ("error", FAULT11 + soap_error("modify", 400, "Sender")),
    4: ("error", FAULT12 + soap_error("wait", 500, "Receiver")),
    5: ("result", ""),
    6: ("error", error("cancel", 404, "item-not-found", TEXT)),
    7: ("result", "<banana xmlns='urn:fruit'/>"),
    8: ("error", None),
    9: ("result", FAULT12),
}


class Service(ClientXMPP):
    def __init__(self, jid, password, ca_file):
        super().__init__(jid, password)
        self.ca_certs = Path(ca_file)
        self.online = asyncio.Event()
        self.dismissed = asyncio.Event()
        self.add_event_handler("session_start", lambda _: self.online.set())
        for namespace in (SOAP11, SOAP12):
            path = f"{{jabber:client}}iq/{{{namespace}}}Envelope"
            self.register_handler(Callback(path, MatchXPath(path), self.take_request))

    def take_request(self, iq):
        if iq.xml.get("type") != "set":
            return
        envelope = iq.xml[0]
        namespace = envelope.tag[1:].split("}")[0]
        operation = envelope.find(f"{{{namespace}}}Body")[0]
        if operation.tag == f"{{{LAB}}}add":
            kind, payload = ANSWERS[int(float(operation.findtext("a")))]
            if payload is None:
                payload = tostring(envelope, xmlns="jabber:client")
                payload += error("cancel", 503, "service-unavailable")
        else:
            text = operation.findtext("text")
            print(f"said: {ascii(text)}", flush=True)
            kind, payload = "result", self.echo(namespace, text)
        self.send_raw(f"<iq type='{kind}' to={quoteattr(iq.xml.get('from'))} "
                      f"id={quoteattr(iq.xml.get('id'))}>{payload}</iq>")

    @staticmethod
    def echo(namespace, text):
        return (f"<e:Envelope xmlns:e='{namespace}' xmlns=''><e:Body>"
                f"<l:sayResponse xmlns:l='{LAB}'><said>{escape(text)}</said></l:sayResponse>"
                f"</e:Body></e:Envelope>")

    def read_input(self):
        if not sys.stdin.buffer.raw.read(100):
            self.loop.remove_reader(0)
            self.dismissed.set()

    async def run(self):
        self.loop.add_reader(0, self.read_input)
        await self.online.wait()
        print("ready", flush=True)
        await self.dismissed.wait()
        await self.disconnect()


def connect(client, address, port):
    """With STARTTLS; slixmpp 1.8 (Debian 12) is told so here, 1.10 (Debian 13) by members."""
    if hasattr(client, "enable_direct_tls"):
        client.enable_direct_tls = False
        client.connect(address, port)
    else:
        client.connect((address, port), force_starttls=True)


def main():
    address, port, ca_file, jid, password = sys.argv[1:6]
    service = Service(jid, password, ca_file)
    connect(service, address, int(port))
    try:
        service.loop.run_until_complete(asyncio.wait_for(service.run(), DEADLINE_S))
    except asyncio.TimeoutError:
        return 1
    return 0


sys.exit(main())
