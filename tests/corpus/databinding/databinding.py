"""databinding.py - the requests that table.txt stands for. By itself it writes them into a folder: databinding.py FOLDER."""

import collections
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
SOAP = {11: "http://schemas.xmlsoap.org/soap/envelope/", 12: "http://www.w3.org/2003/05/soap-envelope"}
ENCODING = {11: "http://schemas.xmlsoap.org/soap/encoding/", 12: "http://www.w3.org/2003/05/soap-encoding"}

# How libraries lay an envelope out: the Envelope's prefix, where prefixes are declared ("envelope", "body", "operation"),
# what stands between the tags, the quote, and an empty Header's tag where there is always one.
Style = collections.namedtuple("Style", "name prefix declares space quote header")
STYLES = (
    Style("gsoap", "SOAP-ENV", "envelope", "", '"', ""),
    Style("wcf", "s", "body", "", '"', ""),
    Style("soapui", "soapenv", "envelope", "\n   ", '"', "<%sHeader/>"),
    Style("jaxws", "S", "operation", "", "'", ""),
    Style("zeep", "soap-env", "operation", "", '"', ""),
    Style("default", "", "operation", "\r\n", '"', "<%sHeader></%sHeader>"),
)

Request = collections.namedtuple("Request", "name version content_type action body")


def table():
    """(group, name, fragment) of each line."""
    group = None
    for line in (HERE / "table.txt").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            group = line.strip("[]")
            continue
        name, fragment = line.split(": ", 1)
        fragment = re.sub(r"\\U([0-9A-F]{8})|\\u([0-9A-F]{4})", lambda m: chr(int(m[1] or m[2], 16)), fragment)
        for escape, char in (("\\n", "\n"), ("\\r", "\r"), ("\\t", "\t")):
            fragment = fragment.replace(escape, char)
        yield group, name, fragment


def envelope(version, is_rpc, style, header, fragment):
    declared = "".join(" xmlns:%s=%s%s%s" % (prefix, style.quote, uri, style.quote) for prefix, uri in (
        ("xsi", "http://www.w3.org/2001/XMLSchema-instance"), ("xsd", "http://www.w3.org/2001/XMLSchema"),
        ("enc", ENCODING[version]), ("o", "urn:databinding:other")))
    at = style.prefix and style.prefix + ":"
    soap = " xmlns%s=%s%s%s" % (style.prefix and ":" + style.prefix, style.quote, SOAP[version], style.quote)
    encoded = ""
    if is_rpc:
        # An attribute needs a prefix.
        own = "" if style.prefix else " xmlns:env=%s%s%s" % (style.quote, SOAP[version], style.quote)
        encoded = "%s %s:encodingStyle=%s%s%s" % (
            own, style.prefix or "env", style.quote, ENCODING[version], style.quote)
    namespace = "urn:databinding:rpc" if is_rpc else "urn:databinding"
    operation = "<t:%s xmlns:t=%s%s%s%s%s>%s</t:%s>" % (
        "call" if is_rpc else "op", style.quote, namespace, style.quote, encoded,
        declared if style.declares == "operation" else "",
        "<part>%s</part>" % fragment if is_rpc else fragment, "call" if is_rpc else "op")
    if header:
        scope = declared if style.declares != "envelope" else ""
        if not style.prefix:
            scope += " xmlns:env=%s%s%s" % (style.quote, SOAP[version], style.quote)
        header = "<%sHeader%s>%s</%sHeader>" % (at, scope, header.replace(" SOAP:", " %s:" % (style.prefix or "env")), at)
    else:
        header = style.header.replace("%s", at)
    return style.space.join(part for part in (
        "<%sEnvelope%s%s>" % (at, soap, declared if style.declares == "envelope" else ""), header,
        "<%sBody%s>" % (at, declared if style.declares == "body" else ""), operation, "</%sBody>" % at,
        "</%sEnvelope>" % at) if part)


def requests():
    for index, (group, name, fragment) in enumerate(table()):
        for turn, (version, is_rpc) in enumerate(((11, False), (11, True), (12, False), (12, True))):
            style = STYLES[(index + turn) % len(STYLES)]
            is_header = group == "headers"
            body = envelope(version, is_rpc, style, fragment if is_header else "", "<v/>" if is_header else fragment)
            action = "urn:databinding:%s" % ("call" if is_rpc else "op")
            yield Request(
                "%s-%s-%s-%d-%s" % (group, name, "rpc" if is_rpc else "document", version, style.name), version,
                "text/xml; charset=utf-8" if version == 11 else
                'application/soap+xml; charset=utf-8; action="%s"' % action,
                action if version == 11 else None, body.encode())


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for one in requests():
        (folder / (one.name + ".xml")).write_bytes(one.body)
