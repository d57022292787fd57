# SPDX-License-Identifier: GPL-2.0-or-later
"""The ipset target, with sets of ours and of others."""

from client import *

NAMES = ['b', 'b6', 'b-net', 'b6-net']


def header(name):
    return next(line for line in sh(f'ipset list -t {name}').splitlines() if 'Header' in line)


def made(h):
    d = h.define(kind='ipset', name='b', expect=100_000)
    equal('made', (d.error, d.way, d.timeouts, d.created), (0, DIFF, 1, 1))
    check('with an identity', d.identity != 0)
    equal('four sets', sorted(sh('ipset list -n').split()), sorted(NAMES))
    check('presized', 'hashsize 32768 maxelem 2000000' in header('b'), header('b'))
    check('IPv6 by /64', 'netmask 64' in header('b6'), header('b6'))
    check('nets', 'family inet6' in header('b6-net') and 'Type: hash:net' in
          sh('ipset list -t b6-net'))
    check('marked', all(f'initval 0x{d.identity:08x}' in header(n) for n in NAMES), header('b'))
    return d.identity


def changes(h):
    everything = ['192.0.2.1', '2001:db8:1:2::/64', '198.51.100.0/24', '2001:db8::/32',
                  '2001:db8:5::1/128']
    equal('adds', h.change(*[change(ADD, p) for p in everything]), [0] * 5)
    equal('each where it belongs', [list(ipset(n)) for n in NAMES[:3]],
          [['192.0.2.1'], ['2001:db8:1:2::'], ['198.51.100.0/24']])
    equal('IPv6 prefixes and single addresses', sorted(ipset('b6-net')),
          ['2001:db8:5::1', '2001:db8::/32'])
    check('a /64 is matched whole', status('ipset test b6 2001:db8:1:2:3:4:5:6') == 0)
    check('its time', 3595 <= ipset('b')['192.0.2.1'] <= 3600)
    h.change(change(ADD, '192.0.2.1', 2 * HOUR))
    check('a refresh extends', 7195 <= ipset('b')['192.0.2.1'] <= 7200)
    h.change(change(ADD, '192.0.2.1', 1500))
    check('and shortens, rounded up', 1 <= ipset('b')['192.0.2.1'] <= 2)
    h.change(change(ADD, '192.0.2.1', 90 * 24 * HOUR))
    check('what is too long is cut', 2147480 <= ipset('b')['192.0.2.1'] <= 2147483)
    h.change(change(ADD, '192.0.2.1', FOREVER), change(ADD, '192.0.2.2', 1))
    check('for ever', ipset('b')['192.0.2.1'] == 0, ipset('b'))
    check('a millisecond is a second', ipset('b').get('192.0.2.2') in (1, 0))
    held = h.list()
    check('listed', set(held) >= {'192.0.2.1/32', '2001:db8:1:2::/64', '198.51.100.0/24',
                                  '2001:db8::/32', '2001:db8:5::1/128'}, held)
    check('with their times', held['192.0.2.1/32'] == FOREVER and
          3590_000 <= held['198.51.100.0/24'] <= 3600_000, held)
    equal('a fill makes no sense', h.change(change(FILL, '192.0.2.3')), [-22])
    equal('deletes, also of what is not there',
          h.change(*[change(DEL, p) for p in everything + ['192.0.2.77', '10.0.0.0/8']]),
          [0] * 7)
    equal('order counts', h.change(change(ADD, '192.0.2.5'), change(DEL, '192.0.2.5'),
                                   change(DEL, '192.0.2.6'), change(ADD, '192.0.2.6')), [0] * 4)
    check('the last holds', '192.0.2.5' not in ipset('b') and '192.0.2.6' in ipset('b'))
    h.change(change(ADD, '198.51.100.0/24'))
    equal('flush', (h.one(FLUSH), h.list()), (0, {}))


def again(h, identity):
    d = h.define(kind='ipset', name='b', identity=identity)
    equal('ours are known again', (d.error, d.way, d.created, d.identity),
          (0, DIFF, 0, identity))
    sh('ipset destroy b-net')
    d = h.define(kind='ipset', name='b', identity=identity)
    equal('a missing one is made', (d.error, d.way, d.created), (0, DIFF, 0))
    check('with the same mark', f'0x{identity:08x}' in header('b-net'))
    d = h.define(kind='ipset', name='b', identity=identity ^ 1)
    equal('with another identity they are someone else\'s', (d.error, d.way), (0, ADD_WAY))
    equal('not listed, not flushed', (h.list(), h.one(FLUSH)), (-95, -95))


