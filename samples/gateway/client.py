#!/usr/bin/python3
"""client.py URL OPERATION A B - the calculator by zeep, which knows HTTP and its URL alone."""
import sys

import requests.exceptions
import zeep

url, operation, a, b = sys.argv[1:]
try:
    service = zeep.Client(url + "?wsdl").service
    print("%.15g" % service[operation](float(a), float(b)))
except zeep.exceptions.Fault as fault:
    print("fault:", fault.message)
    # What a gateway says beside it: whether the service has run the call.
    for told in fault.detail.iter("{urn:soap-xmpp:gateway:1}gateway") if fault.detail is not None else ():
        print("outcome:", told.get("outcome"))
    sys.exit(1)
except (zeep.exceptions.TransportError, requests.exceptions.RequestException) as error:
    sys.exit("no answer: %s" % error)
