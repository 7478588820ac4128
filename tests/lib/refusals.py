#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Has the kernel refuse each single registration once, in load, attach and upload.

  refusals.py KO [--stride N] [FUNCTION…]      KO: of tests/modules/refuse.c

What failed for want of memory is faults.py's; this is about functions that say no
for reasons of their own. A failed load or attach leaves nothing behind; an attach
that does without a hook says so; the next one has them all. Prints a line for each
function; exit status 1 if it did not hold.
"""
import argparse
import errno
import json
import os
import signal
import sys

import genl
from faults import (SYS_DELETE_MODULE, SYS_FINIT_MODULE, Steps, Wrong, expect, syscall,
                    until_none_is_left)

ERROR = -errno.EBUSY
FUNCTIONS = {
    "load": ("netlink_register_notifier", "genl_register_family"),
    "attach": ("register_kprobe", "ftrace_set_filter_ip", "register_ftrace_function",
               "tracepoint_probe_register", "__mmu_notifier_register"),
    "upload": ("kernel_read",),
}


class Refusal:
    """with Refusal(ko, function, n): our n-th call of it in there fails."""

    def __init__(self, ko, function, n):
        self.ko, self.function, self.n = ko, function, n
        self.left, self.calls, self.hit = n, 0, False

    def __enter__(self):
        words = "function=%s pid=%d nth=%d error=%d" % (self.function, os.getpid(), self.n, ERROR)
        with open(self.ko) as f:
            expect(syscall(SYS_FINIT_MODULE, f.fileno(), words.encode(), 0), 0,
                   "insmod refuse.ko %s" % words)
        return self

    def __exit__(self, *what):
        with open("/sys/module/refuse/parameters/calls") as f:
            calls = int(f.read())
        self.calls, self.hit = max(self.calls, calls), calls >= self.n
        expect(syscall(SYS_DELETE_MODULE, b"refuse", 0), 0, "rmmod refuse")


def absent():
    return int(genl.DEFINES["LEAKTRACE_INEXACT_PROBE_ABSENT"].strip("()").split("<<")[1])


def judge_attach(steps, code):
    """What it did without, it says."""
    if code:
        expect(code, ERROR, "an attach's answer")
        return "refused"
    target = genl.decode("target", steps.answer[0])
    rows = [genl.decode("probe", row) for row in steps.ask("PROBE_GET", dump=True)]
    lacking = [row["name"] for row in rows if row["required"] and not row["attached"]]
    expect(bool(target["inexact"] >> absent() & 1), bool(lacking), "flagged without %s" % lacking)
    return "flagged" if lacking else "other ways"


def one(steps, step, fault, probes):
    steps.fault = fault
    if step == "load":
        steps.unload()
        code = steps.load()
        if fault.hit:
            expect(code, ERROR, "insmod's answer")
        steps.unload()
        steps.connect()
        return "refused"
    if step == "upload":
        steps.fault_number = fault.n
        steps.prepare_tables()
        code = steps.hand_over()
        expect(code < 0, fault.hit, "an upload's answer")
        return "refused"
    # Where functions are is asked once a load.
    steps.unload()
    steps.connect()
    word = judge_attach(steps, steps.attach())
    expect(steps.probes(), probes, "probes of the next attach")
    return word


def sweep(steps, ko, step, function, stride):
    steps.connect()
    probes, calls = steps.probes(), 0

    def attempt(n):
        nonlocal calls
        fault = Refusal(ko, function, n)
        word = one(steps, step, fault, probes)
        steps.forget()
        calls = fault.calls
        return word, fault.hit

    _, words = until_none_is_left(attempt, stride)
    return {"step": step, "function": function, "calls": calls, "tries": words}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("ko")
    parser.add_argument("--stride", type=int, default=1)
    parser.add_argument("functions", nargs="*")
    args = parser.parse_intermixed_args()
    steps, done = Steps(os.environ["LEAKTRACE_KO"]), ""
    # To attach and detach takes until each task has slept: these never do.
    for child in steps.world.children:
        child.send_signal(signal.SIGSTOP)
    try:
        for step, functions in FUNCTIONS.items():
            for done in [f for f in functions if not args.functions or f in args.functions]:
                result = sweep(steps, args.ko, step, done, args.stride)
                if not result["tries"]:
                    raise Wrong("never called")
                print(json.dumps(result), flush=True)
    except (Wrong, genl.Refused) as wrong:
        print("%s: %r" % (done, wrong), file=sys.stderr)
        return 1
    finally:
        steps.world.end()
    return 0


if __name__ == "__main__":
    sys.exit(main())
