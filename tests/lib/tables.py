# SPDX-License-Identifier: GPL-2.0
"""Unwind tables (linux/leaktrace_unwind.h) that no compiler would make.

make() returns one that is valid, so that the walker is let loose on its rules.
"""
import struct

MAGIC = 0x3257554C4B41454C
GRANULE = 1024
MACHINE = 62
KEY_BYTES = 24
RULE = 32
EDGES = (0, 1, -1, 8, -8, 16, -16, 4096, -4096, 2**31 - 1, -2**31, 2**30)
REGISTERS = (7, 7, 7, 6, 6, 3, 12, 13, 14, 15)


def rule(rng):
    """Any rule that passes the check: most lead somewhere, some in circles."""
    op = rng.choice((0, 1, 1, 1, 1, 1, 2, 2, 3, 4, 5, 6, 7, 7))
    offset = rng.choice(EDGES) if rng.randrange(2) else 8 * rng.randrange(-4, 64)
    ra = int(rng.randrange(12) == 0)
    ra_off = rng.randrange(16) if ra else rng.choice((-8, -8, 8, rng.choice(EDGES)))
    saved = [rng.choice((0, 0, -2, -3, 5, -32768, 32767)) for _ in range(5)]
    return struct.pack("<BBBBiiii5hH", op, rng.choice(REGISTERS + tuple(range(16))),
                       rng.randrange(4), ra, offset, rng.choice(EDGES), ra_off,
                       rng.choice((-16, -24, 0, rng.choice(EDGES))), *saved, 0)


def rows_of(rng, granules, nrules):
    """(granule index, rows): sorted, the first at 0."""
    index, rows = [0], []
    for g in range(granules):
        base = (g * GRANULE) & 0xffff
        begins = sorted(rng.sample(range(GRANULE), rng.choice((0, 1, 2, 9))))
        if g == 0:
            begins = sorted(set(begins) | {0})
        rows += [(base + b) | rng.randrange(nrules) << 16 for b in begins]
        index.append(len(rows))
    return index, rows


def make(rng):
    granules = rng.choice((1, 2, 40, 200, 900))
    nrules = rng.choice((1, 3, 40, 200))
    index, rows = rows_of(rng, granules, nrules)
    size = rng.randrange(1, granules * GRANULE + 1)
    if rng.randrange(2):
        size = granules * GRANULE
    header = struct.pack("<QQQIIII", MAGIC, GRANULE * rng.choice((0, 0, 0, 8, 2**40)), size,
                         granules, len(rows), nrules, MACHINE) + rng.randbytes(KEY_BYTES)
    return (header + struct.pack("<%dI" % len(index), *index) +
            struct.pack("<%dI" % len(rows), *rows) + b"".join(rule(rng) for _ in range(nrules)))
