# SPDX-License-Identifier: GPL-2.0
"""Requests as include/leaktrace.yaml lets one think of them: whole, with one thing
wrong, and rubbish. The fuzzer's.
"""
import os
import re
import struct

import yaml

import genl
import tables

SPEC = os.path.join(genl.TOP, "include/leaktrace.yaml")
NLA_F_NESTED, NLA_F_NET_BYTEORDER = 0x8000, 0x4000
WIDTH = {"u8": 1, "u16": 2, "u32": 4, "u64": 8, "s32": 4}
EDGES = (0, 1, 2, 3, 4, 5, 15, 16, 31, 63, 127, 255, 256, 4095, 65535, 1 << 31,
         (1 << 31) - 1, (1 << 32) - 1, 1 << 47, (1 << 63) - 1, (1 << 64) - 1)


class Spec:
    """commands: {number: (name, set, [attribute names], may dump)}"""

    def __init__(self):
        with open(SPEC) as f:
            spec = yaml.safe_load(f)
        self.sets = {}
        for table in spec["attribute-sets"]:
            rows = {}
            for number, row in enumerate(table["attributes"]):
                rows[row["name"]] = dict(row, number=number)
            self.sets[table["name"]] = rows
        self.number_from_header()
        self.commands = []
        for op in spec["operations"]["list"]:
            number = genl.COMMANDS[op["name"].upper().replace("-", "_")]
            for mode in ("do", "dump"):
                if mode not in op:
                    continue
                asked = op[mode].get("request", {}).get("attributes", [])
                self.commands.append((number, op["name"], op["attribute-set"], asked,
                                      mode == "dump"))

    def number_from_header(self):
        for name, rows in self.sets.items():
            by_name = {short.replace("_", "-"): number
                       for number, (short, _) in genl.SETS[name].items()}
            for attribute, row in rows.items():
                row["number"] = by_name[attribute]


def attr(number, payload, length=None):
    return (struct.pack("HH", 4 + len(payload) if length is None else length,
                        number & 0xffff) + payload + b"\0" * (-len(payload) % 4))


