#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Talks to the loaded module as nobody should, and as everybody does at once.

  fuzz.py [--messages N] [--seed S] [--processes P] [--coverage KO]
  fuzz.py --detach N    dumps without end, while a target comes and goes N times

P processes send N messages altogether: whole requests, requests with one thing
wrong, and rubbish, as the specification (include/leaktrace.yaml) lets one think
of them; dumps that nobody reads to the end, sockets that close under a request
or a target, tables and mappings that no compiler would make and stack walks over
them. One of the processes has no privilege and must learn nothing. Targets are
stopped and killed meanwhile.

The same N, S and P make the same sequence, but for moments and for the numbers of
targets, which are those that live. Ends with a line of JSON: how many were
answered what. Exit status 1 if an answer is not what it may be; what the kernel
has to say stands in its log.
"""
import argparse
import errno
import json
import os
import random
import re
import signal
import socket
import struct
import subprocess
import sys
import time

import genl
from kcov import Coverage, branches_of, text_of_module
from messages import Maker, Spec

SOL_NETLINK, NETLINK_ADD_MEMBERSHIP = 270, 1
# What a request may be refused with; anything else is a defect.
REFUSALS = {errno.EPERM, errno.EINVAL, errno.ERANGE, errno.EOPNOTSUPP, errno.ENOENT,
            errno.ESRCH, errno.EEXIST, errno.ENOSPC, errno.EBADF, errno.ESTALE,
            errno.EFBIG, errno.E2BIG, errno.EBUSY, errno.EMSGSIZE, errno.EIO,
            errno.ENOMEM, errno.ENOBUFS}


# --- a world to talk about: targets that live, work and die ---

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


# --- one process ---

class Wrong(Exception):
    pass


class Talker:
    """Sends its share, reads what it feels like, counts the answers."""

    def __init__(self, number, args, spec, world, family):
        self.rng = random.Random(args.seed * 1000 + number)
        self.family, self.privileged = family["id"], True
        self.group = family["group_id"]
        self.maker = Maker(spec, world, self.family, self.rng)
        self.counts = {}
        self.sock = None
        self.open()
        self.maker.prepare(self.sock)
        self.coverage = Coverage() if args.coverage else None

    def open(self):
        if self.sock:
            self.sock.close()
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, genl.NETLINK_GENERIC)
        self.sock.bind((0, 0))
        for option in (genl.NETLINK_EXT_ACK, genl.NETLINK_CAP_ACK):
            if self.rng.randrange(2):
                self.sock.setsockopt(SOL_NETLINK, option, 1)
        if self.rng.randrange(4) == 0:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        if self.rng.randrange(3) == 0:
            self.join()

    def join(self):
        try:
            self.sock.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, self.group)
            if not self.privileged:
                raise Wrong("joined a group without privilege")
        except PermissionError:
            if self.privileged:
                raise

    def drop_privilege(self):
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
        self.privileged = False
        self.open()		# a socket keeps its opener's privilege
        try:
            self.join()
        except PermissionError:
            pass

    def count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    def judge(self, kind, message):
        if kind in (genl.NLMSG_ERROR, genl.NLMSG_DONE):
            code = -struct.unpack_from("i", message)[0] if len(message) >= 4 else 0
            if code and code not in REFUSALS:
                raise Wrong("refused with %s" % errno.errorcode.get(code, code))
            if not self.privileged and not code and kind == genl.NLMSG_DONE:
                raise Wrong("a dump without privilege")
            self.count("OK" if not code else errno.errorcode[code])
            return
        if kind != self.family:
            return
        if not self.privileged:
            raise Wrong("an answer without privilege: %s" % message[:64].hex())
        self.count("answers")
        self.no_kernel_address(message)
        if message[0] in (genl.COMMANDS["TARGET_ADD"], genl.COMMANDS["TARGET_GET"]):
            target = genl.decode("target", message[4:])
            alive = self.maker.alive = self.maker.alive[-7:]
            alive.append((target["id"], target.get("generation", 0)))

    @staticmethod
    def no_kernel_address(message):
        """Stacks are the target's own memory: whatever it has there."""
        if message[0] == genl.COMMANDS["STACK_GET"] or message[0] == genl.COMMANDS["EVENT"]:
            return
        for number, payload in genl.split_attrs(message[4:]):
            if len(payload) == 8 and int.from_bytes(payload, "little") >> 47 == 0x1ffff:
                raise Wrong("a kernel's address in attribute %d of command %d: %s" %
                            (number, message[0], payload.hex()))

    def hear(self, most):
        """Up to @most datagrams of what is there."""
        for _ in range(most):
            try:
                data = self.sock.recv(1 << 16, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno not in (errno.ENOBUFS, errno.EPERM):
                    raise
                self.count("ENOBUFS")
                continue
            while len(data) >= 16:
                length, kind, _, _, _ = struct.unpack_from("IHHII", data)
                if length < 16:
                    raise Wrong("an answer of %d bytes" % length)
                self.judge(kind, data[16:length])
                data = data[(length + 3) & ~3:]

    def talk(self, n):
        rng, sent = self.rng, 0
        while sent < n:
            batch = min(rng.choice((1, 1, 2, 8, 20)), n - sent)
            data = b"".join(self.maker.message() for _ in range(batch))
            if self.coverage:
                self.coverage.begin()
            try:
                self.sock.send(data)
            except OSError as error:
                if error.errno not in (errno.ENOBUFS, errno.EAGAIN, errno.ECONNREFUSED):
                    raise
                self.open()
            sent += batch
            self.hear(rng.choice((0, 1, 3, 64)))
            if self.coverage:
                self.coverage.end()
            if rng.randrange(25) == 0:
                self.open()
        self.hear(1000)


# --- all of them ---

def play(number, args, spec, world, family, share):
    """In a process of its own. What it counted goes to stdout's pipe."""
    talker = Talker(number, args, spec, world, family)
    if number == 1:
        talker.drop_privilege()
    status = 0
    try:
        talker.talk(share)
    except Wrong as wrong:
        print("process %d: %s" % (number, wrong), file=sys.stderr)
        status = 1
    seen = sorted(talker.coverage.seen) if talker.coverage else []
    return {"counts": talker.counts, "seen": seen, "status": status}


def spawn(number, args, spec, world, family, share):
    read, write = os.pipe()
    pid = os.fork()
    if pid:
        os.close(write)
        return pid, read
    os.close(read)
    try:
        result = play(number, args, spec, world, family, share)
        with os.fdopen(write, "w") as pipe:
            json.dump(result, pipe)
    except BaseException as error:		# pylint: disable=broad-except
        print("process %d: %r" % (number, error), file=sys.stderr)
        os._exit(2)
    os._exit(result["status"])


def kill_some(rng, world, running):
    """Targets die and come while it goes on."""
    while any(os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
              for pid in running):
        time.sleep(0.3)
        victim = rng.randrange(len(world.children))
        child = world.children[victim]
        if rng.randrange(3) == 0:
            child.kill()
            child.wait()
            world.children[victim] = subprocess.Popen(
                [world.program, "churn"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        else:
            os.kill(child.pid, rng.choice((signal.SIGSTOP, signal.SIGCONT, signal.SIGCONT)))


def collect(pipes):
    total, seen, status = {}, set(), 0
    for pid, read in pipes:
        with os.fdopen(read) as pipe:
            text = pipe.read()
        _, how = os.waitpid(pid, 0)
        status |= how != 0
        result = json.loads(text) if text else {"counts": {}, "seen": []}
        for what, n in result["counts"].items():
            total[what] = total.get(what, 0) + n
        seen.update(result["seen"])
    return total, seen, status


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
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--detach", type=int, metavar="N")
    parser.add_argument("--coverage", metavar="KO", help="the loaded leaktrace.ko")
    parser.add_argument("--victims", default=os.environ.get(
        "VICTIMS", os.path.join(genl.TOP, "tests/victims/bin")))
    args = parser.parse_args()

    spec, nl = Spec(), genl.Netlink()
    family = nl.family()
    world = World(args.victims)
    begin = time.monotonic()
    if args.detach:
        try:
            return detach_under_dumps(nl, family["id"], world, args.detach)
        finally:
            world.end()
    try:
        share = args.messages // args.processes
        pipes = [spawn(i, args, spec, world, family, share) for i in range(args.processes)]
        kill_some(random.Random(args.seed), world, [pid for pid, _ in pipes])
        total, seen, status = collect(pipes)
    finally:
        world.end()
    nl.request(family["id"], genl.COMMANDS["TARGET_DEL"])
    left = genl.call(nl, family["id"], "STATUS_GET")[0]
    if left["targets"] or left.get("stopped"):
        print("afterwards: %s" % left, file=sys.stderr)
        status = 1
    summary = {"messages": share * args.processes, "seconds": round(time.monotonic() - begin),
               "answers": total, "objects_left": left["objects"]}
    if args.coverage:
        base, size = text_of_module()
        summary["branches"] = [sum(base <= pc < base + size for pc in seen),
                               branches_of(args.coverage)]
    print(json.dumps(summary))
    return status


if __name__ == "__main__":
    sys.exit(main())
