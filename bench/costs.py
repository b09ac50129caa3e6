"""costs.py - what is measured once: instructions, wake-ups, memory, big messages."""
import os
import re
import shutil
import tempfile
import time

import processor
import turns
from programs import NotBuilt, pids, say
from rows import row

CALLS = 100  # under callgrind: the difference between so many calls and twice as many
LINKS = 20
OUTSTANDING = [1, 1000, 10000]
BIG = [50 * 10 ** 6, 100 * 10 ** 6]
CALLGRIND = ["valgrind", "--tool=callgrind", "--fair-sched=try", "--callgrind-out-file=/dev/null"]


# ---- instructions ----

def collected(errors):
    errors.seek(0)
    return int(re.search(rb"Collected : (\d+)", errors.read()).group(1))


def instructions(start, calls):
    """Of caller and service, whole, after so many calls. start(before, errors) gives both."""
    with tempfile.TemporaryFile() as theirs, tempfile.TemporaryFile() as ours:
        service, caller = start(CALLGRIND, theirs, ours)
        caller.order("add", 1, 1, f"{calls}n")
        caller.stop()
        service.stop()
        return collected(ours), collected(theirs)


def per_call(start):
    once, twice = instructions(start, CALLS), instructions(start, 2 * CALLS)
    return [(b - a) / CALLS for a, b in zip(once, twice)]


def count_instructions(site_of, servers, wanted, found, notes):
    name = "instructions per add"
    if wanted not in name:
        return
    if not shutil.which("valgrind"):
        notes.add("instructions: left out, valgrind isn't there")
        return

    def http(before, theirs, ours):
        service = site.start("http", before=before, errors=theirs)
        port = service.heard[-1].split()[1]
        return service, site.start("caller", f"http://127.0.0.1:{port}/", before=before,
                                   errors=ours)

    def xmpp(before, theirs, ours):
        service = site.start("service", "8", environment=site.account(1, "counted"),
                             before=before, errors=theirs)
        try:
            caller = site.start("caller", site.endpoint("counted"), before=before, errors=ours,
                                environment=site.account(0, "counting", BENCH_PACKING=packing))
        except NotBuilt:
            service.stop()
            raise
        return service, caller

    server = servers[0]  # what the other writes otherwise makes little difference here
    site = site_of(server, False)
    say(f"{name}: HTTP")
    reference = per_call(http)
    found += [row(f"{name}: gSOAP over HTTP, {who}", "", count, "instructions")
              for who, count in zip(("caller", "service"), reference)]
    for tls in (False, True):
        for packing, title in (("never", "gSOAP plain"), ("auto", "gSOAP packed")):
            site = site_of(server, tls)
            full = f"{name}, {'TLS' if tls else 'no TLS'}: {title}"
            say(f"{server.label}: {full}")
            try:
                counts = per_call(xmpp)
            except NotBuilt:
                notes.add(f"{title}: left out, not to be had here")
                continue
            for who, count, floor in zip(("caller", "service"), counts, reference):
                found.append(row(f"{full}, {who}", server.label, count, "instructions", floor,
                                 count / floor))
            found.append(row(f"{full}, sum", server.label, sum(counts), "instructions",
                             sum(reference), sum(counts) / sum(reference),
                             "<1.00" if packing == "never" else None))


# ---- idle ----

def idleness(pid):
    """Context switches of all threads, seconds of processor time."""
    return processor.context_switches(pid), processor.cpu_seconds(pid)


def watch_idle(site_of, servers, wanted, found):
    seconds = float(os.environ.get("BENCH_IDLE_SECONDS") or 30)
    name = f"{seconds:g} s idle, TLS"
    if wanted not in name:
        return
    say(name)
    sites = [site_of(server, True) for server in servers]
    programs = [(site, what, site.program(key)) for site in sites
                for what, key in (("service", "service"), ("caller", "plain"))]
    for _, what, program in programs:
        if what == "caller":
            program.order("add", 1, 1, "10n")
    time.sleep(1)  # what the calls have set in motion comes to rest
    before = [idleness(program.pid) for _, _, program in programs]
    time.sleep(seconds)
    for (site, what, program), (switches, cpu) in zip(programs, before):
        now = idleness(program.pid)
        found.append(row(f"{name}: wake-ups of a {what}", site.server.label, now[0] - switches,
                        "switches", target="<=0"))
        found.append(row(f"{name}: processor time of a {what}", site.server.label,
                        (now[1] - cpu) * 1e3, "ms", target="<=0"))
    for site in sites:
        site.stop()


