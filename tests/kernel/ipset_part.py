# SPDX-License-Identifier: GPL-2.0-or-later
"""The ipset target, with sets of ours and of others."""

import signal

from client import *

NAMES = ['b', 'b6', 'b-net', 'b6-net']


def header(name):
    return next(line for line in sh(f'ipset list -t {name}').splitlines() if 'Header' in line)


def made(h):
    d = h.define(kind='ipset', name='b', expect=100_000)
    equal('made', (d.error, d.way, d.timeouts, d.created), (0, DIFF, 1, 1))
    check('with an identity', d.identity != 0)
    equal('four sets', sorted(sh('ipset list -n').split()), sorted(NAMES))
    check('presized', 'hashsize 65536 maxelem 2000000' in header('b'), header('b'))
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
    check('its time', 3500 <= ipset('b')['192.0.2.1'] <= 3600)
    h.change(change(ADD, '192.0.2.1', 2 * HOUR))
    check('a refresh extends', 7100 <= ipset('b')['192.0.2.1'] <= 7200)
    h.change(change(ADD, '192.0.2.1', 1500))
    check('and shortens, rounded up', 1 <= ipset('b')['192.0.2.1'] <= 2)
    h.change(change(ADD, '192.0.2.1', 90 * 24 * HOUR))
    check('what is too long is cut', 2147480 <= ipset('b')['192.0.2.1'] <= 2147483)
    h.change(change(ADD, '192.0.2.1', FOREVER), change(ADD, '192.0.2.2', 1))
    check('for ever', ipset('b')['192.0.2.1'] == 0, ipset('b'))
    check('a millisecond is a second', ipset('b').get('192.0.2.2') in (1, 0, None))
    held = h.list()
    check('listed', set(held) >= {'192.0.2.1/32', '2001:db8:1:2::/64', '198.51.100.0/24',
                                  '2001:db8::/32', '2001:db8:5::1/128'}, held)
    check('with their times', held['192.0.2.1/32'] == FOREVER and
          3500_000 <= held['198.51.100.0/24'] <= 3600_000, held)
    equal('a fill makes no sense', h.change(change(FILL, '192.0.2.3')), [-22])
    equal('deletes, also of what is not there',
          h.change(*[change(DEL, p) for p in everything + ['192.0.2.77', '10.0.0.0/8']]),
          [0] * 7)
    equal('order counts', h.change(change(ADD, '192.0.2.5'), change(DEL, '192.0.2.5'),
                                   change(DEL, '192.0.2.6'), change(ADD, '192.0.2.6')), [0] * 4)
    check('the last holds', '192.0.2.5' not in ipset('b') and '192.0.2.6' in ipset('b'))
    h.change(change(ADD, '198.51.100.0/24'))
    sh('ipset add b-net 198.51.100.0/25 nomatch')
    equal('an exception in a set of ours is listed as nothing that is held',
          h.list()['198.51.100.0/25'], 0)
    equal('becomes a ban', (h.change(change(ADD, '198.51.100.0/25')),
                            status('ipset test b-net 198.51.100.1')), ([0], 0))
    sh('ipset add b-net 198.51.100.128/25 nomatch')
    equal('or goes', (h.change(change(DEL, '198.51.100.128/25')),
                      status('ipset test b-net 198.51.100.129')), ([0], 0))
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
    sh('ipset add b 203.0.113.9 timeout 100')
    held = h.list()
    check('listed with what others put in', 90_000 <= held.get('203.0.113.9/32', 0) <= 100_000,
          held)
    equal('not flushed', h.one(FLUSH), -95)
    sh('ipset flush b')
    h.define(kind='ipset', name='b', identity=identity)
    sh('ipset destroy b; ipset create b hash:ip timeout 0')
    equal('another set under the name is not listed, not flushed', (h.list(), h.one(FLUSH)),
          (-116, -116))
    sh('ipset destroy b')
    equal('nor none', (h.list(), h.one(FLUSH)), (-2, -2))


def destroy(*names):
    for name in names:
        for end in ('', '6', '-net', '6-net'):
            sh(f'ipset destroy {name}{end}', fails=True)


