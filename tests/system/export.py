#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Entries of a journal for systemd-journal-remote, one of each line of JSON on standard input.

A line has the fields of an entry; one with several values has a list. "at" is its time in
seconds from now, "mono" the seconds since boot: those since the first of this month unless said.
"""
import json
import struct
import sys
import time

NOW = time.time_ns() // 1000
BOOT = NOW - NOW % (2592000 * 1000000)


def field(name, value):
    data = str(value).encode('utf-8', 'surrogateescape')
    if data.isascii() and b'\n' not in data:
        return b'%s=%s\n' % (name.encode(), data)
    return b'%s\n%s%s\n' % (name.encode(), struct.pack('<Q', len(data)), data)


def main():
    out = sys.stdout.buffer
    for number, line in enumerate(sys.stdin):
        fields = json.loads(line)
        # Each has a time of its own.
        at = NOW + int(fields.pop('at', 0)) * 1000000 + number
        mono = int(fields.pop('mono') * 1000000) if 'mono' in fields else at - BOOT
        fields.setdefault('_BOOT_ID', '0123456789abcdef0123456789abcdef')
        out.write(b'__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\n' %
                  (at, mono))
        for name, values in fields.items():
            for value in values if isinstance(values, list) else [values]:
                out.write(field(name, value))
        out.write(b'\n')


main()