def full(h):
    h.define(2, kind='ipset', name='small', maxbans=10)
    results = h.change(*[change(ADD, f'192.0.2.{i}') for i in range(1, 200)], target=2)
    equal('maxelem is for each bucket table; what fits goes in',
          (results.count(-28), results.count(0)), (199 - len(ipset('small')),
                                                  len(ipset('small'))))
    check('some did not fit', results.count(-28) > 100, results)
    banned = [f'192.0.2.{i + 1}' for i, r in enumerate(results) if not r]
    equal('a full set takes refreshes and deletes',
          h.change(change(ADD, banned[0], 2 * HOUR), change(ADD, '198.51.100.1'),
                   change(DEL, banned[1]), target=2), [0, -28, 0])
    sh('ipset destroy small')
    equal('a set that is gone', h.change(change(ADD, '192.0.2.1'), target=2), [-2])
    for name in ('small6', 'small-net', 'small6-net'):
        sh(f'ipset destroy {name}')


def others(h):
    sh('ipset create bl hash:ip timeout 600; ipset add bl 203.0.113.1')
    d = h.define(3, kind='ipset', name='bl', identity=77)
    equal('an administrator\'s set', (d.error, d.way, d.created), (0, ADD_WAY, 0))
    equal('takes ours', h.change(change(ADD, '192.0.2.1'), change(ADD, '192.0.2.0/24'),
                                 change(DEL, '192.0.2.9'), target=3), [0] * 3)
    equal('beside its own', sorted(ipset('bl')), ['192.0.2.1', '203.0.113.1'])
    equal('flush refused', h.one(FLUSH, 3), -95)
    h.change(change(DEL, '192.0.2.1'), target=3)
    equal('and keeps its own', list(ipset('bl')), ['203.0.113.1'])
    sh('ipset create nets hash:net timeout 0')
    d = h.define(4, kind='ipset', name='nets')
    equal('a hash:net, as shorewall makes it', (d.error, d.way), (0, ADD_WAY))
    equal('takes both', h.change(change(ADD, '192.0.2.1'), change(ADD, '10.0.0.0/8'),
                                 target=4), [0, 0])
    equal('there', sorted(ipset('nets')), ['10.0.0.0/8', '192.0.2.1'])
    check('and no second one is made', status('ipset list -n nets-net') != 0)


def faults(h):
    def fault(claim, wanted, command):
        sh('ipset create ' + command)
        d = h.define(5, kind='ipset', name='f')
        equal(claim, (d.error, d.where), wanted)
        for name in sh('ipset list -n').split():
            if name.startswith('f'):
                sh(f'ipset destroy {name}')
    fault('no timeouts', (TIMEOUT, 'f'), 'f hash:ip')
    fault('the other family', (FAMILY, 'f'), 'f hash:ip family inet6 timeout 0')
    fault('another type', (TYPE, 'f'), 'f hash:ip,port timeout 0')
    fault('IPv4 by net', (NETMASK, 'f'), 'f hash:ip netmask 24 timeout 0')
    fault('IPv6 by address', (NETMASK, 'f6'), 'f6 hash:ip family inet6 timeout 0')
    fault('nets that are addresses', (TYPE, 'f-net'), 'f-net hash:ip timeout 0')


def run():
    h = Helper()
    identity = made(h)
    changes(h)
    again(h, identity)
    full(h)
    others(h)
    faults(h)
    h.define(kind='ipset', name='b', identity=identity)
    equal('100,000', bulk(h, 'ipset adds'), {0: 100_000})
    equal('and refreshed', bulk(h, 'ipset refreshes'), {0: 100_000})
    start = time.monotonic()
    equal('and listed', len(h.list()), 100_000)
    print(f'     ipset list: {time.monotonic() - start:.3f} s (with the test\'s own part)')
    equal('and deleted', bulk(h, 'ipset deletes', op=DEL), {0: 100_000})
    equal('none left', ipset('b'), {})
    h.close()
    sh('ipset destroy')
