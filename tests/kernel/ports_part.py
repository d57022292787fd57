# SPDX-License-Identifier: GPL-2.0-or-later
"""The nft target limited to ports: sets and rules of its own in our own table."""

from client import *

OWNER = 'no' if OLD else 'yes'
MAIL = dict(kind='nft', owner=OWNER, port=['tcp 465', 'tcp 25', 'tcp 587'])
DNS = dict(kind='nft', owner=OWNER, port=['udp 53', 'tcp 53', 'udp 1000-2000', 'udp 2001'])
ALL = dict(kind='nft', owner=OWNER)
EVERYTHING, MAILS, NAMES = 0, 1, 2


def table():
    return sh('nft list table inet banish')


def rules():
    return [line.strip() for line in table().splitlines() if ' drop' in line]


def elements(name):
    return sorted(nft_set(name) or {})


def shape(h):
    d = h.define(MAILS, **MAIL)
    equal('made', (d.error, d.way, d.created, d.owned), (0, REFILL_WAY, 1, int(not OLD)))
    equal('nothing until there is a ban', (nft_sets(), rules()), ([], []))
    equal('a ban', h.change(change(ADD, '192.0.2.1'), target=MAILS), [0])
    equal('a set by the name of the ports', nft_sets(), ['ban4_tcp25_465_587'])
    equal('a rule that names them', rules(), [
        'ip saddr @ban4_tcp25_465_587 tcp dport { 25, 465, 587 } counter packets 0 bytes 0 drop'])
    equal('made as well', h.define(NAMES, **DNS).created, 1)
    h.change(change(ADD, '192.0.2.0/24'), change(ADD, '2001:db8:1:2::/64'), target=NAMES)
    scope = 'tcp53_udp53_1000-2001'
    equal('TCP and UDP, ranges, prefixes', nft_sets(),
          ['ban4_24_' + scope, 'ban4_tcp25_465_587', 'ban6_' + scope])
    equal('a rule for each protocol', rules()[1:], [
        f'ip saddr & 255.255.255.0 == @ban4_24_{scope} tcp dport {{ 53 }} counter packets 0 bytes 0 drop',
        f'ip saddr & 255.255.255.0 == @ban4_24_{scope} udp dport {{ 53, 1000-2001 }} '
        'counter packets 0 bytes 0 drop',
        f'ip6 saddr & ffff:ffff:ffff:ffff:: == @ban6_{scope} tcp dport {{ 53 }} '
        'counter packets 0 bytes 0 drop',
        f'ip6 saddr & ffff:ffff:ffff:ffff:: == @ban6_{scope} udp dport {{ 53, 1000-2001 }} '
        'counter packets 0 bytes 0 drop'])
    equal('the unlimited one beside them', h.define(EVERYTHING, **ALL).created, 1)
    equal('its two sets', len(nft_sets()), 5)
    equal('and rules', len(rules()), 7)


def faults(h):
    def fault(claim, **o):
        d = h.define(9, **o)
        equal(claim, (d.error, d.where), (OPTION, 'port'))
    for text in ('tcp 0', 'tcp 65536', 'tcp 20-10', 'tcp', 'tcp ', '25', 'sctp 25', 'tcp 1-2-3',
                 'tcp -5', 'tcp 5-', 'tcp 25 ', 'tcp  25', 'tcp +5'):
        fault(f'port "{text}"', kind='nft', port=text)
    fault('more than there is room for', kind='nft', port=[f'tcp {n}' for n in range(1, 66)])
    fault('ports for routes', kind='route', type='blackhole', protocol=187, port='tcp 25')
    fault('ports in the user\'s table', kind='nft', table='inet x', set4='y', port='tcp 25')


