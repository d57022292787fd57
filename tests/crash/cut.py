#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
A machine with Debian's kernel whose power is cut while bans flow: after the next boot all that
was acknowledged is in the kernel and in the list, nothing that was unbanned, and every line that
the disk still has was counted once.

    cut.py [-n ROUNDS] [-s SEED] [--lie]

--lie: in the last round nothing that the daemon syncs is put on the disk. Losses must be found.
"""

import argparse
import collections
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from disk import Disk
from model import ABSENT, Deed, Hands
from world import BUILD, PATIENCE, TOP, Wrong, complaints_in, ipset, network, nft, sh, until

SIZE = 64 << 20
JAIL = 'manual'


def build_image(folder):
    """The machine's initial file system and its kernel."""
    image = os.path.join(folder, 'initramfs')
    # The same paths there, where /tmp and /run are empty.
    programs = [shutil.copy(os.path.join(BUILD, 'crash', name), folder)
                for name in ('banish', 'banish-netlink', 'guest', 'fault.so')]
    done = sh(os.path.join(TOP, 'tests/qemu/boot.sh'), '-o', image,
              os.path.join(TOP, 'tests/crash/guest.sh'), *programs,
              *(shutil.which(name) for name in ('nft', 'ipset', 'ip')))
    if done.returncode:
        raise Wrong(f'no image: {done.stdout}{done.stderr}')
    return image


