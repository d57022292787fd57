# SPDX-License-Identifier: GPL-2.0-or-later
"""The daemon's end of the socketpair, as netlink/wire.h has it, and what the tests report."""

import collections
import ipaddress
import json
import os
import socket
import struct
import subprocess
import sys
import time

PROGRAM = os.environ['BANISH_NETLINK']
VERSION, LAST, FOREVER = 3, 1, 2**63 - 1
(HELLO, DEFINE, FORGET, CHANGE, REFILL, FLUSH, LIST, QUERY, CLOSE, SOCKETS, LIVE, RESULT,
 EVENT) = range(1, 14)
ADD, DEL, FILL = 1, 2, 3
AGAIN = -11
BEGIN, COMMIT, ABORT = 1, 2, 3
DIFF, REFILL_WAY, ADD_WAY = 1, 2, 3
TYPE, FAMILY, TIMEOUT, NO_TABLE, NO_SET, OPTION, NETMASK, BUSY = range(1, 9)
OPTIONS = dict(kind=1, name=2, table=3, set4=4, set6=5, owner=6, type=7, protocol=8,
               maxbans=9, identity=10, expect=11, name6=12, port=13)
ADDRESSES_CHANGED, REMOVED, UNUSED = 1, 2, 3
REFERENCES, ENTRIES, SIZE = 1, 2, 3
PACKETS, PRIORITY, CHAIN_BEFORE, RULES_BEFORE, HOOK = 4, 5, 6, 7, 8
# No nft table can be owned and outlive its owner (Linux 6.9), or the program was built so.
OLD = 'BANISH_OLD' in os.environ or \
    [int(n) for n in os.uname().release.split('-')[0].split('.')[:2]] < [6, 9]
HEAD = struct.Struct('=BBBBHHIi')
HOUR = 3600_000
MANY = int(os.environ.get('MANY', 100_000))  # changes of the larger tests
SLOW = MANY < 100_000  # an emulated machine: what is not about the kernel's version is left out

passed, failed = 0, 0


def check(claim, condition, seen=None):
    global passed, failed
    if condition:
        passed += 1
        print(f'ok   {claim}', flush=True)
    else:
        failed += 1
        print(f'FAIL {claim}' + (f': {seen!r}' if seen is not None else ''), flush=True)
    return bool(condition)


def equal(claim, seen, wanted):
    return check(claim, seen == wanted, f'{seen!r}, wanted {wanted!r}')


def sh(command, fails=False):
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    if done.returncode and not fails:
        raise RuntimeError(f'{command}: {done.stderr}')
    return done.stdout


def status(command):
    return subprocess.run(command, shell=True, capture_output=True).returncode


def prefix(text):
    net = ipaddress.ip_network(text)
    return struct.pack('=BB16s', net.version, net.prefixlen, net.network_address.packed)


def unprefix(data):
    family, length, addr = struct.unpack('=BB16s', data)
    return str(ipaddress.ip_network((addr[:4] if family == 4 else addr, length)))


def change(op, text, left=None, whole=None):
    """A delete's `left` is what was given last, if that is known."""
    if left is None:
        left = 0 if op == DEL else HOUR
    return struct.pack('=qq', left, left if whole is None else whole) + \
        (text if isinstance(text, bytes) else prefix(text)) + struct.pack('=B5x', op)


class Packet:
    def __init__(self, data):
        (self.version, self.kind, self.target, self.flags, self.count, _, self.serial,
         self.error) = HEAD.unpack(data[:16])
        self.body = data[16:]

    def results(self):
        return list(struct.unpack(f'={self.count}i', self.body))


Event = collections.namedtuple('Event', 'target what pid comm')


def event_of(packet):
    what, pid, comm = struct.unpack('=B3xI16s', packet.body)
    return Event(packet.target, what, pid, comm.split(b'\0')[0].decode())


class Defined:
    def __init__(self, body):
        (self.error, self.identity, self.way, self.timeouts, self.created, self.owned,
         where) = struct.unpack('=iIBBBB32s', body)
        self.where = where.split(b'\0')[0].decode()


