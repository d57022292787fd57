# SPDX-License-Identifier: GPL-2.0-or-later
"""The nft target in our own table."""

from client import *


def live():
    return nft_set('ban4') or nft_set('ban4b') or {}


def owned():
    return any('owner' in line for line in sh('nft list table inet banish').splitlines())


def shape(h):
    table = sh('nft list table inet banish')
    check('the chain hooks prerouting at -300 and accepts',
          'type filter hook prerouting priority raw; policy accept;' in table, table)
    check('the IPv4 rule', 'ip saddr @ban4 counter packets 0 bytes 0 drop' in table, table)
    check('the IPv6 rule masks to /64',
          'ip6 saddr & ffff:ffff:ffff:ffff:: == @ban6 counter packets 0 bytes 0 drop' in table,
          table)
    equal('two sets to begin with', nft_sets(), ['ban4', 'ban6'])


def times(h):
    equal('adds of both families',
          h.change(change(ADD, '192.0.2.1', 600_000, HOUR), change(ADD, '2001:db8:1:2::/64')),
          [0, 0])
    t, e = nft_set('ban4')['192.0.2.1']
    check('the whole time and what is left of it', t == 3600 and 500 <= e <= 600, (t, e))
    check('a /64 is in ban6', '2001:db8:1:2::' in nft_set('ban6'), nft_set('ban6'))
    h.change(change(ADD, '192.0.2.1', 2 * HOUR))
    t, e = nft_set('ban4')['192.0.2.1']
    check('a refresh extends', t == 7200 and 7100 <= e <= 7200, (t, e))
    h.change(change(ADD, '192.0.2.1', 2 * HOUR - 60_000, 2 * HOUR))
    t, e = nft_set('ban4')['192.0.2.1']
    check('and with the same whole time', t == 7200 and 7060 <= e <= 7140, (t, e))
    h.change(change(ADD, '192.0.2.1', 5_000, HOUR))
    t, e = nft_set('ban4')['192.0.2.1']
    check('a refresh shortens', t == 3600 and e <= 5, (t, e))
    h.change(change(ADD, '192.0.2.1', FOREVER))
    t, e = nft_set('ban4')['192.0.2.1']
    check('for ever is a hundred years', e > 99 * 365 * 86400, (t, e))
    h.change(change(ADD, '192.0.2.1', HOUR))
    t, e = nft_set('ban4')['192.0.2.1']
    check('from for ever to an hour', 3400 <= e <= 3600, (t, e))
    equal('one millisecond is taken', h.change(change(ADD, '192.0.2.9', 1)), [0])
    time.sleep(0.1)
    check('and over soon', '192.0.2.9' not in nft_set('ban4'))
    equal('deletes, also of what is not there',
          h.change(change(DEL, '192.0.2.1'), change(DEL, '192.0.2.77'),
                   change(DEL, '2001:db8:1:2::/64'), change(DEL, '198.51.0.0/16')), [0] * 4)
    equal('nothing is left', (nft_set('ban4'), nft_set('ban6')), ({}, {}))
    equal('order within a packet counts',
          h.change(change(ADD, '192.0.2.5'), change(DEL, '192.0.2.5'), change(DEL, '192.0.2.6'),
                   change(ADD, '192.0.2.6'), change(ADD, '192.0.2.7'),
                   change(ADD, '192.0.2.7', 2 * HOUR)), [0] * 6)
    equal('the last of them holds', sorted(nft_set('ban4')), ['192.0.2.6', '192.0.2.7'])
    check('with its time', nft_set('ban4')['192.0.2.7'][0] == 7200, nft_set('ban4'))
    h.change(change(DEL, '192.0.2.6'), change(DEL, '192.0.2.7'))


def prefixes(h):
    nets = ['198.51.100.0/24', '198.51.0.0/16', '198.51.100.128/25', '2001:db8::/32',
            '2001:db8:0:1::1/128', '10.0.0.0/8']
    equal('prefixes, nested ones too', h.change(*[change(ADD, n) for n in nets]), [0] * 6)
    equal('a set for each length', nft_sets(),
          ['ban4', 'ban4_16', 'ban4_24', 'ban4_25', 'ban4_8', 'ban6', 'ban6_128', 'ban6_32'])
    table = sh('nft list table inet banish')
    check('masked by its rule',
          'ip saddr & 255.255.255.0 == @ban4_24 counter packets 0 bytes 0 drop' in table, table)
    check('a /128 is not masked',
          'ip6 saddr @ban6_128 counter packets 0 bytes 0 drop' in table, table)
    check('its base address is in it', '198.51.100.0' in nft_set('ban4_24'), nft_set('ban4_24'))
    h.change(*[change(DEL, n) for n in nets])


