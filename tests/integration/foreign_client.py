#!/usr/bin/python3
"""foreign_client.py ADDRESS PORT CA_FILE JID PASSWORD SERVICE STEP...

A SOAP caller that knows XEP-0072 from reading it: slixmpp for the stream, stanzas written by hand.
Prints "ready" when it is online, then one line for the reply to each step:

    STEP: type=T children={NS}NAME,... [error=TYPE/CODE conditions={NS}NAME,...] [NAME=TEXT ...]

where the NAME=TEXT are the elements of the envelope that hold text. Exits with 0 once every step
has its reply, with 1 after DEADLINE_S.
"""
import asyncio
import logging
import sys
from pathlib import Path
from xml.sax.saxutils import quoteattr

logging.basicConfig(level=logging.ERROR)
logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # slixmpp leaves a task of its own behind

from slixmpp import ClientXMPP
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

DEADLINE_S = 40
SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
LAB = "urn:soapxmpp:lab"

ADD12 = f"""<Envelope xmlns='{SOAP12}'><Body><add xmlns='{LAB}'><a xmlns=''>2</a><b xmlns=''>3</b>
</add></Body></Envelope>"""
ADD11 = f"""<Q:Envelope xmlns:Q='{SOAP11}'><Q:Body xmlns=''><l:add xmlns:l='{LAB}'><a>2.5</a>
<b>4</b></l:add></Q:Body></Q:Envelope>"""


def envelope(namespace, body, header=""):
    return (f"<e:Envelope xmlns:e='{namespace}' xmlns='' xmlns:l='{LAB}'>{header}"
            f"<e:Body>{body}</e:Body></e:Envelope>")


DIVIDE = "<l:divide><a>1</a><b>0</b></l:divide>"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
TYPED = """<l:inspect><subject><count xsi:nil='1'/>
<value xsi:type='b:int' xmlns:b='http://www.w3.org/2001/XMLSchema'>4</value></subject></l:inspect>"""
DEMANDING = "<e:Header><secret xmlns='urn:x' e:mustUnderstand='1'/></e:Header>"

STEPS = {
    "disco": ("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>"),
    "add12": ("set", ADD12),
    "add11": ("set", ADD11),
    "note": ("set", envelope(SOAP12, "<l:note><text>to whom it may concern</text></l:note>")),
    "divide12": ("set", envelope(SOAP12, DIVIDE)),
    "divide11": ("set", envelope(SOAP11, DIVIDE)),
    "receiver12": ("set", envelope(SOAP12, "<l:fail><way>1</way></l:fail>")),
    "demanding": ("set", envelope(SOAP12, "<l:add><a>1</a><b>1</b></l:add>", DEMANDING)),
    "nonsense": ("set", envelope(SOAP12, f"<nonsense xmlns='{LAB}'/>")),
    "say": ("set", envelope(SOAP12, "<l:say><text>a &lt;b&gt; \U0001F600</text></l:say>")),
    "outer-xsi": ("set", envelope(SOAP11, TYPED), f"xmlns:xsi='{XSI}'"),
    "bodyless": ("set", f"<Envelope xmlns='{SOAP12}'/>"),
    "unknown-set": ("set", "<thing xmlns='urn:nobody'/>"),
    "unknown-get": ("get", "<query xmlns='urn:nobody'/>"),
    "get-envelope": ("get", ADD12),
    "two-envelopes": ("set", ADD12 + ADD12),
    "two-payloads": ("set", ADD12 + "<x xmlns='jabber:x:oob'><url>http://x.example</url></x>"),
}


def tags(parent):
    return ",".join(child.tag for child in parent)


def describe(iq):
    parts = [f"type={iq.get('type')}", f"children={tags(iq)}"]
    error = iq.find("{jabber:client}error")
    if error is not None:
        parts.append(f"error={error.get('type')}/{error.get('code')} conditions={tags(error)}")
    for child in iq:
        if child is error:
            continue
        for element in child.iter():
            if element.text and element.text.strip():
                parts.append(f"{element.tag.split('}')[-1]}={ascii(element.text)[1:-1]}")
            if element.tag.startswith("{http://jabber.org/protocol/disco"):
                parts += [f"{name}:{element.get(name)}" for name in ("category", "type", "var")
                          if name in element.keys()]
    return " ".join(parts)


class Caller(ClientXMPP):
    def __init__(self, jid, password, ca_file, service):
        super().__init__(jid, password)
        self.ca_certs = Path(ca_file)
        self.service = service
        self.online = asyncio.Event()
        self.replies = {}
        self.add_event_handler("session_start", lambda _: self.online.set())
        self.register_handler(Callback("reply", MatchXPath("{jabber:client}iq"), self.take_reply))

    def take_reply(self, iq):
        reply = iq.xml
        future = self.replies.get(reply.get("id"))
        if future and reply.get("from") == self.service and reply.get("type") in ("result", "error"):
            future.set_result(reply)

    async def ask(self, step):
        kind, payload, *more = STEPS[step]
        self.replies[step] = self.loop.create_future()
        self.send_raw(f"<iq type='{kind}' to={quoteattr(self.service)} id='{step}'"
                      f" {' '.join(more)}>{payload}</iq>")
        return await self.replies[step]

    async def run(self, steps):
        await self.online.wait()
        print("ready", flush=True)
        for step in steps:
            print(f"{step}: {describe(await self.ask(step))}", flush=True)
        await self.disconnect()


def connect(client, address, port):
    """With STARTTLS; slixmpp 1.8 (Debian 12) is told so here, 1.10 (Debian 13) by members."""
    if hasattr(client, "enable_direct_tls"):
        client.enable_direct_tls = False
        client.connect(address, port)
    else:
        client.connect((address, port), force_starttls=True)


def main():
    address, port, ca_file, jid, password, service = sys.argv[1:7]
    caller = Caller(jid, password, ca_file, service)
    connect(caller, address, int(port))
    try:
        caller.loop.run_until_complete(asyncio.wait_for(caller.run(sys.argv[7:]), DEADLINE_S))
    except asyncio.TimeoutError:
        print("gave up", flush=True)
        return 1
    return 0


sys.exit(main())
