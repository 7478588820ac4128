#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Dumps without end, while a target comes and goes.

  fuzz.py [--detach N]

Two processes dump whatever target there is; meanwhile one is added and deleted N
times. Exit status 1 if a dump was answered what it may not be. Messages of all
other kinds: tests/fuzz/netlink.
"""
import argparse
import errno
import json
import os
import re
import signal
import subprocess
import sys
import time

import genl


class World:
    """Victims come before the processes fork, so all know the same numbers."""

    def __init__(self, victims):
        self.pids, self.children = [], []
        self.program = os.path.join(victims, "victim_storm")
        for _ in range(3):
            self.start()
        self.maps = [self.code_of(pid) for pid in self.pids]

    def start(self):
        child = subprocess.Popen([self.program, "churn"], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE)
        child.stdout.readline()
        self.children.append(child)
        self.pids.append(child.pid)

    @staticmethod
    def code_of(pid):
        with open("/proc/%d/maps" % pid) as f:
            rows = [re.match(r"(\w+)-(\w+) (\S+) (\w+)", line) for line in f]
        return [(int(m[1], 16), int(m[2], 16), int(m[4], 16)) for m in rows if "x" in m[3]]

    def end(self):
        for child in self.children:
            child.kill()
            child.wait()


def dump_for_ever(family):
    """Whatever target there is; that it goes meanwhile is no mistake."""
    nl = genl.Netlink()
    while True:
        for target in genl.call(nl, family, "TARGET_GET", dump=True):
            for command in ("OBJECT_GET", "SITE_GET", "STACK_GET"):
                try:
                    nl.request(family, genl.COMMANDS[command], genl.u32("id", target["id"]), True)
                except genl.Refused as refused:
                    if refused.code != errno.ENOENT:
                        raise


def detach_under_dumps(nl, family, world, n):
    readers = []
    for _ in range(2):
        pid = os.fork()
        if not pid:
            try:
                dump_for_ever(family)
            finally:
                os._exit(1)
        readers.append(pid)
    for i in range(n):
        target = genl.call(nl, family, "TARGET_ADD",
                           genl.u32("pid", world.pids[i % len(world.pids)]))[0]
        time.sleep(0.02 * (i % 4))
        nl.request(family, genl.COMMANDS["TARGET_DEL"], genl.u32("id", target["id"]))
    status = 0
    for pid in readers:
        status |= os.waitpid(pid, os.WNOHANG)[0] != 0	# it gave up
        os.kill(pid, signal.SIGKILL)
    print(json.dumps({"detached": n}))
    return status


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--detach", type=int, metavar="N", default=20)
    parser.add_argument("--victims", default=os.environ.get(
        "VICTIMS", os.path.join(genl.TOP, "tests/victims/bin")))
    args = parser.parse_args()
    nl = genl.Netlink()
    world = World(args.victims)
    try:
        return detach_under_dumps(nl, nl.family()["id"], world, args.detach)
    finally:
        world.end()


if __name__ == "__main__":
    sys.exit(main())
