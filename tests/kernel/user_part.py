# SPDX-License-Identifier: GPL-2.0-or-later
"""The nft target in a table of the user's."""

import re
import shutil

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
	set hour4 { type ipv4_addr; flags timeout; timeout 1h; size 1000; }
	chain input {
		type filter hook input priority 5;
		ct state established accept
		ip saddr != @hash4 counter
		ip saddr @hash4 counter drop
		ct state vmap { established : accept }
		ip saddr @hour4 drop
		ip saddr @hash4 counter drop
	}
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


def comment(name, address):
    out = json.loads(sh(f'nft -j list set {TABLE} {name}'))
    for o in out['nftables']:
        for e in o.get('set', {}).get('elem', []):
            if isinstance(e, dict) and e['elem']['val'] == address:
                return e['elem'].get('comment')
    return None


def shared(h):
    """An element that the admin put there and that equals a ban is his."""
    h.define(kind='nft', table=TABLE, set4='hash4')

    def ends(address, name='hash4'):
        return (held(name).get(address) or (0, 0))[1]

    def admin(command, element, name='hash4'):
        sh(f'nft {command} element {TABLE} {name} {{{element}}}')
    h.change(change(ADD, '192.0.2.1'))
    equal('ours say so', comment('hash4', '192.0.2.1'), 'banish')
    admin('add', '192.0.2.10, 192.0.2.11 timeout 1d, 192.0.2.12 timeout 60s')
    bans = [f'192.0.2.{i}' for i in (10, 11, 12)]
    equal('bans of what is there', h.change(*[change(ADD, b) for b in bans]), [0] * 3)
    check('one for ever stays so', held('hash4')['192.0.2.10'] is None or
          not ends('192.0.2.10'), held('hash4'))
    check('a longer one, too', ends('192.0.2.11') > 86000, held('hash4'))
    check('a shorter one is ours from now on', 3500 < ends('192.0.2.12') <= 3600 and
          comment('hash4', '192.0.2.12') == 'banish', held('hash4'))
    equal('they end', h.change(*[change(DEL, b) for b in bans]), [0] * 3)
    check('the admin\'s are still there, ours is not',
          {'192.0.2.10', '192.0.2.11'} <= set(held('hash4')) and
          '192.0.2.12' not in held('hash4'), held('hash4'))
    equal('ours is refreshed, later and earlier',
          [h.change(change(ADD, '192.0.2.1', ms)) + [round(ends('192.0.2.1') / 60)]
           for ms in (2 * HOUR, HOUR // 2, HOUR // 2)], [[0, 120], [0, 30], [0, 30]])
    admin('delete', '192.0.2.1')
    admin('add', '192.0.2.1 timeout 2h')
    h.change(change(DEL, '192.0.2.1'))
    check('what he put in our one\'s place is his', '192.0.2.1' in held('hash4'))
    admin('delete', '192.0.2.1')
    h.change(change(ADD, '192.0.2.1'))
    admin('add', '192.0.2.1 timeout 9h')
    if ends('192.0.2.1') > 8 * 3600:  # Linux 6.12
        h.change(change(ADD, '192.0.2.1', 2 * HOUR))
        check('and what he made longer', ends('192.0.2.1') > 8 * 3600, held('hash4'))
        h.change(change(DEL, '192.0.2.1'))
        check('also when our ban ends', ends('192.0.2.1') > 8 * 3600, held('hash4'))
    admin('delete', '192.0.2.1')
    admin('add', '192.0.2.13 timeout 1h comment \\"banish\\"')
    h.change(change(DEL, '192.0.2.13'))
    check('ours from a saved listing is ours', '192.0.2.13' not in held('hash4'))
    admin('add', '192.0.2.14 timeout 1h comment \\"banished\\"')
    h.change(change(DEL, '192.0.2.14'))
    check('another comment is not', '192.0.2.14' in held('hash4'))
    admin('delete', ', '.join(f'192.0.2.{i}' for i in (10, 11, 14)))
    default_timeout(h, admin, ends)


def between(h):
    """What is there is looked at, and written to a moment later: what the admin puts there in
    between is his as well. The worker is slowed down, so that there is such a moment."""
    h.define(kind='nft', table=TABLE, set4='hash4')
    ours = '192.0.2.21'
    worker, = sh(f'cat /proc/{h.process.pid}/task/{h.process.pid}/children').split()
    slow = subprocess.Popen(['strace', '-qq', '-p', worker, '-o', '/dev/null', '-e', 'trace=sendto',
                             '-e', 'inject=sendto:delay_enter=30000'])
    while 'TracerPid:\t0' in sh(f'cat /proc/{worker}/status'):
        time.sleep(0.01)
    taken = []
    for op in (ADD, DEL):
        for wait in range(0, 135, 15):
            sh(f'nft flush set {TABLE} hash4')
            if op == DEL:
                h.change(change(ADD, ours))
            serial = h.send(CHANGE, records=[change(op, ours)])
            time.sleep(wait / 1000)
            subprocess.run(['nft', '-f', '-'], text=True, check=True, input=f'''
add element {TABLE} hash4 {{ {ours} }}
delete element {TABLE} hash4 {{ {ours} }}
add element {TABLE} hash4 {{ 192.0.2.21 comment "his" }}
''')
            results = h.answers(serial)[0].results()
            if results != [0] or comment('hash4', ours) != 'his' or held('hash4')[ours][0]:
                taken.append((op, wait, results, held('hash4')))
    slow.terminate()
    slow.wait()
    equal('what the admin puts there between a look and what follows stays his', taken, [])
    sh(f'nft flush set {TABLE} hash4')


def default_timeout(h, admin, ends):
    """The kernel does not repeat the set's own timeout for each element."""
    h.define(kind='nft', table=TABLE, set4='hour4')
    h.change(change(ADD, '192.0.2.1'), change(ADD, '192.0.2.2', 2 * HOUR))
    admin('add', '192.0.2.3', 'hour4')
    h.change(change(ADD, '192.0.2.3', HOUR // 2))
    check('an hour of his own', 3500 < ends('192.0.2.3', 'hour4') <= 3600, held('hour4'))
    h.change(change(DEL, '192.0.2.1'), change(DEL, '192.0.2.2'), change(DEL, '192.0.2.3'))
    equal('stays when ours go', list(held('hour4')), ['192.0.2.3'])


def shared_intervals(h):
    h.define(kind='nft', table=TABLE, set4='nets4', set6='nets6')
    sh(f'nft add element {TABLE} nets4 {{10.0.0.0/8, 172.16.0.0/16 timeout 60s}}')
    sh(f'nft add element {TABLE} nets6 {{2001:db8::/32}}')
    bans = ['10.0.0.0/8', '172.16.0.0/16', '10.1.2.3', '2001:db8::1/128', '192.0.2.0/24']
    equal('bans of what is there or in it', h.change(*[change(ADD, b) for b in bans]), [0] * 5)
    check('the admin\'s prefix for ever stays so', held('nets4').get('10.0.0.0/8', 0) in
          (None, (None, None)), held('nets4'))
    check('the short one is ours', held('nets4')['172.16.0.0/16'][0] == 3600, held('nets4'))
    check('what is in his is not there beside it', '10.1.2.3' not in held('nets4'))
    equal('refreshed', h.change(change(ADD, '192.0.2.0/24', 2 * HOUR)), [0])
    check('with its new time', held('nets4')['192.0.2.0/24'][0] == 7200, held('nets4'))
    results = h.change(change(ADD, '172.16.0.0/20'), change(ADD, '172.0.0.0/8'),
                       change(ADD, '10.0.0.0/16'))
    check('other overlaps are refused', all(r < 0 for r in results), results)
    equal('another length is not there', h.change(change(DEL, '172.16.0.0/20'),
                                                  change(DEL, '192.0.2.0/25')), [0, 0])
    equal('they end', h.change(*[change(DEL, b) for b in bans]), [0] * 5)
    equal('his stay', (list(held('nets4')), list(held('nets6'))),
          (['10.0.0.0/8'], ['2001:db8::/32']))


def many(h):
    h.define(kind='nft', table=TABLE, set4='hash4')
    sh(f'nft add element {TABLE} hash4 {{10.64.0.0}}')
    equal('many', bulk(h, 'user adds', MANY // 5), {0: MANY // 5})
    equal('the same again', bulk(h, 'user repeats', MANY // 5), {0: MANY // 5})
    equal('deleted', bulk(h, 'user deletes', MANY // 5, op=DEL), {0: MANY // 5})
    equal('but what is his', sorted(held('hash4')), ['10.64.0.0', '203.0.113.1'])
    sh(f'nft flush set {TABLE} hash4')


def facts(h):
    h.define(kind='nft', table=TABLE, set4='hash4', set6='hash6')
    seen = h.live()
    equal('rules that use the set, and what they counted', {
        k: v for k, v in seen.items() if k[0] != ENTRIES}, {
            (REFERENCES, 'hash4'): 3, (PACKETS, 'hash4'): 0, (RULES_BEFORE, 'input'): 1,
            (PRIORITY, 'input'): 5, (HOOK, 'input'): 1, (REFERENCES, 'hash6'): 0})
    h.define(kind='nft', table=TABLE, set4='hour4')
    seen = h.live()
    equal('its size, and rules ahead that accept', {
        k: v for k, v in seen.items() if k[0] != ENTRIES}, {
            (REFERENCES, 'hour4'): 1, (SIZE, 'hour4'): 1000, (RULES_BEFORE, 'input'): 2,
            (PRIORITY, 'input'): 5, (HOOK, 'input'): 1})
    check('entries, if the kernel tells', seen.get((ENTRIES, 'hour4'), 1) == 1, seen)


def limits(h):
    h.define(kind='nft', table=TABLE, set4='small')
    results = h.change(*[change(ADD, f'192.0.2.{i}') for i in range(1, 200)])
    equal('what fits goes in', (results.count(0), results.count(-28)), (4, 195))
    sh(f'nft delete set {TABLE} small')
    equal('a set that is gone', h.change(change(ADD, '192.0.2.1'), change(DEL, '192.0.2.2')),
          [-2, -2])


def loaded(*flags, end=''):
    return ''.join(f'''
add table inet kinds
delete table inet kinds
table inet kinds {{
	set s {{ type ipv4_addr; flags {f}; {end} }}
}}
''' for f in flags)


def load(rules):
    subprocess.run(['nft', '-f', '-'], input=rules, text=True, check=True)


def other_kinds(h):
    """The user's rules are loaded anew, and the set has other flags than before."""
    load(loaded('timeout'))
    define = lambda: h.define(kind='nft', table='inet kinds', set4='s')
    elements = lambda: re.findall(r'([0-9.-]+) (?:timeout|expires)', sh('nft list set inet kinds s'))
    define()
    equal('a set of addresses', h.change(change(ADD, '192.0.2.1')), [0])
    for flags, end in [('interval, timeout', ''), ('timeout', ''), ('timeout', 'timeout 1h;')]:
        load(loaded(flags, end=end))
        equal(f'is another with flags {flags} {end}: nothing is put in or out', (h.change(
            change(ADD, '192.0.2.1'), change(ADD, '192.0.2.5'), change(DEL, '192.0.2.9')), elements()),
            ([-2, -2, -2], []))
        define()
        equal('and is filled when it is defined again',
              (h.change(change(ADD, '192.0.2.1')), elements()), ([0], ['192.0.2.1']))
    # In a loop beside us: never an address that begins an interval without an end.
    load(loaded('timeout'))
    define()
    loads = 20 if SLOW else 150
    loader = subprocess.Popen(['sh', '-c', f'i=0; while [ $((i += 1)) -le {loads} ]; do nft "$0"; nft "$1"; done',
                               loaded('timeout'), loaded('interval, timeout')])
    results, seen = [], set()
    while loader.poll() is None:
        results += h.change(change(ADD, '192.0.2.1'), change(ADD, '192.0.2.5'))
        seen |= set(elements())
        if results[-1] == -2:
            define()
    check('some were put in, and some refused', {0, -2} <= set(results) <= {0, -2, -16}, set(results))
    check('and no more than they say', seen <= {'192.0.2.1', '192.0.2.5'}, seen)
    sh('nft delete table inet kinds')


def run():
    subprocess.run(['nft', '-f', '-'], input=RULES, text=True, check=True)
    h = Helper()
    faults(h)
    hashes(h)
    intervals(h)
    shared(h)
    shared_intervals(h)
    many(h)
    facts(h)
    limits(h)
    other_kinds(h)
    if shutil.which('strace'):
        between(h)
    h.close()
    sh('nft delete table inet filter')