def own_sets_alone(h):
    """What is done for one leaves the sets of the others as they are."""
    def others():
        return elements('ban4_24_tcp53_udp53_1000-2001'), elements('ban4'), elements('ban4b')
    h.change(change(ADD, '192.0.2.7'), target=EVERYTHING)
    before = others()
    equal('refill begins', h.refill(BEGIN, MAILS), 0)
    equal('fills', h.change(change(FILL, '192.0.2.5'), change(ADD, '192.0.2.6'), target=MAILS),
          [0, 0])
    equal('the others take none', h.change(change(FILL, '192.0.2.5'), target=EVERYTHING), [-22])
    equal('theirs begins', h.refill(BEGIN, EVERYTHING), 0)
    equal('committed', h.refill(COMMIT, MAILS), 0)
    equal('the second set', elements('ban4_tcp25_465_587b'), ['192.0.2.5', '192.0.2.6'])
    equal('with its rule', sum('@ban4_tcp25_465_587b ' in r for r in rules()), 1)
    equal('the others\' elements', others()[:2], before[:2])
    equal('and still filled', h.change(change(FILL, '192.0.2.7'), target=EVERYTHING), [0])
    equal('aborted', (h.refill(ABORT, EVERYTHING), others()), (0, before))
    equal('defined again', h.define(MAILS, **MAIL).created, 0)
    equal('others stay', others(), before)
    equal('emptied: its sets and rules go', (h.one(FLUSH, MAILS), others(),
                                             [s for s in nft_sets() if 'tcp25' in s], len(rules())),
          (0, before, [], 6))
    equal('and come again', h.change(change(ADD, '192.0.2.1'), target=MAILS), [0])
    check('there', any('tcp25' in s for s in nft_sets()))
    equal('a refill of nothing', (h.refill(BEGIN, MAILS), h.refill(COMMIT, MAILS),
                                  [s for s in nft_sets() if 'tcp25' in s]), (0, 0, []))
    h.change(change(ADD, '192.0.2.1'), target=MAILS)
    equal('a delete', h.change(change(DEL, '192.0.2.1'), change(DEL, '198.51.100.1'),
                               target=MAILS), [0, 0])


def effect(h):
    """A ban stops what goes to its ports, here from ourselves."""
    sh('ip addr add 192.0.2.50/32 dev lo; ip -6 addr add 2001:db8:1:2::50/128 dev lo nodad')

    def udp(source, port, family=socket.AF_INET, limit=20):
        to = '127.0.0.1' if family == socket.AF_INET else '::1'
        with socket.socket(family, socket.SOCK_DGRAM) as server, \
                socket.socket(family, socket.SOCK_DGRAM) as client:
            server.bind((to, port))
            server.settimeout(limit)
            client.bind((source, 0))
            client.sendto(b'x', (to, port))
            try:
                return bool(server.recv(10))
            except TimeoutError:
                return False

    def tcp(source, port, limit=20):
        with socket.socket() as server, socket.socket() as client:
            server.bind(('127.0.0.1', port))
            server.listen()
            client.bind((source, 0))
            client.settimeout(limit)
            try:
                client.connect(('127.0.0.1', port))
                return True
            except TimeoutError:
                return False
    h.change(change(DEL, '192.0.2.0/24'), change(ADD, '192.0.2.50'),
             change(ADD, '2001:db8:1:2::/64'), target=NAMES)
    equal('UDP to these ports is not heard',
          [udp('192.0.2.50', p, limit=0.1) for p in (53, 1000, 1500, 2001)], [False] * 4)
    equal('to others it is', [udp('192.0.2.50', p) for p in (52, 999, 2002)], [True] * 3)
    equal('TCP likewise', [tcp('192.0.2.50', 53, 0.2), tcp('192.0.2.50', 54), tcp('192.0.2.50', 1000)],
          [False, True, True])
    equal('IPv6 as well', [udp('2001:db8:1:2::50', 53, socket.AF_INET6, 0.1),
                                udp('2001:db8:1:2::50', 54, socket.AF_INET6)],
          [False, True])
    check('counted by each rule', any('udp dport' in r and 'packets 4 ' in r for r in rules()),
          rules())
    h.define(NAMES, **DNS)
    check('and counted on when it is taken over',
          any('udp dport' in r and 'packets 4 ' in r for r in rules()), rules())
    h.refill(BEGIN, NAMES)
    h.change(change(FILL, '192.0.2.50'), target=NAMES)
    h.refill(COMMIT, NAMES)
    check('and filled anew', any('udp dport' in r and 'packets 4 ' in r for r in rules()), rules())
    equal('with the same effect', [udp('192.0.2.50', 53, limit=0.1), udp('192.0.2.50', 54)],
          [False, True])
    facts = h.live(NAMES)
    name = [s for s in nft_sets() if s.startswith('ban4_') and 'udp53' in s][0]
    equal('live', (facts.get((REFERENCES, name)), facts.get((PACKETS, name)) >= 6,
                   facts.get((PRIORITY, 'banish prerouting'))), (2, True, -300))
    check('of its own sets', all('udp53' in n for w, n in facts if w != PRIORITY), facts)


