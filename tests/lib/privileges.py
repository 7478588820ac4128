#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What who may not ask is told; and what nobody may be told.

  privileges.py answers ID PID   each command's answer, about what there is (target
                                 ID, process PID) and about what there is not; exit
                                 status 1 if the two differ, or one is no refusal
  privileges.py dropped ID       the same by a socket that root opened before it
                                 became nobody
  privileges.py addresses ID     all that the module tells of a target; exit status
                                 1 if an address of the kernel is in it
"""
import os
import struct
import sys

import genl

NO_ID, NO_PID = 4000000000, 4194000
KERNEL_BEGINS = 0xffff800000000000
# Numbers that count down from zero are no addresses.
SMALL_NEGATIVE = 0xffffffffffff0000


def commands(target, pid):
    """(command, payload, dump), each that there is."""
    of = genl.u32("id", target)
    yield "TARGET_ADD", genl.u32("pid", pid), False
    yield "TARGET_GET", of, False
    yield "TARGET_GET", b"", True
    yield "STATUS_GET", b"", False
    yield "PROBE_GET", b"", True
    for name in ("SITE_GET", "OBJECT_GET", "STACK_GET"):
        yield name, of, True
    yield "RECONCILE", of, False
    number = {name: n for n, (name, _) in genl.SETS["unwind"].items()}
    yield "UNWIND_ADD", genl.attr(number["fd"], struct.pack("I", 0)), False
    yield "UNWIND_GET", genl.attr(number["key"], bytes(24)), False
    yield "MAPS_SET", genl.attr(number["target"], struct.pack("I", target)), False
    number = {name: n for n, (name, _) in genl.SETS["gate"].items()}
    of_gate = genl.attr(number["target"], struct.pack("I", target))
    yield "GATE_OPEN", of_gate + genl.attr(number["fd"], struct.pack("I", 0)), False
    yield "GATE_CLOSE", of_gate, False
    yield "GATE_GET", of_gate, True
    yield "TARGET_DEL", of, False


def ask(nl, family, request):
    command, payload, dump = request
    try:
        nl.request(family, genl.COMMANDS[command], payload, dump)
        return "ok", ""
    except genl.Refused as refused:
        return refused.args


def compare(nl, target, pid):
    family, wrong = nl.family()["id"], 0
    for there, absent in zip(commands(target, pid), commands(NO_ID, NO_PID)):
        have = ask(nl, family, there), ask(nl, family, absent)
        if have[0] != have[1] or have[0][0] != "EPERM":
            print(there[0], "->", have[0], "and about nothing", have[1])
            wrong = 1
    return wrong


def dropped(target):
    nl = genl.Netlink()
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
    return compare(nl, target, 1)


def numbers(value):
    if isinstance(value, dict):
        value = value.values()
    elif isinstance(value, str) and value.startswith("0x"):
        value = int(value, 16)
    if isinstance(value, int):
        yield value
    elif not isinstance(value, str):
        for one in value:
            yield from numbers(one)


def addresses(target):
    nl, found, seen = genl.Netlink(), 0, 0
    family = nl.family()["id"]
    for command, payload, dump in commands(target, 1):
        if command in ("TARGET_ADD", "TARGET_DEL", "UNWIND_ADD", "UNWIND_GET", "MAPS_SET",
                       "GATE_OPEN", "GATE_CLOSE"):
            continue
        for answer in genl.call(nl, family, command, payload, dump):
            for n in numbers(answer):
                seen += 1
                if KERNEL_BEGINS <= n < SMALL_NEGATIVE:
                    print(command, hex(n))
                    found = 1
    print("%d numbers" % seen)
    return found or not seen


def main(argv):
    what, ids = argv[1], [int(n) for n in argv[2:]]
    if what == "answers":
        return compare(genl.Netlink(), *ids)
    return {"dropped": dropped, "addresses": addresses}[what](*ids)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