def full(h):
    h.define(2, kind='ipset', name='small', maxbans=10)
    results = h.change(*[change(ADD, f'192.0.2.{i}') for i in range(1, 200)], target=2)
    banned = [f'192.0.2.{i + 1}' for i, r in enumerate(results) if not r]
    equal('what fits goes in, the others are refused one by one',
          (results.count(-28), results.count(0), sorted(ipset('small'))),
          (189, 10, sorted(banned)))
    both = [change(ADD, a, 2 * HOUR) for pair in zip(banned, (f'198.51.100.{i}' for i in range(9)))
            for a in pair]
    equal('a full set takes refreshes between refusals', h.change(*both, target=2), [0, -28] * 9)
    check('which count', all(ipset('small')[a] > 7100 for a in banned[:9]), ipset('small'))
    equal('and deletes, and then others',
          h.change(change(DEL, banned[1]), change(ADD, '198.51.100.1'),
                   change(ADD, '198.51.100.2'), target=2), [0, 0, -28])
    sh('ipset destroy small')
    equal('a set that is gone', h.change(change(ADD, '192.0.2.1'), change(DEL, '192.0.2.2'),
                                         target=2), [-2, -2])
    destroy('small')


def resized(h):
    d = h.define(2, kind='ipset', name='grow', maxbans=1000)
    many = addresses(1500)
    results = h.change(*[change(ADD, a) for a in many[:1000]], target=2)
    results += h.change(*[change(ADD, a, FOREVER) for a in many[1000:]], target=2)
    equal('no more than maxbans', (results[:1000], results[1000:]), ([0] * 1000, [-28] * 500))
    h.change(change(DEL, many[0]), change(ADD, many[1000], FOREVER), target=2)
    before = ipset('grow')
    sh('ipset create rule list:set; ipset add rule grow')  # refers to the set as a rule does
    h.change(change(ADD, '10.0.0.0/8'), target=2)
    sh('ipset add grow-net 10.9.0.0/16 nomatch')
    again = h.define(2, kind='ipset', name='grow', identity=d.identity, maxbans=100_000)
    equal('a larger maxbans is no other set', (again.error, again.way, again.created),
          (0, DIFF, 0))
    check('it holds more', 'maxelem 100000' in header('grow') and
          f'0x{d.identity:08x}' in header('grow'), header('grow'))
    after = ipset('grow')
    check('what was in it is in it, and ends when it did', before.keys() == after.keys() and
          all(before[a] - 60 <= after[a] <= before[a] for a in before))
    equal('an exception that somebody made is not', list(ipset('grow-net')), ['10.0.0.0/8'])
    check('what referred to it does', 'References: 1' in sh('ipset list -t grow'))
    check('and nothing is left over', '~' not in sh('ipset list -n'), sh('ipset list -n'))
    equal('now there is room', h.change(*[change(ADD, a) for a in many[1001:]], target=2),
          [0] * 499)
    h.define(2, kind='ipset', name='grow', identity=d.identity, maxbans=1000)
    check('it gets no smaller than what is in it', 'maxelem 100000' in header('grow') and
          len(ipset('grow')) == 1499, header('grow'))
    check('others do', 'maxelem 1000 ' in header('grow-net'), header('grow-net'))
    sh(f'ipset create banish~{d.identity:08x}~1 hash:ip family inet6 timeout 0 netmask 64 '
       f'initval {d.identity}; ipset create banish~{d.identity:08x}~0 hash:ip timeout 0')
    h.define(2, kind='ipset', name='grow', identity=d.identity, maxbans=1000)
    equal('what a worker left over that died is taken away, if it was ours',
          [n for n in sh('ipset list -n').split() if '~' in n], [f'banish~{d.identity:08x}~0'])
    sh(f'ipset destroy banish~{d.identity:08x}~0; ipset destroy rule')
    destroy('grow')


