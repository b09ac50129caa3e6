#!/usr/bin/python3
"""zeep_client.py URL 11|12 - the calculator by zeep, which knows its URL alone."""
import sys

import zeep

url, version = sys.argv[1:]
client = zeep.Client(url + "?wsdl")
try:
    service = client.bind("calculator", {"11": "calculatorSoap", "12": "calculatorSoap12"}[version])
except ValueError:
    service = client.service  # another one's contract, which has one port
try:
    print("add %.15g" % service.add(1, 2))
    print("mul %.15g" % service.mul(3, 4))
    service.div(1, 0)
except zeep.exceptions.Fault as fault:
    print("fault", fault.message)
