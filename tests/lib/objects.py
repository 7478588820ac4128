#!/usr/bin/env python3
# A Python program that makes objects as it is told, for tests/08-objects.bats.
# usage: objects.py      then lines on standard input, each answered by "ok":
#
#   fill           objects of many types
#   count FILE     what the program itself knows: a line "COUNT BYTES TYPE" for each type
#   names FILE     the names of all classes that it has
#   keep N         N sessions into a dictionary that only grows
#   hold N         N objects in each of HOLDERS, each of a class of its own
#   use N          N sessions, of which none is kept
#   cycle N        N sessions in cycles that nobody refers to; nogc: collect nothing
#   storm, calm    a thread that makes and drops objects all the time, or no longer
import collections
import enum
import functools
import gc
import os
import sys
import threading


class Session:
    def __init__(self, number):
        self.number = number
        self.log = [number]


class Point:
    __slots__ = ('x', 'y')

    def __init__(self, x):
        self.x, self.y = x, self


class Größe(int):
    pass


class Text(str):
    pass


class Table(dict):
    pass


class Pair(tuple):
    pass


class Outer:
    class Inner:
        pass


class Colour(enum.IntEnum):
    RED, GREEN = 1, 2


Named = collections.namedtuple('Named', 'a b')
cache = {}
kept = []
stormy = threading.Event()


def generate(n):
    x = [n]
    yield x
    yield n


async def wait(future):
    await future


def fill_one(i):
    g = generate(i)
    next(g)
    own = Session(i)
    own.__dict__['more'] = []
    many = Session(i)
    for k in range(i % 40):
        setattr(many, 'a%d' % k, [])
    return [
        Session(i), own, many, Point(i), Größe(i << 40), Text('x' * i), Table(a=[i]), Pair(([], i)), Named([], 1),
        Outer.Inner(), g, [0] * i, [None for _ in range(i % 100)], ([], i), {j: [] for j in range(i % 70)},
        {str(j): [] for j in range(i % 70)}, set(range(i % 70)), frozenset(range(i % 9)),
        collections.deque([[]] * (i % 200)), collections.deque([[]] * i, maxlen=10),
        collections.OrderedDict((j, []) for j in range(i % 20)), collections.defaultdict(list, {1: []}),
        collections.Counter('abc' * i), lambda: i, functools.partial(fill_one, i), memoryview(b'x'),
        wait(kept), iter([i]), own.__init__,
    ]


def fill():
    for i in range(300):
        kept.append(fill_one(i))
    for i in range(20):
        kept.append(type('Made', (Session,), {'number': i})(i))
    odd = Session(0)
    for i in range(60):
        setattr(odd, 'attribute%d' % i, i)
    kept.append(odd)


class Box:
    def __init__(self):
        self.inside = []


class Slotted:
    __slots__ = ('first', 'second')


class Shop:
    shelf = []


in_list, in_dict, in_set, in_deque, in_counter = [], {}, set(), collections.deque(), collections.defaultdict(list)
in_box, in_slots, in_tuple, chain = Box(), Slotted(), ([], 'x'), None
in_slots.second = []
in_partial = functools.partial(print, [])


def closure():
    held = []

    def inner():
        return held
    return inner


in_cell = closure()
in_method = in_list.append


def generator():
    waiting = []
    while True:
        yield waiting


in_generator = generator()


class Node:
    def __init__(self, next_one):
        self.next_one = next_one


def executes(ready):
    local_list = []
    ready.append(local_list)
    threading.Event().wait()


def hold(n):
    global chain
    ready = []
    threading.Thread(target=executes, args=(ready,), daemon=True).start()
    while not ready:
        pass
    put = {
        'In_list': in_list.append, 'In_dict': lambda o: in_dict.__setitem__(len(in_dict), [o]),
        'In_set': in_set.add, 'In_deque': in_deque.append, 'In_counter': lambda o: in_counter['all'].append(o),
        'In_box': in_box.inside.append, 'In_slots': in_slots.second.append, 'In_tuple': in_tuple[0].append,
        'In_partial': in_partial.args[0].append, 'In_cell': in_cell().append, 'In_class': Shop.shelf.append,
        'In_generator': next(in_generator).append, 'In_frame': ready.pop().append,
    }
    for name, keep in put.items():
        made = type(name, (), {})
        for _ in range(n):
            keep(made())
    for _ in range(n):
        chain = Node(chain)


def full_name(t):
    return t.__qualname__ if t.__module__ == 'builtins' else t.__module__ + '.' + t.__qualname__


def count(path):
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    gc.disable()
    counts, sizes = {}, {}
    everything = gc.get_objects()
    for o in everything:
        name = full_name(type(o))
        counts[name] = counts.get(name, 0) + 1
        sizes[name] = sizes.get(name, 0) + sys.getsizeof(o)
    everything = o = None
    for name in counts:
        os.write(fd, b'%d %d %s\n' % (counts[name], sizes[name], name.encode()))
    os.close(fd)


def names(path):
    seen, left = set(), [object]
    while left:
        t = left.pop()
        if t not in seen:
            seen.add(t)
            left += type.__subclasses__(t)
    with open(path, 'w') as f:
        f.writelines(full_name(t) + '\n' for t in seen)


def storm():
    while stormy.is_set():
        made = [Session(i) for i in range(300)]
        made[0].others = made
        classes = [type('Storm%d' % i, (), {}) for i in range(3)]
        made[1].more = {c: c() for c in classes}


def obey(word, argument):
    if word == 'fill':
        fill()
        gc.collect()
    elif word == 'count':
        count(argument)
    elif word == 'names':
        names(argument)
    elif word == 'keep':
        for _ in range(int(argument)):
            cache['user%d' % len(cache)] = Session(len(cache))
    elif word == 'hold':
        hold(int(argument))
    elif word == 'cycle':
        for i in range(int(argument)):
            s = Session(i)
            s.me = s
    elif word == 'nogc':
        gc.disable()
    elif word == 'use':
        for i in range(int(argument)):
            Session(i)
    elif word == 'storm':
        stormy.set()
        threading.Thread(target=storm, daemon=True).start()
    elif word == 'exit':
        os._exit(0)
    elif word == 'calm':
        stormy.clear()


def main():
    # standard input's own buffer is an object, too
    line = b''
    os.write(1, b'ready %d\n' % os.getpid())
    while True:
        byte = os.read(0, 1)
        if not byte:
            os._exit(0)
        if byte != b'\n':
            line += byte
            continue
        word, _, argument = line.decode().partition(' ')
        line = b''
        obey(word, argument)
        os.write(1, b'ok\n')


main()
