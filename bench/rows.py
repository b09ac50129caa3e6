"""rows.py - the rows that are measured slice by slice, and what is wanted of each.

A group is what is measured side by side: its variants take turns, round after round, and each round
gives one ratio of each variant to its reference. The median of those is the row's ratio, and their
quartiles say how far to trust it. Rounds that another load has spoilt don't count; a row without
enough good ones has no numbers.
"""
import os
import statistics
from collections import namedtuple

import ratios
import turns
from programs import NotBuilt, say

ROUNDS, LONG_ROUNDS = 9, 5

# metrics: "p50", "p99" (us), "first" (ms) or "rate" (calls/s). targets: (variant, metric) -> text,
# or texts by server. against: (variant, reference, target), beside the floor, by the first metric.
# limit: of a slice (slice.h), otherwise its part of BENCH_SECONDS. on_top: as against, but the
# difference of each round, not the ratio.
Group = namedtuple("Group", "name payload outstanding threads metrics variants targets against "
                   "limit on_top", defaults=[{}, [], None, []])

RAW_ADD = ["raw plain add", "raw packed add"]
RAW_RECORDS = ["raw plain records", "raw packed records"]
MANY_TARGETS = {("plain", "rate"): ">=0.90",
                ("packed", "rate"): {"prosody": ">=1.40", "ejabberd": ">=1.10"},
                ("raw packed add", "rate"): {"prosody": ">=1.90", "ejabberd": ">=1.30"}}
ONE_TARGETS = {("plain", "p50"): "<=1.15", ("packed", "p50"): "<=0.95"}
WITHOUT_LIBRARY = [("plain", "gsoap", None)]

# Some calls in each slice, so that it is long enough to see whether it was spoilt.
FIRST = Group("from open to the first answer", "first", 1, 1, ["first"], ["floor", "plain"],
              limit="5n")

GROUPS = {
    "TLS": [
        Group("add, one at a time", "add", 1, 1, ["p50", "p99"],
              ["floor", "echo", "gsoap", "plain", "packed", "http", "mqtt", "rpc"], ONE_TARGETS,
              WITHOUT_LIBRARY),
        Group("add through a gateway", "add", 1, 1, ["p50"], ["floor", "raw packed add", "gateway"],
              on_top=[("gateway", "raw packed add", "<=300")]),
        Group("add, 64 outstanding", "add", 64, 1, ["rate"],
              ["floor", "echo", "gsoap", "plain", "packed", *RAW_ADD, "mqtt", "rpc"], MANY_TARGETS,
              WITHOUT_LIBRARY),
        Group("add, 8 threads", "add", 1, 8, ["rate"], ["floor", "plain", "packed", "http"]),
        Group("900 records, one at a time", "records", 1, 1, ["rate"],
              ["floor", "gsoap", "plain", "packed", "http"], {},
              [*WITHOUT_LIBRARY, ("packed", "http", ">=0.90")]),
        Group("900 records, 8 outstanding", "records", 8, 1, ["rate"],
              ["floor", "echo", "plain", "packed", *RAW_RECORDS],
              {("raw packed records", "rate"): ">=20.00"}),
        Group("900 records, 8 threads", "records", 1, 8, ["rate"], ["http", "packed"], {},
              [("packed", "http", ">=0.90")]),
        Group("1 MB, one at a time", "megabyte", 1, 1, ["rate"],
              ["floor", "plain", "packed", "http"]),
        FIRST,
    ],
    "no TLS": [
        Group("add, one at a time", "add", 1, 1, ["p50", "p99"],
              ["floor", "gsoap", "plain", "packed"], ONE_TARGETS, WITHOUT_LIBRARY),
        Group("add, 64 outstanding", "add", 64, 1, ["rate"],
              ["floor", "gsoap", "plain", "packed", *RAW_ADD], MANY_TARGETS, WITHOUT_LIBRARY),
        FIRST,
    ],
}

TITLES = {"echo": "floor of the packed bytes", "gsoap": "floor with gSOAP",
          "rpc": "slixmpp XEP-0009", "http": "gSOAP over HTTP", "mqtt": "MQTT 5",
          "gateway": "HTTP and a gateway", "plain": "gSOAP plain", "packed": "gSOAP packed"}
UNITS = {"p50": "us", "p99": "us", "first": "ms", "rate": "calls/s"}
PERCENTILES = ("p50", "p99")

# One of a row's members by name; a row that wasn't measured in rounds has only the first ones.
ROW = dict(row="", server="", value=None, unit="", floor=None, ratio=None, q1=None, q3=None,
           rounds=None, spoilt=None, foreign=None, **dict.fromkeys(turns.COSTS), target=None)


