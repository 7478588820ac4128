# SPDX-License-Identifier: GPL-2.0
"""In the guest: what a fixed number of requests takes a real server and its client
together while somebody looks at the server, in instructions of the whole guest. Each
measurement has a server of its own, warm. A line of JSON for each."""
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import peer

WORK = "/tmp/leaktrace-loads"
FRESH = "/dev/shm/bench/fresh"	# where tests/bench/peers has put what make() made
JEMALLOC = "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2"
FD_TIMER_THREAD, ALL = "fd,timer,thread", "fd,page,timer,thread"


def everybody(library):
    bpf = peer.BPFTRACE_FD + peer.BPFTRACE_TIMER + peer.BPFTRACE_THREAD
    perf = ",".join((peer.PERF_FD, peer.PERF_OTHERS, peer.PERF_PAGE))
    return [
        peer.Nobody(),
        peer.Leaktrace("leaktrace", "leaktrace, fd, timer, thread", FD_TIMER_THREAD),
        peer.Leaktrace("leaktrace-page", "leaktrace, pages too", ALL),
        peer.LeaktraceLive("live", "leaktrace, pages too, looked at", ALL),
        peer.Bpftrace("bpftrace", "bpftrace, fd, timer, thread", bpf),
        peer.Bpftrace("bpftrace-page", "bpftrace, pages too", bpf + peer.BPFTRACE_PAGE),
        peer.Memleak(library),
        peer.PerfTrace("trace-s", "perf trace -s", "-s"),
        peer.PerfRecord("record", "perf record -g, pages too", "fp", perf),
        peer.Strace(),
    ]


def busy_ns():
    """Instructions so far: the clock, less the time that was skipped."""
    with open("/proc/timer_list", encoding="ascii") as f:
        text = f.read()
    idle = sum(int(n) for n in re.findall(r"\.(?:idle|iowait)_sleeptime\s*:\s*(\d+) nsecs", text))
    return time.monotonic_ns() - idle


