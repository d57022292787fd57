# SPDX-License-Identifier: GPL-2.0-or-later
"""The two halves: what happens when one of them, or the daemon, ends."""

import signal
import threading

from client import *


def alive(pid):
    try:
        return 'Z' not in open(f'/proc/{pid}/stat').read().rsplit(')')[1][:3]
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone(*pids):
    end = time.monotonic() + 40
    while any(alive(p) for p in pids):
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def usage():
    run = lambda *a, **k: subprocess.run([PROGRAM, *a], capture_output=True, text=True, **k)
    done = run()
    check('without a socketpair it says what is missing',
          done.returncode == 2 and 'descriptor 3' in done.stderr, done)
    check('--version', run('--version').stdout.startswith('banish-netlink '))
    check('-h', run('-h').returncode == 0 and 'usage' in run('-h').stdout)
    check('an unknown option', run('--frob').returncode == 2)


def privileges(h):
    for pid in (h.process.pid, h.worker()):
        status = open(f'/proc/{pid}/status').read()
        caps = {line.split(':')[0]: line.split()[1] for line in status.splitlines()
                if line.startswith(('Cap', 'NoNewPrivs'))}
        equal('CAP_NET_ADMIN and nothing else', (caps['CapEff'], caps['CapPrm'], caps['CapInh'],
                                                 caps['CapAmb'], caps['NoNewPrivs']),
              ('0000000000001000', '0000000000001000', '0' * 16, '0' * 16, '1'))
        equal('nor in the bounding set', caps['CapBnd'], '0' * 16)
    kinds = [os.readlink(f'/proc/{h.worker()}/fd/{fd}').split(':')[0]
             for fd in os.listdir(f'/proc/{h.worker()}/fd') if int(fd) > 2]
    check('sockets and nothing else is open in the worker', set(kinds) == {'socket'}, kinds)


def idle(h):
    def switches():
        return sum(int(line.split()[1]) for pid in (h.process.pid, h.worker())
                   for line in open(f'/proc/{pid}/status') if 'ctxt_switches' in line)
    # They may have something to end first, and be made to wait in that.
    for _ in range(20):
        before = switches()
        time.sleep(0.5)
        if switches() - before <= 2:
            break
    check('both sleep when there is nothing to do', switches() - before <= 2)


def flusher(stop, seen):
    while not stop.is_set():
        status('nft flush ruleset')
        seen.append(1)


def kills(h):
    h.define(kind='nft')
    h.change(change(ADD, '192.0.2.1'))
    stop, seen = threading.Event(), []
    thread = threading.Thread(target=flusher, args=(stop, seen))
    if not OLD:
        thread.start()
    for i in range(20):
        worker = h.worker()
        os.kill(worker, signal.SIGKILL)
        h.raw(HEAD.pack(VERSION, FORGET, 0, 0, 0, 0, 999, 0))  # for whoever reads it
        h.greet()
        d = h.define(kind='nft')
        if d.error or d.created or h.worker() == worker:
            check('a new worker takes over', False, vars(d))
            break
    else:
        check('a new worker takes over, twenty times', True)
    stop.set()
    if not OLD:
        thread.join()
        check(f'the table was never without its owner ({len(seen)} flushes beside it)',
              '192.0.2.1' in nft_set('ban4'))
    equal('and works', h.change(change(ADD, '192.0.2.2')), [0])


def unanswered():
    h = Helper()
    h.define(kind='nft')
    os.kill(h.worker(), signal.SIGKILL)
    for _ in range(5):
        h.send(CHANGE, 0, [change(ADD, '192.0.2.3')])
    hello = h.receive()
    equal('hello comes first', hello.kind, HELLO)
    h.send(HELLO)
    d = h.define(kind='nft')
    equal('what was sent before is not answered', d.error, 0)
    h.close()


def signals(h):
    for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(h.process.pid, s)
        os.kill(h.worker(), s)
    time.sleep(0.1)
    check('signals to the group end nobody', alive(h.process.pid) and h.worker())


def ends():
    h = Helper()
    pids = h.process.pid, h.worker()
    equal('the socketpair closes: it ends well', h.close(), 0)
    check('both halves', gone(*pids))
    h = Helper()
    h.own()  # it has read what was sent to it
    pids = h.process.pid, h.worker()
    h.process.kill()
    h.process.wait()
    check('the parent is killed: the worker ends', gone(*pids))
    check('and the other side is told', h.end.recv(10) == b'')
    h.end.close()
    h = Helper(greet=False)
    worker = h.worker()
    h.end.close()
    h.process.wait(60)
    check('also before a hello', gone(worker))
    h = Helper()
    os.kill(h.worker(), signal.SIGSTOP)
    worker = h.worker()
    start = time.monotonic()
    h.close()
    check('a worker that hangs is ended', gone(worker) and time.monotonic() - start < 60)


def run():
    usage()
    h = Helper()
    privileges(h)
    idle(h)
    kills(h)
    signals(h)
    h.close()
    unanswered()
    ends()
    sh('nft delete table inet banish', fails=True)
