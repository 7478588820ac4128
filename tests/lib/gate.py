#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Gates of victim_gate, whose entries are known to the byte: plans and commands, without the
tool, so that the module's side is tested by itself.

  gate.py open PID [MEAN [SPOIL]]  plans and opens; prints the answer
                     SPOIL: what is wrong with the plan, for a refusal
  gate.py close PID
  gate.py cycle PID N MEAN
                     opens and closes N times, and opens a last time
  gate.py stall PID  stops all of its countdowns
  gate.py get [PID]  gates, each with its doors
"""
import json
import math
import os
import re
import struct
import subprocess
import sys
import tempfile

import genl

CODE, SHARDS, TAGS, TAG_BITS = 8192, 8192, 8192 + 256 * 64, 16
MALLOC, REALLOC, FREE = 0, 2, 10
DEATH, REQUIRED = 1, 2

ASM = """
	.macro announce op, door
	lea gate + 1(%rip), %rdi
	mov $(\\op | \\door << 8), %esi
	mov $25, %eax
	syscall
	.endm
# Threads' stacks lie one after the other, 8 MiB and a page apart: no two share a countdown,
# as then one is not sampled while the other announces.
	.macro shard
	mov %fs:0, %r10
	shr $12, %r10
	movzx %r10b, %r10d
	shl $6, %r10d
	lea shards(%rip), %r11
	add %r10, %r11
	.endm
	.macro look block, hit
	mov \\block, %rax
	shr $4, %rax
	imul $0x9e3779b1, %eax, %eax
	mov %eax, %r10d
	shr $(32 - tag_bits), %r10d
	or $1, %al
	lea tags(%rip), %r11
	cmp %al, (%r11, %r10)
	je \\hit
	xor $1, %r10d
	cmp %al, (%r11, %r10)
	je \\hit
	.endm

	.globl alloc, free_, realloc_
gate:
alloc:	shard
	lea 16(%rdi), %rax
	sub %rax, (%r11)
	jb 1f
2:	cmpb $0, victim_flag(%rip)
	jmp alloc_back
1:	pop %rbx
	push %r11
	push %rdi
	sub $8, %rsp
	call 3f
	add $8, %rsp
	pop %rdx
	pop %r9
	mov %rsp, %r8
	mov %rax, %r10
	push %rax
	test %rax, %rax
	jz 4f
	announce 1, 2
	pop %rax
	ret
4:	announce 5, 2
	pop %rax
	ret
3:	push %rbx
	mov %rdi, %rbx
	jmp 2b

free_:	look %rdi, 5f
6:	test %rdi, %rdi
	jmp free_back
5:	push %rdi
	lea 8(%rsp), %r8
	mov %rdi, %r10
	announce 2, 0
	pop %rdi
	jmp 6b

# Every block that it makes is announced: for a mean of 1.
realloc_:
	push %rdi
	push %rsi
	push $0
	lea 32(%rsp), %r8
	mov %rsp, %r9
	mov %rdi, %r10
	look %rdi, 7f
	jmp 8f
7:	mov 16(%rsp), %r10
	announce 3, 1
8:	mov 16(%rsp), %rdi
	mov 8(%rsp), %rsi
	sub $8, %rsp
	call 9f
	add $8, %rsp
	lea 32(%rsp), %r8
	test %rax, %rax
	jz 10f
	mov %rax, 16(%rsp)
	mov %rax, %r10
	mov 8(%rsp), %rdx
	lea shards(%rip), %r9
	announce 1, 1
	jmp 11f
10:	mov 16(%rsp), %r10
	movq $0, 16(%rsp)
	cmpq $0, (%rsp)
	jz 11f
	announce 4, 1
11:	add $16, %rsp
	pop %rax
	add $8, %rsp
	ret
9:	sub $8, %rsp
	cmpb $0, victim_flag(%rip)
	jmp realloc_back