def effect(h):
    """A ban stops what comes from there, here from ourselves."""
    sh('ip addr add 192.0.2.50/32 dev lo; ip addr add 198.51.100.7/32 dev lo')
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(('127.0.0.1', 0))

    def heard(source, limit=20):
        server.settimeout(limit)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.bind((source, 0))
            client.sendto(b'x', server.getsockname())
        try:
            return bool(server.recv(10))
        except TimeoutError:
            return False
    check('heard before', heard('192.0.2.50') and heard('198.51.100.7'))
    h.change(change(ADD, '192.0.2.50'), change(ADD, '198.51.100.0/24'))
    check('an address is not heard', not heard('192.0.2.50', 0.2))
    check('an address in a prefix is not heard', not heard('198.51.100.7', 0.2))
    check('others are', heard('127.0.0.1'))
    return heard


def refill(h, heard):
    equal('commit without begin', h.refill(COMMIT), -22)
    equal('a fill without begin', h.change(change(FILL, '192.0.2.1')), [-22])
    if not OLD:
        check('a stale element', status('nft add element inet banish ban4 {192.0.2.99}') != 0)
    h.change(change(ADD, '192.0.2.99'), change(ADD, '203.0.113.0/24'))
    equal('refill begins', h.refill(BEGIN), 0)
    equal('filled, while bans go on',
          h.change(change(FILL, '192.0.2.50'), change(ADD, '192.0.2.60'),
                   change(FILL, '2001:db8:5::/48'), change(DEL, '198.51.100.0/24'),
                   change(FILL, '192.0.2.61'), change(DEL, '192.0.2.61')), [0] * 6)
    check('the old one is in force', not heard('192.0.2.50', 0.2) and heard('198.51.100.7'))
    check('bans go to both', '192.0.2.60' in nft_set('ban4') and
          '192.0.2.60' in nft_set('ban4b'))
    equal('commit', h.refill(COMMIT), 0)
    equal('the second sets are the only ones', nft_sets(), ['ban4b', 'ban6_48b', 'ban6b'])
    equal('exactly what was filled', sorted(nft_set('ban4b')), ['192.0.2.50', '192.0.2.60'])
    check('and in force', not heard('192.0.2.50', 0.2))
    table = sh('nft list table inet banish')
    check('three rules', table.count('counter') == 3, table)
    check('counters went along', 'ip saddr @ban4b counter packets 0' not in table, table)
    equal('adds go to the new ones', h.change(change(ADD, '192.0.2.70')), [0])
    check('there', '192.0.2.70' in nft_set('ban4b'))
    equal('begun', h.refill(BEGIN), 0)
    equal('filled', h.change(change(FILL, '192.0.2.71')), [0])
    equal('aborted', h.refill(ABORT), 0)
    equal('as before', nft_sets(), ['ban4b', 'ban6_48b', 'ban6b'])
    check('with its elements', '192.0.2.70' in nft_set('ban4b'))
    equal('there and back', (h.refill(BEGIN), h.refill(BEGIN), h.refill(COMMIT)), (0, 0, 0))
    equal('the first names again', nft_sets(), ['ban4', 'ban6'])
    equal('empty', nft_set('ban4'), {})


def others(h):
    sh('nft add table inet mine; nft add set inet mine s {type ipv4_addr\\;}')
    h.change(change(ADD, '192.0.2.1'), change(ADD, '192.0.3.0/24'))
    sh('nft flush ruleset', fails=True)
    if OLD:
        equal('a table that is gone says so', h.change(change(ADD, '192.0.2.2')), [-2])
        equal('and is made again', h.refill(BEGIN), 0)
        equal('in one go', h.change(change(FILL, '192.0.2.2')), [0])
        equal('with its elements', h.refill(COMMIT), 0)
        check('there', '192.0.2.2' in live())
        return
    check('a foreign flush ruleset does not touch it', '192.0.2.1' in nft_set('ban4'))
    check('nor does delete table', status('nft delete table inet banish') != 0)
    check('nor add element', status('nft add element inet banish ban4 {192.0.2.3}') != 0)
    check('other tables are theirs', status('nft list table inet mine') != 0)