def named6(h):
    sh('ipset destroy')
    d = h.define(6, kind='ipset', name='SW_DBL4', name6='SW_DBL6')
    equal('a name for IPv6', (d.error, d.created, sorted(sh('ipset list -n').split())),
          (0, 1, ['SW_DBL4', 'SW_DBL4-net', 'SW_DBL6', 'SW_DBL6-net']))
    equal('takes it', (h.change(change(ADD, '2001:db8::/64'), change(ADD, '2001:db8::/48'),
                                target=6), list(ipset('SW_DBL6')), list(ipset('SW_DBL6-net'))),
          ([0, 0], ['2001:db8::'], ['2001:db8::/48']))
    for name in ('SW_DBL4', 'SW_DBL4-net', 'SW_DBL6', 'SW_DBL6-net'):
        sh(f'ipset destroy {name}')
    sh('ipset create SW_DBL4 hash:net timeout 0; ipset create SW_DBL6 hash:net family inet6 timeout 0')
    d = h.define(6, kind='ipset', name='SW_DBL4', name6='SW_DBL6')
    equal('both as shorewall makes them', (d.error, d.way), (0, ADD_WAY))
    equal('take everything', h.change(change(ADD, '2001:db8::/64'), change(ADD, '2001:db8::/48'),
                                      change(ADD, '10.0.0.0/8'), target=6), [0] * 3)
    equal('there', (sorted(ipset('SW_DBL6')), sorted(sh('ipset list -n').split())),
          (['2001:db8::/48', '2001:db8::/64'], ['SW_DBL4', 'SW_DBL6']))
    long = 'a' * 31
    sh(f'ipset create {long} hash:net family inet6 timeout 0')
    equal('the longest name', h.define(6, kind='ipset', name='SW_DBL4', name6=long).error, 0)
    for bad in ('b' * 31, 'b' * 32, 'SW_DBL4', 'SW_DBL4-net'):
        d = h.define(6, kind='ipset', name='SW_DBL4', name6=bad)
        equal(f'no name: {bad}', (d.error, d.where), (OPTION, 'name6'))
    sh(f'ipset destroy {long}')
    h.one(FORGET, 6)
    sh('ipset destroy SW_DBL4; ipset destroy SW_DBL6')


def others(h):
    sh('ipset create bl hash:ip timeout 600; ipset add bl 203.0.113.1; '
       'ipset create bl6 hash:ip family inet6 netmask 64 timeout 600')
    d = h.define(3, kind='ipset', name='bl', identity=77)
    equal('an administrator\'s set', (d.error, d.way, d.created), (0, ADD_WAY, 0))
    equal('takes ours', h.change(change(ADD, '192.0.2.1'), change(ADD, '192.0.2.0/24'),
                                 change(DEL, '192.0.2.9'), target=3), [0] * 3)
    equal('beside its own', sorted(ipset('bl')), ['192.0.2.1', '203.0.113.1'])
    equal('flush refused', h.one(FLUSH, 3), -95)
    h.change(change(DEL, '192.0.2.1'), target=3)
    equal('and keeps its own', list(ipset('bl')), ['203.0.113.1'])
    both_want(h)
    sh('ipset create nets hash:net timeout 0')
    d = h.define(4, kind='ipset', name='nets')
    equal('a hash:net, as shorewall makes it', (d.error, d.way), (0, ADD_WAY))
    equal('takes both', h.change(change(ADD, '192.0.2.1'), change(ADD, '10.0.0.0/8'),
                                 target=4), [0, 0])
    equal('there', sorted(ipset('nets')), ['10.0.0.0/8', '192.0.2.1'])
    check('and no second one is made', status('ipset list -n nets-net') != 0)
    sh('ipset add nets 10.9.0.0/16 nomatch')
    equal('an exception is none of ours', (h.change(
        change(ADD, '10.9.0.0/16'), change(DEL, '10.9.0.0/16', HOUR), target=4), [
            line for line in sh('ipset list nets').splitlines() if 'nomatch' in line]),
          ([0, 0], ['10.9.0.0/16 timeout 0 nomatch']))
    check('nor listed', '10.9.0.0/16' not in h.list(4), h.list(4))


def full_of_others(h):
    """A full set takes nothing new, and what is in it stays whose it is."""
    sh('ipset create tight hash:ip timeout 600 maxelem 4; ipset add tight 203.0.113.1 timeout 0; '
       'ipset add tight 203.0.113.2 timeout 7200; ipset add tight 203.0.113.3 timeout 60; '
       'ipset add tight 203.0.113.4')
    h.define(5, kind='ipset', name='tight')
    equal('adds', h.change(*[change(ADD, a) for a in (
        '198.51.100.1', '203.0.113.1', '198.51.100.2', '203.0.113.2', '203.0.113.3')], target=5),
        [-28, 0, -28, 0, 0])
    now = ipset('tight')
    check('no end and later ends stay in a full set', len(now) == 4 and now['203.0.113.1'] == 0 and
          7100 < now['203.0.113.2'] <= 7200 and 3500 < now['203.0.113.3'] <= 3600, now)
    h.one(FORGET, 5)
    destroy('tight')


