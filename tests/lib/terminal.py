#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Run a command on a terminal and answer what it asks: terminal.py ANSWER COMMAND [ARG...]

Its output goes to ours. Exit status: its own; 99: it never asked.
"""
import os
import pty
import sys

PROMPT = b"[y/N] "


def main():
    answer, command = sys.argv[1], sys.argv[2:]
    pid, terminal = pty.fork()
    if not pid:
        os.execvp(command[0], command)
    heard, asked = b"", False
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # the other end is closed
            part = b""
        if not part:
            break
        heard += part
        if PROMPT in heard and not asked:
            asked = True
            os.write(terminal, answer.encode() + b"\n")
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    sys.stdout.write(heard.decode(errors="replace").replace("\r", ""))
    return status if asked else 99


sys.exit(main())
