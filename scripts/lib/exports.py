#!/usr/bin/env python3
"""The symbols that a kernel's source exports to modules, and those of a module that
are not among them.

usage: exports.py list TARBALL           the source's name, what it exports: a line each
       exports.py missing LIST MODULE    what MODULE asks for and LIST does not have

Whatever any configuration for x86 exports counts. A macro that makes names
(EXPORT_SYMBOL(__asan_load##size)) gives a pattern, with '*' for what it fills in. What
is exported for certain modules or for tests only does not count: others may not link
to it.
"""

import fnmatch
import os
import re
import subprocess
import sys
import tarfile

SUFFIXES = (".c", ".h", ".S")
# Parts of the tree that are in no kernel for x86.
ELSEWHERE = re.compile(r"(arch/(?!x86/)|tools/|samples/|scripts/|Documentation/)")

# Comments, and what may look like the begin of one: strings and characters.
TOKENS = re.compile(
    r"""("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+')|/\*.*?\*/|//[^\n]*""", re.S)
DEFINE = re.compile(
    r"^[ \t]*#[ \t]*define[ \t]+(\w+)\(([^()]*)\)((?:[^\\\n]|\\.)*)", re.M | re.S)
# Their definitions export nothing: where they are used, they do.
KNOWN = re.compile(r"_*EXPORT_(SYMBOL|PER_CPU_SYMBOL|TRACEPOINT_SYMBOL|STATIC_CALL)")
EXPORT = re.compile(
    r"\b(?:_*|ACPI_)(EXPORT(?:_PER_CPU)?_SYMBOL(?:_NS)?(?:_GPL)?"
    r"|EXPORT_TRACEPOINT_SYMBOL(?:_GPL)?"
    r"|EXPORT_STATIC_CALL(?:_TRAMP)?(?:_GPL)?"
    r"|EXPORT_EARLY_PER_CPU_SYMBOL|EXPORT_INDIRECT_CALLABLE|EXPORT_THUNK|EXPORT_DATA_SYMBOL(?:_GPL)?)\s*\(\s*([\w#\\* \t]+?)\s*[,)]"
)
# A pattern has to say more than this of a name.
LITERAL = 5


def names_of(macro, name):
    """What one line of source exports: NAME, or what the macro makes of it."""
    if "TRACEPOINT" in macro:
        return [f"__tracepoint_{name}", f"__traceiter_{name}",
                f"__SCK__tp_func_{name}", f"__SCT__tp_func_{name}"]
    if "STATIC_CALL_TRAMP" in macro:
        return [f"__SCT__{name}"]
    if "STATIC_CALL" in macro:
        return [f"__SCK__{name}", f"__SCT__{name}"]
    return [name]


def exports_of(text, arguments=()):
    for macro, name in EXPORT.findall(text):
        words = [word for word in re.split(r"(?:\s|##)+", name) if word]
        # \name is an argument of an assembler's macro
        made = "".join("*" if word in arguments else re.sub(r"\\\w+", "*", word)
                       for word in words)
        if "*" in made and len(made.replace("*", "")) <= LITERAL:
            continue
        yield from names_of(macro, made)


def exports_of_file(text):
    text = TOKENS.sub(lambda found: found[1] or " ", text)
    for macro, arguments, body in DEFINE.findall(text):
        if KNOWN.match(macro):
            continue
        yield from exports_of(body, [word.strip() for word in arguments.split(",")])
    yield from exports_of(DEFINE.sub("", text))


def list_exports(path):
    found = set()
    with tarfile.open(path, "r|*") as tree:
        for entry in tree:
            name = entry.name.removeprefix("./").partition("/")[2]
            if not entry.isfile() or not name.endswith(SUFFIXES) or ELSEWHERE.match(name):
                continue
            data = tree.extractfile(entry).read()
            if b"EXPORT_" in data:
                found.update(exports_of_file(data.decode("utf-8", "replace")))
    return sorted(found)


def undefined(module):
    """Symbols that MODULE needs from the kernel; weak ones may be absent."""
    out = subprocess.run(["nm", "-u", module], check=True, capture_output=True, text=True)
    return [line.split()[1] for line in out.stdout.splitlines() if line.split()[0] == "U"]


def missing(exported, wanted):
    plain = {name for name in exported if "*" not in name}
    patterns = [re.compile(fnmatch.translate(name)) for name in exported if "*" in name]
    return [name for name in wanted
            if name not in plain and not any(pattern.match(name) for pattern in patterns)]


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "list":
        source = os.path.basename(sys.argv[2]).partition(".orig")[0].replace("_", " ")
        print(f"# {source}", *list_exports(sys.argv[2]), sep="\n")
        return 0
    if len(sys.argv) == 4 and sys.argv[1] == "missing":
        with open(sys.argv[2], encoding="ascii") as lines:
            source, *exported = lines.read().splitlines()
        wanted = undefined(sys.argv[3])
        if not exported or not wanted:
            sys.exit(f"exports.py: nothing in {sys.argv[2]} or {sys.argv[3]}")
        lacking = missing(exported, wanted)
        for name in lacking:
            print(f"upstream's {source.lstrip('# ')} does not export {name}")
        return 1 if lacking else 0
    print(__doc__.strip(), file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
