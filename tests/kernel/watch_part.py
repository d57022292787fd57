# SPDX-License-Identifier: GPL-2.0-or-later
"""What others do to the firewall is told, at once and once."""

import signal

from client import *

RULES = '''
table inet user {
	set s4 { type ipv4_addr; flags timeout; }
	set s6 { type ipv6_addr; flags timeout; }
	set other { type ipv4_addr; }
	chain c { ip saddr @s4 drop; }
}
'''
SETS = dict(kind='nft', table='inet user', set4='s4', set6='s6')


def load(text, flush=False):
    subprocess.run(['nft', '-f', '-'], input=('flush ruleset\n' if flush else '') + text,
                   text=True, check=True)


def run_as(command):
    """The process that does it."""
    process = subprocess.Popen(command.split())
    process.wait()
    return process.pid


def told(h, claim, command, target=0):
    """One event, and who it was."""
    h.drain()
    pid = run_as(command)
    equal(f'{claim} is told', h.news(10, wanted=1), [Event(target, REMOVED, pid, 'nft')])
    equal('once', h.news(0.05), [])


def silent(h, claim):
    seen = h.news(0.15)
    h.own()  # so that it has seen what was done
    equal(f'{claim} is not told', seen + h.news(0.1), [])


def refilled(h, *prefixes, target=0):
    return (h.refill(BEGIN, target),
            h.change(*[change(FILL, p) for p in prefixes], target=target),
            h.refill(COMMIT, target))


def own_table(h):
    d = h.define(kind='nft', owner='no')
    equal('a plain table', (d.error, d.owned), (0, 0))
    equal('changes', h.change(change(ADD, '192.0.2.1'), change(ADD, '192.0.3.0/24'),
                              change(DEL, '192.0.2.2'), change(ADD, '192.0.2.3', 200)), [0] * 4)
    refilled(h, '192.0.2.1', '192.0.2.2')
    h.one(FLUSH)
    silent(h, 'what we change')
    h.change(change(ADD, '192.0.2.3', 100))
    time.sleep(1.5)
    sh('nft list table inet banish')
    silent(h, 'what ends by itself')
    def held():
        return 'ban4' if nft_set('ban4') else 'ban4b'
    for claim, command in (
            ('flush ruleset', 'nft flush ruleset'),
            ('delete table', 'nft delete table inet banish'),
            ('flush set', 'nft flush set inet banish {held}'),
            ('delete element', 'nft delete element inet banish {held} {{192.0.2.1}}'),
            ('flush chain', 'nft flush chain inet banish prerouting'),
            ('an element more', 'nft add element inet banish {held} {{192.0.2.9 timeout 5s}}'),
            ('a rule that accepts', 'nft insert rule inet banish prerouting accept')):
        refilled(h)
        refilled(h, '192.0.2.1')
        told(h, claim, command.format(held=held()))
    equal('made whole', (refilled(h, '192.0.2.1'), list(nft_set(held()))),
          ((0, [0], 0), ['192.0.2.1']))
    load('table inet mine { set x { type ipv4_addr; }\n}')
    load('delete table inet mine')
    silent(h, 'what others do elsewhere')


def owned_table(h):
    d = h.define(kind='nft')
    equal('an owned one', d.owned, 1)
    h.change(change(ADD, '192.0.2.1'))
    h.drain()
    status('nft flush ruleset')
    status('nft delete table inet banish')
    silent(h, 'what nobody can do')


def scopes(h):
    h.define(0, kind='nft', owner='no')
    h.define(1, kind='nft', owner='no', port='tcp 25')
    h.change(change(ADD, '192.0.2.1'), target=0)
    h.change(change(ADD, '192.0.2.1'), target=1)
    h.refill(BEGIN, 0)
    h.refill(ABORT, 0)
    told(h, 'an element of the second target', 'nft flush set inet banish ban4_tcp25', 1)
    run_as('nft flush ruleset')
    equal('flush ruleset concerns both', sorted(e.target for e in h.some(2)), [0, 1])
    h.ask(FORGET, 1)
    h.define(0, kind='nft', owner='no')
    run_as('nft flush ruleset')
    equal('and those that are forgotten no more', [e.target for e in h.some(1)], [0])


