#!/usr/bin/python3
"""Listens to what the agent tells others, and writes it to files.

usage: ear.py socket PATH FILE    datagrams at a UNIX socket, as systemd has one
       ear.py http FILE           POSTs at a port that it prints, one line each
"""
import os
import socket
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


def hear_datagrams(path, to):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.bind(path)
    while True:
        print(s.recv(4096).decode(), file=to, flush=True)


def hear_posts(to):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers['Content-Length'])).decode()
            print(self.headers['Content-Type'], body, file=to, flush=True)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(('127.0.0.1', 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


if sys.argv[1] == 'socket':
    with open(sys.argv[3], 'w') as to:
        hear_datagrams(sys.argv[2], to)
else:
    with open(sys.argv[2], 'w') as to:
        hear_posts(to)
