#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Lets every single allocation of the kernel fail once, in every step of our life.

  faults.py [--stride N] [STEP…]      load attach snapshot tables detach close

Needs a kernel with fault injection (scripts/build-kernel). A step is done again
and again: first its first allocation fails, then its second, until there is none
left to fail. Each time it has to say so or to have done without; a failed one
leaves nothing behind; and the next one, with memory, has to work. Prints a line
for each step; exit status 1 if one did not hold.
"""
import argparse
import ctypes
import errno
import json
import os
import random
import signal
import struct
import sys

import genl
import tables
from fuzz import World
from messages import NLA_F_NESTED, attr

DEBUGFS = "/sys/kernel/debug"
SETTINGS = {"failslab": {"verbose": 0, "ignore-gfp-wait": "N", "cache-filter": "N"},
            "fail_page_alloc": {"verbose": 0, "ignore-gfp-wait": "N", "min-order": 0}}
SYS_FINIT_MODULE, SYS_DELETE_MODULE = 313, 176
libc = ctypes.CDLL(None, use_errno=True)


class Wrong(Exception):
    pass


class Fault:
    """with Fault(n): the n-th allocation of this thread in there fails."""

    def __init__(self, n):
        self.n, self.hit = n, False

    def __enter__(self):
        self.fd = os.open("/proc/thread-self/fail-nth", os.O_RDWR)
        os.pwrite(self.fd, b"%d" % self.n, 0)
        return self

    def __exit__(self, *what):
        self.left = int(os.pread(self.fd, 16, 0))
        os.pwrite(self.fd, b"0", 0)
        os.close(self.fd)
        self.hit = self.left == 0


def arm():
    for name, settings in SETTINGS.items():
        for setting, value in settings.items():
            with open("%s/%s/%s" % (DEBUGFS, name, setting), "w") as f:
                f.write(str(value))


def syscall(*args):
    return -ctypes.get_errno() if libc.syscall(*args) < 0 else 0


def loaded():
    return os.path.isdir("/sys/module/leaktrace")


def expect(have, want, what):
    if have != want:
        raise Wrong("%s: %r, not %r" % (what, have, want))


def until_none_is_left(attempt, stride):
    """attempt(n) lets the n-th fail: its word, and whether there was one. The last n, and the words."""
    n, words = 1, {}
    while True:
        word, hit = attempt(n)
        if not hit:
            return n, words
        words[word] = words.get(word, 0) + 1
        n += stride


class Steps:
    """A step is (prepare, act, undo); act returns 0 or a negative errno."""

    def __init__(self, ko):
        self.ko = ko
        self.world = World(os.environ.get("VICTIMS", genl.TOP + "/tests/victims/bin"))
        self.pid = self.world.pids[0]
        # One that works is enough: to attach takes until each task has slept.
        for child in self.world.children[1:]:
            child.send_signal(signal.SIGSTOP)
        self.nl = self.family = self.idle_bytes = None
        self.why = ""

    # --- the module ---

    def load_plain(self):
        with open(self.ko) as f:
            expect(syscall(SYS_FINIT_MODULE, f.fileno(), b"", 0), 0, "insmod")

    def unload(self):
        if loaded():
            expect(syscall(SYS_DELETE_MODULE, b"leaktrace", 0), 0, "rmmod")

    def load(self):
        with open(self.ko) as f, self.fault:
            code = syscall(SYS_FINIT_MODULE, f.fileno(), b"", 0)
        expect(loaded(), code == 0, "module there after insmod said %d" % code)
        return code

    # --- the family ---

    def connect(self):
        if not loaded():
            self.load_plain()
        self.nl = genl.Netlink()
        self.family = self.nl.family()["id"]

    def ask(self, command, payload=b"", dump=False):
        return self.nl.request(self.family, genl.COMMANDS[command], payload, dump)

    def status(self):
        return genl.decode("status", self.ask("STATUS_GET")[0])

    def under_fault(self, command, payload=b"", dump=False):
        """An answer that could not be sent is one, too."""
        try:
            with self.fault:
                self.answer = self.ask(command, payload, dump)
            return 0
        except genl.Refused as refused:
            self.why = refused.message
            return -refused.code
        except OSError as error:
            return -error.errno

    def forget(self):
        """A socket that lost an answer would mix up later ones."""
        self.nl.sock.close()
        self.connect()
        self.ask("TARGET_DEL")
        left = self.status()
        expect(left["targets"], 0, "targets")
        expect(left["objects"], 0, "objects")
        if self.idle_bytes is None:
            self.idle_bytes = left["memory_bytes"] - left["unwind_bytes"]
        expect(left["memory_bytes"] - left["unwind_bytes"], self.idle_bytes, "idle memory")

    def probes(self):
        """How many are attached while something is traced."""
        self.forget()
        genl.call(self.nl, self.family, "TARGET_ADD", genl.u32("pid", self.pid))
        rows = [genl.decode("probe", row) for row in self.ask("PROBE_GET", dump=True)]
        self.forget()
        return sum(row["attached"] for row in rows)

    def mappings(self, number, table=0):
        """Nests of the target's code, all with one table."""
        fields = {name: n for n, (name, _) in genl.SETS["map"].items()}
        return b"".join(
            attr(number | NLA_F_NESTED, attr(fields["start"], struct.pack("Q", start)) +
                 attr(fields["end"], struct.pack("Q", end)) +
                 attr(fields["table"], struct.pack("I", table)))
            for start, end, _ in self.world.maps[0])

    def request(self):
        return (genl.u32("pid", self.pid) + genl.u32("flags", 2) +
                self.mappings(genl.target_attr("map")[0]))

    def add(self):
        self.forget()
        self.target = genl.decode("target", self.ask("TARGET_ADD", self.request())[0])
        self.id = genl.u32("id", self.target["id"])

    def attach(self):
        code = self.under_fault("TARGET_ADD", self.request())
        if code and code != -errno.ENOBUFS:
            self.nl.sock.close()
            self.connect()
            expect(self.status()["targets"], 0, "targets after an attach that failed")
        return code

    def snapshot(self):
        code = 0
        for command, dump in (("STATUS_GET", False), ("RECONCILE", False), ("TARGET_GET", False),
                              ("TARGET_GET", True), ("PROBE_GET", True), ("SITE_GET", True),
                              ("OBJECT_GET", True), ("STACK_GET", True)):
            payload = b"" if command in ("STATUS_GET", "PROBE_GET") or \
                (command, dump) == ("TARGET_GET", True) else self.id
            code = self.under_fault(command, payload, dump)
            if self.fault.hit:
                break
            self.fault.n = self.fault.left	# counted on through all of them
        return code

    def detach(self):
        return self.under_fault("TARGET_DEL", self.id)

    def close(self):
        """The socket's end takes its target along."""
        nl, self.nl = self.nl, genl.Netlink()
        with self.fault:
            nl.sock.close()
        expect(self.status()["targets"], 0, "targets after close")
        return 0

    def add_owned(self):
        self.forget()
        genl.call(self.nl, self.family, "TARGET_ADD", genl.u32("pid", self.pid))

    def prepare_tables(self):
        self.add()
        self.blob = tables.make(random.Random(self.fault_number))
        self.fd = os.memfd_create("table")
        os.write(self.fd, self.blob)

    def hand_over(self):
        """A table, then mappings with it."""
        number = {name: n for n, (name, _) in genl.SETS["unwind"].items()}
        code = self.under_fault("UNWIND_ADD", attr(number["fd"], struct.pack("I", self.fd)))
        if not self.fault.hit:
            self.fault.n = self.fault.left
            table = genl.decode("unwind", self.answer[0])["id"]
            code = self.under_fault(
                "MAPS_SET", attr(number["target"], struct.pack("I", self.target["id"])) +
                attr(number["generation"], struct.pack("I", self.target.get("generation", 0))) +
                self.mappings(number["map"], table))
        os.close(self.fd)
        return code

    def sweep(self, name, stride):
        prepare, act, undo = {
            "load": (self.unload, self.load, self.unload),
            "attach": (self.forget, self.attach, self.forget),
            "snapshot": (self.add, self.snapshot, self.forget),
            "tables": (self.prepare_tables, self.hand_over, self.forget),
            "detach": (self.add, self.detach, self.forget),
            "close": (self.add_owned, self.close, self.forget),
        }[name]
        probes = None
        if name != "load":
            if self.nl is None:
                self.connect()
            probes = self.probes()

        def attempt(n):
            self.fault_number, self.fault = n, Fault(n)
            prepare()
            code = act()
            word = "ok" if not code else errno.errorcode[-code]
            if not self.fault.hit:
                expect(word, "ok", "%s with memory" % name)
            if code not in (0, -errno.ENOMEM, -errno.ENOBUFS):
                raise Wrong("%s answers %s: %s" % (name, word, self.why))
            undo()
            return word, self.fault.hit

        n, codes = until_none_is_left(attempt, stride)
        # Each that could not be attached once is tried again.
        if probes:
            expect(self.probes(), probes, "probes after %s" % name)
        return {"step": name, "allocations": n, "answers": codes}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--stride", type=int, default=1)
    parser.add_argument("steps", nargs="*",
                        default=["load", "attach", "snapshot", "tables", "detach", "close"])
    args = parser.parse_args()
    arm()
    steps = Steps(os.environ["LEAKTRACE_KO"])
    try:
        for name in args.steps:
            print(json.dumps(steps.sweep(name, args.stride)), flush=True)
    except Wrong as wrong:
        print("allocation %d: %s" % (steps.fault_number, wrong), file=sys.stderr)
        return 1
    finally:
        steps.world.end()
    return 0


if __name__ == "__main__":
    sys.exit(main())
