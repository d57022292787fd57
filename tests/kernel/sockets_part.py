# SPDX-License-Identifier: GPL-2.0-or-later
"""The connections of banned peers: theirs to these ports end, and no others."""

import errno
import socket as net

from client import *
from far import *

EINVAL, EPERM = -22, -1
STATES = {'ESTABLISHED': 1, 'SYN_RECV': 3, 'CLOSE_WAIT': 8}


def close_record(peer, ports=(), conntrack=False, peer_port=0, count=None, idle=0):
    pairs = [(p, p) if isinstance(p, int) else p for p in ports]
    flat = [n for pair in pairs for n in pair] + [0] * 2 * (8 - len(pairs))
    return (peer if isinstance(peer, bytes) else prefix(peer)) + \
        struct.pack('=HBBH16HI', peer_port, len(pairs) if count is None else count, conntrack, 0,
                    *flat, idle)


class Closer:
    def __init__(self, helper):
        self.helper = helper

    def __call__(self, *records):
        packet = self.helper.ask(CLOSE, 0, records)[0]
        return packet.error or packet.results()

    def sockets(self, first=0, last=0):
        seen = []
        for packet in self.helper.ask(SOCKETS, 0, [struct.pack('=HH', first, last)]):
            if packet.error:
                return packet.error
            for i in range(packet.count):
                peer, own, *rest = struct.unpack_from('=18s18sHHB3xIII', packet.body, 56 * i)
                seen.append((unprefix(peer).partition('/')[0], unprefix(own).partition('/')[0],
                             *rest))
        return sorted(seen)


class Server:
    """Listens on both families at `port`, and keeps what it accepted by peer."""

    def __init__(self, port, backlog=8192):
        self.port = port
        # One that speaks both, as most servers are, and one for IPv4 alone beside it.
        self.both = net.socket(net.AF_INET6, net.SOCK_STREAM)
        self.both.setsockopt(net.IPPROTO_IPV6, net.IPV6_V6ONLY, 0)
        self.both.setsockopt(net.SOL_SOCKET, net.SO_REUSEADDR, 1)
        self.both.bind(('::', port))
        self.both.listen(backlog)
        self.accepted = []

    def accept(self, count):
        for _ in range(count):
            self.both.settimeout(60)
            self.accepted.append(self.both.accept()[0])
        return self.accepted[-count:]

    def listening(self):
        return self.both.getsockopt(net.SOL_SOCKET, net.SO_ACCEPTCONN) == 1

    def close(self):
        for s in self.accepted:
            s.close()
        self.both.close()


def error_of(s):
    s.setblocking(False)
    try:
        return 'closed' if s.recv(1) == b'' else 'data'
    except BlockingIOError:
        return 'open'
    except OSError as e:
        return errno.errorcode[e.errno]


def records(closer):
    bad = [close_record('192.0.2.1', [(90, 80)]), close_record('192.0.2.1', [(0, 80)]),
           close_record('192.0.2.1', count=9), close_record('192.0.2.1', count=255),
           close_record(struct.pack('=BB16s', 5, 32, bytes(4))),
           close_record(struct.pack('=BB16s', 4, 24, bytes([192, 0, 2, 1])))]
    equal('records that make no sense', closer(*bad), [EINVAL] * len(bad))
    never = ['0.0.0.0/0', '127.0.0.1', '127.0.0.0/8', '10.0.0.0/7', '::/0', '::1/128', '::/96']
    equal('what is never ended', closer(*[close_record(n) for n in never]), [EPERM] * len(never))
    equal('none of those', closer(close_record('192.0.2.1'), bad[0],
                                  close_record('2001:db8::/64', [25, 465])), [0, EINVAL, 0])
    equal('an empty packet', closer(), [])
    equal('ports that make no sense', (closer.sockets(9, 8), closer.sockets(0, 8)),
          (EINVAL, EINVAL))


def own_connection(closer, web):
    """This host may not be banned, but one connection of its own may end."""
    mine = net.create_connection(('127.0.0.1', web.port))
    ours = web.accept(1)[0]
    port = mine.getsockname()[1]
    equal('one connection of this host', closer(close_record('127.0.0.1', [web.port],
                                                             peer_port=port)), [1])
    equal('ends', error_of(ours), 'ECONNABORTED')
    equal('a port of a network', closer(close_record('10.77.0.0/24', peer_port=port)), [EINVAL])
    mine.close()


