"""stream.py - an XMPP stream by slixmpp that carries SOAP envelopes in IQ stanzas (XEP-0072).

Settings are those of the soapxmpp library: SOAP_XMPP_JID, _PASSWORD, _HOST, _PORT, _CAFILE. The server has to show a
certificate of its domain. An envelope leaves as it is written. What comes has been read by slixmpp, which forgets the
prefixes: names of types and codes ("xsd:int") in text and attributes have none that is bound any more.
"""
import asyncio
import os
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import quoteattr

from slixmpp import ClientXMPP
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchIDSender, MatchXPath

SOAP = "http://jabber.org/protocol/soap"
STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas"
ENVELOPES = {"http://schemas.xmlsoap.org/soap/envelope/": 1.1, "http://www.w3.org/2003/05/soap-envelope": 1.2}
ONLINE_TIMEOUT_S = 20


class Refused(Exception):
    """A stanza error, or a result without an envelope."""


def find_envelope(stanza):
    return next((child for child in stanza if child.tag.endswith("}Envelope") and
                 child.tag[1:].split("}")[0] in ENVELOPES), None)


def holds_fault(envelope):
    namespace = envelope.tag[1:].split("}")[0]
    return envelope.find(f"{{{namespace}}}Body/{{{namespace}}}Fault") is not None


class Stream(ClientXMPP):
    def __init__(self):
        super().__init__(os.environ["SOAP_XMPP_JID"], os.environ["SOAP_XMPP_PASSWORD"])
        if "SOAP_XMPP_CAFILE" in os.environ:
            self.ca_certs = Path(os.environ["SOAP_XMPP_CAFILE"])
        for plugin in "xep_0030", "xep_0199":
            self.register_plugin(plugin)
        self.online = asyncio.Event()
        self.add_event_handler("session_start", lambda _: self.online.set())

    async def go_online(self):
        """STARTTLS; slixmpp 1.8 (Debian 12) is told so here, 1.10 (Debian 13) by members."""
        host = os.environ.get("SOAP_XMPP_HOST")
        address = (host, int(os.environ.get("SOAP_XMPP_PORT", "5222"))) if host else ()
        if hasattr(self, "enable_direct_tls"):
            self.enable_direct_tls = False
            self.connect(*address)
        else:
            self.connect(*([address] if host else []), force_starttls=True)
        await asyncio.wait_for(self.online.wait(), ONLINE_TIMEOUT_S)

    async def ask(self, to, envelope, timeout_s):
        """The answer's envelope as text, and whether it came as an error. Refused; asyncio.TimeoutError: the call may
        have run. It is sent once: if the connection breaks meanwhile, nobody knows."""
        iq = self.make_iq_set(ito=to)
        answered = self.loop.create_future()
        matcher = MatchIDSender({"id": iq["id"], "self": self.boundjid, "peer": iq["to"]})
        handler = Callback(f"call {iq['id']}", matcher, lambda reply: answered.done() or answered.set_result(reply))
        self.register_handler(handler)
        try:
            self.send_raw(f"<iq type='set' to={quoteattr(str(iq['to']))} id={quoteattr(iq['id'])}>{envelope}</iq>")
            reply = await asyncio.wait_for(answered, timeout_s)
        finally:
            self.remove_handler(handler.name)
        found, is_error = find_envelope(reply.xml), reply["type"] == "error"
        # Servers send an error with the request in it. So an error is a fault only if there is one in the envelope.
        if is_error and (found is None or not holds_fault(found)):
            raise Refused(reply["error"]["condition"])
        if found is None:
            raise Refused("an answer without an envelope")
        return ElementTree.tostring(found, encoding="unicode"), is_error

    def serve(self, answer):
        """answer(caller's JID, envelope as an element) returns an envelope as text and whether it is a fault, or None:
        the caller may not. It must return soon."""
        self["xep_0030"].add_feature(SOAP)

        def take(iq):
            if iq["type"] != "set":
                return
            answered = answer(iq["from"], find_envelope(iq.xml))
            kind, payload = "error", error("auth", "forbidden")
            if answered is not None:
                payload, is_fault = answered
                kind = "error" if is_fault else "result"
                payload += error("cancel", "undefined-condition") if is_fault else ""
            self.send_raw(f"<iq type='{kind}' to={quoteattr(str(iq['from']))} id={quoteattr(iq['id'])}>{payload}</iq>")

        for namespace in ENVELOPES:
            path = f"{{jabber:client}}iq/{{{namespace}}}Envelope"
            self.register_handler(Callback(path, MatchXPath(path), take))


def error(kind, condition):
    return f"<error type='{kind}'><{condition} xmlns='{STANZAS}'/></error>"