def users_table(h):
    load(RULES)
    equal('defined', h.define(**SETS).error, 0)
    h.change(change(ADD, '192.0.2.1'), change(ADD, '192.0.2.2', 100),
             change(ADD, '2001:db8:1::/64'))
    h.change(change(DEL, '2001:db8:1::/64'))
    time.sleep(0.3)
    silent(h, 'what we change in the user\'s table')
    told(h, 'flush set', 'nft flush set inet user s4')
    h.change(change(ADD, '192.0.2.1'))
    told(h, 'delete element', 'nft delete element inet user s4 {192.0.2.1}')
    load('add element inet user other { 192.0.2.7 }\nadd element inet user s4 { 192.0.2.8 }\n'
         'delete element inet user other { 192.0.2.7 }\nflush chain inet user c')
    silent(h, 'what does not concern us')
    h.change(change(ADD, '192.0.2.1'))
    sh('nft add element inet user s4 {192.0.2.1 timeout 5s}')
    if nft_set('s4', 'inet user')['192.0.2.1'][0] == 5:  # Linux 6.12
        equal('another end of ours is told', [e[:2] for e in h.some(1)], [(0, REMOVED)])
        h.change(change(ADD, '192.0.2.1'))
        check('and mended', nft_set('s4', 'inet user')['192.0.2.1'][1] > 3500)
        told(h, 'also when the timeout is the same',
             'nft add element inet user s4 {192.0.2.1 timeout 1h expires 5s}')
    told(h, 'delete set', 'nft delete set inet user s6')
    told(h, 'delete table', 'nft delete table inet user')
    equal('it cannot be used', h.define(**SETS).error, NO_TABLE)
    load(RULES)
    equal('that it is there again is told', [e[:2] for e in h.some(1)], [(0, REMOVED)])
    equal('now it can', h.define(**SETS).error, 0)
    load(RULES, flush=True)
    equal('a reload is told', [e[:2] for e in h.some(1)], [(0, REMOVED)])
    other = Helper()
    other.define(**SETS)
    other.change(change(ADD, '192.0.2.5'))
    helpers = [(0, REMOVED, 'banish-netlink')]
    equal('what another helper adds says that it is ours',
          [e[:2] + e[3:] for e in h.some(1)], helpers)
    other.change(change(DEL, '192.0.2.5'))
    equal('its delete is told', [e[:2] + e[3:] for e in h.some(1)], helpers)
    other.close()
    sh('nft delete table inet user')


def routes(h):
    equal('defined', [h.define(t, kind='route', type='blackhole', protocol=p, **o).error
                      for t, p, o in ((0, 187, {}), (1, 188, dict(table=99)))], [0, 0])
    for t in (0, 1):
        h.change(*[change(ADD, p) for p in ('192.0.2.1', '192.0.2.2', '2001:db8:1::/64')],
                 target=t)
        h.change(change(DEL, '192.0.2.2'), target=t)
    h.drain()
    h.one(FLUSH, 1)
    h.change(*[change(ADD, p) for p in ('192.0.2.1', '192.0.2.2', '2001:db8:1::/64')], target=1)
    h.change(change(ADD, '192.0.2.2'), target=0)
    silent(h, 'what we change')
    sh('ip route add blackhole 203.0.113.1; ip route del blackhole 203.0.113.1')
    sh('ip route add blackhole 203.0.113.1 table 99 proto 187; ip route flush table 99 proto 187')
    for place in ('default', '192.0.2.1 metric 20'):
        sh(f'ip route replace blackhole {place}; ip route replace unreachable {place}')
        sh(f'ip route del unreachable {place}')
    silent(h, 'another\'s route')
    for claim, command, target in (
            ('a route that is replaced', 'ip route replace unreachable 192.0.2.1', 0),
            ('an IPv6 one', 'ip -6 route replace blackhole 2001:db8:1::/64 metric 1', 0),
            ('one that is changed', 'ip route change unreachable 192.0.2.1 table 99', 1),
            ('route flush', 'ip route flush proto 187', 0),
            ('a route that is deleted', 'ip route del blackhole 192.0.2.2 table 99 proto 188', 1),
            ('an IPv6 one that is deleted', 'ip -6 route flush table 99', 1)):
        h.drain()
        run_as(command)
        equal(f'{claim} is told', [e[:2] for e in h.some(1)], [(target, REMOVED)])
    h.one(FLUSH, 0)
    h.one(FLUSH, 1)
    h.ask(FORGET, 0)
    h.ask(FORGET, 1)


