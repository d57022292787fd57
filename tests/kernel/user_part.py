# SPDX-License-Identifier: GPL-2.0-or-later
"""The nft target in a table of the user's."""

from client import *

RULES = '''
table inet filter {
	set hash4 { type ipv4_addr; flags timeout; }
	set hash6 { type ipv6_addr; flags timeout; }
	set nets4 { type ipv4_addr; flags interval, timeout; }
	set nets6 { type ipv6_addr; flags interval, timeout; }
	set small { type ipv4_addr; flags timeout; size 4; }
	set forever { type ipv4_addr; }
	set ports { type inet_service; flags timeout; }
	map names { type ipv4_addr : verdict; flags timeout; }
}
'''
TABLE = 'inet filter'


def held(name):
    return nft_set(name, TABLE)


def faults(h):
    def fault(claim, wanted, **o):
        d = h.define(kind='nft', **o)
        equal(claim, (d.error, d.where), wanted)
    fault('no such table', (NO_TABLE, 'nothing'), table='inet nothing', set4='hash4')
    fault('a table of another family', (NO_TABLE, 'filter'), table='ip filter', set4='hash4')
    fault('no such set', (NO_SET, 'nothing'), table=TABLE, set4='nothing')
    fault('a set of the other family', (FAMILY, 'hash6'), table=TABLE, set4='hash6')
    fault('and the other way', (FAMILY, 'hash4'), table=TABLE, set4='hash4', set6='hash4')
    fault('a set without timeouts', (TIMEOUT, 'forever'), table=TABLE, set4='forever')
    fault('a set of something else', (TYPE, 'ports'), table=TABLE, set4='ports')
    fault('a map', (TYPE, 'names'), table=TABLE, set4='names')


def hashes(h):
    d = h.define(kind='nft', table=TABLE, set4='hash4', set6='hash6')
    equal('sets of the user', (d.error, d.way, d.timeouts, d.created, d.owned),
          (0, ADD_WAY, 1, 0, 0))
    equal('addresses go in, a /64 as its base, prefixes do not',
          h.change(change(ADD, '192.0.2.1'), change(ADD, '192.0.2.0/24'),
                   change(ADD, '2001:db8:1:2::/64'), change(ADD, '2001:db8::1/128'),
                   change(ADD, '2001:db8::/48')), [0, -95, 0, 0, -95])
    equal('there', (list(held('hash4')), sorted(held('hash6'))),
          (['192.0.2.1'], ['2001:db8:1:2::', '2001:db8::1']))
    sh(f'nft add element {TABLE} hash4 {{203.0.113.1}}')
    h.change(change(ADD, '192.0.2.1', 2 * HOUR), change(DEL, '192.0.2.3'))
    check('refreshed', held('hash4')['192.0.2.1'][0] == 7200)
    equal('flush, list and refill are not for it',
          (h.one(FLUSH), h.list(), h.refill(BEGIN)), (-95, -95, -95))
    h.change(change(DEL, '192.0.2.1'), change(DEL, '2001:db8:1:2::/64'))
    equal('someone else\'s element stays', list(held('hash4')), ['203.0.113.1'])
    d = h.define(kind='nft', table=TABLE, set6='hash6')
    equal('one family alone', h.change(change(ADD, '192.0.2.1'), change(DEL, '2001:db8::1/128')),
          [-95, 0])


def intervals(h):
    h.define(kind='nft', table=TABLE, set4='nets4', set6='nets6')
    nets = ['192.0.2.1', '198.51.100.0/24', '198.51.101.0/24', '255.255.255.0/24',
            '2001:db8:1:2::/64', '2001:db8:ffff::/48', '10.0.0.0/8']
    equal('prefixes in interval sets', h.change(*[change(ADD, n) for n in nets]), [0] * 7)
    equal('as prefixes', sorted(held('nets4')),
          sorted(['192.0.2.1', '198.51.100.0/24', '198.51.101.0/24', '255.255.255.0/24',
                  '10.0.0.0/8']))
    results = h.change(change(ADD, '198.51.100.128/25'), change(ADD, '192.0.2.9'),
                       change(ADD, '198.51.100.0/24', 2 * HOUR))
    check('an overlap is refused, the others are not', results[0] < 0 and results[1:] == [0, 0],
          results)
    check('refreshed', held('nets4')['198.51.100.0/24'][0] == 7200, held('nets4'))
    equal('deleted', h.change(*[change(DEL, n) for n in nets + ['192.0.2.9', '192.0.2.99']]),
          [0] * 9)
    equal('nothing left', (held('nets4'), held('nets6')), ({}, {}))


def limits(h):
    h.define(kind='nft', table=TABLE, set4='small')
    results = h.change(*[change(ADD, f'192.0.2.{i}') for i in range(1, 200)])
    equal('what fits goes in', (results.count(0), results.count(-28)), (4, 195))
    sh(f'nft delete set {TABLE} small')
    equal('a set that is gone', h.change(change(ADD, '192.0.2.1'), change(DEL, '192.0.2.2')),
          [-2, -2])


def run():
    subprocess.run(['nft', '-f', '-'], input=RULES, text=True, check=True)
    h = Helper()
    faults(h)
    hashes(h)
    intervals(h)
    limits(h)
    h.close()
    sh('nft delete table inet filter')
