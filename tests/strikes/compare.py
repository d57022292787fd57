#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How bans grow with each repetition, beside fail2ban's own code.

compare.py [--seed N] [--rounds N] DRIVE: the same offences at the same times go to our judge
(through tests/strikes/drive.c) and to fail2ban's failure manager, observer, ban manager and
database, unpacked for it. At which offence a ban is made, how long it lasts and what number it
has must be the same: for a table of configurations first, then for random ones."""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
import types

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'filters'))
sys.dont_write_bytecode = True
import peer

START = 1760000000
EXP = 'ban.Time * math.exp(float(ban.Count+1)*banFactor)/math.exp(1*banFactor)'
DOUBLE = 'ban.Time * (1<<(ban.Count if ban.Count<20 else 20)) * banFactor'
FOREVER_S = 2 ** 63 / 1000


class Peer:
    """fail2ban, without its threads: what they would do is done at once."""

    def __init__(self, conf):
        from fail2ban.server import jail as jails, observer
        from fail2ban.server.database import Fail2BanDb
        from fail2ban.server.jail import Jail

        # Ours is compared with the least that fail2ban adds, and the most.
        jails.random = types.SimpleNamespace(random=lambda: 0.0)

        class Alive(Jail):
            def isAlive(self):
                return True

        class AtOnce(observer.ObserverThread):
            def add(self, event, *args):
                getattr(self, event)(*args)

            def add_timer(self, starttime, event, *args):
                event(*args)

        self.observer = observer.Observers.Main = AtOnce()
        self.db = Fail2BanDb(':memory:', purgeAge=conf['dbpurgeage'])
        self.jails = {}
        for name, keys in conf['jails'].items():
            jail = self.jails[name] = Alive(name, backend='polling', db=self.db)
            self.db.addJail(jail)
            jail.actions.setBanTime(keys['bantime'])
            jail.filter.setMaxRetry(keys['maxretry'])
            jail.filter.setFindTime(keys['findtime'])
            for key in ('increment', 'factor', 'formula', 'multipliers', 'maxtime', 'rndtime',
                        'overalljails'):
                if key in keys:
                    value = keys[key]
                    if key == 'overalljails':
                        value = value == 'true'
                    jail.setBanTimeExtra(key, value)

    def at(self, now):
        from fail2ban.server.mytime import MyTime
        # It ends a ban just after its last second, and we at the end of it.
        MyTime.setTime(now + 0.001)
        for jail in self.jails.values():
            # It looks too late for bans that became shorter than bantime.
            jail.actions.banManager._nextUnbanTime = 0
            jail.actions._Actions__checkUnBan(1000)
            jail.filter.performSvc(force=True)
        MyTime.setTime(now)
        self.db.purge()

    def fail(self, name, address):
        from fail2ban.server.mytime import MyTime
        from fail2ban.server.ticket import FailTicket
        jail = self.jails[name]
        before = set(jail.actions.banManager._BanManager__banList)
        ticket = FailTicket(address, MyTime.time())
        if jail.filter.failManager.addFailure(ticket) >= jail.filter.failManager.getMaxRetry():
            jail.filter.performBan(ticket.getID())
        self.observer.failureFound(jail, ticket)
        jail.actions._Actions__checkBan()
        bans = jail.actions.banManager._BanManager__banList
        if ticket.getID() in before:
            # It remembers a ban by the length that it had at first, and we by the whole one.
            self.db._db.execute('UPDATE bips SET bantime = ? WHERE ip = ? AND jail = ?',
                                (bans[ticket.getID()].getBanTime(jail.actions.getBanTime()),
                                 address, name))
        if ticket.getID() not in bans or ticket.getID() in before:
            return None
        ban = bans[ticket.getID()]
        # One that it takes for lines read twice is not stored.
        count = 0 if ban.restored else ban.getBanCount()
        return ban.getBanTime(jail.actions.getBanTime()), count

    def unban(self, name, address):
        self.jails[name].actions.removeBannedIP([address], ifexists=True)


def write(conf, path):
    with open(path, 'w', encoding='ascii') as out:
        out.write('[banish]\ndbpurgeage = %d\n' % conf['dbpurgeage'])
        for name, keys in conf['jails'].items():
            out.write('[%s]\nfilter = sshd\nlogpath = /nowhere\n' % name)
            for key in ('maxretry', 'findtime', 'bantime'):
                out.write('%s = %d\n' % (key, keys[key]))
            for key in ('increment', 'factor', 'formula', 'multipliers', 'maxtime', 'rndtime',
                        'overalljails'):
                if key in keys:
                    out.write('bantime.%s = %s\n' % (key, keys[key]))


def ours(drive, conf, events):
    with tempfile.NamedTemporaryFile(suffix='.conf') as file:
        write(conf, file.name)
        text = ''.join('%s %s %s %d\n' % event for event in events)
        run = subprocess.run([drive, file.name, os.path.join(peer.ROOT, 'src', 'filter.d')],
                             input=text, capture_output=True, text=True, check=False)
    if run.returncode:
        raise SystemExit('%s: %s' % (drive, run.stderr))
    return run.stdout.split('\n')[:-1]


def theirs(conf, events):
    side, out = Peer(conf), []
    for verb, name, address, now in events:
        side.at(now)
        out.append(getattr(side, verb)(name, address))
    return out


def same(mine, other, keys):
    """Does our line say what fail2ban does?"""
    if other is None:
        return mine in ('-', 'longer')
    if not mine.startswith('ban '):
        return False
    ms, count = map(int, mine.split()[1:])
    length, number = other
    # Where bans do not grow each of them has number 1 there.
    if keys['increment'] == 'true' and count != min(number, 65535):
        return False
    if length == -1 or length >= FOREVER_S or ms == -1:
        return (length == -1 or length >= FOREVER_S * 0.999) and ms == -1
    slack = 1 + 1e-12 * length * 1000
    spread = keys.get('rndtime', 0) * 1000 if number > 1 else 0
    return length * 1000 - slack <= ms <= length * 1000 + spread + slack


def compare(drive, conf, events, what):
    """The number of checks; ends the program at the first difference."""
    mine, other = ours(drive, conf, events), theirs(conf, events)
    if len(mine) != len(events):
        raise SystemExit('%s: %d answers to %d events' % (what, len(mine), len(events)))
    for event, left, right in zip(events, mine, other):
        if not same(left, right, conf['jails'][event[1]]):
            write(conf, '/dev/stderr')
            raise SystemExit('%s: at %r: ours "%s", fail2ban %r' % (what, event, left, right))
    return len(events), sum(1 for right in other if right)


# ---- the table ----

def repeated(name, times, gap):
    return [('fail', name, '203.0.113.9', START + i * gap) for i in range(times)]


def table():
    one = {'maxretry': 1, 'findtime': 600, 'bantime': 600, 'increment': 'true'}
    year = 365 * 86400
    rows = [
        ('off', {'increment': 'false'}, 600, 10),
        ('doubling', {}, 10 ** 8, 25),
        ('not beyond 20', {'bantime': 1}, 10 ** 7, 30),
        ('factor', {'factor': '3'}, 10 ** 8, 12),
        ('a factor below 1', {'factor': '0.1'}, 10 ** 8, 12),
        ('a factor as a quotient', {'factor': '2.0 / 2.885385'}, 10 ** 8, 12),
        ('exponential', {'formula': EXP}, 10 ** 9, 15),
        ('exponential as doubling', {'formula': EXP, 'factor': '2.0 / 2.885385'}, 10 ** 9, 15),
        ('the formula itself', {'formula': DOUBLE}, 10 ** 8, 12),
        ('multipliers', {'multipliers': '1 2 4 8 16 32 64'}, 10 ** 6, 12),
        ('multipliers, faster', {'bantime': 60, 'multipliers': '1 5 30 60 300 720 1440 2880'},
         10 ** 6, 12),
        ('multipliers with a factor', {'multipliers': '1 5 30', 'factor': '1.5'}, 10 ** 6, 9),
        ('maxtime', {'maxtime': 3000}, 10 ** 6, 9),
        ('maxtime below bantime', {'maxtime': 300}, 10 ** 6, 9),
        ('maxtime with multipliers', {'maxtime': 7000, 'multipliers': '1 2 10 20'}, 10 ** 6, 9),
        ('rndtime', {'rndtime': 900}, 10 ** 8, 12),
        ('rndtime on top of maxtime', {'rndtime': 900, 'maxtime': 1200}, 10 ** 6, 9),
        ('for ever', {'bantime': -1}, 10 ** 6, 3),
        ('many bans', {'bantime': 1, 'maxtime': 5}, 100, 300),
        ('overflow by a factor', {'bantime': 4 * 604800, 'factor': '999999999'}, 10 ** 9, 6),
        ('overflow by multipliers', {'bantime': 99 * year, 'multipliers': '1 1000000000'},
         32 * 10 ** 8, 2),
    ]
    for what, keys, gap, times in rows:
        conf = {'dbpurgeage': 3 * 10 ** 9, 'jails': {'sshd': dict(one, **keys)}}
        yield what, conf, repeated('sshd', times, gap)
    for maxretry in (1, 2, 3, 5, 9, 40):
        conf = {'dbpurgeage': 10 ** 9,
                'jails': {'sshd': dict(one, maxretry=maxretry, bantime=60, maxtime=120)}}
        yield 'sooner, maxretry %d' % maxretry, conf, [
            ('fail', 'sshd', '203.0.113.9', START + i * 1000 + j)
            for i in range(8) for j in range(maxretry)]


# ---- at random ----

def random_jail(dice):
    keys = {'maxretry': dice.choice((1, 2, 3, 5)), 'findtime': 600,
            'bantime': dice.choice((1, 60, 600, 3600)), 'increment': 'true'}
    if dice.random() < 0.5:
        keys['factor'] = dice.choice(('1', '2', '0.5', '1.25', '24', '2.0 / 2.885385'))
    if dice.random() < 0.3:
        keys['formula'] = dice.choice((EXP, DOUBLE))
    if dice.random() < 0.4:
        keys['multipliers'] = ' '.join(str(dice.randint(1, 500))
                                       for _ in range(dice.randint(1, 9)))
    if dice.random() < 0.6:
        keys['maxtime'] = dice.choice((30, 300, 3600, 86400))
    return keys


def random_events(dice, names, count):
    """Bursts within findtime, and pauses longer than that: in between fail2ban estimates by a
    rate what we count exactly."""
    events, now = [], START
    while len(events) < count:
        now += dice.choice((1, 700, 5000, 40000, 400000))
        name, address = dice.choice(names), '203.0.113.%d' % dice.randint(1, 4)
        if dice.random() < 0.05:
            events.append(('unban', name, address, now))
            now += 700
            continue
        for _ in range(dice.randint(1, 6)):
            events.append(('fail', name, address, now))
            now += dice.choice((1, 1, 2))
        now += 700
    return events


def at_random(dice):
    overall = dice.random() < 0.5
    jails = {}
    for name in ('sshd', 'postfix', 'dovecot')[:dice.randint(1, 3)]:
        jails[name] = random_jail(dice)
        if overall:
            jails[name]['overalljails'] = 'true'
    conf = {'dbpurgeage': dice.choice((600, 86400, 10 ** 8)), 'jails': jails}
    return conf, random_events(dice, sorted(jails), 150)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--seed', type=int, default=int(time.time()))
    parser.add_argument('--rounds', type=int, default=60)
    parser.add_argument('drive')
    args = parser.parse_args()
    peer.unpack()
    checks = bans = 0
    for what, conf, events in table():
        done = compare(args.drive, conf, events, what)
        checks, bans = checks + done[0], bans + done[1]
    for number in range(args.rounds):
        dice = random.Random(args.seed * 100000 + number)
        conf, events = at_random(dice)
        done = compare(args.drive, conf, events, 'seed %d, round %d' % (args.seed, number))
        checks, bans = checks + done[0], bans + done[1]
    print('seed %d: %d bans' % (args.seed, bans))
    print('%d passed, 0 failed' % checks)


main()
