# SPDX-License-Identifier: GPL-2.0-or-later
"""The peers' end of a veth: a process in a network namespace of its own."""

import os
import select
import socket as net
import time

from client import sh

OURS4, OURS6 = '10.77.0.1', 'fd77::1'


class Visitor:
    """One address that speaks to a server of ours which sends back what it gets: over a
    connection that is made now, by UDP, and in new connections."""

    def __init__(self, source, to, port):
        self.family = net.AF_INET6 if ':' in source else net.AF_INET
        self.source, self.to = source, (to, port)
        self.flow = self.socket(net.SOCK_STREAM)
        self.flow.connect(self.to)
        self.udp, self.new = None, None
        self.probe()

    def socket(self, kind):
        s = net.socket(self.family, kind)
        s.bind((self.source, 0))
        return s

    def probe(self):
        """One packet of each kind."""
        for s in (self.udp, self.new):
            if s:
                s.close()
        self.udp, self.new = self.socket(net.SOCK_DGRAM), self.socket(net.SOCK_STREAM)
        for s in (self.flow, self.udp, self.new):
            s.setblocking(False)
        self.udp.connect(self.to)
        self.answered = set()
        self.flow.send(b'x')
        self.udp.send(b'x')
        self.new.connect_ex(self.to)

    def heard(self, limit):
        """Which of them are answered, all within the time or at its end."""
        end = time.monotonic() + limit
        while True:
            left = max(end - time.monotonic(), 0)
            wait = {s: n for s, n in ((self.flow, 'flow'), (self.udp, 'udp')) if
                    n not in self.answered}
            new = [self.new] if 'syn' not in self.answered else []
            if not wait and not new:
                break
            readable, writable, _ = select.select(wait, new, [], left)
            for s in readable:
                self.hear(s, wait[s])
            if writable and not self.new.getsockopt(net.SOL_SOCKET, net.SO_ERROR):
                self.answered.add('syn')
            if not left or (writable and 'syn' not in self.answered):
                break
        return ' '.join(sorted(self.answered)) or 'nothing'

    def hear(self, s, name):
        try:
            if s.recv(100):
                self.answered.add(name)
        except OSError:  # an ICMP error
            pass

    def close(self):
        for s in (self.flow, self.udp, self.new):
            s.close()


class Far:
    """The peers' end: a process in a namespace of its own that opens connections for us."""

    def __init__(self):
        self.here, there = net.socketpair()
        self.pid = os.fork()
        if not self.pid:
            self.here.close()
            try:
                self.serve(there)
            finally:
                os._exit(0)
        there.close()
        self.here.recv(1)
        sh(f'ip link add name v0 type veth peer name v1 netns {self.pid}; '
           f'ip addr add {OURS4}/16 dev v0; ip addr add {OURS6}/32 dev v0 nodad; ip link set v0 up')
        self.tell('up')

    def tell(self, *words):
        self.here.send(' '.join(str(w) for w in words).encode().ljust(200))
        return self.here.recv(200).decode().strip()

    def serve(self, there):
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(0x40000000):
            raise OSError('unshare')
        there.send(b'x')
        held = {}
        while True:
            words = there.recv(200).decode().split()
            if not words:
                return
            there.send(str(self.do(held, *words)).encode().ljust(200))

    def do(self, held, verb, *words):
        if verb == 'up':
            sh('ip link set lo up; ip link set v1 up')
            for i in range(2, 10):
                sh(f'ip addr add 10.77.0.{i}/16 dev v1; '
                   f'ip addr add fd77:0:{i}::2/32 dev v1 nodad')
            sh('ip addr add 10.77.9.2/16 dev v1; ip addr add fd77:0:a009::2/32 dev v1 nodad')
            return 'ok'
        if verb == 'open':  # name from to port count
            name, source, to, port, count = *words[:3], int(words[3]), int(words[4])
            family = net.AF_INET6 if ':' in source else net.AF_INET
            held.setdefault(name, [])
            for _ in range(count):
                s = net.socket(family, net.SOCK_STREAM)
                s.setsockopt(net.SOL_SOCKET, net.SO_REUSEADDR, 1)
                s.bind((source, 0))
                s.settimeout(60)
                s.connect((to, port))
                held[name].append(s)
            return held[name][0].getsockname()[1]
        if verb == 'udp':
            s = net.socket(net.AF_INET6 if ':' in words[1] else net.AF_INET, net.SOCK_DGRAM)
            s.bind((words[1], 0))
            s.sendto(b'x', (words[2], int(words[3])))
            held[words[0]] = [s]
            return 'ok'
        if verb == 'syn':  # begins, and never hears the answer
            sh('nft add table ip deaf; nft add chain ip deaf c "{ type filter hook input priority 0; }"; '
               'nft add rule ip deaf c "tcp flags & (syn|ack) == (syn|ack) drop"')
            s = net.socket()
            s.bind((words[1], 0))
            s.setblocking(False)
            s.connect_ex((words[2], int(words[3])))
            held[words[0]] = [s]
            # Nor does it begin again.
            sh('nft add chain ip deaf o "{ type filter hook output priority 0; }"; '
               'nft add rule ip deaf o "tcp flags & syn == syn drop"')
            return 'ok'
        if verb == 'hear':
            sh('nft delete table ip deaf')
            return 'ok'
        if verb == 'state':
            return self.state(held[words[0]])
        if verb == 'greet':
            held[words[0]] = Visitor(words[1], words[2], int(words[3]))
            return held[words[0]].heard(20)
        if verb == 'probe':
            for name in words:
                held[name].probe()
            return 'ok'
        if verb == 'heard':
            return held[words[0]].heard(float(words[1]))
        if verb == 'drop':
            one = held.pop(words[0])
            for s in one if isinstance(one, list) else [one]:
                s.close()
        return 'ok'

    @staticmethod
    def state(sockets):
        """How many are reset, closed and alive."""
        reset = closed = alive = 0
        for s in sockets:
            s.setblocking(False)
            try:
                if s.recv(1) == b'':
                    closed += 1
                else:
                    alive += 1
            except ConnectionResetError:
                reset += 1
            except BlockingIOError:
                alive += 1
        return f'{reset} {closed} {alive}'

    def close(self):
        self.here.close()
        os.waitpid(self.pid, 0)
