#!/usr/bin/python3
"""service.py - serves the calculator to whom SOAP_XMPP_ALLOW lets. Ends by SIGTERM, once what runs is answered."""
import asyncio
import operator
import signal
from xml.etree import ElementTree

from soapxmpp import Fault, Link

CALCULATOR = "urn:soapxmpp:calculator"
ENVELOPES = {11: "http://schemas.xmlsoap.org/soap/envelope/", 12: "http://www.w3.org/2003/05/soap-envelope"}
OPERATIONS = {"add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv}
FAULTS = {11: "<faultcode>e:Client</faultcode><faultstring>{}</faultstring>",
          12: "<e:Code><e:Value>e:Sender</e:Value></e:Code><e:Reason><e:Text xml:lang='en'>{}</e:Text></e:Reason>"}


def wrap(version, content):
    return f"<e:Envelope xmlns:e='{ENVELOPES[version]}'><e:Body>{content}</e:Body></e:Envelope>".encode()


async def answer(request):
    def fail(why):
        raise Fault(wrap(request.version, f"<e:Fault>{FAULTS[request.version].format(why)}</e:Fault>"))

    name = request.operation
    if name not in OPERATIONS or request.namespace != CALCULATOR:
        fail("no such operation")
    body = ElementTree.fromstring(request.envelope).find(f"{{{ENVELOPES[request.version]}}}Body")
    try:
        value = OPERATIONS[name](*(float(body[0].findtext(f"{{{CALCULATOR}}}{number}")) for number in "ab"))
    except (TypeError, ValueError):
        fail("a or b is missing")
    except ZeroDivisionError:
        fail("division by zero")
    print(f"{request.sender} was answered {value:.15g}", flush=True)
    return wrap(request.version, f"<{name}Response xmlns='{CALCULATOR}'><result>{value:.15g}</result></{name}Response>")


async def main():
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    async with Link() as link:
        link.serve(answer)
        print(f"online as {await link.online()}", flush=True)
        await stopped.wait()


asyncio.run(main())
