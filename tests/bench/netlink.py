#!/usr/bin/python3 -S
# SPDX-License-Identifier: GPL-2.0
"""What a third party's GETFAMILY and the loading of a module that registers a family take:
alone, beside a process that computes, beside RECONCILEs of a large process.

  netlink.py VICTIM_PAGE PAGES     in a guest with the module; prints a table
"""
import os
import signal
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import beside  # pylint: disable=wrong-import-position
import genl  # pylint: disable=wrong-import-position

MODULE = "macsec"
SECONDS = 10


def start_victim(program, pages):
    # more than the guest has: they are read, so all are the page of zeros
    with open("/proc/sys/vm/overcommit_memory", "w", encoding="ascii") as overcommit:
        overcommit.write("1")
    victim = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True, bufsize=1)
    victim.stdout.readline()
    for command in ("map a %d nohuge" % pages, "touch a read"):
        victim.stdin.write(command + "\n")
        for line in victim.stdout:
            if line.startswith("failed"):
                sys.exit("%s: %s" % (command, line))
            if line.startswith("ok"):
                break
        else:
            sys.exit("%s: the victim has ended" % command)
    return victim


def compute():
    while True:
        pass


def load_and_unload():
    for words in (["modprobe", MODULE], ["modprobe", "-r", MODULE]):
        subprocess.run(words, check=True)


def ask_for(seconds):
    """How long each took, in microseconds."""
    nl, took, end = genl.Netlink(), [], time.monotonic() + seconds
    while time.monotonic() < end:
        begin_ns = time.monotonic_ns()
        nl.family()
        took.append((time.monotonic_ns() - begin_ns) / 1000)
        time.sleep(0.001)
    return sorted(took)


def load_for(seconds):
    took, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        begin_ns = time.monotonic_ns()
        load_and_unload()
        took.append((time.monotonic_ns() - begin_ns) / 1000)
    return sorted(took)


def end(pid):
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def row(name, took, of):
    """OF is what the median is compared with, in microseconds."""
    median_us = statistics.median(took)
    print("| %s | %d | %.0f | %.0f | %.0f | %s |" % (
        name, len(took), median_us, took[len(took) * 99 // 100], took[-1],
        "%.2f" % (median_us / of) if of else ""), flush=True)
    return median_us


def main(program, pages):
    load_and_unload()		# what it needs is there from then on
    victim = start_victim(program, pages)
    client = beside.Client()
    target = client.add(victim.pid, "page")
    print("| | times | median, us | 99 of 100, us | longest, us | median, ratio |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    alone_us = row("GETFAMILY alone", ask_for(SECONDS), None)
    loading_us = row("modprobe alone", load_for(SECONDS), None)
    busy = beside.in_child(compute)
    row("GETFAMILY beside a process that computes", ask_for(SECONDS), alone_us)
    row("modprobe beside a process that computes", load_for(SECONDS), loading_us)
    end(busy)
    long = beside.Long(lambda: beside.compares(target), 1)
    row("GETFAMILY beside RECONCILE", ask_for(SECONDS), alone_us)
    row("modprobe beside RECONCILE", load_for(SECONDS), loading_us)
    asked, answered = sum(c[0] for c in long.counts), sum(c[1] for c in long.counts)
    long.end()
    print("\nRECONCILEs: %d begun, %d ended." % (asked, answered))
    victim.kill()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
