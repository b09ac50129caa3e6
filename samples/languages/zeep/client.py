#!/usr/bin/python3
"""client.py WSDL ENDPOINT add|sub|mul|div A B - the calculator's client, by zeep over XMPP."""
import sys

import zeep

from transport import XmppTransport


def main():
    wsdl, endpoint, operation, a, b = sys.argv[1:]
    transport = XmppTransport()
    try:
        client = zeep.Client(wsdl, transport=transport)
        service = client.create_service(next(iter(client.wsdl.bindings)), endpoint)
        print(f"{service[operation](float(a), float(b)):.15g}")
    except zeep.exceptions.Fault as fault:
        print(f"fault: {fault.message}", file=sys.stderr)
        return 1
    except zeep.exceptions.TransportError as refused:
        print(f"failed: {refused.message}", file=sys.stderr)
        return 1
    finally:
        transport.close()
    return 0


sys.exit(main())
