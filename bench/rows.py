"""rows.py - the rows that are measured slice by slice, and what is wanted of each.

A group is what is measured side by side: its variants take turns, round after round, and each round
gives one ratio of each variant to its reference. The median of those is the row's ratio: noise that
lasts longer than a round falls out of it.
"""
import statistics
from collections import namedtuple

from programs import NotBuilt, say

ROUNDS, LONG_ROUNDS = 5, 3

# metrics: "p50", "p99" (us) or "rate" (calls/s). targets: (variant, metric) -> text, or texts by
# server. against: (variant, reference, target), beside the floor.
Group = namedtuple("Group", "name payload outstanding threads metrics variants targets against",
                   defaults=[{}, []])

RAW_ADD = ["raw plain add", "raw packed add"]
RAW_RECORDS = ["raw plain records", "raw packed records"]
MANY_TARGETS = {("plain", "rate"): ">=0.90",
                ("packed", "rate"): {"prosody": ">=1.40", "ejabberd": ">=1.10"},
                ("raw packed add", "rate"): {"prosody": ">=1.90", "ejabberd": ">=1.30"}}
ONE_TARGETS = {("plain", "p50"): "<=1.15", ("packed", "p50"): "<=0.95"}

GROUPS = {
    "TLS": [
        Group("add, one at a time", "add", 1, 1, ["p50", "p99"],
              ["floor", "echo", "plain", "packed", "http", "mqtt", "rpc"], ONE_TARGETS),
        Group("add, 64 outstanding", "add", 64, 1, ["rate"],
              ["floor", "echo", "plain", "packed", *RAW_ADD, "mqtt", "rpc"], MANY_TARGETS),
        Group("add, 8 threads", "add", 1, 8, ["rate"], ["floor", "plain", "packed", "http"]),
        Group("900 records, one at a time", "records", 1, 1, ["rate"],
              ["floor", "plain", "packed", "http"], {}, [("packed", "http", ">=0.90")]),
        Group("900 records, 8 outstanding", "records", 8, 1, ["rate"],
              ["floor", "echo", "plain", "packed", *RAW_RECORDS],
              {("raw packed records", "rate"): ">=20.00"}),
        Group("900 records, 8 threads", "records", 1, 8, ["rate"], ["http", "packed"], {},
              [("packed", "http", ">=0.90")]),
        Group("1 MB, one at a time", "megabyte", 1, 1, ["rate"],
              ["floor", "plain", "packed", "http"]),
    ],
    "no TLS": [
        Group("add, one at a time", "add", 1, 1, ["p50", "p99"], ["floor", "plain", "packed"],
              ONE_TARGETS),
        Group("add, 64 outstanding", "add", 64, 1, ["rate"], ["floor", "plain", "packed", *RAW_ADD],
              MANY_TARGETS),
    ],
}

TITLES = {"echo": "floor of the packed bytes", "rpc": "slixmpp XEP-0009", "http": "gSOAP over HTTP", "mqtt": "MQTT 5",
          "plain": "gSOAP plain", "packed": "gSOAP packed"}
UNITS = {"p50": "us", "p99": "us", "rate": "calls/s"}


def title(variant):
    words = variant.split()
    return "raw " + words[1] if words[0] == "raw" else TITLES.get(variant, variant)


def value(metric, piece):
    return {"p50": piece.p50_us, "p99": piece.p99_us, "rate": piece.calls / piece.seconds}[metric]


def target_of(group, variant, metric, server):
    target = group.targets.get((variant, metric))
    return target.get(server) if isinstance(target, dict) else target


def row(name, server, amount, unit, floor=None, ratio=None, target=None):
    return {"row": name, "server": server, "value": amount, "unit": unit, "floor": floor,
            "ratio": ratio, "target": target}


def present(site, group, notes):
    """The variants that can be measured here, their programs started and warm."""
    programs = {}
    for variant in group.variants:
        try:
            programs[variant] = site.program(variant)
            programs[variant].order("add" if group.payload == "megabyte" else group.payload, 1, 1,
                                    "3n")
        except NotBuilt:
            notes.add(f"{title(variant)}: left out, not to be had here")
    return programs


def measure(site, group, seconds, notes):
    """The group's rows."""
    programs = present(site, group, notes)
    pieces = {variant: [] for variant in programs}
    rounds = ROUNDS if group.payload == "add" else LONG_ROUNDS
    for _ in range(rounds):
        for variant, program in programs.items():
            outstanding, threads, payload = group.outstanding, group.threads, group.payload
            if variant in ("floor", "echo"):
                outstanding, threads = outstanding * threads, 1
            if variant == "echo":
                payload += "-packed"
            pieces[variant].append(program.order(payload, outstanding, threads,
                                                 f"{seconds / rounds:.3f}s"))
    return list(judge(site, group, pieces))


def judge(site, group, pieces):
    where = "TLS" if site.tls else "no TLS"
    label = site.server.label

    def compare(metric, variant, reference, target, name):
        values = [value(metric, piece) for piece in pieces[variant]]
        floors = [value(metric, piece) for piece in pieces.get(reference, [])]
        ratios = [a / b for a, b in zip(values, floors)]
        return row(name, label, statistics.median(values), UNITS[metric],
                   statistics.median(floors) if floors else None,
                   statistics.median(ratios) if floors else None, target)

    for metric in group.metrics:
        for variant in pieces:
            yield compare(metric, variant, "floor", target_of(group, variant, metric, label),
                          f"{group.name}, {where}: {title(variant)}"
                          + (f" {metric}" if metric != "rate" else ""))
    for variant, reference, target in group.against:
        if variant in pieces and reference in pieces:
            yield compare("rate", variant, reference, target,
                          f"{group.name}, {where}: {title(variant)} against {title(reference)}")


def measure_all(site, seconds, wanted, found, notes):
    for group in GROUPS["TLS" if site.tls else "no TLS"]:
        name = f"{group.name}, {'TLS' if site.tls else 'no TLS'}"
        if wanted not in name:
            continue
        say(f"{site.server.label}: {name}")
        found += measure(site, group, seconds, notes)
