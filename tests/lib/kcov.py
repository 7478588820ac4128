# SPDX-License-Identifier: GPL-2.0
"""Which of the module's branches this thread has taken, by KCOV."""
import ctypes
import fcntl
import mmap
import os
import subprocess


class Coverage:
    WORDS = 1 << 18
    INIT, ENABLE, DISABLE = 0x80086301, 0x6364, 0x6365

    def __init__(self):
        self.fd = os.open("/sys/kernel/debug/kcov", os.O_RDWR)
        fcntl.ioctl(self.fd, self.INIT, self.WORDS)
        # Python's own mmap asks for a file's size first; this one has none.
        libc = ctypes.CDLL(None)
        libc.mmap.restype = ctypes.c_void_p
        at = libc.mmap(None, ctypes.c_size_t(self.WORDS * 8), mmap.PROT_READ | mmap.PROT_WRITE,
                       mmap.MAP_SHARED, self.fd, ctypes.c_long(0))
        if at == ctypes.c_void_p(-1).value:
            raise OSError("no mapping of kcov")
        self.area = (ctypes.c_uint64 * self.WORDS).from_address(at)
        self.seen = set()

    def begin(self):
        self.area[0] = 0
        fcntl.ioctl(self.fd, self.ENABLE, 0)

    def end(self):
        fcntl.ioctl(self.fd, self.DISABLE, 0)
        self.seen.update(self.area[1:min(self.area[0] + 1, self.WORDS)])


def text_of_module():
    with open("/proc/modules") as f:
        for line in f:
            words = line.split()
            if words[0] == "leaktrace":
                return int(words[5], 16), int(words[1])
    raise SystemExit("module not loaded")


def branches_of(ko):
    """Calls of the tracer in the module's file: what there is to be seen."""
    text = subprocess.run(["objdump", "-dr", ko], capture_output=True, text=True, check=True).stdout
    return text.count("__sanitizer_cov_trace_pc")
