#!/usr/bin/python3
"""names.py DIR - a name server for servers that are to find each other, on loopback and for them alone.

Answers what DIR/zone says, read anew for each question so that it may change at any time: one
"DOMAIN PORT" per line, where a server listens for others. DOMAIN and every name below it have that
SRV record (_xmpp-server._tcp, RFC 6120 3.2); its target and every other name that is known is
127.0.0.1. Any other name doesn't exist, and nothing may be remembered: the time to live is 0.

Listens on a free UDP port of 127.0.0.1, which DIR/port tells once it does.
"""
import os
import socket
import struct
import sys

TYPE_A, TYPE_SRV = 1, 33
SRV_PREFIX = "_xmpp-server._tcp."
# No name: ejabberd hands the target to the C library, which asks others than us, if anybody: not every
# system has an /etc/hosts.
TARGET = "127.0.0.1"


def read_zone(path):
    with open(path, encoding="ascii") as zone:
        return {domain: int(port) for domain, port in (line.split() for line in zone)}


def find_port(zone, name):
    while name:
        if name in zone:
            return zone[name]
        name = name.partition(".")[2]
    return None


def encode_name(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def parse_question(query):
    """Name, type and where the question ends; IndexError or struct.error for what is none."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode("latin-1").lower())
        at += 1 + query[at]
    return ".".join(labels), struct.unpack_from(">H", query, at + 1)[0], at + 5


def find_record(zone, name, wanted):
    """Whether the name exists, and its record of that type, if any."""
    if name.startswith(SRV_PREFIX):
        port = find_port(zone, name[len(SRV_PREFIX) :])
        if port is None:
            return False, None
        record = struct.pack(">HHH", 0, 0, port) + encode_name(TARGET)
        return True, record if wanted == TYPE_SRV else None
    if name.startswith("_") or (name != TARGET and find_port(zone, name) is None):
        return False, None
    return True, socket.inet_aton("127.0.0.1") if wanted == TYPE_A else None


def answer(zone, query):
    name, wanted, end = parse_question(query)
    exists, data = find_record(zone, name, wanted)
    flags = 0x8580 if exists else 0x8583  # an authoritative answer; 3: no such name
    header = query[:2] + struct.pack(">HHHHH", flags, 1, 1 if data else 0, 0, 0)
    record = b"\xc0\x0c" + struct.pack(">HHIH", wanted, 1, 0, len(data)) + data if data else b""
    return header + query[12:end] + record


def main():
    folder = sys.argv[1]
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    with open(folder + "/port.new", "w", encoding="ascii") as port:
        port.write("%d\n" % udp.getsockname()[1])
    os.rename(folder + "/port.new", folder + "/port")
    while True:
        query, client = udp.recvfrom(4096)
        try:
            udp.sendto(answer(read_zone(folder + "/zone"), query), client)
        except (IndexError, struct.error):
            pass


main()