def one_each(closer, far, web, mail):
    """A connection of each kind; what ends is only what the record says."""
    kinds = {'web4': ('10.77.0.2', OURS4, web), 'mail4': ('10.77.0.2', OURS4, mail),
             'web4b': ('10.77.0.3', OURS4, web), 'web6': ('fd77:0:2::2', OURS6, web),
             'mail6': ('fd77:0:2::2', OURS6, mail), 'web6b': ('fd77:0:3::2', OURS6, web)}
    ours = {}
    for name, (source, to, server) in kinds.items():
        far.tell('open', name, source, to, server.port, 1)
        ours[name] = server.accept(1)[0]
    only4 = net.create_server((OURS4, 7990))
    far.tell('open', 'only4', '10.77.0.2', OURS4, 7990, 1)
    ours['only4'] = only4.accept()[0]
    seen = closer.sockets(web.port, web.port)
    equal('the sockets of a port', [(s[0], s[1], s[3], s[4]) for s in seen],
          sorted((source, to, web.port, 1) for source, to, server in kinds.values()
                 if server is web))
    check('with the process that has them', all(s[7] for s in seen) and seen[0][6] == os.getuid(),
          seen)

    waiter = os.fork()
    if not waiter:
        # A process that waits in recv, as a server does.
        os._exit(getattr(wait_for_end(ours['web4']), 'errno', 0))
    time.sleep(0.2)
    equal('an end of one peer at one port', closer(close_record('10.77.0.2', [web.port])), [1])
    code = os.waitstatus_to_exitcode(os.waitpid(waiter, 0)[1])
    equal('wakes who waits in recv', errno.errorcode.get(code), 'ECONNABORTED')
    equal('and resets the peer', far.tell('state', 'web4'), '1 0 0')
    others = [n for n in ours if n != 'web4']
    equal('the others stay', {n: error_of(ours[n]) for n in others}, dict.fromkeys(others, 'open'))
    equal('also at the far end', {far.tell('state', n) for n in others}, {'0 0 1'})
    check('so do those who listen', web.listening() and mail.listening())

    equal('IPv6, by its /64', closer(close_record('fd77:0:2::/64', [(web.port, web.port)])), [1])
    equal('ends that alone', {n: error_of(ours[n]) for n in ('web6', 'mail6', 'web6b')},
          {'web6': 'ECONNABORTED', 'mail6': 'open', 'web6b': 'open'})
    port = ours['mail4'].getpeername()[1]
    equal('another port of the peer', closer(close_record('10.77.0.2', [mail.port],
                                                          peer_port=port + 1)), [0])
    equal('this port of the peer', closer(close_record('10.77.0.2', [mail.port],
                                                       peer_port=port)), [1])
    equal('all ports, of an IPv4 socket', closer(close_record('10.77.0.2')), [1])
    equal('ends that, too', (error_of(ours['only4']), error_of(ours['web4b'])), ('ECONNABORTED', 'open'))
    equal('several ranges, several peers, the narrowest counts',
          closer(close_record('10.77.0.0/24', [1, (2, 6), web.port]),
                 close_record('10.77.0.3', [(web.port - 1, web.port + 1)]),
                 close_record('fd77:0:3::/64', [9, web.port]), close_record('fd77:0:9::/64')),
          [0, 1, 1, 0])
    equal('what is left', [(s[0], s[3]) for s in closer.sockets()
                           if s[3] in (web.port, mail.port, 7990)], [('fd77:0:2::2', mail.port)])
    check('who listens still listens', web.listening() and mail.listening())
    only4.close()
    closer(close_record('fd77:0:2::/64'))


def wait_for_end(s):
    try:
        s.setblocking(True)
        s.recv(1)
    except OSError as e:
        return e
    return None


def comes(ask, wanted):
    """The answer, once it is what is wanted."""
    end = time.monotonic() + 20
    while (answer := ask()) != wanted and time.monotonic() < end:
        time.sleep(0.02)
    return answer


def half_open(closer, far, web):
    """In the handshake; accepted by nobody yet; half closed; idle."""
    far.tell('syn', 'syn', '10.77.0.4', OURS4, web.port)
    equal('a connection in its handshake', comes(
        lambda: closer(close_record('10.77.0.4', [web.port])), [1]), [1])
    equal('is gone', closer(close_record('10.77.0.4', [web.port])), [0])
    far.tell('drop', 'syn')
    far.tell('hear')
    far.tell('open', 'queued', '10.77.0.4', OURS4, web.port, 3)
    equal('those that nobody has accepted yet', closer(close_record('10.77.0.4', [web.port])), [3])
    equal('are reset', far.tell('state', 'queued'), '3 0 0')
    for s in web.accept(3):
        s.close()
    far.tell('open', 'leaving', '10.77.0.4', OURS4, web.port, 1)
    mine = web.accept(1)[0]
    time.sleep(1.1)
    idle = closer.sockets(web.port, web.port)[0][5]
    check('how long it is idle', 1000 <= idle < 60000, idle)
    equal('one that is not idle for so long stays',
          closer(close_record('10.77.0.4', [web.port], idle=3600000)), [0])
    equal('one that is ends', closer(close_record('10.77.0.4', [web.port], idle=1000)), [1])
    mine.close()
    far.tell('drop', 'leaving')
    far.tell('open', 'leaving', '10.77.0.4', OURS4, web.port, 1)
    mine = web.accept(1)[0]
    far.tell('drop', 'leaving')
    waiting = [STATES['CLOSE_WAIT']]
    equal('closed by the peer', comes(
        lambda: [s[4] for s in closer.sockets(web.port, web.port)], waiting), waiting)
    equal('is ended as well', closer(close_record('10.77.0.4', [web.port])), [1])
    equal('and gone', closer.sockets(web.port, web.port), [])
    mine.close()


