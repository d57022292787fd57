#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Bans, unbans and offences while daemon and helper are killed, at random and inside every system
call on the state folder: nothing acknowledged is lost, nothing unbanned comes back, every line
is counted once, and the kernel holds what is listed.

    crash.py [-n ROUNDS] [-j LANES] [-s SEED]

Each lane has a network namespace of its own. A seed gives the same plan again; what the threads
make of it is up to the machine.
"""

import argparse
import collections
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from flow import HAND_JAILS, Hand, Pardon, Writer
from model import SOON, Hands, Lines, compare_kernel
from world import BUILD, Gone, World, Wrong, ipset, nft, routes, sh, until, wipe_kernel

PROGRAM = os.path.join(BUILD, 'crash', 'banish')
FAULTS = os.path.join(BUILD, 'crash', 'fault.so')
WORLD_ROUNDS = 20  # with one state folder
LOGS = {'a': ('c', 'e'), 'b': ('d', 'e'), 'p': ('c', 'e')}
TARGETS = {'nft': ('manual', 'c', 'a'), 'ipset': ('manual', 'c', 'b'), 'route': ('a', 'e'),
           'theirs': ('b',)}
CONF = '''
[DEFAULT]
filter = {T}/filter.conf
findtime = 1d
bantime = 2h
target = nft
         ipset[name=bl]
[a]
logpath = {T}/never.log
target = nft
         route
[b]
logpath = {T}/never.log
target = ipset[name=bl]
         nft[table="inet filter", set4=b4, set6=b6]
[c]
logpath = {T}/a.log
          {T}/p.log
maxretry = 3
[d]
logpath = {T}/b.log
maxretry = 1000
target = null
[e]
logpath = {T}/a.log
          {T}/b.log
          {T}/p.log
maxretry = 7
target = route
'''
THEIRS = '''
table inet filter {
	set b4 { type ipv4_addr; flags timeout; elements = { 9.9.9.9 timeout 1d } }
	set b6 { type ipv6_addr; flags timeout; }
}
'''
# Every system call of the state folder: the how many-th may be hit, and in which ways.
CALLS = {
    'openat:journal': (3, 'before after'), 'pwrite:journal': (60, 'before after short'),
    'fdatasync:journal': (60, 'before after'), 'fsync:folder': (9, 'before after'),
    'openat:new': (3, 'before after'), 'write:new': (6, 'before after short'),
    'fsync:new': (6, 'before after'), 'openat:sum': (3, 'before after'),
    'pwrite:sum': (3, 'before after short'), 'fsync:sum': (3, 'before after'),
    'renameat:gdbm': (3, 'before after'), 'unlinkat:journal': (2, 'before after'),
    'unlinkat:gdbm': (2, 'before after'), 'unlinkat:sum': (2, 'before after'),
}
HOWS = ('call',) * 8 + ('kill', 'kill', 'stop', 'refusal', 'worker', 'helper', 'both')
STRIKES = [(call, way) for call, (_, ways) in CALLS.items() for way in ways.split()]


def their_rules():
    sh('nft', '-f', '-', input=THEIRS)


class Lane:
    """Rounds after rounds in one namespace."""

    def __init__(self, seed, number, lanes, rounds):
        self.seed = seed
        self.number = number
        self.rounds = rounds
        self.turn = collections.deque(STRIKES[number % len(STRIKES)::lanes])
        self.missed = False
        self.hits = collections.Counter()
        self.kinds = collections.Counter()
        self.deeds = 0
        self.folder = tempfile.mkdtemp(prefix='banish-crash.')
        self.world = self.hands = self.lines = self.random = None
        self.struck = os.path.join(self.folder, 'struck')
        self.bans = {}
        self.plan = ''

    # ---- one world for some rounds ----

    def new_world(self):
        wipe_kernel()
        folder = os.path.join(self.folder, 'w')
        shutil.rmtree(folder, ignore_errors=True)
        self.world = World(folder, CONF.format(T=folder), PROGRAM)
        their_rules()
        self.hands, self.lines = Hands(), Lines()
        self.world.start()

    def held(self):
        return {'nft': nft('inet', 'banish'), 'ipset': ipset('bl', 'bl6', 'bl-net', 'bl6-net'),
                'route': routes(), 'theirs': nft('inet', 'filter')}

    def check_kernel(self):
        self.world.settle()
        begun = time.time()
        bans = self.world.bans()
        # What ends within the next seconds may be there or not.
        soon = {prefix for (_, prefix), ban in self.last_bans(bans).items()
                if ban['until'] and ban['until'] < begun + SOON}
        held = self.held()
        for jail, prefix in self.hands.adrift | {('b', '9.9.9.9/32')}:
            if jail == 'b' and (jail, prefix) not in bans:
                held['theirs'].pop(prefix, None)
        compare_kernel(held, bans, TARGETS, soon, begun)

    def last_bans(self, bans):
        """Also those listed a moment ago, whose end the kernel may not have come to."""
        old, self.bans = self.bans, bans
        return old | bans

    def check_counts(self, subjects, lenient=False):
        """Lines are read in order: when the last is counted, all are."""
        for name in LOGS:
            writer = Writer(self.world, 0, self.lines, name, LOGS[name], '0.0.0', '2001:db8')
            subject = f'41.{self.lines.last >> 8 & 255}.{self.lines.last & 255}.{ord(name)}/32'
            writer.write(writer.line(subject))
            writer.finish()
            until(f'{name}.log is read', lambda: any(  # pylint: disable=cell-var-from-loop
                entry['jail'] in LOGS[name]
                for entry in self.world.json('why', subject)[0]['lines']))
            subjects = subjects | {subject}
        for subject in subjects:
            why = self.world.json('why', subject)[0]
            self.lines.check(subject, why, 'cde', lenient)

    # ---- a round ----

    def actors(self, number, lenient):
        seed = self.random.random()
        far = number % 200 + 1
        hands = [Hand(self.world, f'{seed}h{i}', self.hands, i + 1, lenient) for i in range(3)]
        logs = {name: f'2001:db8:{ord(name):x}{far:02x}' for name in LOGS}
        return hands, [
            Writer(self.world, f'{seed}a', self.lines, 'a', LOGS['a'], f'50.1.{far}', logs['a']),
            Writer(self.world, f'{seed}b', self.lines, 'b', LOGS['b'], f'50.2.{far}', logs['b']),
            Pardon(self.world, f'{seed}p', self.lines, 'p', LOGS['p'], f'50.3.{far}', logs['p'])]

    def strike(self):
        """Which system call it shall be, as the environment of fault.c: each in turn, and the
        first of them when it did not come to that many."""
        call, way = self.turn[0]
        late = self.random.randint(1, CALLS[call][0])
        return {'FAULT_CALL': call, 'FAULT_WAY': way, 'FAULT_AT': '1' if self.missed else str(late)}

    def struck_already(self):
        return os.path.getsize(self.struck) if os.path.exists(self.struck) else 0

    def refusal(self):
        return {'FAULT_CALL': self.random.choice(('*', 'pwrite:journal', 'fdatasync:journal')),
                'FAULT_WAY': self.random.choice(('5', '28')),  # EIO, ENOSPC
                'FAULT_AT': str(self.random.randint(1, 30)),
                'FAULT_COUNT': str(self.random.choice((1, 1, 3, 5)))}

    def preload(self, fault):
        if not fault:
            return {}
        return dict(fault, LD_PRELOAD=FAULTS, FAULT_DIR=self.world.state, FAULT_LOG=self.struck)

    def kill(self, how, worker, helper):
        """The end of a round in which no system call was the end."""
        if how == 'worker':
            restarts = self.world.status()['helper_restarts']
            os.kill(worker, signal.SIGKILL)
            until('the helper has another worker',
                  lambda: self.world.status()['helper_restarts'] > restarts)
            time.sleep(self.random.random() / 5)
        elif how == 'helper':
            os.kill(helper, signal.SIGKILL)
            until('the daemon ends with its helper', lambda: not self.world.alive())
        elif how == 'both':
            self.world.daemon.kill()
            os.kill(helper, signal.SIGKILL)
        self.world.stop(signal.SIGTERM if how == 'stop' else signal.SIGKILL)

    def processes(self):
        helper = self.world.status()['helper_pid']
        return int(sh('pgrep', '-P', str(helper)).stdout.split()[0]), helper

    def round(self, number):
        how = self.random.choice(HOWS)
        fault = self.strike() if how == 'call' else \
            self.refusal() if how == 'refusal' else None
        before = self.struck_already()
        hands, writers = self.actors(number, how == 'refusal')
        self.kinds[how] += 1
        self.plan = f'{how} {fault or ""}'
        if fault:
            self.world.stop(signal.SIGTERM)
            alive = self.world.start(self.preload(fault))
        else:
            alive = True
        if alive:
            self.act(how, hands, writers)
        self.world.stop()
        if how == 'call':
            self.missed = self.struck_already() == before
            self.turn.rotate(0 if self.missed else -1)
        self.come_back()
        if how != 'refusal':
            self.world.check_words()
        for writer in writers:
            writer.finish()
        self.hands.check(self.world.bans(), HAND_JAILS, number)
        self.check_counts(set().union(*(writer.used for writer in writers)), how == 'refusal')
        self.check_kernel()
        if how == 'refusal':
            self.world.stop()
            self.new_world()

    def act(self, how, hands, writers):
        try:
            worker, helper = self.processes()
        except (Gone, IndexError):
            return
        for actor in hands + writers:
            actor.start()
        if how == 'call':
            end = time.monotonic() + 3
            while self.world.alive() and time.monotonic() < end:
                time.sleep(0.01)
            how = 'stop'  # which writes a snapshot
        elif how == 'refusal':
            time.sleep(0.3 + self.random.random() * 2)
        else:
            time.sleep(0.02 + self.random.random() * 0.6)
        if self.world.alive():
            self.kill(how, worker, helper)
        for actor in hands + writers:
            actor.over.set()
        for actor in hands + writers:
            actor.join()
            self.deeds += actor.deeds
            if actor.wrong:
                raise actor.wrong

    def come_back(self):
        """Perhaps after a reboot, perhaps killed again on the way."""
        if self.random.random() < 0.25:
            wipe_kernel()
            their_rules()
            code, _, errors = self.world.command('restore')
            if code:
                raise Wrong(f'restore: {errors}')
        if self.random.random() < 0.3:
            self.world.start(self.preload({
                'FAULT_CALL': '*', 'FAULT_AT': str(self.random.randint(1, 6)),
                'FAULT_WAY': self.random.choice(('before', 'after'))}))
            self.world.stop()
        if not self.world.start():
            raise Wrong('the daemon does not start')

    def run(self):
        for number in range(self.rounds):
            self.random = random.Random(f'{self.seed} {self.number} {number}')
            if number % WORLD_ROUNDS == 0:
                self.finish_world()
                self.new_world()
            try:
                self.round(number)
            except Exception as error:  # pylint: disable=broad-except
                print(f'lane {self.number} failed', file=sys.stderr, flush=True)
                print(f'lane {self.number} round {number} ({self.plan}): '
                      f'{type(error).__name__}: {error}')
                for key in self.hands.told:
                    if key[1] in str(error):
                        print(f'  {key}: {self.hands.told[key][-8:]}')
                print('the daemon said:', *self.world.words().splitlines()[-15:], sep='\n  ')
                print(f'what it left is in {self.folder}')
                self.world.stop()
                return False
        self.finish_world()
        with open(self.struck, 'a+') as struck:
            struck.seek(0)
            self.hits.update(' '.join(line.split()[:2]) for line in struck)
        self.world.stop()
        shutil.rmtree(self.folder)
        return True

    def finish_world(self):
        """All lines of this world once more."""
        if self.world:
            self.check_counts({subject for _, subject in self.lines.numbers})
            self.world.stop()


def lane(seed, number, lanes, rounds):
    it = Lane(seed, number, lanes, rounds)
    good = it.run()
    for name, count in sorted(it.hits.items()):
        print(f'hit {count} {name}')
    for name, count in sorted(it.kinds.items()):
        print(f'kind {count} {name}')
    print(f'kind {it.deeds} deeds')
    return 0 if good else 1


def gather(outputs):
    """Adds the lanes' counts up."""
    total = {'hit': collections.Counter(), 'kind': collections.Counter()}
    for line in '\n'.join(outputs).splitlines():
        word, _, rest = line.partition(' ')
        if word in total:
            count, name = rest.split(' ', 1)
            total[word][name] += int(count)
        else:
            print(line)
    return total['hit'], total['kind']


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('-n', type=int, default=100, help='rounds')
    parser.add_argument('-j', type=int, default=4, help='lanes')
    parser.add_argument('-s', default=os.environ.get('SEED') or str(random.randrange(10**6)))
    parser.add_argument('--lane', type=int)
    args = parser.parse_args()
    if args.lane is not None:
        return lane(args.s, args.lane, args.j, args.n)
    print(f'SEED={args.s}', flush=True)
    lanes = [subprocess.Popen(['unshare', '-n', '-m', 'sh', '-c', 'ip link set lo up; exec "$@"',
                               'sh', sys.executable, __file__, '-s', args.s, '-n',
                               str(-(-args.n // args.j)), '-j', str(args.j), '--lane', str(number)],
                              stdout=subprocess.PIPE, text=True) for number in range(args.j)]
    outputs = [process.communicate()[0] for process in lanes]
    hits, kinds = gather(outputs)
    missed = [call for call in CALLS if not any(hit.startswith(call) for hit in hits)]
    print('killed in, or failed:', *(f'  {name}: {count}' for name, count in sorted(hits.items())),
          sep='\n')
    print('rounds:', ', '.join(f'{name} {count}' for name, count in sorted(kinds.items())))
    failed = sum(process.returncode != 0 for process in lanes)
    if missed and args.n >= 100:
        print('never killed in:', ', '.join(missed))
        failed = max(failed, 1)
    print(f'crash: {args.j - failed} lanes passed, {failed} failed; {args.n} rounds, '
          f'{kinds["deeds"]} deeds, SEED={args.s}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