def spent(h):
    """Seconds of the worker's time."""
    fields = open(f'/proc/{h.worker()}/stat').read().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def many_of_others(h):
    """A refresh of what is there costs no list of the whole set for each packet."""
    sh('ipset create large hash:ip timeout 600 hashsize 65536 maxelem 200000')
    theirs = ''.join(f'add large 10.{i >> 16}.{i >> 8 & 255}.{i & 255}\n' for i in range(60_000))
    subprocess.run(['ipset', 'restore'], input=theirs, text=True, check=True)
    h.define(5, kind='ipset', name='large')
    bans = [change(ADD, f'10.0.{i >> 8}.{i & 255}') for i in range(40_000)]
    before = spent(h)
    for i in range(10):
        h.list(5)
    listed = spent(h) - before
    before, start = spent(h), time.monotonic()
    results = {r for i in range(0, len(bans), 1000) for r in h.change(*bans[i:i + 1000], target=5)}
    refreshed, took = spent(h) - before, time.monotonic() - start
    print(f'     40 packets of refreshes {refreshed:.2f} s, 10 lists {listed:.2f} s')
    # Where we are slow to send them, a list is made now and then for a tenth of the time.
    check('forty packets of refreshes cost less than ten lists', refreshed < listed + took / 5,
          (refreshed, listed, took))
    now = ipset('large')
    check('and all of them count', results == {0} and len(now) == 60_000 and
          all(now[f'10.0.{i >> 8}.{i & 255}'] > 3000 for i in range(0, 40_000, 99)), results)
    h.one(FORGET, 5)
    destroy('large')


def both_want(h):
    """What someone else put in and we would put in as well."""
    sh('ipset flush bl; ipset add bl 203.0.113.1 timeout 0; ipset add bl 203.0.113.2 timeout 7200; '
       'ipset add bl 203.0.113.3 timeout 60; ipset add bl6 2001:db8:1:: timeout 0')
    theirs = [f'203.0.113.{i}' for i in (1, 2, 3)]
    wanted = ['198.51.100.1', *theirs, '198.51.100.2']
    near = lambda name, a, wish: a in ipset(name) and (
        ipset(name)[a] == wish if not wish else wish - 60 <= ipset(name)[a] <= wish)
    equal('adds', h.change(*[change(ADD, a) for a in wanted], change(ADD, '2001:db8:1::/64'),
                           target=3), [0] * 6)
    check('what has no end keeps none', near('bl', theirs[0], 0) and near('bl6', '2001:db8:1::', 0),
          ipset('bl'))
    check('what ends later keeps its end', near('bl', theirs[1], 7200), ipset('bl'))
    check('what ends sooner gets ours', near('bl', theirs[2], 3600), ipset('bl'))
    check('and beside them go new ones', all(near('bl', a, 3600) for a in wanted[::4]), ipset('bl'))
    h.change(change(ADD, wanted[0], 2 * HOUR), target=3)
    check('a refresh of ours extends', near('bl', wanted[0], 7200), ipset('bl'))
    h.change(change(DEL, wanted[0], 2 * HOUR), change(ADD, wanted[0], HOUR), target=3)
    check('a delete and an add shorten', near('bl', wanted[0], 3600), ipset('bl'))
    equal('deletes of what was given', h.change(*[change(DEL, a, HOUR) for a in wanted], change(
        DEL, '2001:db8:1::/64', HOUR), change(DEL, '192.0.2.77', HOUR), target=3), [0] * 7)
    equal('leave what ends later', (sorted(ipset('bl')), list(ipset('bl6'))),
          (theirs[:2], ['2001:db8:1::']))
    h.change(change(ADD, theirs[1], FOREVER), target=3)
    check('for ever is later than all', near('bl', theirs[1], 0), ipset('bl'))
    h.change(change(DEL, theirs[1], FOREVER), change(DEL, theirs[0]), target=3)
    equal('what was given for ever, and what is not said, goes whatever it is', ipset('bl'), {})
    many = [change(ADD, a) for a in addresses(1000)]
    equal('a thousand', h.change(*many, target=3), [0] * 1000)
    equal('and again', h.change(*many, target=3), [0] * 1000)
    equal('a foreign set is not grown', (h.define(3, kind='ipset', name='bl', maxbans=100).error,
                                         'maxelem 65536' in header('bl')), (0, True))
    sh('ipset flush bl')


