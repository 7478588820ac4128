#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Compares what a report says of a script's frames with the script's own tracebacks.

  script.py TRUTH REPORT OBJECTS

TRUTH is what victims/script.py prints, REPORT is JSON, OBJECTS are those of the kernel's
table, one a line. Every difference is a line; the last line says how many were compared.
"""
import json
import sys

with open(sys.argv[1]) as f:
    truth = {int(fd): frames for fd, frames in json.load(f).items()}
with open(sys.argv[2]) as f:
    sites = {s["id"]: s for s in json.load(f)["sites"]}
site_of = {}
with open(sys.argv[3]) as f:
    for line in f:
        o = json.loads(line)
        site_of[o["id"]] = o.get("site", 0)

wrong = 0
for fd, frames in sorted(truth.items()):
    site = sites.get(site_of.get(fd))
    have = [[f["file"], f["line"], f["function"]] for f in site["frames"] if f.get("script")] if site else None
    if have != frames:
        wrong += 1
        print("descriptor %d: %s instead of %s" % (fd, have, frames))
    elif site["frames"][site["blame"]]["line"] != frames[0][1]:
        wrong += 1
        print("descriptor %d: line %d is blamed" % (fd, site["frames"][site["blame"]]["line"]))
print("%d compared, %d wrong" % (len(truth), wrong))
sys.exit(not truth or wrong)