class Machine:
    """One boot, from power on to power off."""

    def __init__(self, folder, image, disk, words):
        self.told = os.path.join(folder, 'told')
        self.console = os.path.join(folder, 'console')
        for path in self.told, self.console:
            with open(path, 'w'):
                pass
        self.qemu = subprocess.Popen(
            ['qemu-system-x86_64', '-accel', 'tcg,thread=multi', '-m', '512', '-smp', '1',
             '-nodefaults', '-no-reboot', '-display', 'none', '-kernel', image + '.kernel',
             '-initrd', image, '-append',
             f'console=ttyS0 quiet panic=-1 loglevel=3 no_timer_check {words}',
             '-serial', f'file:{self.console}',
             '-device', 'virtio-serial', '-chardev', f'file,id=told,path={self.told}',
             '-device', 'virtserialport,chardev=told',
             '-drive', f'file=nbd+unix:///?socket={disk},format=raw,if=virtio,cache=writeback'],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def lines(self):
        with open(self.told, errors='replace') as told:
            return told.read().split('\n')[:-1]

    def ready(self):
        """What was told until bans began to flow."""
        def told():
            lines = self.lines()
            if 'lost' in lines or self.qemu.poll() is not None:
                raise Wrong(f'the machine gave up: {lines[-20:]} {self.last_words()}')
            return lines if 'begin' in lines else None
        lines = until('the machine is up', told, 3 * PATIENCE)
        return lines[:lines.index('begin')]

    def last_words(self):
        with open(self.console, errors='replace') as console:
            return console.read()[-2000:]

    def cut(self):
        """What was told since."""
        self.qemu.send_signal(signal.SIGKILL)
        self.qemu.wait()
        lines = self.lines()
        return lines[lines.index('begin') + 1:]


def told(lines, word):
    return [line[len(word) + 1:] for line in lines if line.startswith(word + ' ')]


class Story:
    """What is known of one disk."""

    def __init__(self):
        self.hands = Hands()
        self.acknowledged = self.lines_counted = 0

    def hear(self, lines):
        """Of a round that is over. The answer of some was under way when the power went."""
        asked = {}
        for line in lines:
            words = line.split()
            if words[0] == 'ask':
                keys = [(JAIL, network(*prefix.split('/'))) for prefix in words[4:]]
                state = ABSENT
                if words[2] == 'ban':
                    state = Deed(words[1], int(words[3]) or None)
                    # Heard late, and an emulated clock goes as the machine lets it.
                    state.since -= PATIENCE
                    state.until = time.time() + PATIENCE
                self.hands.begin(keys, state)
                asked[words[1]] = keys, state
            elif words[0] == 'ack':
                keys, state = asked[words[1]]
                if words[2] not in ('0', '1' if state is ABSENT else '0'):
                    raise Wrong(f'refused: {line}')
                self.hands.acknowledge(keys, state)
                self.acknowledged += 1
            else:
                raise Wrong(f'heard: {line}')

    def check(self, lines, round_):
        """Of a boot."""
        complaints = complaints_in(told(lines, 'daemon') + told(lines, 'restore'))
        if complaints:
            raise Wrong(f'of its state banish says: {complaints[:3]}')
        bans = [json.loads(line) for line in told(lines, 'ban')]
        listed = {(ban['jail'], network(ban['ip'], ban['prefixlen'])): ban for ban in bans}
        self.check_kernel(lines, listed)
        self.hands.check(listed, (JAIL,), round_)
        self.check_lines(lines)

    @staticmethod
    def check_kernel(lines, listed):
        """What `restore` put there is what the daemon lists a moment later."""
        held = {'nft': nft(text=''.join(told(lines, 'nft'))),
                'ipset': ipset('bl', 'bl6', 'bl-net', 'bl6-net',
                               text='\n'.join(told(lines, 'ipset')))}
        held['route'] = {}
        for line in told(lines, 'route'):
            address, _, length = line.split()[1].partition('/')
            held['route'][network(address, length or (128 if ':' in address else 32))] = None
        wanted = {prefix for jail, prefix in listed if jail == JAIL}
        for name, entries in held.items():
            if set(entries) != wanted:
                raise Wrong(f'after restore {name} lacks {wanted - set(entries)} and holds '
                            f'{set(entries) - wanted} too many')

    def check_lines(self, lines):
        """A line that was counted may be gone from the log; one that is there counts once."""
        number = re.compile(r'bad login from (\S+) n=(\d+)$')
        there = collections.Counter(line for line in told(lines, 'log') if number.search(line))
        counted = collections.Counter(
            line['line'] for line in json.loads(told(lines, 'why')[0])['lines'])
        for line, count in counted.items():
            if count != 1:
                raise Wrong(f'counted {count} times: {line}')
        lost = [line for line in there if line not in counted]
        if lost:
            raise Wrong(f'{len(lost)} lines are not counted: {lost[:3]}')
        self.lines_counted = len(counted)
        seen = collections.Counter(number.search(line)[1] for line in counted)
        for text in told(lines, 'count'):
            why = json.loads(text)
            count = sum(entry['count'] for entry in why['bans'] + why['counts'])
            if count != seen[why['ip'].partition('/')[0]]:
                raise Wrong(f'{why["ip"]}: counted {count}, lines {seen[why["ip"]]}')


class Cuts:
    """A disk, and the rounds on it."""

    def __init__(self, seed, folder):
        self.random = random.Random(seed)
        self.folder = folder
        self.image = build_image(folder)
        self.file = os.path.join(folder, 'disk')
        self.socket = os.path.join(folder, 'nbd')
        self.story = Story()
        self.boots = 0
        with open(self.file, 'wb') as out:
            out.truncate(SIZE)
        done = sh('mkfs.ext4', '-q', '-F', self.file)
        if done.returncode:
            raise Wrong(done.stderr)
        self.disk = Disk(self.file, self.socket)

    def boot(self, lie):
        """Up, compared, and bans flow."""
        self.boots += 1
        words = f'round={self.boots} build={self.folder}' + ' lie=1' * lie
        machine = Machine(self.folder, self.image, self.socket, words)
        try:
            lines = machine.ready()
            self.story.check(lines, self.boots)
        except BaseException:
            machine.qemu.kill()
            machine.qemu.wait()
            raise
        return machine

    def round(self, lie=False):
        started = time.monotonic()
        machine = self.boot(lie)
        up = time.monotonic() - started
        if lie:
            until('something is acknowledged that will be lost',
                  lambda: len(told(machine.lines(), 'ack')) > 5)
        time.sleep(0.2 + self.random.random() * 2.5)
        heard = machine.cut()
        keep = self.random.choice((0, 0.3, 0.7, 1))
        kept, lost = self.disk.cut(self.random, 0 if lie else keep)
        self.story.hear(heard)
        print(f'round {self.boots}: up after {up:.1f} s, '
              f'{sum(line.startswith("ack") for line in heard)} acknowledged, '
              f'{len(self.story.hands.may)} keys, {self.story.lines_counted} lines counted, '
              f'{lost} of {kept + lost} unflushed sectors lost', flush=True)

    def last(self):
        machine = self.boot(False)
        machine.cut()


def run(args, folder):
    cuts = Cuts(args.s, folder)
    for _ in range(args.n):
        cuts.round()
    if args.lie:
        cuts.round(lie=True)
        try:
            cuts.last()
        except Wrong as error:
            print(f'losses are found: {str(error)[:200]}')
        else:
            raise Wrong('a daemon that syncs nothing passes')
    else:
        cuts.last()
    print(f'cut: {args.n} rounds passed, 0 failed; {cuts.story.acknowledged} acknowledged, '
          f'SEED={args.s}')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('-n', type=int, default=3, help='rounds')
    parser.add_argument('-s', default=os.environ.get('SEED') or str(random.randrange(10**6)))
    parser.add_argument('--lie', action='store_true')
    args = parser.parse_args()
    print(f'SEED={args.s}', flush=True)
    folder = tempfile.mkdtemp(prefix='banish-cut.', dir='/var/tmp')
    try:
        run(args, folder)
    except Wrong as error:
        print(f'cut: FAILED with SEED={args.s}: {error}\nwhat is left is in {folder}')
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == '__main__':
    sys.exit(main())
