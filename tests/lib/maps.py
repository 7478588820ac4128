#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Are the mappings that the module follows the lines of /proc/PID/maps?

  maps.py PID    nothing, or what differs; exit status 1 if anything does

[vsyscall] is no mapping. Asks the module directly, not the tool.
"""
import struct
import sys

import genl


def mappings(pid):
    with open("/proc/%s/maps" % pid) as maps:
        lines = [line.split() for line in maps if "[vsyscall]" not in line]
    ranges = [[int(n, 16) for n in line[0].split("-")] for line in lines]
    return {(start, end - start) for start, end in ranges}


def objects(pid):
    nl = genl.Netlink()
    family = nl.family()["id"]
    payload = genl.u32("id", genl.find_target(nl, family, pid)["id"])
    payload += genl.attr(genl.target_attr("object_kind")[0],
                         struct.pack("B", genl.KINDS.index("map")))
    return [(o["id"], o["bytes"])
            for o in genl.call(nl, family, "OBJECT_GET", payload, dump=True)]


def main():
    pid = int(sys.argv[1])
    known, there = objects(pid), mappings(pid)
    ours = set(known)
    for what, some in (("unknown", there - ours), ("not there", ours - there)):
        for start, size in sorted(some):
            print("%s: %x-%x" % (what, start, start + size), file=sys.stderr)
    if len(known) != len(there):
        print("%d objects, %d mappings" % (len(known), len(there)), file=sys.stderr)
    return ours != there or len(known) != len(there)


if __name__ == "__main__":
    sys.exit(main())
