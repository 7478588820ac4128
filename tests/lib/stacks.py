#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Holds the kernel's stacks against what a program noted of itself.

  stacks.py TRUTH OBJECTS SITES STACKS

TRUTH is what victim_stack wrote, the others what genl.py prints. A path of the
truth begins behind the function that made the object, so that many frames more
the kernel's has at its inner end: one for a page, two for a descriptor (libc's).
Prints a line of JSON; wrong stacks on stderr; exit status 1 if there are any.
"""
import json
import sys

STATUS = ["root", "depth", "fault", "noprogress", "none", "compat", "lost", "nomap", "notable",
          "no_cfi", "unsup", "stale", "jit", "uprobe"]
INNER = {"fd": 2, "page": 1}


def lines(path):
    with open(path) as f:
        return [json.loads(line) for line in f]


def judge(have, status, truth):
    """wrong, complete, or short: right as far as it goes, and flagged."""
    if status == "root":
        return "complete" if have == truth else "wrong"
    return "short" if have == truth[:len(have)] else "wrong"


def main(argv):
    truth = {}
    with open(argv[1]) as f:
        for words in map(str.split, f):
            truth[words[0], int(words[1])] = [int(pc, 16) for pc in words[2:]]
    sites = {s["id"]: s.get("stack") for s in lines(argv[3])}
    stacks = {s["id"]: s for s in lines(argv[4])}
    result = dict(noted=len(truth), complete=0, short=0, wrong=0, missing=0, deepest=0, why={})
    left = set(truth)
    for o in lines(argv[2]):
        for i in range(o.get("count", 1)):
            key = o["kind"], o["id"] + i * 4096
            if key not in left:
                continue
            left.remove(key)
            stack = stacks.get(sites.get(o.get("site")))
            if not stack:
                result["missing"] += 1
                continue
            status = STATUS[stack["status"]]
            have = [int(pc, 16) for pc in stack["pcs"]][INNER[o["kind"]]:]
            verdict = judge(have, status, truth[key])
            result[verdict] += 1
            if verdict == "complete":
                result["deepest"] = max(result["deepest"], len(have))
            else:
                result["why"][status] = result["why"].get(status, 0) + 1
            if verdict == "wrong":
                print(*key, status, "\n have", *map(hex, have), "\n want",
                      *map(hex, truth[key]), file=sys.stderr)
    result["missing"] += len(left)
    print(json.dumps(result))
    return result["wrong"] > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