def full(h):
    equal('defined again, smaller', h.define(kind='nft', maxbans=10, owner='no' if OLD else 'yes').error, 0)
    h.one(FLUSH)
    results = h.change(*[change(ADD, f'192.0.2.{i}') for i in range(1, 31)])
    equal('ten fit', (results.count(0), results.count(-28)), (10, 20))
    results = h.change(change(ADD, '192.0.2.1', 9 * HOUR), change(ADD, '192.0.2.200'),
                       change(DEL, '192.0.2.250'), change(ADD, '2001:db8::/64'))
    equal('a full set still takes refreshes and deletes', results, [0, -28, 0, 0])
    check('refreshed', live()['192.0.2.1'][0] == 9 * 3600)
    equal('room by a delete', h.change(change(DEL, '192.0.2.2'), change(ADD, '192.0.2.201')),
          [0, 0])
    h.define(kind='nft', owner='no' if OLD else 'yes')
    h.one(FLUSH)


def waiting():
    """For another helper to end, whose table it is; other targets are used meanwhile."""
    first = Helper()
    first.define(kind='nft')
    first.define(1, kind='ipset', name='b')
    h = Helper()
    # On a slow machine he has had the time that he is given.
    seen = [h.define_once(kind='nft').error, h.define_once(1, kind='ipset', name='b').error]
    check('table and set are another\'s, who may be about to end: again',
          set(seen) <= {AGAIN, BUSY}, seen)
    equal('another target is used', (h.define_once(2, kind='ipset', name='c').error,
                                     h.change(change(ADD, '192.0.2.1'), target=2)), (0, [0]))
    first.close()
    equal('and they are, when it has ended', (h.define(kind='nft').error,
                                              h.define(1, kind='ipset', name='b').error), (0, 0))
    first = Helper()
    equal('who stays is said to', [first.define(kind='nft').error,
                                   first.define(1, kind='ipset', name='b').error], [BUSY] * 2)
    equal('and that one is told at once from then on', first.define_once(kind='nft').error, BUSY)
    first.close()
    h.close()
    sh('ipset destroy; nft delete table inet banish')


def adoption(h):
    h.change(change(ADD, '192.0.2.1'), change(ADD, '198.51.100.0/24'))
    h.refill(BEGIN)
    before = nft_sets()
    check('an unfinished refill', 'ban4b' in before or 'ban4' in before, before)
    h.close()
    check('the table outlives us', '192.0.2.1' in live())
    h = Helper()
    d = h.define(kind='nft')
    equal('taken over', (d.error, d.created, d.owned), (0, 0, 0 if OLD else 1))
    held = live()
    check('with its elements', '192.0.2.1' in held, held)
    equal('without what was unfinished', len(nft_sets()), 3)
    equal('and used', h.change(change(ADD, '198.51.101.0/24'), change(ADD, '192.0.2.2')),
          [0, 0])
    other = Helper()
    start = time.monotonic()
    d = other.define(kind='nft')
    if not OLD:
        equal('a second one cannot', d.error, BUSY)
        check('and knows soon', time.monotonic() - start < 60)
    other.close()
    equal('an owned table becomes a plain one', (lambda d: (d.error, d.owned, d.created))(
        h.define(kind='nft', owner='no')), (0, 0, 0 if OLD else 1))
    check('it is plain', status(f'nft add element inet banish {nft_sets()[0]} {{192.0.2.8}}') == 0)
    h.close()
    h = Helper()
    d = h.define(kind='nft')
    equal('a plain table becomes an owned one', (d.error, d.owned, d.created),
          (0, 0 if OLD else 1, 0 if OLD else 1))
    h.close()
    h = Helper()
    d = h.define(kind='nft', owner='no')
    equal('an orphan becomes a plain one', (d.error, d.owned, d.created),
          (0, 0, 0 if OLD else 1))
    h.close()
    sh('nft add rule inet banish prerouting ip saddr 192.0.2.1 accept')
    h = Helper()
    h.define(kind='nft', owner='no')
    check('a rule that someone added is gone',
          'accept;' in sh('nft list table inet banish') and
          'saddr 192.0.2.1' not in sh('nft list table inet banish'))
    h.close()
    sh('nft add chain inet banish more')
    h = Helper()
    equal('a table with a strange chain is made anew',
          h.define(kind='nft', owner='no').created, 1)
    h.close()
    sh('nft delete table inet banish')


