#!/usr/bin/python3
"""camera_client.py URL [USER PASSWORD] - asks a camera, by zeep, as ONVIF's clients do: each address that it tells is
where the next question goes. Prints what it was told."""
import sys

import requests
import zeep
from requests.auth import HTTPDigestAuth
from zeep.wsa import WsAddressingPlugin

DEVICE = "{http://www.onvif.org/ver10/device/wsdl}"
session = requests.Session()
if len(sys.argv) > 2:
    session.auth = HTTPDigestAuth(*sys.argv[2:])
client = zeep.Client(
    sys.argv[1] + "?wsdl", transport=zeep.transports.Transport(session=session), plugins=[WsAddressingPlugin()])
capabilities = client.service.GetCapabilities()
print("device", capabilities.Device.XAddr)
print("media", capabilities.Media.XAddr)
print("events", capabilities.Events.XAddr)
media = client.create_service(DEVICE + "MediaBinding", capabilities.Media.XAddr)
print("snapshot", media.GetSnapshotUri("p1"))
print("stream", media.GetStreamUri("p1"))
events = client.create_service(DEVICE + "EventsBinding", capabilities.Events.XAddr)
subscription = events.CreatePullPointSubscription()
print("subscription", subscription)
print("pulled", client.create_service(DEVICE + "EventsBinding", subscription).PullMessages(10))
