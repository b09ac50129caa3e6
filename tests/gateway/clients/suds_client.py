#!/usr/bin/python3
"""suds_client.py URL - the calculator by suds, which has SOAP 1.1 alone."""
import sys

import suds.client

client = suds.client.Client(sys.argv[1] + "?wsdl", cache=None)
try:
    print("add %.15g" % client.service.add(1, 2))
    print("mul %.15g" % client.service.mul(3, 4))
    client.service.div(1, 0)
except suds.WebFault as fault:
    print("fault", fault.fault.faultstring)
