# SPDX-License-Identifier: GPL-2.0
"""In the guest: what each act of bench.c takes while somebody looks at it, or at a
bystander. A line of JSON for each measurement."""
import json
import subprocess
import sys
import time

import peer

FRAMES = (5, 20, 60)	# _start to the act: the fewest, and more
OWN = 5
ALL = "fd,page,timer,thread"


def everybody():
    perf = ",".join((peer.PERF_FD, peer.PERF_OTHERS, peer.PERF_PAGE))
    return [
        peer.Nobody(),
        peer.Leaktrace("leaktrace", "leaktrace", ALL),
        peer.LeaktraceLive("live", "leaktrace, looked at", ALL),
        peer.Bpftrace("bpftrace", "bpftrace", peer.BPFTRACE_FD + peer.BPFTRACE_TIMER +
                      peer.BPFTRACE_THREAD + peer.BPFTRACE_PAGE),
        peer.Memleak(),
        peer.PerfTrace("trace-s", "perf trace -s", "-s"),
        peer.PerfTrace("trace", "perf trace"),
        peer.PerfRecord("record", "perf record -g", "fp", perf),
        peer.PerfRecord("dwarf", "perf record, dwarf", "dwarf", perf),
        peer.Strace(),
    ]


class Bench:
    """A process that does small acts on command."""

    def __init__(self, path, *before):
        self.process = subprocess.Popen([*before, path], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, bufsize=1)
        line = self.process.stdout.readline().split()
        if not line or line[0] != "ready":
            raise peer.NotReady("the benchmark did not start")
        self.pid = int(line[1])

    def run(self, rounds, opens, frames, mean=False):
        self.process.stdin.write(f"go {rounds} {frames - OWN} {opens}\n")
        costs = {}
        for line in self.process.stdout:
            if line == "done\n":
                return costs
            name, *cost = line.split()
            costs[name] = int(cost[mean])
        raise peer.NotReady("the benchmark died")

    def end(self):
        self.process.stdin.write("end\n")
        self.process.stdin.close()
        self.process.wait()


def say(**what):
    print(json.dumps(what), flush=True)


def rounds_of(who):
    """And openings in each: few where one takes a million instructions."""
    return (3, 200) if who.light else (1, 20)


def look(who, path):
    """At one that acts, then at the same one idle, while bystanders act: several, and each
    also before, as it makes a difference where a process's memory lies."""
    target, bystanders = Bench(path), [Bench(path) for _ in range(3)]
    try:
        before = [bystander.run(3, 200, OWN) for bystander in bystanders]
        start = time.monotonic_ns()
        who.start(target.pid)
        say(peer=who.name, act="start", cost=time.monotonic_ns() - start)
        for frames in FRAMES:
            say(peer=who.name, who="target", frames=frames,
                costs=target.run(*rounds_of(who), frames, who.reads))
        for bystander, alone in zip(bystanders, before):
            costs = bystander.run(3, 200, OWN)
            say(peer=who.name, who="bystander", frames=OWN,
                added={act: costs[act] - alone[act] for act in costs})
    finally:
        who.stop()
        for bench in (target, *bystanders):
            bench.end()


def whole(path, *before):
    start = time.monotonic_ns()
    bench = Bench(path, *before)
    costs = bench.run(1, 20, OWN)
    bench.end()
    return time.monotonic_ns() - start, costs


def main(path, only):
    for who in everybody():
        if only and who.name not in only:
            continue
        print(f"acts: {who.what}", file=sys.stderr, flush=True)
        try:
            for _ in range(2 if who.name in ("none", "leaktrace") else 1):
                look(who, path)
        except peer.NotReady as why:
            say(peer=who.name, failed=str(why))
    for name, before in (("none", ()), ("valgrind", ("valgrind", "-q", "--track-fds=yes"))):
        if only and name not in only:
            continue
        try:
            whole(path, *before)
            total, costs = whole(path, *before)
        except peer.NotReady as why:
            say(peer=name, failed=str(why))
            continue
        say(peer=name, act="whole", cost=total)
        if before:
            say(peer=name, who="target", frames=OWN, costs=costs)