# ---- memory ----

def resident(program):
    return int(program.line().split()[2])


def weigh(site_of, server, wanted, found):
    name = "memory, TLS"
    if wanted not in name:
        return
    say(f"{server.label}: {name}")
    site = site_of(server, True)
    counts = [str(count) for count in OUTSTANDING]
    links = site.begin("memory", "links", "1", str(LINKS + 1), environment=site.account(0, "links"))
    one, many = resident(links), resident(links)
    links.stop()
    holder = site.start("raw", "hold", site.payloads, "add", *counts,
                        environment=site.account(1, "holder"))
    empty = resident(holder)
    calls = site.begin("memory", "calls", site.endpoint("holder"), *counts,
                       environment=site.account(0, "calls"))
    found.append(row(f"{name}: a link", server.label, (many - one) / LINKS, "KiB"))
    ours, theirs = [], []
    for _ in OUTSTANDING:
        ours.append(resident(calls))
        theirs.append(resident(holder))
    answered = calls.line() == "answered"
    calls.stop()
    holder.stop()
    for index in range(1, len(OUTSTANDING)):
        count = OUTSTANDING[index]
        found.append(row(f"{name}: an outstanding call of {count:,}, caller", server.label,
                        (ours[index] - ours[0]) / count, "KiB"))
        found.append(row(f"{name}: an outstanding call of {count:,}, service", server.label,
                        (theirs[index] - empty) / count, "KiB"))
    found.append(row("10,000 outstanding on one link, TLS: answered", server.label,
                    OUTSTANDING[-1] if answered else 0, "calls", target=f">={OUTSTANDING[-1]}"))


# ---- big messages ----

def unless_spoilt(share, one):
    """The row of a single round; without its numbers if others had too much of the processors."""
    spoilt = share > turns.allowed_share()
    if spoilt:
        one.update(value=None, floor=None, ratio=None)
    return dict(one, rounds=1, spoilt=int(spoilt), foreign=100 * share)


def peak_megabytes(pid):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmHWM"))


def send_big(site_of, server, wanted, found):
    """One message in pieces, small calls beside it; memory of either process against the message.
    Another load spoils the times, not the memory."""
    for size in BIG:
        name = f"{size // 10 ** 6} MB in pieces, TLS"
        if wanted not in name:
            continue
        say(f"{server.label}: {name}")
        site = site_of(server, True)
        service = site.start("service", "8",
                             environment=site.account(1, "big", BENCH_IN_PIECES="1"))
        caller = site.begin("big", site.endpoint("big"), str(size),
                            environment=site.account(0, "big", BENCH_IN_PIECES="1"))
        before = processor.moment(pids())
        idle, beside, _, seconds, peak = map(float, caller.line().split())
        share = processor.foreign_share(before, processor.moment(pids()))
        found += [unless_spoilt(share, one) for one in (
            row(f"{name}: speed", server.label, size / 1e6 / seconds, "MB/s"),
            row(f"{name}: add meanwhile p50", server.label, beside, "us", idle, beside / idle,
                "<=3.00"))]
        weighed = [("caller", peak), ("service", peak_megabytes(service.pid))]
        for who, megabytes in weighed if size == BIG[-1] else []:
            found.append(row(f"{name}: memory of the {who}", server.label, megabytes, "MiB",
                             size / 2 ** 20, megabytes / (size / 2 ** 20), "<3.00"))
        caller.stop()
        service.stop()
        site.stop()


# ---- all of them ----

def measure_all(site_of, servers, wanted, found, notes):
    """site_of(server, tls) gives the Site."""
    for server in servers:
        weigh(site_of, server, wanted, found)
        send_big(site_of, server, wanted, found)
    watch_idle(site_of, servers, wanted, found)
    count_instructions(site_of, servers, wanted, found, notes)