def run(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    if done.returncode:
        raise peer.NotReady(f"{command[0]}: {done.stderr[-300:]}{done.stdout[-300:]}")
    return done.stdout


def until(condition, what):
    end = peer.host_seconds() + peer.BOUND_S
    while not condition():
        if peer.host_seconds() > end:
            raise peer.NotReady(f"{what}: not within {peer.BOUND_S} s")
        time.sleep(0.02)


def answers(*command):
    return lambda: subprocess.run(command, capture_output=True, check=False).returncode == 0


class Load:
    """A server, and who keeps it busy. What a measurement needs before its first request
    is done by start(), which says whom to look at."""

    name = what = ""
    requests = 0	# where a percent matters
    fewer = 0	# of the peers: enough where it is more than that
    library, log = None, subprocess.DEVNULL

    def __init__(self):
        self.server = None

    def begin(self, command, **more):
        self.server = subprocess.Popen(command, stdout=self.log, stderr=self.log, cwd=WORK,
                                       **more)

    def start(self, requests, *before):
        raise NotImplementedError

    def load(self, requests):
        raise NotImplementedError

    def stop(self):
        if self.server:
            self.server.kill()
            self.server.wait()


class Redis(Load):
    """Keys that are set and read by clients that stay connected. So many that what the guest
    does of itself meanwhile is less than half a percent: of 5,000 it was three."""

    name, what, library = "redis", "redis, redis-benchmark", JEMALLOC
    requests, fewer = 40000, 8000

    def start(self, requests, *before):
        self.begin([*before, "redis-server", "--port", "6390", "--save", "", "--dir", WORK])
        until(answers("redis-cli", "-p", "6390", "ping"), "redis")
        self.load(min(requests, self.fewer))
        return self.server.pid

    def load(self, requests):
        # few keys, that are all there when it matters: its table grows by chance
        run("redis-benchmark", "-q", "-p", "6390", "-t", "set,get", "-c", "16", "-d", "64",
            "-r", "300", "-n", str(requests // 2))


class Nginx(Load):
    """A small page, a connection for each request: a socket and a file come and go."""

    name, what = "nginx", "nginx, ab"
    requests = fewer = 1000

    def start(self, requests, *before):
        os.makedirs(WORK + "/www", exist_ok=True)
        with open(WORK + "/www/index.html", "w", encoding="ascii") as page:
            page.write("hello\n" * 100)
        with open(WORK + "/nginx.conf", "w", encoding="ascii") as conf:
            conf.write(f"daemon off; master_process off; pid {WORK}/nginx.pid;\n"
                       f"error_log {WORK}/nginx.log; events {{ worker_connections 256; }}\n"
                       f"http {{ access_log off; root {WORK}/www;\n"
                       " server { listen 8390; } }\n")
        self.begin([*before, "nginx", "-c", WORK + "/nginx.conf"])
        until(answers("curl", "-sf", "-o", "/dev/null", "http://127.0.0.1:8390/"), "nginx")
        self.load(requests // 10)
        return self.server.pid

    def load(self, requests):
        run("ab", "-q", "-c", "8", "-n", str(requests), "http://127.0.0.1:8390/")


class Postgres(Load):
    """pgbench's own transactions; the process that serves them is looked at."""

    name, what = "postgres", "postgres, pgbench"
    requests = fewer = 200
    data, port = WORK + "/pg", ("-h", WORK, "-p", "5490")

    def __init__(self):
        super().__init__()
        self.client = self.gate = None
        self.bin = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]

    def postgres(self, tool, *words, before=()):
        return ["runuser", "-u", "postgres", "--", *before, f"{self.bin}/{tool}", *words]

    def start(self, requests, *before):
        shutil.chown(WORK, "postgres")
        run("cp", "-a", FRESH, self.data)
        self.serve(*before)
        self.shut_gate()
        self.client = subprocess.Popen(
            self.postgres("pgbench", *self.port, "-n", "-c", "1", "-t", str(requests),
                          "postgres"), cwd=WORK, stdout=self.log, stderr=self.log)
        return self.serving()

    def serve(self, *before):
        self.begin(self.postgres("postgres", "-D", self.data, "-p", "5490", "-k", WORK, "-c",
                                 "autovacuum=off", "-c", "fsync=off", before=before))
        until(answers(*self.postgres("pg_isready", *self.port, "-q")), "postgres")

    def make(self, kept):
        """On the host, once, as it takes an emulated processor minutes: the database that
        each measurement begins with."""
        shutil.chown(WORK, "postgres")
        run(*self.postgres("initdb", "-D", self.data, "--no-sync", "-A", "trust"), cwd=WORK)
        self.serve()
        run(*self.postgres("pgbench", "-q", "-i", *self.port, "postgres"), cwd=WORK)
        run(*self.postgres("pg_ctl", "-D", self.data, "-m", "fast", "-w", "stop"), cwd=WORK)
        self.server.wait()
        run("cp", "-a", self.data, kept)

    def shut_gate(self):
        """Who serves the client waits here until it is found and looked at."""
        self.gate = subprocess.Popen(self.postgres("psql", *self.port, "-qAt", "postgres"),
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                     bufsize=1, cwd=WORK)
        self.gate.stdin.write("begin; lock table pgbench_accounts; select 1;\n")
        self.gate.stdout.readline()

    def serving(self):
        """Who serves the client: the gate keeps exactly one waiting."""
        def look():
            self.gate.stdin.write("select pg_stat_clear_snapshot() \\g /dev/null\n"
                                  "select coalesce(max(pid), 0) from pg_stat_activity "
                                  "where wait_event_type = 'Lock';\n")
            found[0] = int(self.gate.stdout.readline())
            return found[0]
        found = [0]
        until(look, "pgbench")
        return found[0]

    def load(self, _requests):
        self.gate.stdin.write("commit;\n")
        if self.client.wait():
            raise peer.NotReady("pgbench failed")

    def stop(self):
        for process in (self.gate, self.client):
            if process:
                process.kill()
                process.wait()
        if self.server:
            subprocess.run(self.postgres("pg_ctl", "-D", self.data, "-m", "immediate", "stop"),
                           cwd=WORK, capture_output=True, check=False)
            # one that never was ready does not listen to pg_ctl
            os.killpg(self.server.pid, signal.SIGKILL)
            self.server.wait()
        shutil.rmtree(self.data, ignore_errors=True)


# A percent matters: measured twice, one after the other.
ACCURATE = ("none", "leaktrace", "leaktrace-page")
LOADS = (Redis, Nginx, Postgres)


def say(**what):
    print(json.dumps(what), flush=True)


def measure(load, who, requests, *before):
    """One server's life: to be ready, to be looked at, and its requests."""
    server = load()
    try:
        pid = server.start(requests, *before)
        who.start(pid)
        start = busy_ns()
        server.load(requests)
        cost = busy_ns() - start
        say(load=load.name, peer=who.name, requests=requests, cost=cost)
    except peer.NotReady as why:
        say(load=load.name, peer=who.name, failed=str(why))
    finally:
        who.stop()
        server.stop()


def counts(load):
    """Of requests: where a percent matters, of a peer, and of one that is slow."""
    return load.requests, load.fewer, load.requests // 10


def beside(load):
    """The peers, and nobody for as many requests as they get."""
    _, fewer, slow = counts(load)
    for who in everybody(load.library):
        if who.name not in ACCURATE:
            yield who, fewer if who.light else slow, ()
    for count in sorted({fewer, slow} - {load.requests}):
        yield peer.Nobody(), count, ()
    valgrind = peer.Nobody()
    valgrind.name, valgrind.what = "valgrind", "valgrind --track-fds"
    yield valgrind, slow, ("valgrind", "-q", "--track-fds=yes")


def make(kept):
    """What the guest shall find."""
    os.makedirs(WORK, mode=0o755)
    try:
        Postgres().make(kept)
    finally:
        shutil.rmtree(WORK)


def main(only):
    os.makedirs(WORK, exist_ok=True)
    os.chmod(WORK, 0o755)
    wanted = [load for load in LOADS if load.name in only] or LOADS
    only = [name for name in only if name not in [load.name for load in LOADS]]
    plan = [(load, who, load.requests, ()) for load in wanted
            for who in everybody(load.library) if who.name in ACCURATE for _ in range(2)]
    plan += [(load, *rest) for load in wanted for rest in beside(load)]
    for load, who, requests, before in plan:
        if not only or who.name in only:
            print(f"{load.name}: {who.what}", file=sys.stderr, flush=True)
            measure(load, who, requests, *before)
