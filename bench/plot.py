"""plot.py - latency against calls outstanding, as a picture."""
import os
import statistics
import subprocess

import programs

OUTSTANDING = [1, 2, 4, 8, 16, 32, 64, 128, 256]
VARIANTS = ["floor", "plain", "packed"]
ROUNDS = 3
SECONDS = 0.3


def sample(site, server, file):
    """Writes one block for each variant: outstanding calls, median latency in ms."""
    titles = []
    stand_by = {}
    for variant in VARIANTS:
        try:
            stand_by[variant] = site.program(variant)
        except programs.NotBuilt:
            programs.say(f"{variant}: left out, not to be had here")
    found = {variant: [] for variant in stand_by}
    for count in OUTSTANDING:
        programs.say(f"{server.label}: {count} outstanding")
        values = {variant: [] for variant in stand_by}
        for _ in range(ROUNDS):
            for variant, program in stand_by.items():
                values[variant].append(program.order("add", count, 1, f"{SECONDS}s").p50_us)
        for variant in stand_by:
            found[variant].append((count, statistics.median(values[variant]) / 1e3))
    for variant, points in found.items():
        titles.append(f"{server.label}, {variant}")
        file.writelines(f"{count} {latency:.4f}\n" for count, latency in points)
        file.write("\n\n")
    return titles


def draw(build, servers):
    data, picture, titles = f"{build}/bench-latency.dat", f"{build}/bench-latency.png", []
    with open(data, "w") as file:
        for server in servers:
            site = programs.Site(build, server, True, f"{build}/bench/payloads")
            titles += sample(site, server, file)
            site.stop()
    curves = ", ".join(f"'{data}' index {index} with linespoints title '{title}'"
                       for index, title in enumerate(titles))
    script = f"""set terminal pngcairo size 1000,700
set output '{picture}'
set logscale xy
set xlabel 'calls outstanding'
set ylabel 'median latency, ms'
set title 'add, TLS'
set key top left
set grid
plot {curves}
"""
    subprocess.run(["gnuplot"], input=script, text=True, check=True, timeout=60,
                   env=dict(os.environ, LC_ALL="C"))
    print(picture)
    return 0
