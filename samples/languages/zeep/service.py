#!/usr/bin/python3
"""service.py - serves the calculator, by slixmpp, to the accounts that SOAP_XMPP_ALLOW names, with commas between them.

A request that is sent twice runs twice: slixmpp has no memory of what ran. Ends by SIGTERM.
"""
import asyncio
import operator
import os
import signal

from stream import ENVELOPES, Stream

CALCULATOR = "urn:soapxmpp:calculator"
OPERATIONS = {"add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv}
FAULTS = {
    1.1: "<e:Fault xmlns:e='{e}'><faultcode>e:Client</faultcode><faultstring>{why}</faultstring></e:Fault>",
    1.2: "<e:Fault xmlns:e='{e}'><e:Code><e:Value>e:Sender</e:Value></e:Code><e:Reason><e:Text xml:lang='en'>{why}"
         "</e:Text></e:Reason></e:Fault>"}


def calculate(request):
    """The element of an answer. ValueError: the caller's mistake, to be told."""
    name = request.tag.removeprefix(f"{{{CALCULATOR}}}")
    if name not in OPERATIONS:
        raise ValueError("no such operation")
    try:
        a, b = (float(request.findtext(f"{{{CALCULATOR}}}{number}")) for number in "ab")
        value = OPERATIONS[name](a, b)
    except TypeError:
        raise ValueError("a or b is missing") from None
    except ZeroDivisionError:
        raise ValueError("division by zero") from None
    return f"<{name}Response xmlns='{CALCULATOR}'><result>{value:.15g}</result></{name}Response>"


def answer(caller, envelope):
    if caller.bare not in os.environ.get("SOAP_XMPP_ALLOW", "").replace(" ", "").split(","):
        return None
    namespace = envelope.tag[1:].split("}")[0]
    body = envelope.find(f"{{{namespace}}}Body")
    try:
        if body is None or len(body) == 0:
            raise ValueError("an empty body")
        content, is_fault = calculate(body[0]), False
    except ValueError as mistake:
        content = FAULTS[ENVELOPES[namespace]].format(e=namespace, why=mistake)
        is_fault = True
    return f"<e:Envelope xmlns:e='{namespace}'><e:Body>{content}</e:Body></e:Envelope>", is_fault


async def main():
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    stream = Stream()
    stream.serve(answer)
    await stream.go_online()
    print(f"online as {stream.boundjid}", flush=True)
    await stopped.wait()
    await stream.disconnect()


asyncio.run(main())
