#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What 'leaktrace agent' takes of one processor while nothing is wrong, beside 'leaktrace top'.

usage: agent.py [--processes N] [--descriptors N] [--interval S] [--seconds S] LEAKTRACE

Processor time, as the kernel accounts for it, over the time after the first look. Prints one
line of JSON.
"""
import argparse
import json
import os
import resource
import subprocess
import tempfile
import time

NAME = 'agentbench'


def used_s(pid):
    """Processor seconds of a process that runs."""
    with open('/proc/%d/stat' % pid) as f:
        fields = f.read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def start_processes(n, descriptors):
    """They hold some descriptors, and sleep."""
    pids = []
    for _ in range(n):
        pid = os.fork()
        if not pid:
            with open('/proc/self/comm', 'w') as f:
                f.write(NAME)
            for _ in range(descriptors):
                os.open('/dev/null', os.O_RDONLY)
            time.sleep(100000)
        pids.append(pid)
    return pids


def measure(command, settle_s, seconds):
    p = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(settle_s)
    before, began = used_s(p.pid), time.monotonic()
    time.sleep(seconds)
    share = (used_s(p.pid) - before) / (time.monotonic() - began)
    p.terminate()
    p.wait()
    return share


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--processes', type=int, default=200)
    parser.add_argument('--descriptors', type=int, default=50)
    parser.add_argument('--interval', type=float, default=10)
    parser.add_argument('--seconds', type=float, default=120)
    parser.add_argument('leaktrace')
    o = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))
    pids = start_processes(o.processes, o.descriptors)
    try:
        with tempfile.TemporaryDirectory() as directory:
            conf = directory + '/agent.conf'
            with open(conf, 'w') as f:
                f.write('[agent]\nDirectory=%s/reports\nInterval=%gs\nMaxProcessor=100%%\n'
                        '[watch all]\nComm=%s\n' % (directory, o.interval, NAME))
            agent = measure([o.leaktrace, 'agent', '--config', conf], o.interval, o.seconds)
            top = measure([o.leaktrace, 'top', '--json', '--every', str(o.interval)], o.interval, o.seconds)
    finally:
        for pid in pids:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
    print(json.dumps({'processes': o.processes, 'descriptors': o.descriptors, 'interval_s': o.interval,
                      'agent': round(agent, 5), 'top': round(top, 5)}))


main()
