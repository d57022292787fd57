# SPDX-License-Identifier: GPL-2.0-or-later
"""The worker is killed again and again under a flood of changes, while somebody flushes all tables
in a loop: KILLS (20) says how often. This is the daemon: what it wants is there in the end."""

import random
import signal
import threading

from client import *

KILLS = int(os.environ.get('KILLS', 20))
POOL = 5000


class Restarted(Exception):
    pass


class Daemon(Helper):
    def __init__(self):
        self.known = False
        super().__init__()
        self.known = True
        self.wanted = set()
        self.pool = addresses(POOL)
        self.made = self.unowned = self.restarts = self.repairs = 0

    def receive(self):
        packet = super().receive()
        if packet.kind == HELLO and self.known:
            raise Restarted
        return packet

    def ask(self, *args, **more):
        serial = self.send(*args, **more)
        while True:
            packet = self.receive()
            if packet.kind == EVENT:
                self.told.append(event_of(packet))
            elif packet.serial == serial:
                return [packet]

    def sync(self):
        records = [change(FILL, p) for p in self.wanted]
        errors = {self.refill(BEGIN)}
        for i in range(0, len(records), 1000):
            errors |= set(self.change(*records[i:i + 1000]))
        errors.add(self.refill(COMMIT))
        return errors

    def recover(self):
        """After a hello. It is killed in the middle of this, too."""
        while True:
            try:
                self.send(HELLO)
                d = self.define(kind='nft')
                self.made += d.created
                self.unowned += not d.owned or d.error != 0
                if d.error and OLD:  # flushed in the middle
                    continue
                self.told.clear()
                errors = self.sync()
                if OLD and errors & {-2, -22}:  # flushed meanwhile: an event says so
                    continue
                if errors != {0}:
                    check('filled after a restart', False, errors)
                return
            except Restarted:
                self.restarts += 1

    def step(self):
        """Some changes; what they leave open is made good by what follows."""
        some = random.sample(self.pool, 300)
        adds, dels = some[:200], some[200:]
        self.wanted |= set(adds)
        self.wanted -= set(dels)
        results = self.change(*[change(ADD, p) for p in adds], *[change(DEL, p) for p in dels])
        if self.told or set(results) != {0}:
            self.told.clear()
            self.repairs += 1
            self.sync()


def flush(stop, seen):
    while not stop.is_set():
        status('nft flush ruleset')
        seen.append(1)


def kill(daemon, stop):
    """When it has said hello, and lived long enough not to be taken for one that cannot live."""
    last, end = None, time.monotonic() + 60 + KILLS
    for i in range(KILLS):
        worker = last
        while (worker in (None, last) or daemon.restarts < i) and time.monotonic() < end:
            time.sleep(0.005)
            worker = daemon.worker()
        time.sleep(random.uniform(0.025, 0.06))
        os.kill(worker, signal.SIGKILL)
        last = worker
    while daemon.restarts < KILLS and time.monotonic() < end:
        time.sleep(0.005)
    stop.set()


def run():
    daemon = Daemon()
    daemon.define(kind='nft')
    stop, done, flushes = threading.Event(), threading.Event(), []
    threads = [threading.Thread(target=flush, args=(stop, flushes)),
               threading.Thread(target=kill, args=(daemon, done))]
    for thread in threads:
        thread.start()
    steps = 0
    while not done.is_set():
        try:
            daemon.step()
            steps += 1
        except Restarted:
            daemon.restarts += 1
            daemon.recover()
    stop.set()
    for thread in threads:
        thread.join()
    try:
        while daemon.happens(0.3):
            pass
        daemon.step()
    except Restarted:
        daemon.restarts += 1
        daemon.recover()
    print(f'     {daemon.restarts} restarts, {len(flushes)} flushes, {steps} batches, '
          f'{daemon.repairs} repairs')
    equal('a new worker each time', daemon.restarts, KILLS)
    if not OLD:
        equal('the table was never without its owner, and never made anew',
              (daemon.unowned, daemon.made, daemon.repairs), (0, 0, 0))
    unprefixed = {unprefix(p)[:-3] for p in daemon.wanted}
    held = nft_set('ban4') or nft_set('ban4b') or {}
    equal('nothing is missing and nothing too much',
          (len(unprefixed - set(held)), len(set(held) - unprefixed)), (0, 0))
    equal('one set of each family', len(nft_sets()), 2)
    daemon.close()
    sh('nft delete table inet banish', fails=True)
