#!/usr/bin/python3
"""client.py ENDPOINT add|sub|mul|div A B... - the calculator's client: a call for each pair of numbers, all at once."""
import asyncio
import sys
from xml.etree import ElementTree

from soapxmpp import Failed, Fault, Link

CALCULATOR = "urn:soapxmpp:calculator"
SOAP = "http://www.w3.org/2003/05/soap-envelope"


async def calculate(link, endpoint, operation, a, b):
    request = (f"<e:Envelope xmlns:e='{SOAP}'><e:Body><{operation} xmlns='{CALCULATOR}'><a>{float(a)!r}</a>"
               f"<b>{float(b)!r}</b></{operation}></e:Body></e:Envelope>")
    answer = ElementTree.fromstring(await link.call(endpoint, request.encode()))
    return answer.findtext(f".//{{{CALCULATOR}}}result")


async def main():
    endpoint, operation, *numbers = sys.argv[1:]
    async with Link() as link:
        try:
            results = await asyncio.gather(*(calculate(link, endpoint, operation, a, b)
                                             for a, b in zip(numbers[::2], numbers[1::2])))
        except Fault as fault:
            print("fault:", ElementTree.fromstring(fault.envelope).findtext(f".//{{{SOAP}}}Text"), file=sys.stderr)
            return 1
        except Failed as failure:
            print(f"{failure} ({failure.outcome})", file=sys.stderr)
            return 1
    print(*results, sep="\n")
    return 0


sys.exit(asyncio.run(main()))