def owning_socket(flags):
    """Somebody else who owns table inet banish: as long as the socket is open."""
    def message(kind, body, family=1, resource=0, request=1):
        return struct.pack('=IHHIIBBH', 20 + len(body), kind, request, 1, 0, family, 0,
                           resource) + body
    name = b'banish\0\0'
    other = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
    other.bind((0, 0))
    other.send(message(16, b'', 0, 0x0a00) +
               message(0x0a00, struct.pack('=HH8sHH', 11, 1, name, 8, 2) +
                       struct.pack('>I', flags), 1, 0, 0x401) +
               message(17, b'', 0, 0x0a00))
    return other


def other_owners(h):
    h.ask(FORGET, 0)
    sh('nft delete table inet banish', fails=True)
    h.close()
    other = owning_socket(2)
    h = Helper()
    start = time.monotonic()
    check('a table that someone else owns', h.define_once(kind='nft').error in (AGAIN, -1))
    equal('another target is used meanwhile',
          h.define_once(1, kind='route', type='blackhole', protocol=187).error, 0)
    equal('he has some time to end', h.define(kind='nft').error, -1)
    check('but is not waited for longer', time.monotonic() - start < 60, time.monotonic() - start)
    other.close()
    d = h.define(kind='nft')
    equal('when he ends it is ours', (d.error, d.owned), (0, 1))
    h.close()
    sh('nft delete table inet banish')
    other = owning_socket(6)
    h = Helper()
    check('so is one that will outlive him', h.define_once(kind='nft').error in (AGAIN, -1))
    other.close()
    d = h.define(kind='nft')
    equal('when he ends it is ours, too', (d.error, d.owned), (0, 1))
    equal('and it works', h.change(change(ADD, '192.0.2.1')), [0])
    h.close()
    sh('nft delete table inet banish')


def repairs(h):
    """What someone did to a plain table: a refill makes it whole, whatever it was."""
    table = 'inet banish'
    for claim, command in (
            ('a rule of his own', f'nft insert rule {table} prerouting ct state established accept'),
            ('a rule of any kind', f'nft insert rule {table} prerouting meta mark set 1 '
             'accept'),
            ('no rules', f'nft flush chain {table} prerouting'),
            ('no chain', f'nft flush chain {table} prerouting; nft delete chain {table} '
             'prerouting'),
            ('another priority', f'nft delete chain {table} prerouting; nft "add chain {table} '
             'prerouting {type filter hook prerouting priority 5;}"'),
            ('a set less', f'nft flush chain {table} prerouting; nft delete set {table} ban4_24'),
            ('a basic set less', f'nft flush chain {table} prerouting; '
             f'nft delete set {table} ban6'),
            ('a set of another type', f'nft flush chain {table} prerouting; '
             f'nft delete set {table} ban6; nft "add set {table} ban6 {{type ipv4_addr;}}"'),
            ('a set of his own', f'nft "add set {table} his {{type ipv4_addr;}}"'),
            ('a map by our name', f'nft "add map {table} ban4_9 {{type ipv4_addr : verdict;}}"'),
            ('sets of the next generation', f'nft "add set {table} ban4b {{type ipv4_addr; '
             'flags timeout;}"'),
            ('rules of both', f'nft "add set {table} ban4b {{type ipv4_addr; flags timeout;}}"; '
             f'nft add rule {table} prerouting ip saddr @ban4b drop'),
            ('sets for ports that nobody has', f'nft "add set {table} ban4_tcp99 '
             '{type ipv4_addr; flags timeout;}"'),
            ('nothing', f'nft delete table {table}')):
        sh('nft delete table inet banish', fails=True)
        h.define(kind='nft', owner='no')
        h.change(change(ADD, '192.0.2.1'), change(ADD, '198.51.100.0/24'))
        sh(command)
        seen = (h.refill(BEGIN), h.change(change(FILL, '192.0.2.1')), h.refill(COMMIT))
        equal(f'{claim}: filled anew', seen, (0, [0], 0))
        wanted = sorted(n for n in nft_sets() if n in ('ban4', 'ban6', 'ban4b', 'ban6b'))
        equal(f'{claim}: two sets and two rules', (len(wanted), len(nft_sets()),
                                                   sh('nft list table inet banish').count('saddr')),
              (2, 2, 2))
        equal(f'{claim}: in order', h.change(change(ADD, '192.0.2.2'), change(
            ADD, '198.51.100.0/24'), change(DEL, '192.0.2.1')), [0] * 3)
        equal(f'{claim}: and used', list(live()), ['192.0.2.2'])
    sh('nft delete table inet banish')