def noticed():
    """What others do to the sets, looked at so often that a test can wait for it."""
    h = Helper(args=['--look', '100'])
    identity = h.define(kind='ipset', name='b').identity
    sh('ipset create bl hash:ip timeout 0; ipset create rule list:set; ipset add rule bl')
    h.define(1, kind='ipset', name='bl')
    h.change(*[change(ADD, a) for a in addresses(1000)])
    h.change(*[change(ADD, a) for a in addresses(1000)], target=1)
    equal('what we do ourselves is not told', h.happens(0.5), [])
    facts = h.live(1)
    equal('live', (facts[REFERENCES, 'bl'], facts[ENTRIES, 'bl'], facts[SIZE, 'bl'],
                   facts[REFERENCES, 'bl-net'], facts[ENTRIES, 'bl6'], len(facts)),
          (1, 1000, 65536, 0, 0, 12))
    missing = str(ipaddress.ip_address(addresses(100)[99][2:6]))
    sh(f'ipset del b {missing}')
    equal('one is missing', h.happens(), [(0, REMOVED)])
    equal('told once', h.happens(0.5), [])
    h.change(*[change(DEL, a) for a in addresses(10)])
    h.change(*[change(ADD, a, 2 * HOUR) for a in addresses(1000)[10:20]])
    h.change(*[change(ADD, a, 1000) for a in addresses(1000)[20:40]])
    equal('nor deletes, refreshes and what ends by itself', (h.happens(2.5), len(ipset('b'))),
          ([], 969))
    h.change(*[change(ADD, a) for a in addresses(500, '10.128.0.0')])
    sh('ipset flush b')
    h.change(*[change(ADD, a) for a in addresses(900, '10.192.0.0')])
    equal('a flush while others come', h.happens(), [(0, REMOVED)])
    equal('a flush of ours', (h.one(FLUSH), h.happens(0.5)), (0, []))
    sh('ipset flush bl')
    equal('a set of others is flushed', h.happens(), [(1, REMOVED)])
    h.change(*[change(ADD, a) for a in addresses(100)], target=1)
    h.happens(0.3)
    sh(f'ipset del bl {missing}')
    equal('one more that is missing in such a set can wait', h.happens(0.5), [])
    sh('ipset flush bl')
    equal('many cannot', h.happens(), [(1, REMOVED)])
    sh('ipset del rule bl')
    equal('no rule uses it any more', h.happens(), [(1, UNUSED)])
    sh('ipset destroy bl')
    equal('it is destroyed', h.happens(), [(1, REMOVED)])
    equal('told once', h.happens(0.5), [])
    sh('ipset create other hash:ip timeout 0; ipset swap other b')
    equal('another is in its place', h.happens(), [(0, REMOVED)])
    equal('and nothing is put into it', (h.change(change(ADD, '192.0.2.1')), ipset('b')), ([-2], {}))
    sh('ipset swap other b')
    d = h.define(kind='ipset', name='b', identity=identity)
    equal('until it is defined again', (d.error, d.way, h.change(change(ADD, '192.0.2.1'))),
          (0, DIFF, [0]))
    equal('which is quiet', h.happens(0.5), [])
    h.close()
    sh('ipset destroy')


