# SPDX-License-Identifier: GPL-2.0-or-later
"""Those who ask for bans and who write lines, each a thread, until the daemon is gone."""

import ipaddress
import os
import random
import threading
import time

from model import ABSENT
from world import Gone, Wrong

NO_PROCESS = 2**31 - 1  # a number that none has
HAND_JAILS = ('manual', 'a', 'b')
# Longer than 2147483 s is clamped by the kernel and armed again by the daemon.
TIMES = {'forever': None, '1h': 3600, '2d': 172800, '60d': 5184000, '1s': 1, '3s': 3}


class Actor(threading.Thread):
    """Acts until told to stop; an exception ends it and is kept."""

    def __init__(self, world, seed):
        super().__init__(daemon=True)
        self.world = world
        self.random = random.Random(seed)
        self.over = threading.Event()
        self.wrong = None
        self.deeds = 0

    def run(self):
        try:
            while not self.over.is_set():
                self.act()
                self.deeds += 1
        except Gone:
            pass
        except Exception as error:  # pylint: disable=broad-except
            self.wrong = error

    def act(self):
        raise NotImplementedError


class Hand(Actor):
    """A person who bans and unbans, in addresses that are this one's alone."""

    def __init__(self, world, seed, hands, number, lenient):
        super().__init__(world, seed)
        self.hands = hands
        self.lenient = lenient  # the disk may refuse
        self.narrow = [f'20.{number}.0.{i}/32' for i in range(1, 25)] + \
            [f'2001:db8:{number}:{i:x}::/64' for i in range(1, 9)]
        self.wide = [f'30.{number}.{i}.0/24' for i in range(6)] + \
            [f'2001:db8:{number + 4096:x}:{i:x}::1/128' for i in range(1, 5)] + \
            [f'2001:db8:{number + 8192:x}::/48']

    def ask(self, verb, *args, **options):
        if self.random.random() < 0.05:
            words = [word for name, value in options.items() for word in (f'--{name}', value)]
            return self.world.command(verb, *words, *args)
        return self.world.ask(verb, *args, **options)

    def act(self):
        jail = self.random.choice(HAND_JAILS)
        # The sets of b take single addresses and /64 alone.
        pool = self.narrow if jail == 'b' else self.narrow + self.wide
        prefixes = self.random.sample(pool, self.random.choice((1, 1, 1, 2, 6)))
        if self.random.random() < 0.6:
            self.ban(jail, prefixes)
        else:
            self.unban(jail if self.random.random() < 0.5 else None, prefixes)
        if self.random.random() < 0.2:
            time.sleep(self.random.random() / 50)

    def ban(self, jail, prefixes):
        name = self.random.choice(list(TIMES))
        deed = self.hands.next(TIMES[name])
        keys = [(jail, prefix) for prefix in prefixes]
        options = {'for': name, 'reason': f'deed {deed.number}', 'jail': jail}
        self.hands.begin(keys, deed)
        code, _, errors = self.ask('ban', *prefixes, **options)
        deed.answered()
        self.answered(code, errors, keys, deed)

    def unban(self, jail, prefixes):
        keys = [(j, prefix) for prefix in prefixes for j in HAND_JAILS if jail in (None, j)
                and (j, prefix) in self.hands.may]
        self.hands.begin(keys, ABSENT)
        code, _, errors = self.ask('unban', *prefixes, **({'jail': jail} if jail else {}))
        if code and all('not banned' in error for error in errors):
            code = 0
        self.answered(code, errors, keys, ABSENT)

    def answered(self, code, errors, keys, state):
        if not code:
            self.hands.acknowledge(keys, state)
        elif not (self.lenient and any('not durable' in error for error in errors)):
            raise Wrong(f'refused: {keys} {state}: {errors}')


class Writer(Actor):
    """A server that logs failures, each a line with a number of its own. Some do not say whose
    they are: a later line does."""

    def __init__(self, world, seed, lines, number, jails, prefix4, prefix6):
        super().__init__(world, seed)
        self.lines = lines
        self.jails = jails  # who reads the log
        self.path = os.path.join(world.folder, f'{number}.log')
        self.subjects = [f'{prefix4}.{i}/32' for i in range(1, 13)] + \
            [f'{prefix6}:{i:x}::/64' for i in range(1, 4)]
        self.used = set()
        self.untold = []  # lines that tell whose others are
        self.rest = b''  # of a line whose half is written

    def line(self, subject):
        self.used.add(subject)
        number = self.lines.write(self.jails, subject)
        net = ipaddress.ip_network(subject)
        address = net[self.random.randrange(1, 1 << 40)] if net.version == 6 else net[0]
        now = time.strftime('%Y-%m-%d %H:%M:%S')
        if self.random.random() < 0.7:
            return f'{now} app: bad login from {address} n={number}\n'
        message = f'{now} app[{NO_PROCESS}]: m{number}:'
        self.untold.append(f'{message} from {address}\n')
        return f'{message} bad login n={number}\n'

    def tell(self):
        told, self.untold = self.untold, []
        return ''.join(told)

    def write(self, text):
        """At times the end of the last line waits for the next write."""
        data = self.rest + text.encode()
        keep = self.random.randrange(1, 20) if self.random.random() < 0.2 else 0
        self.rest = data[-keep:] if keep else b''
        with open(self.path, 'ab') as log:
            log.write(data[:-keep] if keep else data)

    def act(self):
        count = self.random.choice((1, 2, 5, 20))
        told = self.tell() if self.random.random() < 0.5 else ''
        self.write(''.join(self.line(self.random.choice(self.subjects)) for _ in range(count)) +
                   told)
        time.sleep(self.random.random() / 20)

    def finish(self):
        end = self.rest + self.tell().encode()
        self.rest = b''
        if end:
            with open(self.path, 'ab') as log:
                log.write(end)


class Pardon(Writer):
    """Three lines lead to a ban, which a person undoes as soon as it is there."""

    def act(self):
        if not self.subjects:
            time.sleep(0.02)
            return
        subject = self.subjects.pop()
        self.write(''.join(self.line(subject) for _ in range(3)))
        self.finish()
        while not self.over.is_set():
            if any(ban['jail'] == 'c' for ban in self.world.json('why', subject)[0]['bans']):
                break
            time.sleep(0.002)
        else:
            return
        key = ('c', subject)
        self.lines.unban(key, False)
        code, _, errors = self.world.ask('unban', subject, jail='c')
        if not code:
            self.lines.unban(key, True)
        elif not any('not durable' in error for error in errors):
            raise Wrong(f'refused: unban {subject}: {errors}')