def other_kinds(h):
    """A plain table is made anew by somebody, with other sets: nothing is put into those."""
    h.define(kind='nft', owner='no')
    equal('a plain table', h.change(change(ADD, '192.0.2.1'), change(ADD, '198.51.100.0/24')), [0] * 2)
    h.refill(BEGIN)
    second = 'ban4b' if 'ban4b' in nft_sets() and nft_set('ban4b') == {} else 'ban4'
    first = 'ban4' if second == 'ban4b' else 'ban4b'
    for claim, name, flags in (('the second', second, 'interval, timeout'),
                               ('the first', first, 'interval, timeout'),
                               ('the first', first, 'timeout; timeout 1h')):
        rules = f'flush chain inet banish prerouting\ndelete set inet banish {name}\n' \
            f'add set inet banish {name} {{ type ipv4_addr; flags {flags}; }}\n'
        subprocess.run(['nft', '-f', '-'], input=rules, text=True, check=True)
        equal(f'{claim} set is another, with flags {flags}',
              (h.change(change(ADD, '192.0.2.2'), change(DEL, '192.0.2.1')), nft_set(name)),
              ([-2] * 2, {}))
    equal('a refill makes it whole', (h.refill(BEGIN), h.change(change(FILL, '192.0.2.3')),
                                      h.refill(COMMIT), list(live())), (0, [0], 0, ['192.0.2.3']))
    for i in range(20):
        status(f'nft add table inet other{i % 2}; nft delete table inet other{i % 2}')
        h.change(change(ADD, f'192.0.2.{i + 10}'))
    equal('what others do elsewhere is in nobody\'s way', len(live()), 21)
    sh('nft delete table inet banish')


def facts(h):
    h.define(kind='nft', owner='no', maxbans=5000)
    h.change(change(ADD, '192.0.2.1'), change(ADD, '192.0.2.2'))
    sh('nft add table ip first; nft "add chain ip first early {type filter hook prerouting '
       'priority -400;}"; nft add rule ip first early ip saddr 192.0.2.1 accept; '
       'nft "add chain ip first none {type filter hook prerouting priority -350;}"; '
       'nft "add chain ip first late {type filter hook prerouting priority 0;}"; '
       'nft add rule ip first late accept')
    seen = h.live()
    entries = seen.pop((ENTRIES, 'ban4'), 2), seen.pop((ENTRIES, 'ban6'), 0)
    equal('entries, if the kernel tells', entries, (2, 0))
    equal('rules, sizes, packets, priority, chains before that accept', seen, {
        (REFERENCES, 'ban4'): 1, (SIZE, 'ban4'): 5000, (PACKETS, 'ban4'): 0,
        (REFERENCES, 'ban6'): 1, (SIZE, 'ban6'): 5000, (PACKETS, 'ban6'): 0,
        (PRIORITY, 'banish prerouting'): -300, (CHAIN_BEFORE, 'first early'): -400})
    sh('nft flush chain inet banish prerouting')
    seen = h.live()
    equal('rules that are gone', (seen[REFERENCES, 'ban4'], (PACKETS, 'ban4') in seen),
          (0, False))
    sh('nft flush ruleset')
    equal('all that is gone', h.live(), {(REFERENCES, 'ban4'): 0, (REFERENCES, 'ban6'): 0})
    h.ask(FORGET, 0)


def run():
    h = Helper()
    d = h.define(kind='nft')
    equal('made', (d.error, d.way, d.timeouts, d.created), (0, REFILL_WAY, 1, 1))
    equal('owned', (d.owned, owned()), (0, False) if OLD else (1, True))
    equal('nothing is left of the probe', sh('nft list tables').split(), ['table', 'inet', 'banish'])
    shape(h)
    times(h)
    prefixes(h)
    equal('flush leaves two empty sets', (h.one(FLUSH), len(nft_sets())), (0, 2))
    h.one(FLUSH)
    refill(h, effect(h))
    equal('no list', h.list(), -95)
    others(h)
    full(h)
    equal('many', bulk(h, 'nft adds'), {0: MANY})
    equal('and refreshed', bulk(h, 'nft refreshes'), {0: MANY})
    equal('and deleted', bulk(h, 'nft deletes', op=DEL), {0: MANY})
    equal('none left', live(), {})
    adoption(h)
    waiting()
    h = Helper()
    facts(h)
    repairs(h)
    other_kinds(h)
    if not OLD:
        other_owners(h)
    else:
        h.close()
