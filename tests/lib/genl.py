#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A second client of the generic netlink family, for tests only.

It knows names and numbers from the uapi header alone and speaks raw netlink,
so that a mistake in the command line tool's decoder cannot hide one in the
module's encoder.

  genl.py header             enums and constants of the header, as JSON
  genl.py family             what the controller says of the family
  genl.py policy             the kernel's own policy: {command: {mode: {number: …}}}
  genl.py status             STATUS_GET
  genl.py target PID         TARGET_GET of one process (the whole dump: all)
  genl.py probes             PROBE_GET
  genl.py objects PID [KIND] one JSON object a line
  genl.py sites PID
  genl.py count COMMAND PID  answers of a dump, undecoded: a million take their time
  genl.py try COMMAND [dump] [NAME=VALUE…]
                             one request; prints "ok" or "ENAME message".
                             VALUE: a number (size from the header's comment),
                             u8:N u16:N u32:N u64:N, s:TEXT, x:HEX, none
                             NAME: an attribute or a number
  genl.py tries              "ERRNO[|ERRNO] COMMAND …" a line, as for try; says what
                             was not answered so
  genl.py listen [GROUP] [stay]
                             joins it ("events"); "ok" or "ENAME"; stays, but does not read
  genl.py fuzz N SEED        N requests of random commands and bytes; none may
                             do more than fail
"""
import errno
import json
import os
import re
import signal
import socket
import struct
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Beside us when somebody without access to the tree runs a copy.
BESIDE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "leaktrace.h")
HEADER = BESIDE if os.path.exists(BESIDE) else (os.path.join(TOP, "include/uapi/linux/leaktrace.h"))

NETLINK_GENERIC = 16
NLMSG_NOOP, NLMSG_ERROR, NLMSG_DONE = 1, 2, 3
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 1, 4, 0x300
NLM_F_ACK_TLVS = 0x200
SOL_NETLINK, NETLINK_CAP_ACK, NETLINK_EXT_ACK = 270, 10, 11
GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_CMD_GETPOLICY = 16, 3, 10


class Refused(Exception):
    def __init__(self, code, message):
        # 95 has two names
        name = "EOPNOTSUPP" if code == errno.EOPNOTSUPP else errno.errorcode.get(code, str(code))
        super().__init__(name, message)
        self.code, self.message = code, message


# --- the header ---

def read_header():
    """enums: {name: [(constant, value, comment)]}; defines: {name: text}"""
    with open(HEADER) as f:
        text = f.read()
    enums = {}
    for name, body in re.findall(r"enum (\w+) \{(.*?)\n\};", text, re.S):
        members, value = [], -1
        for line in body.split("\n"):
            m = re.match(r"\s*(\w+)\s*(?:=\s*(\d+))?\s*,?\s*(?:/\*\s*(.*?)\s*(?:\*/)?)?$", line)
            if not m or not m[1]:
                continue
            value = int(m[2]) if m[2] else value + 1
            if not m[1].startswith("__"):
                members.append((m[1], value, m[3] or ""))
        enums[name] = members
    defines = dict(re.findall(r"#define (LEAKTRACE_\w+)[ \t]+([^\n]+?)(?:\s*/\*.*)?\n", text))
    return enums, defines


ENUMS, DEFINES = read_header()


def attributes(enum):
    """{number: (short name, type)}; the type is the comment's first word"""
    result = {}
    prefix = enum[len("leaktrace_a_"):].upper()
    for name, value, comment in ENUMS[enum]:
        short = name[len("LEAKTRACE_A_" + prefix + "_"):].lower()
        kind = re.match(r"(u8|u16|u32|u64|s32|string|nest|binary)?", comment)[0] or ""
        result[value] = (short, kind)
    return result


SETS = {e[len("leaktrace_a_"):]: attributes(e) for e in ENUMS if e.startswith("leaktrace_a_")}
COMMANDS = {n[len("LEAKTRACE_CMD_"):]: v for n, v, _ in ENUMS["leaktrace_cmd"]}
KINDS = [n[len("LEAKTRACE_KIND_"):].lower() for n, _, _ in ENUMS["leaktrace_kind"]]
TYPES = [n[len("LEAKTRACE_TYPE_"):].lower() for n, _, _ in ENUMS["leaktrace_type"]]
REPLY_SET = {"TARGET_ADD": "target", "TARGET_GET": "target", "RECONCILE": "target",
             "STATUS_GET": "status", "PROBE_GET": "probe", "SITE_GET": "site",
             "OBJECT_GET": "object", "STACK_GET": "stack", "EVENT": "batch",
             "GATE_OPEN": "gate", "GATE_GET": "gate"}
NESTED = {("target", "kind"): "kind", ("site", "release"): "release",
          ("batch", "event"): "event", ("target", "lost"): "status", ("gate", "door"): "door"}
MANY = {("target", "pair")}


# --- netlink ---

def attr(number, payload):
    length = 4 + len(payload)
    return struct.pack("HH", length, number) + payload + b"\0" * (-length % 4)


def split_attrs(data):
    while len(data) >= 4:
        length, number = struct.unpack_from("HH", data)
        if length < 4 or length > len(data):
            raise ValueError("attribute of %d bytes in %d" % (length, len(data)))
        yield number & 0x3fff, data[4:length]
        data = data[(length + 3) & ~3:]


def decode(name, data):
    result = {}
    for number, payload in split_attrs(data):
        short, kind = SETS[name].get(number, ("attr%d" % number, "binary"))
        inner = NESTED.get((name, short))
        if inner:
            value = decode(inner, payload)
        elif short == "lifetimes":
            value = [n for n, in struct.iter_unpack("I", payload)]
        elif short == "pcs":
            value = [hex(p) for p, in struct.iter_unpack("Q", payload)]
        elif kind == "string":
            value = payload.rstrip(b"\0").decode(errors="replace")
        elif kind == "s32":
            value = struct.unpack("i", payload)[0]
        elif len(payload) in (1, 2, 4, 8):
            value = int.from_bytes(payload, "little")
        else:
            value = payload.hex()
        if inner or (name, short) in MANY:
            result.setdefault(short, []).append(value)
        else:
            result[short] = value
    return result


class Netlink:
    def __init__(self):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
        self.sock.bind((0, 0))
        self.sock.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
        self.seq = 0

    def request(self, family, command, payload=b"", dump=False, version=1):
        """Payloads of the answers, without the generic netlink header."""
        self.seq += 1
        body = struct.pack("BBH", command, version, 0) + payload
        flags = NLM_F_REQUEST | (NLM_F_DUMP if dump else NLM_F_ACK)
        self.sock.send(struct.pack("IHHII", 16 + len(body), family, flags, self.seq, 0) + body)
        answers = []
        while True:
            data, at = self.sock.recv(1 << 20), 0
            while at < len(data):
                length, kind, flags, seq, _ = struct.unpack_from("IHHII", data, at)
                message = data[at + 16:at + length]
                at += (length + 3) & ~3
                if seq != self.seq:
                    continue
                if kind in (NLMSG_ERROR, NLMSG_DONE):
                    code = -struct.unpack_from("i", message)[0] if len(message) >= 4 else 0
                    if code:
                        raise Refused(code, self.ext_ack(kind, flags, message))
                    return answers
                if kind != NLMSG_NOOP:
                    answers.append(message[4:])

    @staticmethod
    def ext_ack(kind, flags, message):
        if not flags & NLM_F_ACK_TLVS:
            return ""
        start = 4
        if kind == NLMSG_ERROR:
            # the request comes back with the error
            start += struct.unpack_from("I", message, 4)[0]
        for number, payload in split_attrs(message[(start + 3) & ~3:]):
            if number == 1:
                return payload.rstrip(b"\0").decode()
        return ""

    def family(self):
        name = DEFINES["LEAKTRACE_FAMILY_NAME"].strip('"').encode() + b"\0"
        answer = dict(split_attrs(self.request(GENL_ID_CTRL, CTRL_CMD_GETFAMILY,
                                               attr(2, name))[0]))
        result = {"id": struct.unpack("H", answer[1])[0],
                  "name": answer[2].rstrip(b"\0").decode(),
                  "version": struct.unpack("I", answer[3])[0],
                  "maxattr": struct.unpack("I", answer[5])[0],
                  "ops": [], "groups": [], "group_ids": {}}
        for _, op in split_attrs(answer.get(6, b"")):
            fields = dict(split_attrs(op))
            result["ops"].append({"id": struct.unpack("I", fields[1])[0],
                                  "flags": struct.unpack("I", fields[2])[0]})
        for _, group in split_attrs(answer.get(7, b"")):
            fields = dict(split_attrs(group))
            result["groups"].append(fields[1].rstrip(b"\0").decode())
            result["group_ids"][result["groups"][-1]] = struct.unpack("I", fields[2])[0]
        return result

    def policy(self, family):
        """{command: {"do": {attribute number: fields}, "dump": …}}"""
        by_index, ops = {}, {}
        for answer in self.request(GENL_ID_CTRL, CTRL_CMD_GETPOLICY,
                                   attr(1, struct.pack("H", family)), dump=True):
            for number, payload in split_attrs(answer):
                if number == 8:  # CTRL_ATTR_POLICY
                    for index, table in split_attrs(payload):
                        for attribute, fields in split_attrs(table):
                            f = {k: int.from_bytes(v, "little") if len(v) in (4, 8) else v.hex()
                                 for k, v in split_attrs(fields)}
                            by_index.setdefault(index, {})[attribute] = {
                                "type": f.get(1), "min": f.get(4, f.get(2)),
                                "max": f.get(5, f.get(3)), "min_length": f.get(6),
                                "max_length": f.get(7), "mask": f.get(12, f.get(10))}
                elif number == 9:  # CTRL_ATTR_OP_POLICY
                    for op, which in split_attrs(payload):
                        for mode, index in split_attrs(which):
                            ops.setdefault(op, {})[{1: "do", 2: "dump"}[mode]] = \
                                struct.unpack("I", index)[0]
        names = {v: k for k, v in COMMANDS.items()}
        return {names.get(op, str(op)): {mode: {
                    a: f for a, f in by_index.get(index, {}).items() if f["type"]}
                for mode, index in modes.items()}
                for op, modes in ops.items()}


def call(nl, family, command, payload=b"", dump=False):
    return [decode(REPLY_SET.get(command, "target"), a)
            for a in nl.request(family, COMMANDS[command], payload, dump)]


def find_target(nl, family, pid):
    for t in call(nl, family, "TARGET_GET", dump=True):
        if t.get("pid") == pid:
            return t
    sys.exit("no target with pid %d" % pid)


def target_attr(name):
    for number, (short, kind) in SETS["target"].items():
        if short == name:
            return number, kind
    raise KeyError(name)


def u32(name, value):
    return attr(target_attr(name)[0], struct.pack("I", value))


SIZES = {"u8": "B", "u16": "H", "u32": "I", "u64": "Q", "s32": "i"}


def parse_attr(text):
    name, _, value = text.partition("=")
    number, kind = (int(name), "u32") if name.isdigit() else target_attr(name.lower())
    form, _, rest = value.partition(":")
    if form in SIZES and rest:
        return attr(number, struct.pack(SIZES[form], int(rest, 0)))
    if form == "s":
        return attr(number, rest.encode() + b"\0")
    if form == "x":
        return attr(number, bytes.fromhex(rest))
    if value == "none":
        return attr(number, b"")
    return attr(number, struct.pack(SIZES.get(kind, "I"), int(value, 0)))


def fuzz(nl, family, n, seed):
    import random  # pylint: disable=import-outside-toplevel # slow, and only for this

    rng = random.Random(seed)
    results = {}
    for _ in range(n):
        payload = b""
        for _ in range(rng.randrange(4)):
            size = rng.choice((0, 1, 2, 4, 4, 4, 8, 64, 300))
            payload += attr(rng.randrange(24) | rng.choice((0, 0, 0, 0x8000, 0x4000)),
                            rng.randbytes(size) if rng.randrange(2)
                            else rng.randrange(64).to_bytes(8, "little")[:size])
        if rng.randrange(6) == 0:
            payload += rng.randbytes(rng.randrange(1, 12))
        try:
            nl.request(family, rng.randrange(16), payload, dump=rng.randrange(2) == 0,
                       version=rng.randrange(3))
            name = "ok"
        except Refused as refused:
            name = refused.args[0]
        results[name] = results.get(name, 0) + 1
    print(json.dumps(results))


def attempt(nl, family, words):
    dump = "dump" in words[1:]
    payload = b"".join(parse_attr(a) for a in words[1:] if "=" in a)
    command = int(words[0]) if words[0].isdigit() else COMMANDS[words[0]]
    try:
        return "ok", len(nl.request(family, command, payload, dump))
    except Refused as refused:
        return refused.args


def main(argv):
    what, args = argv[1], argv[2:]
    if what == "header":
        print(json.dumps({"enums": {k: [m[:2] for m in v] for k, v in ENUMS.items()},
                          "attributes": SETS, "defines": DEFINES}))
        return 0
    nl = Netlink()
    try:
        info = nl.family()
    except Refused as refused:
        print(*refused.args)
        return 1
    family = info["id"]
    if what == "family":
        print(json.dumps(info))
    elif what == "policy":
        print(json.dumps(nl.policy(family)))
    elif what == "status":
        print(json.dumps(call(nl, family, "STATUS_GET")[0]))
    elif what == "probes":
        for p in call(nl, family, "PROBE_GET", dump=True):
            print(json.dumps(p))
    elif what == "target":
        t = find_target(nl, family, int(args[0]))
        t["kind"] = {KINDS[k["id"]]: k for k in t.get("kind", [])}
        print(json.dumps(t))
    elif what in ("objects", "sites", "stacks", "reconcile"):
        t = find_target(nl, family, int(args[0]))
        payload = u32("id", t["id"])
        if what == "objects" and len(args) > 1:
            payload += attr(target_attr("object_kind")[0], struct.pack("B", KINDS.index(args[1])))
        command = {"objects": "OBJECT_GET", "sites": "SITE_GET",
                   "stacks": "STACK_GET", "reconcile": "RECONCILE"}[what]
        for o in call(nl, family, command, payload, dump=what != "reconcile"):
            if isinstance(o.get("kind"), int):
                o["kind"] = KINDS[o["kind"]]
            if isinstance(o.get("type"), int):
                o["type"] = TYPES[o["type"]] if o["type"] < len(TYPES) else o["type"]
            print(json.dumps(o))
    elif what == "count":
        target = u32("id", find_target(nl, family, int(args[1]))["id"])
        print(len(nl.request(family, COMMANDS[args[0]], target, dump=True)))
    elif what == "try":
        have = attempt(nl, family, args)
        print(*have)
        return have[0] != "ok"
    elif what == "tries":
        wrong = 0
        for line in sys.stdin:
            want, *words = line.split()
            have = attempt(nl, family, words)
            if have[0] not in want.split("|"):
                print(*words, "->", *have, "not", want)
                wrong = 1
        return wrong
    elif what == "listen":
        group = args.pop(0) if args and args[0] != "stay" else "events"
        try:
            nl.sock.setsockopt(SOL_NETLINK, 1, info["group_ids"][group])
        except OSError as error:
            print(errno.errorcode[error.errno])
            return 1
        print("ok", flush=True)
        if args:
            signal.pause()
    elif what == "fuzz":
        fuzz(nl, family, int(args[0]), int(args[1]))
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0


def command():
    try:
        sys.exit(main(sys.argv))
    except Refused as refused:
        print(*refused.args)
        sys.exit(1)


if __name__ == "__main__":
    command()