"""


def symbols(pid):
    exe = "/proc/%d/exe" % pid
    with open("/proc/%d/maps" % pid) as f:
        base = min(int(line.split("-")[0], 16) for line in f if "victim_gate" in line)
    lines = subprocess.check_output(["nm", exe], text=True).splitlines()
    return {m[2]: base + int(m[1], 16) for m in (re.match(r"(\w+) \w (\w+)$", x) for x in lines) if m}


def draws():
    """Mean of each 1024th of the exponential distribution."""
    edge = [-math.log(1 - i / 1024) for i in range(1024)]
    part = [(x + 1) * math.exp(-x) for x in edge] + [0]
    result = [round(1024 * (part[i] - part[i + 1]) * 65536) for i in range(1024)]
    return result


def assemble(at, names):
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "gate")
        with open(path + ".s", "w") as f:
            f.write("".join("\t.set %s, 0x%x\n" % n for n in [("tag_bits", TAG_BITS)]) + ASM)
        subprocess.check_call(["as", "-o", path + ".o", path + ".s"])
        define = ["--defsym=%s=0x%x" % n for n in names.items()]
        subprocess.check_call(["ld", "-e", "0", "-Ttext=0x%x" % at, "-o", path, path + ".o", *define])
        subprocess.check_call(["objcopy", "-O", "binary", "-j", ".text", path, path + ".bin"])
        found = dict(x.split()[::2][::-1] for x in
                     subprocess.check_output(["nm", path], text=True).splitlines())
        with open(path + ".bin", "rb") as f:
            return f.read(), {k: int(v, 16) for k, v in found.items()}


def free_place(pid, bytes_):
    """Where a gate was left; or below the program, which has 64 KiB of nothing before it."""
    nl = genl.Netlink()
    left = [g["address"] for g in gates(nl, nl.family()["id"]) if g["pid"] == pid]
    if left:
        return left[-1]
    with open("/proc/%d/maps" % pid) as f:
        spans = [tuple(int(x, 16) for x in line.split()[0].split("-")) for line in f]
    program = next(s for s, _ in spans if s > 1 << 20)
    return (program - bytes_ - (16 << 20)) & ~0xfffff


def read_memory(pid, at, n):
    with open("/proc/%d/mem" % pid, "rb", 0) as f:
        f.seek(at)
        return f.read(n)


def jump(at, to, n):
    return struct.pack("<Bb", 0xeb, to - at - 2) if n == 2 else struct.pack("<Bi", 0xe9, to - at - 5)


def door(pid, s, name, at, to, n, entry, flags, old=None):
    pad = 8 - n
    there = old or read_memory(pid, at, n)
    return struct.pack("<QQIBBBB", at, s[name], 64 if name != "victim_free" else 20, n, entry,
                       genl.TYPES.index("allocator"), flags) + \
        there + bytes(pad) + jump(at, to, n) + bytes(pad) + name.encode().ljust(48, b"\0")


def plan(pid, mean, spoil=""):
    s = symbols(pid)
    at = free_place(pid, TAGS + (1 << TAG_BITS))
    backs = {"alloc_back": s["victim_alloc_door"] + 7, "free_back": s["victim_free"] + 3,
             "realloc_back": s["victim_realloc_door"] + 7, "victim_flag": s["victim_flag"],
             "shards": at + SHARDS, "tags": at + TAGS}
    code, labels = assemble(at, backs)
    island = s["victim_island"]
    out = "far" == spoil and 1 << 20 or 0
    doors = [door(pid, s, "victim_free", s["victim_free"], island, 2, FREE, DEATH | REQUIRED,
                  b"\x48\x85"),
             door(pid, s, "victim_realloc", s["victim_realloc_door"], labels["realloc_"] + out, 5,
                  REALLOC, DEATH | REQUIRED, read_memory(pid, s["victim_realloc_door"], 1) + b"\x3d\0\0\0"
                  if spoil == "old" else None),
             door(pid, s, "victim_alloc", s["victim_alloc_door"], labels["alloc"], 5, MALLOC,
                  DEATH if spoil == "flags" else 0)]
    if spoil == "order":
        doors.reverse()
    if spoil == "page":
        edge = (s["victim_text"] + 4096 - 3)
        doors[2] = door(pid, s, "victim_alloc", edge, labels["alloc"], 5, MALLOC, 0)
    there = read_memory(pid, island, 5)
    islands = struct.pack("<Q", island) + (b"\x90" * 5) + jump(island, labels["free_"], 5) + bytes(6)
    assert there in (b"\x90" * 5, jump(island, labels["free_"], 5)), there
    header = struct.pack("<QIIIIIIQQ", 0x315447534b41454c, 62, len(doors), 1, len(code), TAG_BITS, 0,
                         at + (8 if spoil == "address" else 0), mean) + struct.pack("<1024I", *draws())
    return header + b"".join(doors) + islands + code + (b"\0" if spoil == "long" else b"")


def gate_attr(name, value):
    number = next(n for n, (short, _) in genl.SETS["gate"].items() if short == name)
    return genl.attr(number, struct.pack("I", value))


def call(nl, family, command, payload=b"", dump=False):
    return [genl.decode("gate", a) for a in nl.request(family, genl.COMMANDS[command], payload, dump)]


def open_plan(nl, family, pid, blob):
    fd = os.memfd_create("plan")
    os.write(fd, blob)
    target = genl.find_target(nl, family, pid)["id"]
    try:
        return call(nl, family, "GATE_OPEN", gate_attr("target", target) + gate_attr("fd", fd))[0]
    finally:
        os.close(fd)


def open_gate(nl, family, pid, mean=1, spoil=""):
    return open_plan(nl, family, pid, plan(pid, int(mean), spoil))


def close_gate(nl, family, pid):
    call(nl, family, "GATE_CLOSE", gate_attr("target", genl.find_target(nl, family, pid)["id"]))


def gates(nl, family, pid=None):
    payload = gate_attr("target", genl.find_target(nl, family, pid)["id"]) if pid else b""
    result = []
    for g in call(nl, family, "GATE_GET", payload, dump=True):
        if "door" in g:
            result[-1].setdefault("doors", []).extend(g["door"])
        else:
            result.append(g)
    return result


def stall(nl, family, pid):
    """As a thread leaves a countdown that jumps away before it announces."""
    at = gates(nl, family, pid)[-1]["address"] + SHARDS
    with open("/proc/%d/mem" % pid, "wb", 0) as f:
        for i in range(256):
            f.seek(at + 64 * i)
            f.write(struct.pack("<q", -100))


def main(argv):
    nl = genl.Netlink()
    family = nl.family()["id"]
    pid = int(argv[2]) if len(argv) > 2 else None
    if argv[1] == "open":
        print(json.dumps(open_gate(nl, family, pid, *argv[3:])))
    elif argv[1] == "close":
        close_gate(nl, family, pid)
    elif argv[1] == "cycle":
        blob = plan(pid, int(argv[4]))
        for _ in range(int(argv[3])):
            open_plan(nl, family, pid, blob)
            close_gate(nl, family, pid)
        open_plan(nl, family, pid, blob)
    elif argv[1] == "stall":
        stall(nl, family, pid)
    elif argv[1] == "get":
        print(json.dumps(gates(nl, family, pid)))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    try:
        main(sys.argv)
    except genl.Refused as refused:
        print(*refused.args)
        sys.exit(1)