def many(closer, far, web, count):
    for some in [1000] * (count // 1000) + [count % 1000]:  # net.core.somaxconn is 4096
        far.tell('open', 'many', '10.77.0.5', OURS4, web.port, some)
        web.accept(some)
    far.tell('open', 'other', '10.77.0.6', OURS4, web.port, 200)
    web.accept(200)
    before = len(closer.sockets(web.port, web.port))
    start = time.monotonic()
    equal(f'{count} of one peer', closer(close_record('10.77.0.5', [web.port])), [count])
    spent = time.monotonic() - start
    print(f'     {count} sockets of {count + 200} closed in {spent * 1000:.1f} ms')
    equal('the others stay', (before, len(closer.sockets(web.port, web.port))),
          (count + 200, 200))
    equal('all are reset', far.tell('state', 'many'), f'{count} 0 0')
    start = time.monotonic()
    closer(close_record('10.77.0.7', [web.port]))
    print(f'     a peer without any: {(time.monotonic() - start) * 1000:.2f} ms')
    flood = [close_record(f'10.77.{1 + i // 250}.{i % 250}', [web.port]) for i in range(999)]
    start = time.monotonic()
    equal('a thousand peers in one look', closer(*flood, close_record('10.77.0.6', [web.port])),
          [0] * 999 + [200])
    print(f'     1000 peers: {(time.monotonic() - start) * 1000:.2f} ms')
    far.tell('drop', 'many')
    far.tell('drop', 'other')


def tracked():
    """{(protocol, source, destination port)} that the kernel remembers."""
    seen = set()
    for line in open('/proc/net/nf_conntrack').read().splitlines():
        words = line.split()
        first = dict(reversed([w.split('=') for w in words if '=' in w]))
        seen.add((words[2], str(ipaddress.ip_address(first['src'])),
                  int(first.get('dport', 0))))
    return seen


def conntrack(closer, far, web, mail):
    sh('nft add table inet watch; nft add chain inet watch c "{ type filter hook input priority 0; }"; '
       'nft add rule inet watch c ct state new counter')
    sh('for i in udp_timeout udp_timeout_stream; do '
       'echo 600 >/proc/sys/net/netfilter/nf_conntrack_$i; done', fails=True)
    wanted = set()
    for i in (2, 3):
        for source, to in ((f'10.77.0.{i}', OURS4), (f'fd77:0:{i}::2', OURS6)):
            for server in (web, mail):
                far.tell('open', f'{source}-{server.port}', source, to, server.port, 1)
                server.accept(1)
                wanted.add(('tcp', source, server.port))
            far.tell('udp', f'{source}-udp', source, to, web.port)
            wanted.add(('udp', source, web.port))
    equal('tracked', {t for t in tracked() if t[2] in (web.port, mail.port)}, wanted)
    gone = {('tcp', '10.77.0.2', web.port), ('udp', '10.77.0.2', web.port)}
    equal('without being asked', closer(close_record('10.77.0.9', [web.port], True)), [0])
    time.sleep(1.1)
    equal('nothing is forgotten', tracked() & wanted, wanted)
    equal('one IPv4 peer', closer(close_record('10.77.0.2', [web.port], True)), [1])
    equal('is forgotten at one port', settle(wanted - gone), wanted - gone)
    wanted -= gone
    gone = {w for w in wanted if w[1].startswith('fd77:0:2:') and w[2] == web.port}
    equal('a net of IPv6', closer(close_record('fd77:0:2::/64', [web.port], True)), [1])
    equal('is forgotten as well', settle(wanted - gone), wanted - gone)
    wanted -= gone
    gone = {w for w in wanted if w[1] in ('10.77.0.3', 'fd77:0:3::2')}
    equal('one address of IPv6, and a net, at all ports',
          closer(close_record('10.77.0.3/32', (), True), close_record('fd77:0:3::2', (), True)),
          [2, 2])
    equal('are forgotten, and nobody else', settle(wanted - gone), wanted - gone)
    check('who was not banned is still connected',
          far.tell('state', f'10.77.0.2-{mail.port}') == '0 0 1')
    sh('nft delete table inet watch')


def settle(wanted):
    """What is tracked of the ports in `wanted`, once a look or two are over."""
    ports = {7980, 7925}
    for _ in range(300):
        seen = {t for t in tracked() if t[2] in ports}
        if seen == wanted:
            break
        time.sleep(0.1)
    return seen


def run():
    h = Helper()
    closer = Closer(h)
    records(closer)
    far = Far()
    web, mail = Server(7980), Server(7925)
    try:
        one_each(closer, far, web, mail)
        own_connection(closer, web)
        half_open(closer, far, web)
        conntrack(closer, far, web, mail)
        many(closer, far, web, MANY // 20)
    finally:
        web.close()
        mail.close()
        far.close()
        h.close()
        sh('ip link del v0', fails=True)