class Helper:
    def __init__(self, greet=True, args=()):
        self.end, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.end.settimeout(60)
        # The socketpair must be descriptor 3 there, whatever its number is here.
        spare = os.open('/dev/null', os.O_RDONLY)
        number = theirs.fileno()
        self.process = subprocess.Popen(
            ['sh', '-c', f'exec "$@" 3<&{number}', 'sh', PROGRAM, *args] if number != 3
            else [PROGRAM, *args],
            pass_fds=[number], stderr=subprocess.PIPE if greet is None else None)
        theirs.close()
        os.close(spare)
        self.serial = 0
        self.events = []
        self.unasked = []  # the same with their targets, until happens() was asked
        self.told = []     # and all of them, until news() was asked
        if greet:
            self.greet()

    def greet(self):
        hello = self.receive()
        if hello.kind != HELLO:
            raise RuntimeError(f'no hello but {hello.kind}')
        self.send(HELLO)

    def receive(self):
        return Packet(self.end.recv(1 << 17))

    def raw(self, data):
        self.end.send(data)

    def send(self, kind, target=0, records=(), version=VERSION, count=None):
        self.serial += 1
        records = list(records)
        self.end.send(HEAD.pack(version, kind, target, 0,
                                len(records) if count is None else count, 0, self.serial, 0) +
                      b''.join(records))
        return self.serial

    def answers(self, serial):
        packets = []
        while True:
            packet = self.receive()
            if packet.kind == EVENT:
                self.events.append(packet.body[0])
                self.unasked.append((packet.target, packet.body[0]))
                self.told.append(event_of(packet))
                continue
            if packet.serial != serial:
                raise RuntimeError(f'answer {packet.serial} to {serial}')
            packets.append(packet)
            if packet.flags & LAST:
                return packets

    def ask(self, *args, **more):
        return self.answers(self.send(*args, **more))

    def define_once(self, target=0, **options):
        """An option that is a list is given several times."""
        records = [struct.pack('=B63s', OPTIONS[name], str(one).encode())
                   for name, value in options.items()
                   for one in (value if isinstance(value, list) else [value])]
        return Defined(self.ask(DEFINE, target, records)[0].body)

    def define(self, target=0, **options):
        """As the daemon does it while another helper may be about to end."""
        while (defined := self.define_once(target, **options)).error == AGAIN:
            time.sleep(0.02)
        return defined

    def change(self, *changes, target=0):
        packet = self.ask(CHANGE, target, changes)[0]
        return packet.results() if not packet.error else packet.error

    def one(self, kind, target=0, records=()):
        packet = self.ask(kind, target, records)[0]
        return packet.error or packet.results()[0]

    def refill(self, phase, target=0):
        return self.one(REFILL, target, [struct.pack('=B7xQ', phase, 0)])

    def list(self, target=0):
        held = {}
        for packet in self.ask(LIST, target):
            if packet.error:
                return packet.error
            for i in range(packet.count):
                left, = struct.unpack_from('=q', packet.body, 32 * i)
                held[unprefix(packet.body[32 * i + 8:32 * i + 26])] = left
        return held

    def live(self, target=0):
        """{(what, name): value}"""
        facts = {}
        for packet in self.ask(LIVE, target):
            if packet.error:
                return packet.error
            for i in range(packet.count):
                what, value, name = struct.unpack_from('=B7xq48s', packet.body, 64 * i)
                facts[what, name.split(b'\0')[0].decode()] = value
        return facts

    def happens(self, seconds=1):
        """What comes unasked next, [(target, what)]: nothing within the time is []."""
        if self.unasked:
            return [self.unasked.pop(0)]
        self.end.settimeout(seconds)
        try:
            packet = self.receive()
            self.told.append(event_of(packet))
            return [(packet.target, packet.body[0])]
        except TimeoutError:
            return []
        finally:
            self.end.settimeout(60)

    def news(self, seconds=0.1, wanted=None):
        """What comes unasked within the time, or until there are so many: [Event]."""
        end = time.monotonic() + seconds
        while len(self.told) < (wanted or 10**9) and time.monotonic() < end:
            self.unasked.clear()
            self.happens(max(end - time.monotonic(), 0.001))
        told, self.told = self.told, []
        self.unasked.clear()
        return told

    def drain(self):
        """What is on its way is forgotten: before the answers it has seen all that was done."""
        self.own()
        self.news(0.3)
        self.own()
        self.news(0.05)

    def some(self, count, seconds=20):
        """Events until there are so many, and what comes right behind them."""
        first = self.news(seconds, wanted=count)
        return first + self.news(0.1)

    def own(self):
        addresses = []
        for packet in self.ask(QUERY, 0, [struct.pack('=B7x', 1)]):
            addresses += [unprefix(packet.body[18 * i:18 * i + 18])
                          for i in range(packet.count)]
        return addresses

    def worker(self):
        children = sh(f'cat /proc/{self.process.pid}/task/*/children').split()
        return int(children[0]) if children else None

    def close(self):
        self.end.close()
        return self.process.wait(60)


def addresses(count, first='10.64.0.0'):
    """Distinct ones; not in order, as offenders are."""
    base = int(ipaddress.ip_address(first))
    return [struct.pack('=BB', 4, 32) + (base + i * 7919 % (1 << 20)).to_bytes(4, 'big') +
            bytes(12) for i in range(count)]


def bulk(helper, claim, count=MANY, target=0, op=ADD):
    """Many changes, a window of eight packets outstanding. Returns the errors seen."""
    records = [change(op, p) for p in addresses(count)]
    packets = [records[i:i + 1000] for i in range(0, count, 1000)]
    errors, waiting, start = {}, [], time.monotonic()
    while packets or waiting:
        while packets and len(waiting) < 8:
            waiting.append(helper.send(CHANGE, target, packets.pop(0)))
        for error in helper.answers(waiting.pop(0))[0].results():
            errors[error] = errors.get(error, 0) + 1
    spent = time.monotonic() - start
    print(f'     {claim}: {count} in {spent:.3f} s, {count / spent:,.0f}/s')
    return errors


def nft_json(what):
    return [o for o in json.loads(sh(f'nft -j list {what}'))['nftables'] if 'metainfo' not in o]


def nft_set(name, table='inet banish'):
    """{address: (timeout, expires) or None} as nft(8) has it."""
    out, held = sh(f'nft -j list set {table} {name}', fails=True), {}
    if not out:
        return None
    for o in json.loads(out)['nftables']:
        for e in o.get('set', {}).get('elem', []):
            e = e['elem'] if isinstance(e, dict) and 'elem' in e else {'val': e}
            value = e['val']
            if isinstance(value, dict) and 'prefix' in value:
                value = f"{value['prefix']['addr']}/{value['prefix']['len']}"
            held[value] = (e.get('timeout'), e.get('expires'))
    return held


def nft_sets():
    return sorted(o['set']['name'] for o in nft_json('table inet banish') if 'set' in o)


def ipset(name):
    out, held = sh(f'ipset list {name}', fails=True), {}
    for line in out.partition('Members:\n')[2].splitlines():
        words = line.split()
        held[words[0]] = int(words[2]) if len(words) > 2 else None
    return held


def finish():
    print(f'{passed} passed, {failed} failed')
    sys.exit(1 if failed else 0)
