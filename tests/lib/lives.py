#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Load, attach, detach, unload, again and again, under load; somebody dies meanwhile.

  lives.py [--rounds N] [--minutes M] [--seed S] [--tool FILE]

Programs that open, map, fork, make threads and exec without end run on all
processors, one of them new in each round and attached to at a moment that it does
not know of. A round ends in one of WAYS, at random; after it the module has to go.
The tool plays in every fourth round only: on a debug kernel it takes seconds to
start. Ends with a line of JSON; exit status 1 if something was not as it must be.
"""
import argparse
import errno
import json
import os
import random
import signal
import subprocess
import sys
import time

import genl
from faults import SYS_DELETE_MODULE, SYS_FINIT_MODULE, expect, loaded, syscall, Wrong

FOLLOW_FORK, BACKGROUND = 1, 2
WAYS = ("socket", "detach", "target", "twice", "unload", "processor", "exec")
TOOL_WAYS = ("kill", "kill both", "kill target", "interrupt", "stop")
PATIENCE_S = 300	# a safety net, not a measure of anything


class Lives:
    def __init__(self, args):
        self.ko, self.tool = os.environ["LEAKTRACE_KO"], args.tool
        self.program = os.path.join(args.victims, "victim_storm")
        self.rng = random.Random(args.seed)
        rest = dict(os.environ, STORM_REST=str(args.rest))
        self.load = [self.start("live" if i % 2 else "churn", rest) for i in range(args.load)]
        self.nl = self.family = self.victim = self.cli = None

    def start(self, how, env=None):
        child = subprocess.Popen([self.program, how], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, env=env)
        child.stdout.readline()
        child.stdout.close()
        return child

    def some_time(self):
        time.sleep(self.rng.random() * 0.2)

    # --- the module ---

    def insmod(self):
        with open(self.ko) as f:
            expect(syscall(SYS_FINIT_MODULE, f.fileno(), b"", 0), 0, "insmod")

    def rmmod(self):
        """Works that are on their way hold it for a moment."""
        end = time.monotonic() + PATIENCE_S
        while loaded():
            code = syscall(SYS_DELETE_MODULE, b"leaktrace", os.O_NONBLOCK)
            if code not in (0, -errno.EWOULDBLOCK, -errno.EBUSY):
                raise Wrong("rmmod: %s" % errno.errorcode[-code])
            if time.monotonic() > end:
                raise Wrong("the module does not go")
            time.sleep(0.01)

    # --- the family ---

    def connect(self):
        self.nl = genl.Netlink()
        self.family = self.nl.family()["id"]

    def ask(self, command, payload=b"", dump=False):
        return genl.call(self.nl, self.family, command, payload, dump)

    def add(self, flags):
        answer = self.ask("TARGET_ADD", genl.u32("pid", self.victim.pid) +
                          genl.u32("flags", flags))
        return genl.u32("id", answer[0]["id"])

    def look(self, target, gone=False):
        """All that there is to know; a target that is gone may not be found."""
        for command in ("RECONCILE", "SITE_GET", "STACK_GET", "OBJECT_GET"):
            try:
                self.ask(command, target, command != "RECONCILE")
            except genl.Refused as refused:
                if refused.code not in (errno.ESRCH, errno.ENOENT) or not gone:
                    raise

    # --- how a round goes ---

    def socket(self):
        self.add(self.rng.choice((0, FOLLOW_FORK)))
        self.some_time()
        self.nl.sock.close()
        self.connect()

    def detach(self):
        target = self.add(BACKGROUND | FOLLOW_FORK)
        self.some_time()
        self.look(target)
        self.ask("TARGET_DEL")

    def target(self):
        target = self.add(BACKGROUND)
        self.some_time()
        self.victim.kill()
        self.look(target, gone=True)
        self.victim.wait()
        self.look(target, gone=True)
        self.ask("TARGET_DEL", target)

    def twice(self):
        for _ in range(2):
            target = self.add(BACKGROUND)
            self.some_time()
            self.ask("TARGET_DEL", target)

    def unload(self):
        target = self.add(BACKGROUND)
        code = syscall(SYS_DELETE_MODULE, b"leaktrace", os.O_NONBLOCK)
        if code not in (-errno.EWOULDBLOCK, -errno.EBUSY):
            raise Wrong("rmmod of what is in use: %d" % code)
        self.ask("TARGET_DEL", target)

    def processor(self):
        path = "/sys/devices/system/cpu/cpu%d/online" % self.rng.randrange(1, os.cpu_count())
        target = self.add(BACKGROUND)
        for word in "01":
            with open(path, "w") as f:
                f.write(word)
            self.some_time()
            self.look(target)
        self.ask("TARGET_DEL", target)

    def exec(self):
        """Attached while it is between programs."""
        end = time.monotonic() + 1
        inode = os.stat("/proc/%d/exe" % self.victim.pid).st_ino
        while time.monotonic() < end:
            target = self.add(FOLLOW_FORK)
            self.ask("TARGET_DEL", target)
        expect(os.stat("/proc/%d/exe" % self.victim.pid).st_ino, inode, "what it runs")

    def by_tool(self, how):
        """Whatever moment it is in: reading tables, attaching, waiting."""
        self.cli = subprocess.Popen([self.tool, "attach", str(self.victim.pid)],
                                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                    stderr=subprocess.PIPE)
        time.sleep(self.rng.random() * 3)
        if how == "stop":
            self.cli.send_signal(signal.SIGSTOP)
            self.some_time()
            self.cli.send_signal(signal.SIGCONT)
        if "target" in how or "both" in how:
            self.victim.kill()
        if how in ("kill", "kill both"):
            self.cli.kill()
        if how in ("interrupt", "stop"):
            self.cli.send_signal(signal.SIGINT)
        _, err = self.cli.communicate(timeout=PATIENCE_S)
        # 2: before it had attached, or nobody was there any more
        if self.cli.returncode not in (0, 1, 2, -signal.SIGKILL, -signal.SIGINT):
            raise Wrong("the tool: exit status %d: %s" % (self.cli.returncode, err.decode()))

    def round(self, i):
        self.insmod()
        self.connect()
        self.victim = self.start("live")
        self.some_time()
        if self.tool and i % 4 == 3:
            how = TOOL_WAYS[i // 4 % len(TOOL_WAYS)]
            self.by_tool(how)
        else:
            how = self.rng.choice(WAYS)
            getattr(self, how)()
        status = self.ask("STATUS_GET")[0]
        if status.get("stopped"):
            raise Wrong("the module gave up: %s" % status["stopped"])
        self.nl.sock.close()
        self.victim.kill()
        self.victim.wait()
        self.rmmod()
        return how

    def end(self):
        for child in self.load + [self.victim, self.cli]:
            if child and child.poll() is None:
                child.kill()
                child.wait()


def hooks():
    with open("/sys/kernel/tracing/enabled_functions") as f:
        return len(f.readlines())


def slab_kib():
    with open("/proc/meminfo") as f:
        return int(next(line for line in f if line.startswith("SUnreclaim")).split()[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--minutes", type=float, help="end after so many, if not sooner")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--load", type=int, default=2, help="processes that keep it busy")
    parser.add_argument("--rest", type=int, default=3, help="times as long as they work: "
                        "a guest's processor that waits for the host's holds up the others")
    parser.add_argument("--tool", default=os.environ.get("LEAKTRACE"))
    parser.add_argument("--victims", default=os.environ.get(
        "VICTIMS", os.path.join(genl.TOP, "tests/victims/bin")))
    args = parser.parse_args()
    lives, ways, begin, i = Lives(args), {}, time.monotonic(), 0
    slab = []
    try:
        lives.rmmod()
        for i in range(args.rounds):
            if args.minutes and time.monotonic() - begin > 60 * args.minutes:
                break
            how = lives.round(i)
            ways[how] = ways.get(how, 0) + 1
            if i % max(args.rounds // 50, 1) == 0:
                slab.append(slab_kib())
                print("round %d, %d s" % (i, time.monotonic() - begin), file=sys.stderr)
        expect(hooks(), 0, "hooks that are left")
    except (Wrong, genl.Refused, OSError, subprocess.TimeoutExpired) as wrong:
        print("round %d: %r" % (i, wrong), file=sys.stderr)
        return 1
    finally:
        lives.end()
    print(json.dumps({"rounds": sum(ways.values()), "seconds": round(time.monotonic() - begin),
                      "ways": ways, "slab_kib": slab}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
