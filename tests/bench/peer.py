# SPDX-License-Identifier: GPL-2.0
"""The tools that tests/bench/peers holds leaktrace against, each with what says that
it is ready: under instruction counting idle time is skipped, so no sleep is long enough.

A peer is started on a process, is ready or says why not, and is stopped.
"""
import os
import select
import signal
import subprocess
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LEAKTRACE = os.path.join(TOP, "userland", "leaktrace")
# Time of the machine that emulates, as the guest's own flies when nobody computes.
BOUND_S = 300

# What leaktrace pairs, in bpftrace's words: a birth keeps the user stack under the
# object's key, a death takes it out.
BPFTRACE_FD = "".join(
    f"tracepoint:syscalls:sys_exit_{call} /pid == $1 && args->ret >= 0/ "
    "{ @fd[args->ret] = ustack; }\n"
    for call in ("open", "openat", "socket", "accept", "accept4", "dup", "epoll_create1")
) + "tracepoint:syscalls:sys_enter_close /pid == $1/ { delete(@fd[args->fd]); }\n"
BPFTRACE_TIMER = """
tracepoint:syscalls:sys_enter_timer_create /pid == $1/ { @at[tid] = args->created_timer_id; }
tracepoint:syscalls:sys_exit_timer_create /pid == $1/ {
	@timer[*(int32 *)uptr((uint64)@at[tid])] = ustack; delete(@at[tid]); }
tracepoint:syscalls:sys_enter_timer_delete /pid == $1/ { delete(@timer[args->timer_id]); }
"""
BPFTRACE_THREAD = """
tracepoint:sched:sched_process_fork /pid == $1/ { @thread[args->child_pid] = ustack; }
tracepoint:sched:sched_process_exit { delete(@thread[args->pid]); }
"""
BPFTRACE_PAGE = """
tracepoint:kmem:mm_page_alloc /pid == $1/ { @page[args->pfn] = ustack; }
tracepoint:kmem:mm_page_free { delete(@page[args->pfn]); }
"""

PERF_FD = ("syscalls:sys_exit_openat,syscalls:sys_exit_accept4,syscalls:sys_exit_socket,"
           "syscalls:sys_enter_close")
PERF_OTHERS = ("syscalls:sys_exit_timer_create,syscalls:sys_enter_timer_delete,"
               "sched:sched_process_fork,sched:sched_process_exit")
PERF_PAGE = "kmem:mm_page_alloc,kmem:mm_page_free"
STRACE_CALLS = ("open,openat,socket,accept,accept4,dup,epoll_create1,close,timer_create,"
                "timer_delete,clone,clone3,exit")
WAITS = {"7", "23", "230", "232", "270", "271", "281"}	# poll, select, nanosleep and kin


class NotReady(Exception):
    """Why a peer could not be got ready."""


def host_seconds():
    """A guest's hardware clock is the host's; the host itself may have none."""
    try:
        with open("/sys/class/rtc/rtc0/since_epoch", encoding="ascii") as clock:
            return int(clock.read())
    except FileNotFoundError:
        return int(time.time())


