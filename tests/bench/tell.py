# SPDX-License-Identifier: GPL-2.0
"""The lines that the guests said, as tables; and RESULTS.md, which has a section each."""
import datetime
import re
import statistics

import acts
import loads

ACTS = {"getppid": "trivial system call", "open+close": "open and close /dev/null",
        "touch": "first touch of a page", "unmap": "unmap a page",
        "timer": "create and delete a timer", "clone": "start and reap a child",
        "malloc": "malloc and free"}
# Which acts are events to whom; of the others they only see the system call, or nothing.
SEES = {"bpftrace": ("open+close", "touch", "timer", "clone"), "memleak": ("malloc",),
        "trace-s": ("open+close", "timer"), "trace": ("open+close", "timer"),
        "record": ("open+close", "touch", "timer", "clone"),
        "dwarf": ("open+close", "touch", "timer", "clone"),
        "strace": ("open+close", "timer", "clone"), "valgrind": ("open+close", "malloc")}
TITLES = {"acts": "Beside others: each act", "loads": "Beside others: servers under load",
          "rate": "Events a second", "attach": "Attaching"}


def row(*cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def table(head, rows):
    return "\n".join([row(*head), row("---", *["---:"] * (len(head) - 1)),
                      *(row(*cells) for cells in rows)])


def failures(lines, names):
    said = [f"{names.get(line['peer'], line['peer'])}" +
            (f" ({line['load']})" if "load" in line else "") +
            ": " + " ".join(line["failed"].split()) for line in lines if "failed" in line]
    return "\n".join(["Not measured:", "", *(f"- {text}" for text in said)]) if said else ""


# --- acts ---

def smallest(lines):
    """{(peer, frames, act): cost} of targets"""
    best = {}
    for line in lines:
        for act, cost in line.get("costs", {}).items():
            key = (line["peer"], line["frames"], act)
            best[key] = min(cost, best.get(key, cost))
    return best


def middle(lines):
    """{(peer, act): added} to bystanders, each held against itself before"""
    found = {}
    for line in lines:
        for act, added in line.get("added", {}).items():
            found.setdefault((line["peer"], act), []).append(added)
    return {key: statistics.median_low(added) for key, added in found.items()}


class Acts:
    """Costs, and what each looker adds."""

    def __init__(self, lines):
        self.cost, self.beside = smallest(lines), middle(lines)
        peers = {line["peer"] for line in lines if "costs" in line}
        self.names = {who.name: who.what for who in acts.everybody()}
        self.names["valgrind"] = "valgrind --track-fds"
        self.peers = [name for name in self.names if name in peers and name != "none"]

    def base(self, frames, act):
        return min((self.cost[key] for key in self.cost
                    if key[0] == "none" and key[2] == act and
                    (key[1] == frames or act not in ("open+close", "anew"))), default=0)

    def added(self, name, frames, act):
        key = (name, frames, act)
        return self.cost[key] - self.base(frames, act) if key in self.cost else None

    def cell(self, name, frames, act):
        added = self.added(name, frames, act)
        if added is None:
            return ""
        return f"{added:+,}" if sees(name, act) else f"({added:+,})"

    def targets(self, wanted):
        return [(f"{ACTS[act]}, {frames} frames", f"{self.base(frames, act):,}",
                 *(self.cell(name, frames, act) for name in self.peers))
                for act, frames in wanted]

    def bystanders(self):
        """Nobody, too: what it makes a difference to do it again."""
        names = ["none", *(name for name in self.peers if (name, "touch") in self.beside)]
        head = ["act", "takes", "nobody", *(self.names[name] for name in names[1:])]
        return table(head, [(what, f"{self.base(acts.OWN, act):,}",
                             *(f"{self.beside.get((name, act), 0):+,}" for name in names))
                            for act, what in ACTS.items()])


def sees(name, act):
    return act in SEES.get(name, ("open+close", "touch", "unmap", "timer", "clone"))


def ratios(a, wanted):
    """How many times ours the peers add, where both see an event."""
    said = []
    for name in a.peers:
        if name not in SEES or "leaktrace" not in a.peers:
            continue
        found = []
        for act, frames in wanted:
            # An act of ours that is lost in what repeats to a percent is as that percent.
            ours = a.added("leaktrace", frames, act)
            theirs = a.added(name, frames, act)
            if theirs is None or ours is None or not sees(name, act) or act == "malloc":
                continue
            ours = max(ours, a.base(frames, act) // 100)
            found.append((theirs / ours, f"{ACTS[act]}, {frames} frames"))
        if found:
            least, most = min(found), max(found)
            said.append((a.names[name], f"{least[0]:.1f}", least[1], f"{most[0]:.1f}", most[1],
                         "pass" if least[0] >= 2 else "FAIL"))
    return said


def bystander_targets(a):
    said = []
    for act, percent in (("getppid", 0), ("open+close", 4), ("touch", 2)):
        added = a.beside.get(("leaktrace", act))
        if added is None:
            continue
        added -= max(0, a.beside.get(("none", act), 0))
        share = added * 100 / a.base(acts.OWN, act)
        said.append(f"{ACTS[act]} {share:+.1f} % (at most +{percent} %: "
                    f"{'pass' if share <= percent else 'FAIL'})")
    return ("A bystander of leaktrace, less what it makes with nobody to do it again: " +
            ", ".join(said) + ".") if said else ""


def tell_acts(lines):
    a = Acts(lines)
    wanted = [(act, frames) for act in ACTS for frames in acts.FRAMES
              if frames == acts.OWN or act in ("open+close", "touch", "timer")]
    head = ["act", "takes", *(a.names[name] for name in a.peers)]
    whole = {line["peer"]: line["cost"] for line in lines if line.get("act") == "whole"}
    start = {}
    for line in lines:
        if line.get("act") == "start" and line["peer"] != "none":
            start[line["peer"]] = min(line["cost"], start.get(line["peer"], line["cost"]))
    parts = [
        "Instructions that looking at a process adds to what it does: the smallest of several "
        "runs; of perf and strace, which take each event in a process of their own, the mean, "
        "with what that process does meanwhile (perf drops what it cannot write in time, and is "
        "cheaper then). In brackets: acts that are no event to the tool.",
        table(head, a.targets(wanted)),
        "What somebody's looking at one process adds to another, at which nobody looks: the "
        "median of several, each held against itself before.",
        a.bystanders(),
        bystander_targets(a),
        "How many times of what leaktrace adds they add, where both see an event (at least 2.0):",
        table(["", "least", "at", "most", "at", ""], ratios(a, wanted)),
        "Until it is ready, millions of instructions and of waits for files: " +
        ", ".join(f"{a.names[name]} {ns / 1e6:,.0f}" for name, ns in start.items()) + ".",
    ]
    if len(whole) == 2:
        parts.append(f"bench from start to end under valgrind: {whole['valgrind']:,} instructions, "
                     f"without {whole['none']:,}: {whole['valgrind'] / whole['none']:.1f} times.")
    return section("acts", [*parts, failures(lines, a.names)])


# --- loads ---

def tell_loads(lines):
    names = {who.name: who.what for who in loads.everybody(None)}
    names["valgrind"] = "valgrind --track-fds"
    costs = {}
    for line in lines:
        if "cost" in line:
            key = line["load"], line["peer"], line["requests"]
            costs.setdefault(key, []).append(line["cost"])
    cost = {key: statistics.median_low(found) for key, found in costs.items()}
    spread = max((max(costs[key]) / min(costs[key]) - 1 for key in costs), default=0)
    rows = []
    for name, what in names.items():
        cells = [cell_of_load(cost, load, name) for load in loads.LOADS]
        if any(cells):
            rows.append((what, *cells))
    return section("loads", [
        "Instructions of the whole guest, server, client, kernel and who looks on, for one "
        "request; and what that is more than with nobody looking. Targets: at most 2 % with "
        f"fd, timer and thread, 5 % with pages. Runs differ by {spread * 100:.1f} % at most.",
        table(["", *(load.what for load in loads.LOADS)], rows),
        failures(lines, names)])


def cell_of_load(cost, load, name):
    for requests in loads.counts(load):
        if (load.name, name, requests) not in cost:
            continue
        took, base = cost[load.name, name, requests], cost.get((load.name, "none", requests))
        more = "" if name == "none" or not base else f" ({percent(took / base)})"
        return f"{took // requests:,}{more}"
    return ""


def percent(ratio):
    return f"{(ratio - 1) * 100:+.1f} %" if ratio < 2 else f"{ratio:.1f} times"


# --- rate, attach ---

def tell_rate(lines):
    runs = [line for line in lines if "events" in line]
    good = [r["events"] / r["ns"] * 1e9 for r in runs if not r["ring"] + r["socket"]]
    rows = [(r["pairs"] or "as fast as it can", f"{r['events'] / r['ns'] * 1e9:,.0f}",
             f"{r['ring']:,}", f"{r['socket']:,}") for r in sorted(runs, key=lambda r: r["pairs"])]
    return section("rate", [
        "One processor of 1,000 million instructions a second for the kernel, for "
        "`leaktrace record --events`, which takes each event, and for a target that opens and "
        "closes files and goes first, as if it had a processor of its own; a ring of "
        f"{runs[0]['ring_bytes']:,} bytes. Nothing is lost up to "
        f"{max(good, default=0):,.0f} events a second.",
        table(["pairs a millisecond", "events a second", "lost, ring full",
               "lost, reader too slow"], rows)])


def merge(guest, host):
    found = {line["program"]: line for line in guest if "program" in line}
    return [dict(line, **found.get(line["program"], {})) for line in host]


def tell_attach(lines):
    rows = [(r["program"], r["objects"], f"{r['table_bytes'] / 1e6:.1f} MB",
             f"{r['compile_us'] / 1000:.0f} ms", f"{r['cached_us'] / 1000:.0f} ms",
             *((f"{r['added_bytes'] / 1e6:.1f} MB", f"{r['attach'] / 1e9:.2f}",
                f"{r['attach_cached'] / 1e9:.2f}") if "attach" in r else ("", "", "")))
            for r in lines]
    return section("attach", [
        "Unwind tables of a program's code (at most 3 MB, 10 MB for clang), and processor time "
        "to compile them, on the machine that this was run on (at most 1 s). In the guest: "
        "kernel memory that attaching to it adds, and thousands of millions of instructions "
        "of `leaktrace attach --background`, without and with the tables in its cache.",
        table(["", "objects", "tables", "compiled", "from the cache", "memory added",
               "attach", "attach, cached"], rows)])


PARTS = {"acts": tell_acts, "loads": tell_loads, "rate": tell_rate, "attach": tell_attach}


def section(part, paragraphs):
    return "\n\n".join([f"## {TITLES[part]}", *(text for text in paragraphs if text)]) + "\n"


def keep(path, text, version, by="peers"):
    """Put a section where it stood, or last, with the day and the kernel."""
    title, rest = text.split("\n", 1)
    today = datetime.date.today().isoformat()
    text = f"{title}\n\nDebian's {version}, {today} (`tests/bench/{by} --keep`).\n{rest}"
    with open(path, encoding="utf-8") as f:
        old = f.read()
    parts = re.split(r"(?m)^(?=## )", old)
    at = [i for i, part in enumerate(parts) if part.startswith(title + "\n")]
    if at:
        parts[at[0]] = text + ("\n" if at[0] < len(parts) - 1 else "")
    else:
        parts = [old.rstrip("\n") + "\n\n", text]
    with open(path, "w", encoding="utf-8") as f:
        f.write("".join(parts))