def calm(h):
    load(RULES)
    h.define(**SETS)
    h.change(*[change(ADD, f'192.0.2.{i}') for i in range(1, 201)])
    h.drain()
    # One process and many transactions: each is told of by itself.
    start = time.monotonic()
    process = subprocess.Popen(['nft', '-i'], stdin=subprocess.PIPE, text=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for i in range(1, 201):
        process.stdin.write(f'delete element inet user s4 {{192.0.2.{i}}}\n')
        process.stdin.flush()
        time.sleep(0.001)
    process.stdin.close()
    process.wait()
    pace = 10 + (time.monotonic() - start) / 0.2
    seen = h.some(2)
    h.own()
    seen += h.news(0.5)
    check('two hundred deletes in a row are a few events', 2 <= len(seen) <= pace,
          (len(seen), pace))
    who = {e[1:] for e in seen} - {(REMOVED, 0, '')}  # some may be lost on a slow machine
    equal('with who it was', who, {(REMOVED, process.pid, 'nft')})
    told(h, 'what comes later', 'nft flush ruleset')
    seen, start = [], time.monotonic()
    for i in range(40):
        load(RULES)
        status('nft flush ruleset')
        seen += h.news(0.03)
    pace = 10 + (time.monotonic() - start) / 0.25
    check('whoever goes on for long is followed, but not at his pace', 10 <= len(seen) <= pace + 1,
          (len(seen), pace))
    h.drain()


def lost(h):
    """More than the queue of notifications holds."""
    load(RULES)
    h.define(0, **SETS)
    h.define(1, kind='nft', owner='no')
    h.define(2, kind='route', type='blackhole', protocol=187)
    h.drain()
    os.kill(h.worker(), signal.SIGSTOP)
    sh('nft add table inet big; nft "add set inet big x { type ipv4_addr; }"')
    for i in range(80):
        load('add element inet big x { %s }' %
             ','.join(f'10.{i}.{n >> 8}.{n & 255} comment "{"x" * 120}"' for n in range(1000)))
    os.kill(h.worker(), signal.SIGCONT)
    seen = sorted(h.news(40, wanted=2))
    equal('notifications that are lost are told to all they may have been about', seen,
          [Event(0, REMOVED, 0, ''), Event(1, REMOVED, 0, '')])
    sh('nft delete table inet big; nft delete table inet user')
    h.drain()


def idle(h):
    """What others do costs nothing while there is nothing to be told."""
    def listens():
        h.own()  # whatever was to be done before is done
        table = [line.split() for line in open('/proc/net/netlink').read().splitlines()[1:]]
        ours = {os.readlink(f'/proc/{h.worker()}/fd/{fd}') for fd in
                os.listdir(f'/proc/{h.worker()}/fd')}
        return sorted((int(row[1]), int(row[3], 16)) for row in table
                      if f'socket:[{row[9]}]' in ours and int(row[3], 16))
    base = [(0, 0x110)]
    for t in range(3):
        h.ask(FORGET, t)
    equal('no target: addresses alone', listens(), base)
    h.define(kind='route', type='blackhole', protocol=187)
    equal('routes', listens(), [(0, 0x110), (0, 0x440)])
    if not OLD:
        h.define(kind='nft')
        equal('an owned table', listens(), base)
    h.define(kind='nft', owner='no')
    equal('a plain one', listens(), base + [(12, 0x40)])


def repair(h):
    """How long they are gone."""
    prefixes = addresses(MANY // 10)
    fills = [[change(FILL, p) for p in prefixes[i:i + 1000]] for i in range(0, len(prefixes), 1000)]

    def filled():
        h.refill(BEGIN)
        for part in fills:
            h.change(*part)
        return h.refill(COMMIT)
    h.define(kind='nft', owner='no')
    filled()
    h.drain()
    run_as('nft flush ruleset')
    start = time.monotonic()
    seen = h.news(20, wanted=1)
    at = time.monotonic()
    check('told, and filled again', seen and not filled())
    end = time.monotonic()
    print(f'     nft: told after {(at - start) * 1000:.1f} ms, {len(prefixes):,} back after '
          f'{(end - start) * 1000:.1f} ms')
    equal('all of them', len(nft_set('ban4') or nft_set('ban4b')), len(prefixes))
    sh('nft delete table inet banish')
    repair_routes(h, prefixes)


def repair_routes(h, prefixes):
    """What is missing is added after each event, while it is still being taken away."""
    wanted = {unprefix(p): change(ADD, p) for p in prefixes}

    def fill():
        missing = [wanted[p] for p in set(wanted) - set(h.list())]
        for i in range(0, len(missing), 1000):
            h.change(*missing[i:i + 1000])
        return len(missing)
    h.define(kind='route', type='blackhole', protocol=187)
    fill()
    h.drain()
    start = time.monotonic()
    process = subprocess.Popen('ip route flush proto 187'.split())
    events = filled = 0
    gone = None
    def more():
        return h.news(0.2, wanted=1) or h.own() and h.news(0.3, wanted=1)
    while gone is None or more():
        if gone is None:
            gone = time.monotonic() if process.poll() is not None else None
            if not h.news(0.005, wanted=1):
                continue
        events += 1
        filled += fill()
        end = time.monotonic()
    print(f'     routes: flushed in {(gone - start) * 1000:.0f} ms, {events} events, '
          f'{filled} back {(end - gone) * 1000:.0f} ms after that')
    equal('all of the routes', len(h.list()), len(prefixes))
    pace = 20 + (end - start) / 0.25
    check('an event for each part of it, not for each route', events < pace, (events, pace))
    h.one(FLUSH)


def run():
    h = Helper()
    own_table(h)
    if not OLD:
        owned_table(h)
    scopes(h)
    h.ask(FORGET, 1)
    users_table(h)
    routes(h)
    if not SLOW:
        calm(h)
        lost(h)
    idle(h)
    repair(h)
    h.close()
    sh('nft flush ruleset')
