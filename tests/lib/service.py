#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A service, for a guest with systemd.

usage: service.py leak                 keeps a descriptor ten times a second
       service.py clean                opens and closes as many
       service.py prefork [bad]        four workers; the third one, if bad, leaks
       service.py memory               256 KiB more ten times a second
       service.py hold N               N descriptors from the start, no more
"""
import os
import sys
import time

kept = []


def handle_and_forget():
    kept.append(open('/etc/hostname'))


def handle():
    open('/etc/hostname').close()


def serve(request):
    while True:
        request()
        time.sleep(0.1)


def fill():
    kept.append(bytearray(1 << 18))


def prefork(bad):
    for worker in range(4):
        if not os.fork():
            serve(handle_and_forget if bad and worker == 2 else handle)
    os.wait()


def main(what, *more):
    if what == 'leak':
        serve(handle_and_forget)
    elif what == 'clean':
        serve(handle)
    elif what == 'prefork':
        prefork(bool(more))
    elif what == 'memory':
        serve(fill)
    else:
        for _ in range(int(more[0])):
            handle_and_forget()
        time.sleep(1 << 20)


main(*sys.argv[1:])
