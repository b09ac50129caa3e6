"""report.py - the tables that run.py prints, and the files that it writes."""
import json
import operator
import sys

RELATIONS = {"<=": operator.le, ">=": operator.ge, "<": operator.lt}
TOO_FEW = "too few good rounds"


def number(value):
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.2f}"


def verdict(row):
    """"" without a target; one for a row without a ratio means its value."""
    if row["value"] is None:
        return TOO_FEW
    if not row["target"]:
        return ""
    relation = row["target"].rstrip("0123456789.")
    measured = row["value"] if row["ratio"] is None else round(row["ratio"], 2)
    met = RELATIONS[relation](measured, float(row["target"][len(relation):]))
    return "ok" if met else "missed"


def decimal(value):
    return "-" if value is None else f"{value:.2f}"


def percent(value):
    return "" if value is None else f"{value:.0f} %"


def between(q1, q3):
    return "" if q1 is None else f"[{q1:.2f} {q3:.2f}]"


def good(row):
    """Rounds that count, of all."""
    return "" if row["rounds"] is None else f"{row['rounds'] - row['spoilt']}/{row['rounds']}"


def switches(costs):
    """Of caller and service; "-" for what a row hasn't or nobody knows."""
    return whole(costs, ("caller_switches", "service_switches"), "{:.2f}")


def microseconds(costs):
    return whole(costs, ("caller_us", "service_us", "server_us"), "{:.0f}")


def whole(costs, names, form):
    values = [costs.get(name) for name in names]
    if values == [None] * len(values):
        return ""
    return " ".join("-" if value is None else form.format(value) for value in values)


def columns(head, rows, left):
    """Prints rows of text below their heads; left: the columns that begin on the left."""
    widths = [max(map(len, column)) for column in zip(head, *rows)]
    for row in [head, *rows]:
        cells = [f"{text:{width}}" if name in left else f"{text:>{width}}"
                 for name, text, width in zip(head, row, widths)]
        print("  ".join(cells).rstrip())


def print_table(found):
    head = ["row", "server", "value", "floor", "unit", "ratio", "[q1 q3]", "good", "switches/call",
            "us/call", "others", "target", ""]
    columns(head, [[row["row"], row["server"], number(row["value"]), number(row["floor"]),
                    row["unit"], decimal(row["ratio"]), between(row["q1"], row["q3"]), good(row),
                    switches(row), microseconds(row), percent(row["foreign"]),
                    row["target"] or "", verdict(row)]
                   for row in found],
            ("row", "server", "unit", "target", ""))


def print_comparison(found):
    head = ["row", "server", "before", "now", "unit", "now/before", "[q1 q3]", "before/floor",
            "[q1  q3]", "now/floor", "good", "switches/call", "us/call", "others", ""]

    def both(text, row):
        """Of the build before -> now."""
        before, now = text(row["costs_before"]), text(row["costs_now"])
        return f"{before} -> {now}" if before or now else ""

    columns(head, [[row["row"], row["server"], number(row["before"]), number(row["now"]),
                    row["unit"], decimal(row["ratio"]), between(row["q1"], row["q3"]),
                    decimal(row["before_ratio"]), between(row["before_q1"], row["before_q3"]),
                    decimal(row["now_ratio"]), good(row), both(switches, row),
                    both(microseconds, row), percent(row["foreign"]), row["verdict"] or TOO_FEW]
                   for row in found], ("row", "server", "unit", ""))


def write(path, found):
    with open(path, "w") as file:
        json.dump(found, file, indent=1)


def check(path, members):
    """What a reader of the file relies on; members: name -> kinds. The exit status."""
    with open(path) as file:
        found = json.load(file)
    for row in found:
        wrong = set(row) ^ set(members) or [member for member, kinds in members.items()
                                            if not isinstance(row[member], kinds)]
        if wrong:
            print(f"run.py: {path}: {row['row']}: {', '.join(wrong)}", file=sys.stderr)
            return 1
    if not found:
        print("run.py: no row is called so", file=sys.stderr)
        return 2
    return 0
