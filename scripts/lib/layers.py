#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Which folder of the tool uses which, by the symbols of the object files and by includes.
usage: layers.py USERLAND BUILD LAYER...

The folders are given from the ground up. It is an error if
  - a file uses a symbol or includes a header of a later folder,
  - a file of one runtime (runtime/NAME) uses another one's,
  - files of one folder need each other in a circle, unless their names begin with the
    same word up to the first '_': those are one noun in several files.
Prints for each folder what it uses; exit status 1 if there is an error.
"""
import os
import re
import subprocess
import sys


def sources(userland, layers):
    for layer in layers:
        for folder, _, files in os.walk(os.path.join(userland, layer)):
            for name in sorted(files):
                if name.endswith((".c", ".h")):
                    yield os.path.relpath(os.path.join(folder, name), userland)


def read_symbols(build, files):
    """Of each file: what it defines for others, what it wants of others."""
    defined, wanted = {}, {f: set() for f in files}
    objects = {os.path.join(build, f[:-2] + ".o"): f for f in files}
    # one nm for all: hundreds of them take minutes on a busy machine
    out = subprocess.run(["nm", "-P", "-A", *objects], capture_output=True, text=True, check=True).stdout
    for line in out.splitlines():
        path, rest = line.split(": ", 1)
        name, kind = rest.split()[:2]
        f = objects[path]
        if kind == "U":
            wanted[f].add(name)
        elif kind in "TDBRVWC":
            defined[name] = f
    return defined, wanted


def edges_of(userland, build, files):
    """{(from, to): why}"""
    code = [f for f in files if f.endswith(".c")]
    defined, wanted = read_symbols(build, code)
    edges = {}
    for f in code:
        for name in sorted(wanted[f]):
            to = defined.get(name, f)
            if to != f:
                edges.setdefault((f, to), []).append(name)
    for f in files:
        with open(os.path.join(userland, f)) as text:
            for header in re.findall(r'^#include "([^"]+)"', text.read(), re.M):
                if header in files:
                    edges.setdefault((f, header), []).append("#include")
    return edges


def layer_of(f):
    return f.split("/")[0]


def runtime_of(f):
    parts = f.split("/")
    return parts[1] if parts[0] == "runtime" and len(parts) > 2 else None


def is_upward(layers, f, to):
    if layers.index(layer_of(to)) > layers.index(layer_of(f)):
        return True
    return runtime_of(to) is not None and layer_of(f) == "runtime" and runtime_of(f) != runtime_of(to)


def circles(graph):
    """Strongly connected components of more than one file (Tarjan's)."""
    index, low, stack, found = {}, {}, [], []

    def visit(v):
        index[v] = low[v] = len(index)
        stack.append(v)
        for w in graph.get(v, ()):
            if w not in index:
                visit(w)
                low[v] = min(low[v], low[w])
            elif w in stack:
                low[v] = min(low[v], index[w])
        if low[v] == index[v]:
            part = stack[stack.index(v):]
            del stack[stack.index(v):]
            if len(part) > 1:
                found.append(sorted(part))

    for v in sorted(graph):
        if v not in index:
            visit(v)
    return found


def noun(f):
    return re.split(r"[_.]", os.path.basename(f))[0]


def check_circles(edges):
    graph, bad = {}, 0
    for f, to in edges:
        if f.endswith(".c") and to.endswith(".c") and os.path.dirname(f) == os.path.dirname(to):
            graph.setdefault(f, set()).add(to)
    for part in circles(graph):
        if len({noun(f) for f in part}) == 1:
            continue
        bad += 1
        print("circle: " + " ".join(part))
        for f in part:
            for to in sorted(graph[f] & set(part)):
                print(f"    {f} uses {to}: {' '.join(edges[f, to])}")
    return bad


def main():
    userland, build, layers = sys.argv[1], sys.argv[2], sys.argv[3:]
    files = list(sources(userland, layers))
    edges = edges_of(userland, build, files)
    bad, uses = 0, {layer: set() for layer in layers}
    for (f, to), why in sorted(edges.items()):
        if is_upward(layers, f, to):
            bad += 1
            print(f"upward: {f} uses {to}: {' '.join(why)}")
        elif layer_of(f) != layer_of(to):
            uses[layer_of(f)].add(layer_of(to))
    bad += check_circles(edges)
    for layer in layers:
        count = sum(f.endswith(".c") and layer_of(f) == layer for f in files)
        print(f"{layer:10} {count:3} files, uses {' '.join(l for l in layers if l in uses[layer]) or 'nothing'}")
    return 1 if bad else 0


sys.exit(main())
