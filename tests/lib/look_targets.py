#!/usr/bin/python3
"""Holds descriptors of known targets. Says "ready PID"; "port" answers with the port and the
folder that they are of."""
import ctypes
import os
import socket
import sys
import tempfile

folder = tempfile.mkdtemp(prefix='leaktrace-look-')
# digits of the folder's own name would be no digits any more
named = os.path.join(os.path.dirname(folder), 'leaktrace-look-' + ''.join(chr(97 + b % 26) for b in os.urandom(12)))
os.rename(folder, named)
os.mkdir(named + '/words')
keep = [open(f'{named}/numbered-{i}.tmp', 'w') for i in range(30)]
keep += [open(f'{named}/words/{chr(97 + i)}', 'w') for i in range(20)]
listener = socket.create_server(('127.0.0.1', 0))
for _ in range(20):
    keep.append(socket.create_connection(listener.getsockname()))
    keep.append(listener.accept()[0])
libc = ctypes.CDLL(None)
eventfds = [libc.eventfd(0, 0) for _ in range(3)]
pipes = os.pipe() + os.pipe()
print('ready', os.getpid(), flush=True)
for line in sys.stdin:
    if line.strip() == 'port':
        print(f'port={listener.getsockname()[1]}')
        print(f'folder={named}')
        print('ok', flush=True)
    else:
        break
for file in keep[:50]:
    os.unlink(file.name)
os.rmdir(named + '/words')
os.rmdir(named)