def other_kinds():
    """Between two looks at the headers a set becomes another: what is written goes not into it."""
    h = Helper(args=['--look', '1000000'])
    identity = h.define(kind='ipset', name='b').identity
    for claim, name, create, ban in (
            ('a /64 into a set of nets', 'b6', 'hash:net family inet6 timeout 0',
             '2001:db8:1:2::/64'),
            ('an address into one of nets', 'b', 'hash:net timeout 0', '192.0.2.1'),
            ('into the other family', 'b', 'hash:ip family inet6 timeout 0', '192.0.2.1'),
            ('into one of ports', 'b', 'bitmap:port range 0-1023 timeout 0', '192.0.2.1'),
            ('into one without timeouts', 'b', 'hash:ip', '192.0.2.1'),
            ('a prefix into one of addresses', 'b-net', 'hash:ip timeout 0', '192.0.2.0/30')):
        sh(f'ipset destroy {name}; ipset create {name} {create}')
        equal(f'{claim}: refused, and nothing is put in',
              (h.change(change(ADD, ban), change(ADD, '198.51.100.1')), ipset(name)),
              ([-2] * 2, {}))
        sh(f'ipset destroy {name}')
        h.define(kind='ipset', name='b', identity=identity)
        equal('made anew, it takes the ban', h.change(change(ADD, ban)), [0])
    sh('ipset destroy b')
    equal('a set that is gone', h.change(change(ADD, '192.0.2.1')), [-2])
    h.close()
    sh('ipset destroy')


def locked(h):
    """Two helpers in one network namespace."""
    h.define(kind='ipset', name='b')
    h.define(1, kind='route', type='blackhole', protocol=187)
    start = time.monotonic()
    other = Helper()
    for claim, where, options in [
            ('the same set', 'ipset b', dict(kind='ipset', name='b')),
            ('one of the same', 'ipset b6', dict(kind='ipset', name='x', name6='b6')),
            ('the same routes', 'table 254 protocol 187',
             dict(kind='route', type='prohibit', protocol=187))]:
        d = other.define(**options)
        equal(f'{claim}: busy', (d.error, d.where), (BUSY, where))
    check('one that is about to end is waited for', 2 < time.monotonic() - start < 60)
    equal('other targets are not', [other.define(**options).error for options in (
        dict(kind='ipset', name='c'), dict(kind='route', type='blackhole', protocol=188),
        dict(kind='route', type='blackhole', protocol=187, table=100))], [0] * 3)
    os.kill(h.worker(), signal.SIGKILL)
    h.greet()
    equal('a new worker has it again', h.define(kind='ipset', name='b').error, 0)
    h.one(FORGET)
    equal('free when it is not used', other.define(kind='ipset', name='b').error, 0)
    equal('and busy for the first', h.define(kind='ipset', name='b').error, BUSY)
    other.close()
    equal('free when the other ends', h.define(kind='ipset', name='b').error, 0)
    h.define(2, kind='ipset', name='c')
    equal('two of one helper change places', [h.define(t, kind='ipset', name=n).error for t, n in (
        (0, 'c'), (2, 'b'), (0, 'c'))], [0] * 3)
    squat = subprocess.Popen(
        ['python3', '-c', 'import os, socket, sys\n'
         's = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n'
         's.bind("\\0banish-netlink/ipset squat"); os.setresuid(65534, 65534, 65534)\n'
         's.listen(); print(flush=True); sys.stdin.read()'],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if squat.stdout.readline():
        equal('nobody else keeps us out', h.define(3, kind='ipset', name='squat').error, 0)
    squat.communicate()
    h.one(FORGET)
    sh('ipset destroy')


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
    fault('another type', (TYPE, 'f'), 'f bitmap:port range 0-1023 timeout 0')
    fault('IPv4 by net', (NETMASK, 'f'), 'f hash:ip netmask 24 timeout 0')
    fault('IPv6 by address', (NETMASK, 'f6'), 'f6 hash:ip family inet6 timeout 0')
    fault('nets that are addresses', (TYPE, 'f-net'), 'f-net hash:ip timeout 0')


def run():
    h = Helper()
    identity = made(h)
    changes(h)
    again(h, identity)
    full(h)
    resized(h)
    others(h)
    full_of_others(h)
    if not SLOW:
        many_of_others(h)
    faults(h)
    named6(h)
    h.define(kind='ipset', name='b', identity=identity, expect=100_000)
    equal('many', bulk(h, 'ipset adds'), {0: MANY})
    equal('and refreshed', bulk(h, 'ipset refreshes'), {0: MANY})
    start = time.monotonic()
    equal('and listed', len(h.list()), MANY)
    print(f'     ipset list: {time.monotonic() - start:.3f} s (with the test\'s own part)')
    equal('and deleted', bulk(h, 'ipset deletes', op=DEL), {0: MANY})
    equal('none left', ipset('b'), {})
    h.close()
    sh('ipset destroy')
    noticed()
    other_kinds()
    h = Helper()
    locked(h)
    h.close()