class Peer:
    """A program that follows one process."""

    name = what = ""
    waits = None	# what "/proc/PID/fd" has to have before a wait is the main loop
    light = True	# may be given the whole load
    reads = False	# a process of its own takes the events as they come

    def __init__(self):
        self.process = self.log = None

    def command(self, pid):
        raise NotImplementedError

    def start(self, pid):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(self.command(pid), stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log, **self.more())
        self.wait(self.ready)

    def more(self):
        return {}

    def said(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def why(self):
        """What it said of it: the first line about an error, or all, but not too much."""
        lines = self.said().splitlines()
        return next((line for line in lines if "rror" in line), " ".join(lines))[:300]

    def wait(self, condition):
        end = host_seconds() + BOUND_S
        while not condition():
            if self.process.poll() is not None:
                raise NotReady(f"ended with {self.process.returncode}: {self.why()}")
            if host_seconds() > end:
                raise NotReady(f"not ready within {BOUND_S} s: {self.why()}")
            time.sleep(0.01)

    def ready(self):
        """It waits in its main loop, having opened what it watches with."""
        pid = self.process.pid
        try:
            with open(f"/proc/{pid}/syscall", encoding="ascii") as f:
                if f.read().split()[0] not in WAITS:
                    return False
            return any(self.waits in os.readlink(f"/proc/{pid}/fd/{fd}")
                       for fd in os.listdir(f"/proc/{pid}/fd"))
        except OSError:
            return False

    def stop(self):
        """Without its report: the process is killed, and the kernel clears up."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process = None


class Nobody(Peer):
    """Nobody looks."""

    name, what = "none", "without"

    def start(self, pid):
        pass


class Leaktrace(Peer):
    """In the background; somebody asks for a report later."""

    def __init__(self, name, what, kinds):
        super().__init__()
        self.name, self.what, self.kinds, self.pid = name, what, kinds, None

    def start(self, pid):
        self.pid = pid
        done = subprocess.run([LEAKTRACE, "attach", str(pid), "--background", "--kinds",
                               self.kinds], capture_output=True, text=True, check=False)
        if done.returncode:
            raise NotReady(done.stderr)

    def stop(self):
        if self.pid:
            subprocess.run([LEAKTRACE, "detach", str(self.pid)], stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, check=False)


class LeaktraceLive(Peer):
    """With somebody who looks on."""

    def __init__(self, name, what, kinds):
        super().__init__()
        self.name, self.what, self.kinds = name, what, kinds

    def command(self, pid):
        return [LEAKTRACE, "attach", str(pid), "--kinds", self.kinds]

    def ready(self):
        return " attached " in self.said()


class Bpftrace(Peer):
    """Pairs births and deaths in a map, with frame-pointer stacks."""

    waits = "perf_event"

    def __init__(self, name, what, script):
        super().__init__()
        self.name, self.what, self.script = name, what, script

    def command(self, pid):
        return ["bpftrace", "-e", self.script, str(pid)]

    def more(self):
        return {"env": dict(os.environ, BPFTRACE_MAP_KEYS_MAX="65536")}


class PerfTrace(Peer):
    """Every system call as a line, or as a sum."""

    waits, reads = "perf_event", True

    def __init__(self, name, what, *options):
        super().__init__()
        self.name, self.what, self.options = name, what, options

    def command(self, pid):
        return ["perf", "trace", *self.options, "-o", "/dev/null", "-p", str(pid)]


class PerfRecord(Peer):
    """Each birth and death with its stack, into a file in memory."""

    reads = True

    def __init__(self, name, what, call_graph, events):
        super().__init__()
        self.name, self.what = name, what
        self.call_graph, self.events = call_graph, events
        self.control = self.answer = None

    def command(self, pid):
        return ["perf", "record", "-q", "--call-graph", self.call_graph, "-e", self.events,
                "-o", "/dev/shm/perf.data", "-D", "-1",
                "--control", f"fd:{self.control[0]},{self.answer[1]}", "-p", str(pid)]

    def more(self):
        return {"pass_fds": (self.control[0], self.answer[1])}

    def start(self, pid):
        self.control, self.answer = os.pipe(), os.pipe()
        os.write(self.control[1], b"enable\n")
        super().start(pid)

    def ready(self):
        if not select.select([self.answer[0]], [], [], 0)[0]:
            return False
        return b"ack" in os.read(self.answer[0], 16)

    def stop(self):
        super().stop()
        for fd in (self.control or ()) + (self.answer or ()):
            os.close(fd)
        self.control = self.answer = None
        if os.path.exists("/dev/shm/perf.data"):
            os.unlink("/dev/shm/perf.data")


class Strace(Peer):
    """Stops at every system call, and unwinds from outside."""

    name, what, light, reads = "strace", "strace -f -k", False, True

    def command(self, pid):
        return ["strace", "-f", "-k", "-o", "/dev/null", "-e", "trace=" + STRACE_CALLS,
                "-p", str(pid)]

    def ready(self):
        return " attached" in self.said()

    def stop(self):
        # a tracer that is killed lets go of whom it stopped only by chance
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait()
        self.process = None


class Memleak(Peer):
    """Pairs malloc and free, not pages."""

    name, what, waits = "memleak", "bcc memleak", "perf_event"

    def __init__(self, library=None):
        super().__init__()
        self.library = library

    def command(self, pid):
        return ["memleak-bpfcc", "-p", str(pid), *(["-O", self.library] if self.library else []),
                "1000000"]
