#!/usr/bin/python3
"""A collector of profiles that believes nothing: what Pyroscope, Parca and an
endpoint for bare profiles would be sent is decoded by protobuf's own library
and written to DIR, one JSON line for each request in DIR/log, profiles in
DIR/N.pb.gz. Parca's door is a real gRPC server.

usage: collector.py DIR [--fail N] [--status CODE] [--http PORT] [--grpc PORT]
Prints "PORT GRPC_PORT" once it listens. The first N requests fail with CODE.
"""
import argparse
import json
import os
import sys
import threading
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

STRING, BYTES, MESSAGE = 9, 12, 11


def messages():
    """push.proto and profilestore.proto, by their public definitions."""
    f = descriptor_pb2.FileDescriptorProto(name='collector.proto', package='t', syntax='proto3')

    def add(name, *fields):
        m = f.message_type.add(name=name)
        for number, label, kind, of in fields:
            m.field.add(name=label, number=number, label=3 if kind == MESSAGE else 1, type=kind,
                        type_name='.t.' + of if of else None)

    add('Label', (1, 'name', STRING, ''), (2, 'value', STRING, ''))
    add('LabelSet', (1, 'labels', MESSAGE, 'Label'))
    add('RawSample', (1, 'raw_profile', BYTES, ''), (2, 'ID', STRING, ''))
    add('PushSeries', (1, 'labels', MESSAGE, 'Label'), (2, 'samples', MESSAGE, 'RawSample'))
    add('PushRequest', (1, 'series', MESSAGE, 'PushSeries'))
    add('RawSeries', (1, 'labels', MESSAGE, 'LabelSet'), (2, 'samples', MESSAGE, 'RawSample'))
    add('WriteRawRequest', (2, 'series', MESSAGE, 'RawSeries'))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(f)
    factory = message_factory.MessageFactory(pool)
    return [factory.GetPrototype(pool.FindMessageTypeByName('t.' + n))
            for n in ('PushRequest', 'WriteRawRequest')]


PushRequest, WriteRawRequest = messages()


class Collector:
    def __init__(self, o):
        self.o, self.lock, self.requests, self.profiles = o, threading.Lock(), 0, 0

    def fails(self):
        with self.lock:
            self.requests += 1
            return self.requests <= self.o.fail

    def keep(self, what, labels, profile, **more):
        with self.lock:
            self.profiles += 1
            with open('%s/%d.pb.gz' % (self.o.dir, self.profiles), 'wb') as f:
                f.write(profile)
            with open(self.o.dir + '/log', 'a') as f:
                f.write(json.dumps(dict(more, to=what, labels=labels, n=self.profiles)) + '\n')

    def series(self, what, message, labels_of, **more):
        if message.UnknownFields() if hasattr(message, 'UnknownFields') else False:
            raise ValueError('fields that nobody knows')
        for s in message.series:
            labels = [(x.name, x.value) for x in labels_of(s)]
            if labels != sorted(labels):
                raise ValueError('labels are not sorted')
            for sample in s.samples:
                self.keep(what, dict(labels), sample.raw_profile, **more)


def handler(collector):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = 'HTTP/1.1'

        def do_POST(self):
            body = self.rfile.read(int(self.headers['Content-Length']))
            if collector.fails():
                return self.answer(collector.o.status, b'{"code":"unavailable","message":"not now\x1b[31m"}')
            more = {k: self.headers.get(k, '') for k in ('Content-Type', 'Authorization')}
            try:
                if self.path == '/push.v1.PusherService/Push':
                    message = PushRequest()
                    message.ParseFromString(body)
                    collector.series('pyroscope', message, lambda s: s.labels, **more)
                else:
                    collector.keep('pprof', {}, body, path=self.path, **more)
            except Exception as e:
                return self.answer(400, repr(e).encode())
            self.answer(200, b'{}')

        def answer(self, status, body):
            self.send_response(status)
            self.send_header('Content-Length', str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    return Handler


def grpc_server(collector):
    def write_raw(request, context):
        if collector.fails():
            context.abort(grpc.StatusCode.UNAVAILABLE, 'not now')
        message = WriteRawRequest()
        message.ParseFromString(request)
        collector.series('parca', message, lambda s: [x for l in s.labels for x in l.labels])
        return b''

    server = grpc.server(futures.ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(
        'parca.profilestore.v1alpha1.ProfileStoreService',
        {'WriteRaw': grpc.unary_unary_rpc_method_handler(write_raw)}),))
    port = server.add_insecure_port('127.0.0.1:%d' % collector.o.grpc)
    server.start()
    return server, port     # it lives as long as somebody has it


def main():
    p = argparse.ArgumentParser()
    p.add_argument('dir')
    p.add_argument('--fail', type=int, default=0)
    p.add_argument('--status', type=int, default=503)
    p.add_argument('--http', type=int, default=0)
    p.add_argument('--grpc', type=int, default=0)
    o = p.parse_args()
    os.makedirs(o.dir, exist_ok=True)
    collector = Collector(o)
    http = ThreadingHTTPServer(('127.0.0.1', o.http), handler(collector))
    server, port = grpc_server(collector)
    print(http.server_port, port, flush=True)
    http.serve_forever()


if __name__ == '__main__':
    sys.exit(main())
