# SPDX-License-Identifier: GPL-2.0-or-later
"""From a line that is appended to a log to the address in an nft set: the kernel's own
notification says when. latency.py LOG COUNT: prints median and 99th percentile, microseconds."""

import os
import random
import socket
import sys
import time

NETLINK_NETFILTER, NFNLGRP_NFTABLES, SOL_NETLINK, ADD_MEMBERSHIP = 12, 7, 270, 1


def main(log, count):
    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    s.bind((0, 0))
    s.setsockopt(SOL_NETLINK, ADD_MEMBERSHIP, NFNLGRP_NFTABLES)
    s.settimeout(10)
    out = os.open(log, os.O_WRONLY | os.O_APPEND)
    spent = []
    for i in range(count + 20):
        address = bytes([20, i >> 16 & 255, i >> 8 & 255, i & 255])
        line = (f'{time.strftime("%b %e %H:%M:%S")} host sshd[{1000 + i}]: Failed password for root '
                f'from {socket.inet_ntoa(address)} port 40022 ssh2\n').encode()
        start = time.perf_counter_ns()
        os.write(out, line)
        while address not in s.recv(65536):
            pass
        spent.append(time.perf_counter_ns() - start)
        time.sleep(random.uniform(0.001, 0.004))
    spent = sorted(spent[20:])  # the first warm caches up
    print(f'{spent[count // 2] / 1000:.0f} {spent[count * 99 // 100] / 1000:.0f}')


main(sys.argv[1], int(sys.argv[2]))
