#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
A log that is rotated in every way while 50,000 lines a second are written to it, and a daemon
that is killed and stopped meanwhile: every offending line is counted once.

    storm.py [-t SECONDS] [-s SEED]

What a rotation loses by its nature (a log that is deleted or cut before it was read) is waited
for. The second half has a log that is a symbolic link to the one of now.
"""

import argparse
import collections
import gzip
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from world import BUILD, Gone, World, Wrong, until

RATE = 50000    # lines a second
BATCH = 200
OFFENDING = 20  # one line in so many
ADDRESSES = 60
KEEP = 30       # rotated files
UNREAD = 12     # rotations after which what was written is waited for
CONF = '''
[DEFAULT]
filter = {T}/filter.conf
findtime = 1d
bantime = 2h
target = null
[app]
logpath = {T}/log
maxretry = 3
'''


class Storm:
    """The writer, which is also who rotates."""

    def __init__(self, seed, seconds, links, folder):
        self.random = random.Random(f'{seed} {links}')
        self.seconds = seconds
        self.links = links
        self.world = World(folder, CONF.format(T=folder), os.path.join(BUILD, 'crash', 'banish'))
        self.path = os.path.join(folder, 'log')
        self.name = self.path  # of the file that is written
        self.written = collections.Counter()
        self.lines = self.waits = self.targets = self.unread = 0
        self.rotations = collections.Counter()
        self.restarts = collections.Counter()
        self.over = threading.Event()
        self.wrong = None
        if links:
            self.name = self.next_target()
            os.symlink(self.name, self.path)
        self.log = self.open()

    def next_target(self):
        self.targets += 1
        return f'{self.path}-{self.targets:08d}'

    def open(self):
        return os.open(self.name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def reopen(self):
        os.close(self.log)
        self.log = self.open()

    # ---- lines ----

    def line(self, address):
        self.written[address] += 1
        return f'{self.stamp} app: bad login from {address} n={self.lines}\n'

    def write(self, count):
        self.stamp = time.strftime('%Y-%m-%d %H:%M:%S')
        text = []
        for _ in range(count):
            self.lines += 1
            if self.random.randrange(OFFENDING):
                text.append(f'{self.stamp} app: good login from 10.0.0.1 n={self.lines}\n')
            else:
                text.append(self.line(f'50.0.0.{self.random.randrange(ADDRESSES)}'))
        os.write(self.log, ''.join(text).encode())

    def counted(self, address):
        """Offences in bans and before the next."""
        why = self.world.json('why', address)[0]
        return sum(entry['count'] for entry in why['bans'] + why['counts'])

    def settle(self):
        """All that was written is counted, and that is durable."""
        self.waits += 1
        address = f'51.{self.waits >> 16 & 255}.{self.waits >> 8 & 255}.{self.waits & 255}'
        self.stamp = time.strftime('%Y-%m-%d %H:%M:%S')
        os.write(self.log, self.line(address).encode())

        def done():
            try:
                return self.counted(address) and not self.world.ask('ban', '60.0.0.1')[0]
            except Gone:
                return False
        until(f'{address} is counted', done)
        self.unread = 0

    # ---- rotations, each as it is done in the field ----

    def shift(self):
        """log.1 to log.2 and so on. The older ones are compressed."""
        for number in range(KEEP, 0, -1):
            for end in '', '.gz':
                if os.path.exists(f'{self.name}.{number}{end}'):
                    os.rename(f'{self.name}.{number}{end}', f'{self.name}.{number + 1}{end}')
        old = f'{self.name}.{UNREAD + 4}'
        if os.path.exists(old):
            with open(old, 'rb') as plain, gzip.open(old + '.gz', 'wb', 1) as packed:
                shutil.copyfileobj(plain, packed)
            os.unlink(old)

    def rename_create(self):
        self.shift()
        os.rename(self.name, self.name + '.1')
        self.reopen()

    def rename_create_late(self):
        """logrotate's "create": the server goes on with the old file until it is told."""
        self.shift()
        os.rename(self.name, self.name + '.1')
        os.close(self.open())
        self.write(self.random.randrange(BATCH))
        self.reopen()

    def rename_late(self):
        self.shift()
        os.rename(self.name, self.name + '.1')
        self.write(self.random.randrange(BATCH))
        self.reopen()

    def copy_truncate(self):
        self.shift()
        shutil.copyfile(self.name, self.name + '.1')
        os.truncate(self.name, 0)
        if self.links:  # who is elsewhere when it looks for the copy does not know its name
            self.settle()

    def delete_create(self):
        self.settle()
        os.unlink(self.name)
        self.reopen()
        self.settle()

    def cut(self):
        self.settle()
        os.truncate(self.name, 0)
        self.settle()

    def move_link(self):
        target = self.next_target()
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT, 0o644))
        os.symlink(target, self.path + '.new')
        os.rename(self.path + '.new', self.path)
        self.write(self.random.randrange(BATCH))
        self.name = target
        self.reopen()

    def rotate(self):
        ways = (self.move_link, self.copy_truncate, self.cut) if self.links else (
            self.rename_create, self.rename_create_late, self.rename_late, self.copy_truncate,
            self.delete_create, self.cut)
        way = self.random.choice(ways)
        way()
        self.rotations[way.__name__] += 1
        self.unread += 1
        if self.unread >= UNREAD:
            self.settle()

    # ---- the whole ----

    def restart(self):
        """The thread that ends the daemon at any time."""
        dice = random.Random(self.random.random())
        try:
            while not self.over.wait(0.2 + dice.random()):
                number = dice.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM))
                self.world.stop(number)
                self.restarts[signal.Signals(number).name] += 1
                time.sleep(dice.choice((0, 0.05, 0.3)))
                if not self.world.start():
                    raise Wrong('the daemon does not start')
        except Exception as error:  # pylint: disable=broad-except
            self.wrong = error

    def blow(self):
        start = time.monotonic()
        while time.monotonic() - start < self.seconds and not self.wrong:
            self.write(self.random.randrange(1, BATCH))
            if self.random.random() < 0.02:
                self.rotate()
            ahead = self.lines / RATE - (time.monotonic() - start)
            if ahead > 0.005:
                time.sleep(ahead)

    def run(self):
        self.world.start()
        self.settle()  # of a log that was never read, nobody knows what was rotated away
        restarter = threading.Thread(target=self.restart, daemon=True)
        restarter.start()
        start = time.monotonic()
        try:
            self.blow()
        finally:
            self.over.set()
            restarter.join()
        if self.wrong:
            raise self.wrong
        took = time.monotonic() - start
        self.settle()
        counted = {address: self.counted(address) for address in self.written}
        self.world.stop(signal.SIGTERM)
        print(f'{"links" if self.links else "files"}: {self.lines} lines, {self.lines / took:.0f} '
              f'a second, {sum(self.written.values())} offending; {dict(self.rotations)}; '
              f'{dict(self.restarts)}', flush=True)
        wrong = {address: (count, self.written[address]) for address, count in counted.items()
                 if count != self.written[address]}
        if wrong:
            lost = sum(max(0, wrote - count) for count, wrote in wrong.values())
            twice = sum(max(0, count - wrote) for count, wrote in wrong.values())
            raise Wrong(f'{lost} lines are not counted, {twice} twice: {list(wrong.items())[:5]}')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('-t', type=float, default=20, help='seconds')
    parser.add_argument('-s', default=os.environ.get('SEED') or str(random.randrange(10**6)))
    args = parser.parse_args()
    if not os.environ.get('IN_STORM'):
        os.environ['IN_STORM'] = 'yes'
        print(f'SEED={args.s}', flush=True)
        return subprocess.call(['unshare', '-n', sys.executable, __file__, '-t', str(args.t), '-s',
                                args.s])
    folder = tempfile.mkdtemp(prefix='banish-storm.')
    try:
        for links in False, True:
            storm = Storm(args.s, args.t / 2, links, os.path.join(folder, f'{links}'))
            storm.run()
    except Wrong as error:
        print(f'storm: FAILED with SEED={args.s}: {error}\nwhat is left is in {folder}')
        storm.world.stop()
        return 1
    shutil.rmtree(folder)
    print(f'storm: 2 passed, 0 failed, SEED={args.s}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
