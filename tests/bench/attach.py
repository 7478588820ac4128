# SPDX-License-Identifier: GPL-2.0
"""What attaching to a process takes, and the kernel's memory for it. In the guest: all of
it, in instructions; on the host, without a module: compiling its tables, in processor time."""
import json
import os
import resource
import signal
import subprocess
import tempfile
import time

import peer

SECONDS = 600


def clang(folder):
    """One that computes for long enough to be looked at."""
    source = folder + "/long.c"
    with open(source, "w", encoding="ascii") as f:
        for n in range(200000):
            f.write(f"int f{n}(int x) {{ return x * {n}; }}\n")
    return ["clang", "-O2", "-c", "-o", "/dev/null", source]


def programs(folder):
    return [
        ("python3", ["/usr/bin/python3", "-c",
                     f"import time; print(flush=True); time.sleep({SECONDS})"]),
        ("node", ["node", "-e", f"console.log(); setTimeout(() => 0, {SECONDS}000)"]),
        ("gdb", ["gdb", "-batch", "-ex", "python print(flush=True)", "-ex", "shell cat"]),
        ("clang", clang(folder)),
    ]


def until_loaded(process, name):
    """Its code is there; whoever can says so."""
    if name != "clang":
        process.stdout.readline()
        return
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        with open(f"/proc/{process.pid}/maps", encoding="ascii") as f:
            if "libLLVM" in f.read():
                break
        time.sleep(0.01)
    time.sleep(0.5)


class Stopped:
    """A program that has started and does nothing more."""

    def __init__(self, name, command):
        self.name, self.command, self.process = name, command, None

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        until_loaded(self.process, self.name)
        self.process.send_signal(signal.SIGSTOP)
        return self.process.pid

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def cpu_ns():
    r = resource.getrusage(resource.RUSAGE_CHILDREN)
    return int((r.ru_utime + r.ru_stime) * 1e9)


def on_host(driver):
    """Cold, without a cache, then twice with one."""
    with tempfile.TemporaryDirectory() as folder:
        for name, command in programs(folder):
            with Stopped(name, command) as pid, tempfile.TemporaryDirectory() as cache:
                os.chmod(cache, 0o700)
                runs = [subprocess.run([driver, str(pid)], capture_output=True, text=True,
                                       check=True, env=dict(os.environ, LEAKTRACE_CACHE_DIR=where)
                                       ).stdout.split() for where in ("", cache, cache)]
            yield {"program": name, "objects": int(runs[0][0]), "table_bytes": int(runs[0][1]),
                   "compile_us": int(runs[0][2]), "cached_us": int(runs[2][2])}


def memory():
    said = subprocess.run([peer.LEAKTRACE, "status", "--json"], capture_output=True, text=True,
                          check=True).stdout
    return json.loads(said)["status"]["memory_bytes"]


def attach(pid, first, cache):
    """Instructions of the attaching process, and the memory that it added to the first's."""
    env = dict(os.environ, LEAKTRACE_CACHE_DIR=cache)
    subprocess.run([peer.LEAKTRACE, "attach", str(first), "--background"], check=True,
                   stdout=subprocess.DEVNULL)
    before, start = memory(), cpu_ns()
    subprocess.run([peer.LEAKTRACE, "attach", str(pid), "--background"], env=env, check=True,
                   stdout=subprocess.DEVNULL)
    took = cpu_ns() - start
    added = memory() - before
    # The module keeps tables for the next one who needs them, until it goes itself.
    subprocess.run([peer.LEAKTRACE, "detach"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["rmmod", "leaktrace"], check=True)
    subprocess.run(["insmod", os.environ["LEAKTRACE_KO"]], check=True)
    return took, added


def main():
    # Small and static: what the first target of all takes is there already.
    with subprocess.Popen(["busybox", "cat"], stdin=subprocess.PIPE) as first, \
            tempfile.TemporaryDirectory() as folder:
        for name, command in programs(folder):
            cache = f"{folder}/{name}"
            os.mkdir(cache, 0o700)
            with Stopped(name, command) as pid:
                attach(pid, first.pid, "")		# reads the files
                (none, added), _, (warm, _) = (attach(pid, first.pid, where)
                                               for where in ("", cache, cache))
            print(json.dumps({"program": name, "added_bytes": added, "attach": none,
                              "attach_cached": warm}), flush=True)
        first.stdin.close()
