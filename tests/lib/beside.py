#!/usr/bin/python3 -S
# SPDX-License-Identifier: GPL-2.0
"""What goes on while a request of ours takes long. Nothing is timed: what is done beside
a request has to begin and to end within it.

  beside.py reconcile MODULE BIG SMALL  beside RECONCILEs of the process BIG
  beside.py attach BIG SMALL            beside attaching to BIG
  beside.py table MODULE DIR            beside an UNWIND_ADD of a file that is never read:
                                        DIR becomes a file system that does not answer

Beside them MODULE, which registers a family, is loaded and a third party asks for a
family; SMALL is attached and all of it read. Says "NAME ok", or what is wrong.
"""
import ctypes
import mmap
import os
import select
import signal
import struct
import subprocess
import sys
import time

import genl

BEGUN, ENDED = 0, 1
TRIES = 40
QUEUE = 16
PATIENCE_S = 60		# with what never ends where others wait for us
FUSE_LOOKUP, FUSE_FORGET, FUSE_GETATTR, FUSE_OPEN, FUSE_INIT = 1, 2, 3, 14, 26
FILE_BYTES = 1 << 20


def in_child(work):
    """Its pid. It dies with us."""
    pid = os.fork()
    if pid:
        return pid
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    try:
        work()
    except BaseException as error:  # pylint: disable=broad-except # whatever it is, we end here
        print(repr(error), flush=True)
    os._exit(1)


def wait_until(what, condition):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            sys.exit("%s: not within %d s" % (what, PATIENCE_S))
        time.sleep(0.01)


# --- what takes long ---

class Long:
    """Processes that make the same request again and again, and count. Those that compare
    one target stand in a queue: each request takes as long as all of them."""

    def __init__(self, make, processes):
        counts = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("Q")
        self.counts = [counts[2 * i:2 * i + 2] for i in range(processes)]
        self.pids = [in_child(lambda c=c: self.repeat(c, *make())) for c in self.counts]

    @staticmethod
    def repeat(count, request, between):
        while True:
            count[BEGUN] += 1
            request()
            count[ENDED] += 1
            between()

    def under_way(self):
        return [(c, c[BEGUN]) for c in self.counts if c[BEGUN] > c[ENDED]]

    def spans(self, short):
        """Does one of the requests begin before and end after it?"""
        wait_until("a request", self.under_way)
        before = self.under_way()
        result = short()
        spans = any(c[ENDED] < begun for c, begun in before)
        if callable(result):
            result()
        return spans

    def end(self):
        for pid in self.pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


class Client:
    def __init__(self):
        self.nl = genl.Netlink()
        self.family = self.nl.family()["id"]

    def ask(self, command, payload=b"", dump=False):
        return genl.call(self.nl, self.family, command, payload, dump)

    def add(self, pid, kind):
        wanted = genl.u32("pid", pid) + genl.u32("kinds", 1 << genl.KINDS.index(kind))
        return genl.u32("id", self.ask("TARGET_ADD", wanted)[0]["id"])


def compares(target):
    client = Client()
    return lambda: client.ask("RECONCILE", target), lambda: None


def attaches(pid):
    client, targets = Client(), []
    return (lambda: targets.append(client.add(pid, "page")),
            lambda: client.ask("TARGET_DEL", targets.pop()))


# --- what is done beside it ---

def register_family(module):
    subprocess.run(["modprobe", module], check=True)
    try:
        genl.Netlink().family()
    finally:
        subprocess.run(["modprobe", "-r", module], check=True)


def attach(pid):
    """Returns what is to be done afterwards."""
    client = Client()
    target = client.add(pid, "fd")
    return lambda: client.ask("TARGET_DEL", target)


def trace(pid):
    client = Client()
    target = client.add(pid, "fd")
    client.ask("RECONCILE", target)
    for command in ("SITE_GET", "STACK_GET", "OBJECT_GET"):
        client.ask(command, target, dump=True)
    client.ask("PROBE_GET", dump=True)
    client.ask("TARGET_DEL", target)