class Maker:
    def __init__(self, spec, world, family, rng):
        self.spec, self.world, self.family, self.rng = spec, world, family, rng
        self.tables = 1
        self.seq = 0
        self.alive = [(1, 0)]	# ids and generations, newest last

    def value(self, row):
        """A value that the policy lets pass, as far as the specification tells."""
        rng, checks = self.rng, row.get("checks", {})
        name = row["name"]
        if name == "pid":
            return rng.choice(self.world.pids + [1, 2, os.getpid(), 4194000])
        if name in ("id", "target"):
            return rng.choice(self.alive)[0] if rng.randrange(8) else rng.choice(EDGES)
        if name == "generation":
            return self.alive[-1][1] if rng.randrange(4) else rng.randrange(3)
        if name == "table":
            return rng.randrange(0, self.tables + 2)
        if name == "kinds":
            return rng.randrange(1, 16)
        if name == "flags":
            return rng.choice((0, 0, 1, 2, 3, 16, 18))
        if name == "max-objects":
            return rng.choice((0, 0, 1, 50, 100000))
        if name == "object-kind":
            return rng.randrange(4)
        if rng.randrange(2):
            return rng.choice(EDGES)
        return rng.randrange(checks.get("min", 0), 64)

    def scalar(self, row):
        width = WIDTH[row["type"]]
        return (self.value(row) & ((1 << 8 * width) - 1)).to_bytes(width, "little")

    def map_nests(self, number):
        """Real code of a real target with hostile tables, or any mappings."""
        rng, rows, out, at = self.rng, self.spec.sets["map"], b"", 0
        spans = rng.choice(self.world.maps)
        if rng.randrange(3) == 0:
            spans = []
            for _ in range(rng.randrange(1, 60)):
                at += rng.choice((0, 1, 4096, rng.getrandbits(rng.randrange(1, 47))))
                end = at + rng.choice((1, 4096, rng.getrandbits(rng.randrange(1, 40))))
                spans.append((at, end, rng.choice(EDGES)))
                at = end
        for start, end, offset in spans:
            fields = (("start", start), ("end", end),
                      ("bias", (start - offset if rng.randrange(4) else rng.choice(EDGES)) & (1 << 64) - 1),
                      ("table", rng.randrange(0, self.tables + 1)),
                      ("flags", rng.randrange(4)))
            inner = b"".join(
                attr(rows[n]["number"], v.to_bytes(WIDTH[rows[n]["type"]], "little"))
                for n, v in fields if rng.randrange(40))
            out += attr(number | NLA_F_NESTED, inner)
        return out

    def payload(self, set_name, asked):
        rng, out = self.rng, b""
        for name in asked:
            row = self.spec.sets[set_name][name]
            if rng.randrange(12) == 0:
                continue
            if row["type"] in WIDTH:
                if name == "fd":
                    out += attr(row["number"], struct.pack("I", rng.choice(self.fds)))
                else:
                    out += attr(row["number"], self.scalar(row))
            elif row["type"] == "nest":
                if name != "map" or rng.randrange(2):
                    out += self.map_nests(row["number"])
            elif row["type"] == "binary":
                out += attr(row["number"], rng.choice(self.keys))
        return out

    def whole(self):
        while True:
            number, name, set_name, asked, dump = self.rng.choice(self.spec.commands)
            # Somebody has to live for the others to have something to say.
            if name != "target-del" or self.rng.randrange(6) == 0:
                return number, dump, self.payload(set_name, asked)

    def bent(self):
        """A whole request with one thing wrong."""
        rng = self.rng
        number, dump, payload = self.whole()
        way = rng.randrange(9)
        if way == 0 and payload:
            payload = payload[:rng.randrange(len(payload))]
        elif way == 1 and payload:
            at = rng.randrange(len(payload))
            payload = payload[:at] + bytes([payload[at] ^ 1 << rng.randrange(8)]) + payload[at + 1:]
        elif way == 2:
            payload += attr(rng.randrange(1, 40), rng.randbytes(rng.choice((0, 1, 2, 4, 8, 33))))
        elif way == 3:
            payload += payload
        elif way == 4 and len(payload) >= 4:
            payload = struct.pack("H", rng.choice((0, 3, 4, 5, len(payload) + 1, 0xffff))) + payload[2:]
        elif way == 5 and len(payload) >= 4:
            kind = struct.unpack_from("H", payload, 2)[0]
            payload = payload[:2] + struct.pack("H", kind ^ rng.choice((NLA_F_NESTED, NLA_F_NET_BYTEORDER))) + payload[4:]
        elif way == 6:
            dump = not dump
        elif way == 7:
            number = rng.randrange(256)
        else:
            rows = [r for r in self.spec.sets[rng.choice(("target", "unwind", "map"))].values()
                    if r["type"] in WIDTH]
            row = rng.choice(rows)
            payload += attr(row["number"], rng.choice(EDGES).to_bytes(8, "little")[:WIDTH[row["type"]]])
        return number, dump, payload

    def rubbish(self):
        rng = self.rng
        return (rng.randrange(32), rng.randrange(2),
                rng.randbytes(rng.choice((0, 1, 3, 4, 8, 20, 64, 400, 4000))))

    def message(self):
        rng = self.rng
        self.seq += 1
        number, dump, payload = rng.choice((self.whole, self.whole, self.bent, self.bent,
                                            self.rubbish))()
        flags = genl.NLM_F_REQUEST | (genl.NLM_F_DUMP if dump else genl.NLM_F_ACK)
        version, reserved, length = 1, 0, None
        if rng.randrange(30) == 0:
            flags ^= 1 << rng.randrange(16)
            version = rng.randrange(256)
            reserved = rng.choice((0, 1, 0xffff))
        body = struct.pack("BBH", number & 0xff, version, reserved) + payload
        if rng.randrange(60) == 0:
            length = rng.choice((0, 15, 16, 17, 20, 16 + len(body) + 1, 0xffffffff))
        return struct.pack("IHHII", 16 + len(body) if length is None else length, self.family,
                           flags & 0xffff, self.seq, 0) + body + b"\0" * (-len(body) % 4)

    def prepare(self, nl):
        """Open files to hand over: tables good and bad, and what is no table."""
        self.keys = [self.rng.randbytes(genl_key_bytes()) for _ in range(4)]
        self.fds = [-1 & 0xffffffff, 0, 99999]
        for _ in range(24):
            blob = tables.make(self.rng)
            if self.rng.randrange(3) == 0:
                blob = tables.bend(self.rng, blob)
            self.keys.append(blob[40:64].ljust(genl_key_bytes(), b"\0"))
            fd = os.memfd_create("table")
            os.write(fd, blob)
            self.fds.append(fd)
        for path in ("/dev/zero", "/proc/self/maps", "/proc/self/mem", "/", "/etc/passwd"):
            self.fds.append(os.open(path, os.O_RDONLY))
        self.fds.append(os.open("/dev/null", os.O_WRONLY))
        self.fds.append(nl.fileno())
        self.tables = 24


def genl_key_bytes():
    with open(os.path.join(genl.TOP, "include/uapi/linux/leaktrace_unwind.h")) as f:
        return int(re.search(r"KEY_BYTES\s+(\d+)", f.read())[1])
