#!/usr/bin/python3
"""binding.py CASE - what samples/languages/python promises beyond a call and its answer: a case of its own each, between
a service and a caller in one loop. ALICE, BOB and their passwords are in the environment; without a case: lists them.
Exits with 0 if all is as it should be, else with a traceback."""
import asyncio
import os
import sys
from pathlib import Path
from xml.etree import ElementTree

sys.path.insert(0, str(Path(__file__).parents[2] / "samples/languages/python"))
from soapxmpp import Declined, Failed, Fault, Link

SOAP = "http://www.w3.org/2003/05/soap-envelope"
PATIENCE_S = 30


def envelope(operation, inside=""):
    return (f"<e:Envelope xmlns:e='{SOAP}'><e:Body><{operation} xmlns='urn:x'>{inside}</{operation}></e:Body>"
            "</e:Envelope>").encode()


def open_link(who, **more):
    env = os.environ
    return Link(jid=env[who], password=env[f"{who}_PASSWORD"], host=env["SOAP_XMPP_HOST"], allow="*",
                port=int(env["SOAP_XMPP_PORT"]), ca_file=env["SOAP_XMPP_CAFILE"], **more)


class Pair:
    """A service and a caller, both online."""

    def __init__(self, answer):
        self.answer, self.endpoint = answer, f"xmpp:{os.environ['BOB']}"

    async def __aenter__(self):
        self.service, self.caller = open_link("BOB"), open_link("ALICE")
        self.service.serve(self.answer)
        await asyncio.gather(self.service.online(), self.caller.online())
        return self

    async def __aexit__(self, *_):
        await asyncio.gather(self.service.close(), self.caller.close())

    def call(self, operation, inside="", **more):
        return self.caller.call(self.endpoint, envelope(operation, inside), **more)


async def echo(request):
    return request.envelope


async def fails(call, outcome, condition):
    try:
        await call
    except Failed as failure:
        assert (failure.outcome, failure.condition) == (outcome, condition), (failure, failure.outcome)
        return
    raise AssertionError("it was answered")


async def many_calls_are_under_way_at_once():
    waiting, all_there = 0, asyncio.Event()

    async def answer(request):
        nonlocal waiting
        waiting += 1
        if waiting == 200:
            all_there.set()
        await all_there.wait()
        return request.envelope

    async with Pair(answer) as pair:
        answers = await asyncio.gather(*(pair.call("n", str(i)) for i in range(200)))
    assert [ElementTree.fromstring(answer).findtext(".//{urn:x}n") for answer in answers] == [str(i) for i in range(200)]


async def envelopes_arrive_byte_for_byte_and_big_ones_too():
    async with Pair(echo) as pair:
        for inside in "<t a=\"1\"  b='&#x41;'>\u00e4 \u20ac &#13;<![CDATA[<]]></t>", os.urandom(200000).hex():
            assert await pair.call("t", inside) == envelope("t", inside)


async def what_a_service_raises_is_what_a_caller_learns():
    async def answer(request):
        raise {"fault": Fault(envelope("x").replace(b"x xmlns='urn:x'", b"e:Fault").replace(b"/x>", b"/e:Fault>")),
               "decline": Declined("no", "resource-constraint"), "fail": KeyError("lost")}[request.operation]

    async with Pair(answer) as pair:
        await fails(pair.call("decline"), "not executed", "resource-constraint")
        await fails(pair.call("fail"), "unknown", "internal-server-error")
        try:
            await pair.call("fault")
        except Fault as fault:
            assert b"Fault" in fault.envelope
        else:
            raise AssertionError("no fault")


async def a_call_ends_with_its_time_or_its_task():
    begun = asyncio.Event()

    async def answer(request):
        begun.set()
        await asyncio.sleep(PATIENCE_S)

    async with Pair(answer) as pair:
        task = asyncio.create_task(pair.call("long"))
        await begun.wait()
        task.cancel()
        await fails(pair.call("long", timeout_ms=200), "unknown", "")
        assert task.cancelled()
        pair.service.close = lambda close=pair.service.close: close(drain_ms=0)


async def a_link_that_ends_answers_what_it_took():
    begun = asyncio.Event()

    async def answer(request):
        begun.set()
        await asyncio.sleep(0.3)
        return request.envelope

    async with Pair(answer) as pair:
        task = asyncio.create_task(pair.call("last"))
        await begun.wait()
        await pair.service.close()
        assert await task == envelope("last")
        pair.service.close = lambda: asyncio.sleep(0)


CASES = {name.replace("_", " "): case for name, case in list(globals().items())
         if asyncio.iscoroutinefunction(case) and name not in ("echo", "fails")}

if len(sys.argv) == 1:
    print(*CASES, sep="\n")
else:
    asyncio.run(asyncio.wait_for(CASES[sys.argv[1]](), PATIENCE_S))