def beside(long, shorts):
    for name, short in shorts:
        if not any(long.spans(short) for _ in range(TRIES)):
            sys.exit("%s: never within one request" % name)
        print(name, "ok", flush=True)
    long.end()


def beside_reconcile(module, big, small):
    client = Client()
    target = client.add(big, "page")
    beside(Long(lambda: compares(target), QUEUE),
           (("family", lambda: register_family(module)), ("trace", lambda: trace(small))))


def beside_attach(big, small):
    keeps_probes = Client()
    keeps_probes.add(os.getpid(), "fd")
    beside(Long(lambda: attaches(big), 1), (("attach", lambda: attach(small)),))


# --- a file system that does not answer ---

def fuse_attr(node):
    mode, size = (0o40755, 0) if node == 1 else (0o100644, FILE_BYTES)
    return struct.pack("6Q10I", node, size, size // 512, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)


def fuse_answer(opcode, node):
    valid_s = 1 << 20
    if opcode == FUSE_INIT:
        return struct.pack("4I2H2I2H8I", 7, 31, 1 << 17, 0, 12, 9, 1 << 17, 1, 32, 0, *[0] * 8)
    if opcode == FUSE_LOOKUP:
        return struct.pack("4Q2I", 2, 0, valid_s, valid_s, 0, 0) + fuse_attr(2)
    if opcode == FUSE_GETATTR:
        return struct.pack("Q2I", valid_s, 0, 0) + fuse_attr(node)
    if opcode == FUSE_OPEN:
        return struct.pack("Q2I", 1, 0, 0)
    return None


def fuse_serve(fuse, asked):
    """Until the file is open again: what is asked of it then stays in the queue."""
    opened = 0
    while opened < 2:
        request = os.read(fuse, 1 << 18)
        _, opcode, unique, node = struct.unpack_from("2I2Q", request)
        if opcode == FUSE_FORGET:
            continue
        opened += opcode == FUSE_OPEN
        answer = fuse_answer(opcode, node)
        body = answer or b""
        os.write(fuse, struct.pack("IiQ", 16 + len(body), 0 if answer else -38, unique) + body)
    select.select([fuse], [], [])
    os.write(asked, b"!")
    signal.pause()


def add_table(path):
    client = Client()
    # learns that a close is not flushed, for which it would wait
    os.close(os.open(path, os.O_RDONLY))
    number = {name: n for n, (name, _) in genl.SETS["unwind"].items()}
    table = genl.attr(number["fd"], struct.pack("I", os.open(path, os.O_RDONLY)))
    client.nl.request(client.family, genl.COMMANDS["UNWIND_ADD"], table)


def has_ended(pid):
    return os.waitpid(pid, os.WNOHANG)[0] == pid


def beside_table(module, where):
    libc = ctypes.CDLL(None, use_errno=True)
    fuse = os.open("/dev/fuse", os.O_RDWR)
    options = b"fd=%d,rootmode=40000,user_id=0,group_id=0" % fuse
    if libc.mount(b"beside", os.fsencode(where), b"fuse", 0, options):
        sys.exit("mount: " + os.strerror(ctypes.get_errno()))
    heard, asked = os.pipe()
    server = in_child(lambda: fuse_serve(fuse, asked))
    os.close(asked)
    os.close(fuse)
    client = in_child(lambda: add_table(where + "/table"))
    if os.read(heard, 1) != b"!":
        sys.exit("nobody reads the table")
    loader = in_child(lambda: (register_family(module), os._exit(0)))
    wait_until("a family, while a table is read", lambda: has_ended(loader))
    print("family ok", flush=True)
    if has_ended(client):
        sys.exit("the table was answered")
    os.kill(client, signal.SIGKILL)
    wait_until("the client's end", lambda: has_ended(client))
    print("killed ok", flush=True)
    os.kill(server, signal.SIGKILL)
    os.waitpid(server, 0)


def main(argv):
    what, rest = argv[1], argv[2:]
    if what == "table":
        beside_table(*rest)
    elif what == "reconcile":
        beside_reconcile(rest[0], int(rest[1]), int(rest[2]))
    else:
        beside_attach(int(rest[0]), int(rest[1]))


if __name__ == "__main__":
    main(sys.argv)
