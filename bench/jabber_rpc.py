#!/usr/bin/python3
"""jabber_rpc.py call|serve SERVICE_JID - XEP-0009 by slixmpp, the other way to call over XMPP.

The environment names the account as the library's does; orders as in slice.h, for add alone.
"""
import asyncio
import logging
import os
import sys
import time

logging.basicConfig(level=logging.CRITICAL)

try:
    from slixmpp import ClientXMPP
    from slixmpp.plugins.xep_0009.binding import py2xml, xml2py
except ImportError:
    sys.exit(77)  # NOT_BUILT in programs.py

ONLINE_S, CALL_S = 30, 30


class Peer(ClientXMPP):
    def __init__(self):
        super().__init__(os.environ["SOAP_XMPP_JID"], os.environ["SOAP_XMPP_PASSWORD"])
        self.register_plugin("xep_0009")
        self.ca_certs = os.environ["SOAP_XMPP_CAFILE"]
        self.online = self.loop.create_future()
        self.add_event_handler("session_start", lambda _: self.online.set_result(None))

    def dial(self):
        tls = os.environ["SOAP_XMPP_TLS"] != "off"
        self.connect((os.environ["SOAP_XMPP_HOST"], int(os.environ["SOAP_XMPP_PORT"])),
                     use_ssl=tls, force_starttls=False, disable_starttls=True)


def answer(peer, iq):
    a, b = xml2py(iq["rpc_query"]["method_call"]["params"])
    peer["xep_0009"].make_iq_method_response(iq["id"], iq["from"], py2xml(a + b)).send()


async def call_in_turn(peer, service, asks, latencies):
    while asks():
        since = time.monotonic()
        iq = peer["xep_0009"].make_iq_method_call(service, "add", py2xml(1.0, 2.0))
        reply = await iq.send(timeout=CALL_S)
        if xml2py(reply["rpc_query"]["method_response"]["params"]) != [3.0]:
            raise ValueError("a wrong sum")
        latencies.append(time.monotonic() - since)


async def run_slice(peer, service, outstanding, limit):
    begun, asked, latencies = time.monotonic(), 0, []

    def asks():
        nonlocal asked
        is_over = (asked >= float(limit[:-1]) if limit[-1] == "n"
                   else asked and time.monotonic() - begun >= float(limit[:-1]))
        asked += not is_over
        return not is_over

    await asyncio.gather(*(call_in_turn(peer, service, asks, latencies)
                           for _ in range(outstanding)))
    seconds = time.monotonic() - begun
    latencies.sort()
    count = len(latencies)
    print(count, f"{seconds:.6f}", f"{latencies[count // 2] * 1e6:.2f}",
          f"{latencies[count * 99 // 100] * 1e6:.2f}", flush=True)


async def main(role, service):
    peer = Peer()
    if role == "serve":
        peer.add_event_handler("jabber_rpc_method_call", lambda iq: answer(peer, iq))
    # The plugin's own handler, which gives way to any other, answers each answer with an error.
    peer.add_event_handler("jabber_rpc_method_response", lambda iq: None)
    peer.dial()
    await asyncio.wait_for(peer.online, ONLINE_S)
    print("ready", flush=True)
    orders = asyncio.StreamReader()
    await peer.loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := (await orders.readline()).decode():
        payload, outstanding, _, limit = line.split()
        if payload != "add":
            raise ValueError(f"no payload is called {payload}")
        await run_slice(peer, service, int(outstanding), limit)
    peer.abort()


asyncio.get_event_loop().run_until_complete(main(*sys.argv[1:]))
