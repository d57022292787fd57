# SPDX-License-Identifier: GPL-2.0-or-later
"""What must be true: of bans by hand, the last that was acknowledged or what was asked since; of
lines, that each was counted once."""

import threading
import time

from world import LONGEST, Wrong

ABSENT = None
SOON = 8  # seconds: what ends within them may be there or not
SLACK = 2  # seconds: rounding, and what a set of someone else need not be mended for


class Deed:
    """A ban by hand: its number, which is also its reason, and when it ends."""

    def __init__(self, number, seconds):
        self.number = number
        self.seconds = seconds  # None: for ever
        self.since = time.time()
        self.until = None  # the latest it can end, once answered

    def answered(self):
        self.until = time.time()

    def over(self, now):
        """True, False, or None where nobody can tell."""
        if self.seconds is None:
            return False
        if now > (self.until or now) + self.seconds + SLACK:
            return True
        return False if now < self.since + self.seconds - SLACK else None

    def fits(self, ban):
        if ban['reason'] != f'deed {self.number}':
            return False
        if self.seconds is None:
            return ban['until'] is None
        return ban['until'] is not None and self.since - SLACK <= \
            ban['until'] - self.seconds <= (self.until or time.time()) + SLACK

    def __repr__(self):
        return f'deed {self.number} for {self.seconds} s'


class Hands:
    """Bans by hand: for each (jail, prefix) all that may be so."""

    def __init__(self):
        self.lock = threading.Lock()
        self.may = {}
        self.number = 0
        self.told = {}  # what happened to a key, for whom it fails
        # Asked for, never answered and not there after a crash: the kernel comes before the
        # disk, and in a set of someone else nobody knows whose entry it is.
        self.adrift = set()

    def next(self, seconds):
        with self.lock:
            self.number += 1
            return Deed(self.number, seconds)

    def begin(self, keys, state):
        with self.lock:
            for key in keys:
                self.may.setdefault(key, [ABSENT]).append(state)
                self.told.setdefault(key, []).append(f'asked {state}')

    def acknowledge(self, keys, state):
        with self.lock:
            for key in keys:
                self.may[key] = [state]
                if state is not ABSENT:
                    self.adrift.discard(key)
                self.told[key].append(f'acknowledged {state}')

    def check(self, bans, jails, round_):
        """What is listed becomes what is known."""
        now = time.time()
        for key, may in self.may.items():
            ban = bans.get(key)
            if not any(self.agrees(state, ban, now) for state in may):
                raise Wrong(f'{key}: listed {ban}, may be {may}')
            if ban is None and len(may) > 1:
                self.adrift.add(key)
            if len(may) > 1 or (ban is None and may != [ABSENT]):
                self.may[key] = [s for s in may if self.agrees(s, ban, now)][-1:]
                self.told[key].append(f'round {round_}: found {self.may[key]}')
        for key in bans:
            if key[0] in jails and key not in self.may:
                raise Wrong(f'{key} was never banned: {bans[key]}')

    @staticmethod
    def agrees(state, ban, now):
        if ban is None:
            return state is ABSENT or state.over(now) is not False
        return state is not ABSENT and state.fits(ban) and state.over(now) is not True


class Lines:
    """Lines written, by (jail, subject): how many there are and of which numbers."""

    def __init__(self):
        self.lock = threading.Lock()
        self.numbers = {}   # (jail, subject) -> the numbers of its lines
        self.cleared = {}   # -> of how many the count may begin anew, several when unsure
        self.last = 0

    def write(self, jails, subject):
        with self.lock:
            self.last += 1
            for jail in jails:
                self.numbers.setdefault((jail, subject), []).append(self.last)
            return self.last

    def unban(self, key, sure):
        """Whether the count began anew with all lines so far."""
        with self.lock:
            before = len(self.numbers[key])
            self.cleared[key] = {before} if sure else self.cleared.get(key, {0}) | {before}

    def may(self, key):
        with self.lock:
            return {len(self.numbers.get(key, ())) - n for n in self.cleared.get(key, {0})}

    def check(self, subject, why, jails, lenient):
        """`why` is the answer of that command about the subject. Lenient: where the disk
        refused and the daemon died before a new snapshot, bans are kept and lines read again:
        they may count twice, and are not lost."""
        for jail in jails:
            key = (jail, subject)
            counted = sum(b['count'] for b in why['bans'] if b['jail'] == jail) + \
                sum(c['count'] for c in why['counts'] if c['jail'] == jail)
            seen = [int(line['line'].rsplit('=', 1)[1]) for line in why['lines']
                    if line['jail'] == jail]
            want = self.numbers.get(key, [])
            if lenient and set(seen) == set(want) and counted >= min(self.may(key)):
                continue
            if sorted(seen) != want:
                lost, more = sorted(set(want) - set(seen)), sorted(
                    n for n in set(seen) if seen.count(n) > want.count(n))
                raise Wrong(f'{key}: of {len(want)} lines {lost} are not counted, '
                            f'{more} too often (count {counted})')
            if counted not in self.may(key):
                raise Wrong(f'{key}: {counted} counted of {want}, should be {self.may(key)}')


def compare_kernel(held, bans, targets, hold, begun):
    """`targets`: name -> jails. Their bans and nothing else are held, for as long as they last."""
    now = time.time()
    for name, jails in targets.items():
        wanted = {}
        for (jail, prefix), ban in bans.items():
            if jail in jails:
                end = ban['until'] or float('inf')
                wanted[prefix] = max(end, wanted.get(prefix, 0))
        for prefix, end in wanted.items():
            if prefix not in held[name]:
                if end > begun + SOON:
                    raise Wrong(f'{name} lacks {prefix}, which has {end - now:.0f} s left')
                continue
            left = held[name][prefix]
            if left is None:
                if end != float('inf') and name != 'route':
                    raise Wrong(f'{name} holds {prefix} for ever, not for {end - now:.0f} s')
            elif left > end - begun + 2 * SLACK or left < min(end - now - 2 * SLACK, LONGEST - 600):
                raise Wrong(f'{name} holds {prefix} for {left} s, not {end - now:.0f}')
        for prefix, left in held[name].items():
            ends = left is not None and left <= 2 * SLACK
            if prefix not in wanted and prefix not in hold and not ends:
                raise Wrong(f'{name} holds {prefix}, which nobody banned')