def title(variant):
    words = variant.split()
    return "raw " + words[1] if words[0] == "raw" else TITLES.get(variant, variant)


def full_name(group, where, variant, metric):
    percentile = f" {metric}" if metric in PERCENTILES else ""
    return f"{group.name}, {where}: {title(variant)}{percentile}"


def value(metric, piece):
    return {"p50": piece.p50_us, "p99": piece.p99_us, "first": piece.p50_us / 1e3,
            "rate": piece.calls / piece.seconds}[metric]


def target_of(group, variant, metric, server):
    target = group.targets.get((variant, metric))
    return target.get(server) if isinstance(target, dict) else target


def row(name, server, amount, unit, floor=None, ratio=None, target=None, **more):
    return dict(ROW, row=name, server=server, value=amount, unit=unit, floor=floor, ratio=ratio,
                target=target, **more)


def rounds_of(group):
    return int(os.environ.get("BENCH_ROUNDS")
               or (ROUNDS if group.payload in ("add", "first") else LONG_ROUNDS))


def order_of(group, variant, seconds):
    """payload, outstanding, threads, limit: of one slice."""
    outstanding, threads, payload = group.outstanding, group.threads, group.payload
    if variant in ("floor", "echo", "gsoap"):
        outstanding, threads = outstanding * threads, 1
    if variant == "echo":
        payload += "-packed"
    return payload, outstanding, threads, group.limit or f"{seconds / rounds_of(group):.3f}s"


def present(site, group, variants, seconds, notes):
    """The variants that can be measured here: program and order of each, started and warm."""
    contestants = {}
    for variant in variants:
        try:
            program = site.program(variant)
            program.order("records" if group.payload == "records" else "add", 1, 1, "3n")
            contestants[variant] = program, order_of(group, variant, seconds)
        except NotBuilt:
            notes.add(f"{title(variant)}: left out, not to be had here")
    return contestants


def where(site):
    return "TLS" if site.tls else "no TLS"


def judge(group, place, label, taken):
    """The rows of a group. taken: for each variant its turns, place: "TLS" or not."""
    def compare(metric, variant, reference, target, name):
        own, others = taken[variant], taken.get(reference)
        values = [value(metric, turn.piece) for turn in own]
        good = ratios.good_rounds(own, others) if others else ratios.good_rounds(own)
        more = {"rounds": len(own), "spoilt": len(own) - len(good),
                "foreign": turns.foreign_percent(own)}
        if len(good) < ratios.ENOUGH:
            return row(name, label, None, UNITS[metric], target=target, **more)
        more.update(turns.cost_per_call(own, good))
        amount = statistics.median(values[number] for number in good)
        if not others:
            return row(name, label, amount, UNITS[metric], target=target, **more)
        floors = [value(metric, turn.piece) for turn in others]
        found = ratios.ratio(values, floors, good)
        return row(name, label, amount, UNITS[metric],
                   statistics.median(floors[number] for number in good), found.median, target,
                   q1=found.q1, q3=found.q3, **more)

    def differ(metric, variant, reference, target, name):
        own, others = taken[variant], taken[reference]
        good = ratios.good_rounds(own, others)
        more = {"rounds": len(own), "spoilt": len(own) - len(good),
                "foreign": turns.foreign_percent(own)}
        if len(good) < ratios.ENOUGH:
            return row(name, label, None, UNITS[metric], target=target, **more)
        return row(name, label, statistics.median(
            value(metric, own[number].piece) - value(metric, others[number].piece)
            for number in good), UNITS[metric], target=target, **more)

    for metric in group.metrics:
        for variant in taken:
            yield compare(metric, variant, "floor", target_of(group, variant, metric, label),
                          full_name(group, place, variant, metric))
    for variant, reference, target in group.against:
        if variant in taken and reference in taken:
            metric = group.metrics[0]
            yield compare(metric, variant, reference, target,
                          f"{full_name(group, place, variant, metric)} against {title(reference)}")
    for variant, reference, target in group.on_top:
        if variant in taken and reference in taken:
            metric = group.metrics[0]
            yield differ(metric, variant, reference, target,
                         f"{full_name(group, place, variant, metric)} on top of {title(reference)}")


def wanted_groups(site, wanted):
    for group in GROUPS[where(site)]:
        name = f"{group.name}, {where(site)}"
        if wanted in name:
            say(f"{site.server.label}: {name}")
            yield group


def measure_all(site, seconds, wanted, found, notes):
    for group in wanted_groups(site, wanted):
        contestants = present(site, group, group.variants, seconds, notes)
        taken = turns.take_all(contestants, site.server, rounds_of(group))
        found += judge(group, where(site), site.server.label, taken)
