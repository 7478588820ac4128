#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Puts .dwo files of 64-bit DWARF 5 units into a package, as section 7.3.5 of the standard says.

Of Debian 12's packagers dwp crashes on gcc's units of this version, and llvm-dwp does not end.
usage: package_dwo.py PACKAGE DWO…
"""
import struct
import sys

# The columns of the index; strings are shared by all units, and have none.
COLUMNS = {".debug_info.dwo": 1, ".debug_abbrev.dwo": 3, ".debug_line.dwo": 4, ".debug_loclists.dwo": 5,
           ".debug_str_offsets.dwo": 6, ".debug_rnglists.dwo": 8}
STRINGS, OFFSETS = ".debug_str.dwo", ".debug_str_offsets.dwo"


def sections_of(path):
    with open(path, "rb") as f:
        file = f.read()
    table, = struct.unpack_from("<Q", file, 40)
    n, names = struct.unpack_from("<HH", file, 60)
    header = [struct.unpack_from("<IIQQQQ", file, table + 64 * i) for i in range(n)]
    found = {}
    for name, _, _, _, at, size in header:
        name = file[header[names][4] + name:].split(b"\0")[0].decode()
        found[name] = file[at:at + size]
    return found


def moved(offsets, by):
    """Offsets of strings that are now behind those of other units."""
    words = struct.unpack(f"<{len(offsets) // 4}I", offsets)
    return struct.pack(f"<{len(words)}I", *words[:2], *(word + by for word in words[2:]))


def index_of(units):
    slots = 2
    while slots * 2 < len(units) * 3:
        slots *= 2
    ids, rows = [0] * slots, [0] * slots
    for row, (unit_id, _) in enumerate(units, 1):
        at, step = unit_id & slots - 1, unit_id >> 32 & slots - 1 | 1
        while rows[at]:
            at = at + step & slots - 1
        ids[at], rows[at] = unit_id, row
    words = list(COLUMNS.values())
    for part in 0, 1:
        words += [place[name][part] for _, place in units for name in COLUMNS]
    return (struct.pack("<HHIII", 5, 0, len(COLUMNS), len(units), slots) + struct.pack(f"<{slots}Q", *ids)
            + struct.pack(f"<{slots + len(words)}I", *rows, *words))


def write_elf(path, sections):
    names, content, header = b"\0", b"", b"\0" * 64
    for name, data in [*sections.items(), (".shstrtab", None)]:
        at = len(names)
        names += name.encode() + b"\0"
        data = names if data is None else data
        header += struct.pack("<IIQQQQIIQQ", at, 3 if data is names else 1, 0, 0, 64 + len(content), len(data), 0, 0, 1, 0)
        content += data
    with open(path, "wb") as f:
        f.write(b"\177ELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 1, 62, 1, 0, 0, 64 + len(content), 0, 64,
                                                           0, 0, 64, len(sections) + 2, len(sections) + 1))
        f.write(content + header)


def main():
    whole, units = {name: b"" for name in [*COLUMNS, STRINGS]}, []
    for path in sys.argv[2:]:
        part, place = sections_of(path), {}
        part[OFFSETS] = moved(part[OFFSETS], len(whole[STRINGS]))
        for name in COLUMNS:
            place[name] = len(whole[name]), len(part.get(name, b""))
            whole[name] += part.get(name, b"")
        whole[STRINGS] += part[STRINGS]
        units.append((struct.unpack_from("<Q", part[".debug_info.dwo"], 12)[0], place))
    write_elf(sys.argv[1], {**whole, ".debug_cu_index": index_of(units)})


main()