def leaving(h):
    """What is in the table and nobody defines any more."""
    h.change(change(ADD, '192.0.2.1'), target=MAILS)
    h.change(change(ADD, '192.0.2.2'), target=NAMES)
    h.change(change(ADD, '192.0.2.3'), target=EVERYTHING)
    h.close()
    h = Helper()
    equal('found', (h.define(0, **ALL).created, h.define(1, **DNS).created), (0, 0))
    check('the third is there until the others are used', any('tcp25' in s for s in nft_sets()))
    equal('used', h.change(change(ADD, '192.0.2.4'), target=0), [0])
    equal('then not', [s for s in nft_sets() if 'tcp25' in s], [])
    check('nor its rule', not any('tcp25' in r for r in rules()), rules())
    check('the others stay', '192.0.2.3' in elements([s for s in nft_sets()
                                                      if s in ('ban4', 'ban4b')][0]))
    h.ask(FORGET, 0)
    h.ask(FORGET, 1)
    equal('one that had been there', h.define(0, **DNS).created, 0)
    h.refill(BEGIN, 0)
    h.refill(COMMIT, 0)
    equal('now alone', (nft_sets(), rules()), ([], []))
    h.close()
    return Helper()


def names(h):
    many = [f'tcp {n}' for n in range(1000, 1120, 2)]
    equal('sixty ports', h.define(0, kind='nft', owner=OWNER, port=many).error, 0)
    equal('a ban', h.change(change(ADD, '2001:db8::1/128')), [0])
    name = nft_sets()[0]
    check('a name that is not too long', name.startswith('ban6_128_ports') and len(name) < 40,
          name)
    check('all of the ports', all(str(n) in rules()[0] for n in range(1000, 1120, 2)), rules())
    equal('in another order it is the same', h.define(
        0, kind='nft', owner=OWNER, port=many[::-1]).created, 0)
    h.one(FLUSH)
    for ports, wanted in (
            (['tcp 1-65535'], 'tcp dport 1-65535'), (['udp 65535'], 'udp dport 65535'),
            (['tcp 10-20', 'tcp 15-30', 'tcp 31'], 'tcp dport 10-31'),
            (['tcp 80', 'tcp 80'], 'tcp dport 80'), (['tcp 60000-65535'], 'tcp dport 60000-65535')):
        h.define(0, kind='nft', owner=OWNER, port=ports)
        h.change(change(ADD, '192.0.2.1'))
        check(f'{ports}', len(rules()) == 1 and wanted in rules()[0].replace('{ ', '').replace(
            ' }', ''), rules())
        h.one(FLUSH)


def many(h):
    """As many as there can be targets, in one table."""
    for t in range(32):
        h.define(t, kind='nft', owner=OWNER, port=f'tcp {t + 1}')
    equal('thirty-two targets', [h.change(change(ADD, f'192.0.2.{t}'), target=t)
                                 for t in range(32)], [[0]] * 32)
    equal('a set each', len(nft_sets()), 32)
    for t in range(32):
        h.refill(BEGIN, t)
        h.change(change(FILL, '198.51.100.1'), target=t)
        h.refill(COMMIT, t)
    equal('filled anew', (len(nft_sets()), len(rules())), (32, 32))


def run():
    h = Helper()
    faults(h)
    shape(h)
    own_sets_alone(h)
    effect(h)
    h = leaving(h)
    names(h)
    if not SLOW:
        many(h)
    h.close()
    sh('nft delete table inet banish')
