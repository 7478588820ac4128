# SPDX-License-Identifier: GPL-2.0
"""Attributes of requests, byte for byte."""
import struct

NLA_F_NESTED = 0x8000


def attr(number, payload):
    return (struct.pack("HH", 4 + len(payload), number & 0xffff) + payload +
            b"\0" * (-len(payload) % 4))
