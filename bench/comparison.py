"""comparison.py - two builds of the library, measured side by side on one server.

Noun: the comparison of one row. The programs of both builds stand by, and so does one floor. All
take turns, so that each round gives the ratio now / before and the ratio of each to the floor. The
new build is called worse only if the median of its ratios to the floor lies outside of the
quartiles of the old one's, on the bad side. What is measured once (costs.py) is measured of both,
one after the other: such a row has a ratio, and no verdict.
"""
import statistics

import costs
import ratios
import rows
import turns
from programs import say

ROUNDS_MORE = 2  # times as many as for a table of one build: quartiles of few rounds are rough
OF_LIBRARY = ("plain", "packed", "raw")

ONCE = "measured once"

COMPARISON = dict(row="", server="", unit="", before=None, now=None, ratio=None, q1=None, q3=None,
                  before_ratio=None, before_q1=None, before_q3=None, now_ratio=None, rounds=None,
                  spoilt=None, foreign=None, costs_before={}, costs_now={}, verdict=None)


def contestants(site, site_before, group, seconds, notes):
    """The floor; "plain", "plain before" and so on."""
    variants = [variant for variant in group.variants if variant.split()[0] in OF_LIBRARY]
    found = rows.present(site, group, ["floor"], seconds, notes)
    now = rows.present(site, group, variants, seconds, notes)
    before = rows.present(site_before, group, variants, seconds, notes)
    for variant in variants:
        if variant in now and variant in before:
            found[variant + " before"], found[variant] = before[variant], now[variant]
    return found


def judge(name, label, metric, floor, before, now):
    """The comparison's members. floor, before, now: the turns of each."""
    good = ratios.good_rounds(floor, before, now)
    found = dict(COMPARISON, row=name, server=label, unit=rows.UNITS[metric], rounds=len(now),
                 spoilt=len(now) - len(good), foreign=turns.foreign_percent(floor + before + now))
    if len(good) < ratios.ENOUGH:
        return found
    floors, olds, news = ([rows.value(metric, turn.piece) for turn in side]
                          for side in (floor, before, now))
    each_other = ratios.ratio(news, olds, good)
    old, new = ratios.ratio(olds, floors, good), ratios.ratio(news, floors, good)
    found.update(before=statistics.median(olds[number] for number in good),
                 now=statistics.median(news[number] for number in good),
                 ratio=each_other.median, q1=each_other.q1, q3=each_other.q3,
                 before_ratio=old.median, before_q1=old.q1, before_q3=old.q3,
                 now_ratio=new.median, costs_before=turns.cost_per_call(before, good),
                 costs_now=turns.cost_per_call(now, good),
                 verdict=ratios.compare(old, new, less_is_better=metric != "rate"))
    return found


def measure_group(site, site_before, group, seconds, notes):
    stand_by = contestants(site, site_before, group, seconds, notes)
    taken = turns.take_all(stand_by, site.server, ROUNDS_MORE * rows.rounds_of(group))
    for metric in group.metrics:
        for variant in taken:
            if variant + " before" in taken:
                yield judge(rows.full_name(group, rows.where(site), variant, metric),
                            site.server.label, metric, taken["floor"],
                            taken[variant + " before"], taken[variant])


def join_once(now, before):
    """Of the rows that were measured once, those that both builds have. now, before: costs.py's."""
    old = {(row["row"], row["server"]): row["value"] for row in before}
    for row in now:
        value = old.get((row["row"], row["server"]))
        if value is not None and row["value"] is not None:
            yield dict(COMPARISON, row=row["row"], server=row["server"], unit=row["unit"],
                       before=value, now=row["value"], verdict=ONCE,
                       ratio=row["value"] / value if value else None)


def measure_all(site_of, site_before_of, servers, seconds, wanted, found, notes):
    """Adds to found row after row, so that what was measured is there whatever happens then.
    site_of, site_before_of: give the Site of a server, with or without TLS."""
    for server in servers:
        for tls in (True, False):
            site, site_before = site_of(server, tls), site_before_of(server, tls)
            for group in rows.wanted_groups(site, wanted):
                found += measure_group(site, site_before, group, seconds, notes)
            site.stop()
            site_before.stop()
    once, once_before = [], []
    try:
        costs.measure_all(site_before_of, servers, wanted, once_before, notes)
        costs.measure_all(site_of, servers, wanted, once, notes)
    finally:
        found += join_once(once, once_before)
    worse = sum(row["verdict"] == "worse" for row in found)
    say(f"{worse} of {len(found)} rows are worse than before")
