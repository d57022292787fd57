# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets over a veth, from peers in another namespace: what a banned one sends stops, whether it
is a connection that begins, one that is there, or UDP; what others send does not."""

import selectors
import socket as net
import threading

from client import *
from far import *

PORT, OTHER = 7000, 7001
ALL = 'flow syn udp'
# Name: address, and the ban it is under. The last two are innocent.
BANNED = {'v4': ('10.77.0.2', '10.77.0.2'), 'v6': ('fd77:0:2::2', 'fd77:0:2::/64'),
          'net4': ('10.77.9.2', '10.77.9.0/24'), 'net6': ('fd77:0:a009::2', 'fd77:0:a000::/36')}
INNOCENT = {'other4': '10.77.0.3', 'other6': 'fd77:0:3::2'}
IPTABLES = [('iptables', 'b'), ('iptables', 'b-net'), ('ip6tables', 'b6'), ('ip6tables', 'b6-net')]
USER = '''table inet user {
	set s4 { type ipv4_addr; flags interval, timeout; }
	set s6 { type ipv6_addr; flags interval, timeout; }
	chain c { type filter hook input priority 0; ip saddr @s4 drop; ip6 saddr @s6 drop; }
}'''


class Echo(threading.Thread):
    """Sends back what comes to two ports, and knows from whom something came."""

    def __init__(self):
        super().__init__(daemon=True)
        self.seen, self.ready = set(), selectors.DefaultSelector()
        for port in (PORT, OTHER):
            for kind in (net.SOCK_STREAM, net.SOCK_DGRAM):
                s = net.socket(net.AF_INET6, kind)
                s.setsockopt(net.IPPROTO_IPV6, net.IPV6_V6ONLY, 0)
                s.setsockopt(net.SOL_SOCKET, net.SO_REUSEADDR, 1)
                # An answer to UDP comes from the address that was asked.
                s.bind(('::', port))
                if kind == net.SOCK_STREAM:
                    s.listen(100)
                self.ready.register(s, selectors.EVENT_READ, (
                    self.accept if kind == net.SOCK_STREAM else self.datagram, None))
        self.start()

    def run(self):
        while True:
            for key, _ in self.ready.select():
                does, peer = key.data
                try:
                    does(key.fileobj, peer)
                except OSError:  # a route that leads nowhere says so to the sender
                    pass

    def accept(self, s, _):
        one, peer = s.accept()
        self.seen.add(peer[0].removeprefix('::ffff:'))
        self.ready.register(one, selectors.EVENT_READ, (self.stream, peer[0]))

    def stream(self, s, peer):
        try:
            data = s.recv(100)
        except OSError:
            data = b''
        if not data:
            self.ready.unregister(s)
            s.close()
            return
        self.seen.add(peer.removeprefix('::ffff:'))
        s.send(data)

    def datagram(self, s, _):
        data, peer = s.recvfrom(100)
        self.seen.add(peer[0].removeprefix('::ffff:'))
        s.sendto(data, peer)


class Traffic:
    def __init__(self, helper):
        self.helper, self.far, self.echo = helper, Far(), Echo()

    def visitors(self, port=PORT):
        """All of them are let in."""
        for name, (address, _) in BANNED.items():
            self.greet(name, address, port)
        for name, address in INNOCENT.items():
            self.greet(name, address, port)

    def greet(self, name, address, port):
        heard = self.far.tell('greet', name, address, OURS6 if ':' in address else OURS4, port)
        if heard != ALL:
            raise RuntimeError(f'{name} is not let in: {heard}')

    def leave(self):
        for name in [*BANNED, *INNOCENT]:
            self.far.tell('drop', name)

    def probe(self, claim, stopped, silent=True, heard='nothing'):
        """The banned ones first: when all that the innocent sent is answered, theirs was seen."""
        passed = [n for n in BANNED if n not in stopped]
        self.echo.seen.clear()
        self.far.tell('probe', *stopped)
        self.far.tell('probe', *passed, *INNOCENT)
        equal(f'{claim}: the innocent are heard',
              {n: self.far.tell('heard', n, 20) for n in [*passed, *INNOCENT]},
              dict.fromkeys([*passed, *INNOCENT], ALL))
        if not stopped:
            return
        equal(f'{claim}: the banned are not', {n: self.far.tell('heard', n, 0.1) for n in stopped},
              dict.fromkeys(stopped, heard))
        if silent:
            equal(f'{claim}: nothing of theirs is received',
                  self.echo.seen & {BANNED[n][0] for n in stopped}, set())

    def case(self, claim, names=tuple(BANNED), **more):
        """Some are banned, and then no more."""
        self.visitors()
        bans = [BANNED[n][1] for n in names]
        equal(f'{claim}: bans', self.helper.change(*[change(ADD, b) for b in bans]), [0] * len(bans))
        self.probe(claim, names, **more)
        equal(f'{claim}: their end', self.helper.change(
            *[change(DEL, b, HOUR) for b in bans]), [0] * len(bans))
        self.probe(f'{claim}, then', [])
        self.leave()


def nft(t):
    h = t.helper
    for owner in ('yes', 'no') if not OLD else ('no',):
        h.define(kind='nft', owner=owner)
        t.case('nft' if owner == 'yes' else 'nft[owner=no]')
        sh('nft flush ruleset')
    h.define(kind='nft', port=[f'tcp {PORT}'])
    t.case('nft, a port', heard='udp', silent=False)
    t.visitors(OTHER)
    h.change(*[change(ADD, ban) for _, ban in BANNED.values()])
    t.probe('nft, another port', [])
    h.change(*[change(DEL, ban) for _, ban in BANNED.values()])
    t.leave()
    h.ask(FORGET, 0)
    subprocess.run(['nft', '-f', '-'], input=USER, text=True, check=True)
    h.define(kind='nft', table='inet user', set4='s4', set6='s6')
    t.case('a table of the user\'s')
    h.ask(FORGET, 0)
    sh('nft delete table inet user')


def iptables(rules, chain):
    for command, name in rules:
        sh(f'{command}-nft {chain} -m set --match-set {name} src -j DROP')


def ipset(t):
    h = t.helper
    h.define(kind='ipset', name='b')
    iptables(IPTABLES, '-t raw -A PREROUTING')
    t.case('ipset')
    sh('iptables-nft -t raw -F; ip6tables-nft -t raw -F')
    h.ask(FORGET, 0)
    for _, name in IPTABLES:
        sh(f'ipset destroy {name}')
    sh('ipset create adm hash:net timeout 0; ipset create adm6 hash:net family inet6 timeout 0')
    h.define(kind='ipset', name='adm', name6='adm6')
    iptables([('iptables', 'adm'), ('ip6tables', 'adm6')], '-A INPUT')
    t.case('an ipset of the admin\'s')
    sh('iptables-nft -F; ip6tables-nft -F')
    h.ask(FORGET, 0)
    sh('ipset destroy adm; ipset destroy adm6')


def route(t):
    """The replies go nowhere. With rp_filter nothing of IPv4 comes in either."""
    h = t.helper
    for kind in ('blackhole', 'unreachable', 'prohibit'):
        h.define(kind='route', type=kind, protocol=157)
        for strict in (0, 1):
            sh(f'for i in all v0; do echo {strict} >/proc/sys/net/ipv4/conf/$i/rp_filter; done')
            if strict:
                t.case(f'route[type={kind}], rp_filter', names=('v4', 'net4'))
            else:
                t.case(f'route[type={kind}]', silent=False)
    h.ask(FORGET, 0)


def run():
    h = Helper()
    t = Traffic(h)
    try:
        nft(t)
        ipset(t)
        route(t)
    finally:
        t.far.close()
        h.close()
        sh('nft flush ruleset; ip link del v0', fails=True)
