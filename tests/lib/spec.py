#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Holds include/leaktrace.yaml against the header or the module's policy.

  spec.py SPEC HEADER_JSON            as genl.py header prints it
  spec.py SPEC --policy POLICY_JSON   as genl.py policy prints it
Every difference is a line; the exit status says whether there were any.
"""
import json
import sys

import yaml

differences = 0


def differ(*words):
    global differences
    differences += 1
    print(*words)


def compare(what, spec, header):
    """Lists of (name, value), in order."""
    if spec == header:
        return
    for i in range(max(len(spec), len(header))):
        a = spec[i] if i < len(spec) else None
        b = header[i] if i < len(header) else None
        if a != b:
            differ("%s: specification has %s, header %s" % (what, a, b))


def dashed(name):
    return name.lower().replace("_", "-")


def entries(definition, first=0):
    """[(name, value)] of a specification's list of names."""
    value = definition.get("value-start", first) - 1
    result = []
    for entry in definition.get("entries", definition.get("attributes", [])):
        name = entry if isinstance(entry, str) else entry["name"]
        value = entry.get("value", value + 1) if isinstance(entry, dict) else value + 1
        result.append((dashed(name), value))
    return result


def strip(members, prefix):
    return [(dashed(n[len(prefix):]), v) for n, v in members if n.startswith(prefix)]


def against_header(spec, header):
    enums = header["enums"]
    sets = {dashed(s["name"]): s for s in spec["attribute-sets"]}
    for enum, members in enums.items():
        if not enum.startswith("leaktrace_a_"):
            continue
        name = enum[len("leaktrace_a_"):]
        if dashed(name) not in sets:
            differ("attribute set %s is not in the specification" % name)
            continue
        have = [m for m in strip(members, "LEAKTRACE_A_%s_" % name.upper()) if m[0] != "unspec"]
        # An attribute set counts from 1
        compare("attributes of " + name, [e for e in entries(sets.pop(dashed(name)), 1)
                                          if e[0] != "unspec"], have)
    for name in sets:
        if not sets[name].get("subset-of"):
            differ("attribute set %s is not in the header" % name)

    definitions = {dashed(d["name"]): d for d in spec.get("definitions", [])}
    for enum, prefix in (("leaktrace_kind", "LEAKTRACE_KIND_"), ("leaktrace_type", "LEAKTRACE_TYPE_"),
                         ("leaktrace_probe_how", "LEAKTRACE_PROBE_"),
                         ("leaktrace_stack_status", "LEAKTRACE_STACK_"),
                         ("leaktrace_chain_status", "LEAKTRACE_CHAIN_"),
                         ("leaktrace_event_op", "LEAKTRACE_EVENT_")):
        short = dashed(enum[len("leaktrace_"):])
        if short not in definitions:
            differ("definition %s is not in the specification" % short)
            continue
        compare("definition " + short, entries(definitions[short]), strip(enums[enum], prefix))

    names, value = [], spec["operations"].get("value-start", 1) - 1
    for op in spec["operations"]["list"]:
        value = op.get("value", value + 1)
        names.append((dashed(op["name"]), value))
    compare("operations", [n for n in names if n[0] != "unspec"],
            [m for m in strip(enums["leaktrace_cmd"], "LEAKTRACE_CMD_") if m[0] != "unspec"])
    family = header["defines"]["LEAKTRACE_FAMILY_NAME"].strip('"')
    if spec["name"] != family:
        differ("family: specification has %s, header %s" % (spec["name"], family))
    groups = [g["name"] for g in spec.get("mcast-groups", {}).get("list", [])]
    if groups != [v.strip('"') for k, v in header["defines"].items() if "_MCGRP_" in k]:
        differ("multicast groups: specification has", groups)

    # types are in the header's comments
    for enum, attributes in header["attributes"].items():
        for s in spec["attribute-sets"]:
            if dashed(s["name"]) != dashed(enum):
                continue
            types = {dashed(a["name"]): a.get("type") for a in s["attributes"]}
            for _, (name, kind) in attributes.items():
                want = types.get(dashed(name))
                if kind in ("u8", "u16", "u32", "u64", "s32", "string") and want != kind:
                    differ("%s of %s: specification has %s, header %s" % (name, enum, want, kind))


def against_policy(spec, policy):
    sets = {dashed(s["name"]): {dashed(a["name"]): a for a in s["attributes"]}
            for s in spec["attribute-sets"]}
    numbers = {dashed(s["name"]): {v: n for n, v in entries(s, 1)} for s in spec["attribute-sets"]}
    # enum netlink_attribute_type
    types = {1: "flag", 2: "u8", 3: "u16", 4: "u32", 5: "u64", 6: "s8", 7: "s16", 8: "s32",
             9: "s64", 10: "binary", 11: "string", 12: "string", 13: "nest", 14: "nest-array"}
    seen = 0
    listed = [o["name"].upper().replace("-", "_") for o in spec["operations"]["list"]]
    for op in spec["operations"]["list"]:
        command = op["name"].upper().replace("-", "_")
        for mode in ("do", "dump"):
            wanted = op.get(mode, {}).get("request", {}).get("attributes")
            if not wanted:
                continue
            have = policy.get(command, {}).get(mode)
            # since v6.2 the controller lists commands that only dump as number 0
            if have is None and mode == "dump" and "UNSPEC" in policy and "do" not in op:
                seen += 1
                listed.append("UNSPEC")
                continue
            if have is None:
                differ("%s %s: the module has no policy" % (command, mode))
                continue
            attributes = sets[dashed(op["attribute-set"])]
            have = {numbers[dashed(op["attribute-set"])].get(int(n), n): f
                    for n, f in have.items()}
            for name in map(dashed, wanted):
                seen += 1
                if name not in have:
                    differ("%s %s: the module's policy lacks %s" % (command, mode, name))
                    continue
                kind = attributes[name]["type"]
                if types.get(have[name]["type"]) != kind:
                    differ("%s %s: %s is %s in the module, %s in the specification" % (
                        command, mode, name, types.get(have[name]["type"]), kind))
            for name in have:
                if name not in map(dashed, wanted):
                    differ("%s %s: the module also takes %s" % (command, mode, name))
    for command in policy:
        if command not in listed:
            differ("the module has a policy for %s" % command)
    if not seen:
        differ("nothing was compared")


def main(argv):
    with open(argv[1]) as f:
        spec = yaml.safe_load(f)
    with open(argv[-1]) as f:
        other = json.load(f)
    if argv[2] == "--policy":
        against_policy(spec, other)
    else:
        against_header(spec, other)
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
