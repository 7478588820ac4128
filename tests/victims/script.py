# SPDX-License-Identifier: GPL-2.0
"""Opens files on many lines, by one way through the interpreter, and says what its own
tracebacks were. What ends with "kept" stays open.

It says ready, waits for a line, works, says done, and waits for another. Then it prints a
JSON object: for each descriptor that is open the frames, innermost first.
"""
import functools
import json
import os
import sys
import threading
import time

ROUNDS = int(sys.argv[1])
kept = {}


def frames():
    """Of who has called us, by his own words."""
    frame, found = sys._getframe(2), []
    while frame:
        code = frame.f_code
        found.append([code.co_filename, frame.f_lineno, getattr(code, "co_qualname", code.co_name)])
        frame = frame.f_back
    return found


def keep(fd):
    kept[fd] = frames()


class Pool:
    def leak(self):
        keep(os.open("/etc/passwd", os.O_RDONLY))

    def clean(self):
        os.close(os.open("/etc/passwd", os.O_RDONLY))

    def both(self):
        keep(os.open("/etc/group", os.O_RDONLY)); os.close(os.open("/etc/group", os.O_RDONLY))

    def recurse(self, depth):
        if depth:
            return self.recurse(depth - 1)
        return self.leak()


def generator(pool):
    yield pool.leak()
    yield pool.clean()


def compare(pool, a, b):
    for _ in generator(pool):
        pass
    return 0


def work(pool):
    pool.clean()
    pool.leak()
    pool.both()
    pool.recurse(5)
    sorted([1, 2], key=functools.cmp_to_key(functools.partial(compare, pool)))
    list(map(lambda _: pool.leak(), [1]))


def several(pool):
    for _ in range(ROUNDS):
        work(pool)
        time.sleep(0.01)


print("ready", flush=True)
sys.stdin.readline()
threads = [threading.Thread(target=several, args=(Pool(),)) for _ in range(2)]
for t in threads:
    t.start()
several(Pool())
for t in threads:
    t.join()
print("done", flush=True)
sys.stdin.readline()
print(json.dumps(kept), flush=True)
sys.stdin.readline()
