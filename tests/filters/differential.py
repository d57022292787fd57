#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0-or-later
"""What fail2ban's own code finds in a line, and what we find. Every filter is run over every line
of all sample logs and a random mutation of each, and with every set of options over the lines
meant for it and many mutations of those: each line alone, with nothing known of those before
it. Then the lines meant for it come together in random order, as from a few connections.

usage: differential.py EACH [--mutations NUMBER] [--seed NUMBER] [--filter NAME]

EACH is the program made of each.c; `--mutations` is how many there are of each line that is
meant for a filter."""

import argparse
import collections
import concurrent.futures
import ipaddress
import os
import random
import re
import signal
import subprocess
import sys

import peer
import samples

SHOWN = 3  # differences of one filter
RUN = 400  # lines that come together: fail2ban remembers no more than 100 connections
MIXED = 20  # such runs are as many as mutations are asked for, divided by this
PATIENCE = 1  # second of the processor: some filters take hours for a line that a mutation made
LAST_TIME = 253402300799000  # the year 9999

# What logs hold that regular expressions and dates trip over: white space of ASCII and of
# Unicode, letters beyond ASCII, bytes that are no UTF-8, quotes, addresses. Not the Turkish
# letters U+0130 and U+0131, which Python takes for an "i" where case does not count and PCRE2
# does not; nor digits beyond ASCII, which Python reads in dates.
ODD = [text.encode() for text in (
    ' ', '  ', '\t', '\r', '\v', '\f', '\x1c', '\x1d', '\x1f', '\x85', '\xa0', '\u2028',
    '\u180e', '\u200b', '\ufeff', '\ufffd', '\xe9', '\u017f', '\u212a',
    '\U0001f600', '"', "'", '[', ']', '<', '>', '=', ':', ';', '.', '-', '0', '9',
    '192.0.2.1', '192.0.2.09', '2001:db8::1', '::ffff:192.0.2.7', 'host.example.', '[::1]:22',
    'Feb 29 00:00:00', '2004-02-29T23:59:59Z', '31/Dec/2004:23:59:60 +0100', '24:00:00')]
ODD += [b'\xff', b'\xc3', b'\xe2\x82', b'\xed\xa0\x80', b'\xf0\x9f\x98', b'\xc0\xaf', b'\x00']


# What tells connections apart: sshd[1234], conn=1234.
PROCESS = re.compile(rb'(?<=\[|=)\d{2,6}(?=\]|\b)')


# ---- lines ----

def mutate(line, rng):
    """A line with one thing changed, sometimes several."""
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        at = rng.randrange(len(line) + 1)
        end = min(len(line), at + rng.choice((1, 1, 2, 4, 12)))
        kind = rng.randrange(6)
        if kind == 0:
            line = line[:at] + rng.choice(ODD) + line[at:]
        elif kind == 1:
            line = line[:at] + rng.choice(ODD) + line[end:]
        elif kind == 2:
            line = line[:at] + line[end:]
        elif kind == 3:
            line = line[:end] + line[at:]
        elif kind == 4:
            line = line[:at] + line[at:end].swapcase() + line[end:]
        else:
            line = line[:at] + rng.choice(b'0123456789 ').to_bytes(1, 'big') + line[at + 1:]
    return line.replace(b'\n', b' ')


def mutant(line, rng):
    """A mutation that is no date of the 2030s: whether those are dates is up to the clock that
    fail2ban starts by."""
    while True:
        other = mutate(line, rng)
        if other.count(b'203') <= line.count(b'203'):
            return other


class Case:
    """A filter with options and the lines that it is run over, alone or together."""

    def __init__(self, name, options, journal, lines, together=False):
        self.name, self.options, self.journal = name, options, journal
        self.lines, self.together = lines, together

    def title(self):
        name = os.path.basename(peer.spec(self.name, self.options))
        return name + (', lines together' if self.together else '')


def distinct(texts):
    return list(dict.fromkeys(texts))


def is_v6(line):
    """Is there an IPv6 address, or what may be taken for one and is no time of day?"""
    words = re.findall(rb'(?<![\w/.:-])[\da-fA-F]*:[\da-fA-F.]*:[\da-fA-F:.]*', line)
    return any(not re.fullmatch(rb'\d\d?:\d\d:\d\d(?:\.\d*)?:?', word) for word in words)


def mixed(own, rng):
    """Short runs of lines from here and there, some mutated, of three processes. Without IPv6:
    where a connection has had both, fail2ban takes the IPv4 address, and we the line's own."""
    lines = []
    own = [line for line in own if not is_v6(line)]
    while own and len(lines) < RUN:
        at = rng.randrange(len(own))
        for line in own[at:at + rng.randrange(1, 6)]:
            other = mutant(line, rng) if rng.randrange(4) == 0 else line
            other = PROCESS.sub(lambda _: rng.choice((b'11', b'22', b'33')), other)
            if not is_v6(other):
                lines.append(other)
    return lines


def cases(rng, mutations):
    streams = samples.streams()
    every = distinct(sample.text for stream in streams for sample in stream.samples)
    every += [mutant(line, rng) for line in every]
    for name in peer.filters():
        yield Case(name, {}, False, every)
    for stream in streams:
        own = distinct(sample.text for sample in stream.samples)
        many = own + [mutant(line, rng) for line in own for _ in range(mutations)]
        yield Case(stream.filter, stream.options, stream.journal, many)
        for _ in range(0, mutations, MIXED):
            yield Case(stream.filter, stream.options, stream.journal, mixed(own, rng), True)


# ---- what fail2ban finds ----

class Oracle:
    """fail2ban's matcher for one filter, as its own tests set it up."""

    def __init__(self, case):
        from fail2ban.server.filter import Filter
        self.read = peer.read(case.name, case.options, 'systemd' if case.journal else '')
        self.journal, self.together = case.journal, case.together
        self.filter = Filter(None)
        self.filter.returnRawHost = True
        self.filter.checkFindTime = False
        self.filter.active = True
        if self.read.get('prefregex'):
            self.filter.prefRegex = self.read['prefregex']
        if self.read.get('maxlines'):
            self.filter.setMaxLines(self.read['maxlines'])
        for regex in peer.lines(self.read.get('failregex')):
            self.filter.addFailRegex(regex)
        for regex in peer.lines(self.read.get('ignoreregex')):
            self.filter.addIgnoreRegex(regex)

    def forget(self):
        """The state of a filter that has seen no line yet."""
        self.filter._Filter__lineBuffer = []
        self.filter._Filter__lastTimeText = ''
        self.filter._Filter__lastDate = None
        self.filter._Filter__mlfidCache = None

    def forget_dates(self):
        """The forms of dates in their own order again: one odd line can change it so that
        fail2ban misses all that come after it."""
        from fail2ban.server.datedetector import DateDetector
        if self.read.get('datepattern') is None:
            self.filter.dateDetector = DateDetector()
        else:
            self.filter.setDatePattern(self.read['datepattern'])

    def misreads(self, line):
        """Is there a date that makes no sense, such as February 30? Here it is cut out of the
        line; fail2ban leaves it there when it knows the date of an earlier line."""
        self.forget_dates()
        text = decoded(line)
        try:
            found = self.filter.dateDetector.matchTime(text)
            date = found[0].group(1) if found[0] else ''
            return bool(date) and self.filter.dateDetector.getTime(date, found) is None
        except Exception:
            return True

    def find(self, line):
        """(host, milliseconds or None) of every failure in a line of bytes. None: it takes too
        long or raises an error, such as for a time zone of four letters."""
        if not self.together:
            self.forget()
        self.forget_dates()
        signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE)
        try:
            if self.journal:
                found = self.filter.processLine(('', '', decoded(line)), peer.NOW)
            else:
                found = self.filter.processLine(decoded(line))
        except Exception:  # fail2ban says so in its log and goes on with the next line
            return None
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        return [(str(host), milliseconds(time)) for _, host, time, _ in found
                if host is not None]


def decoded(line):
    return line.decode('utf-8', 'replace').rstrip('\r\n')


def milliseconds(time):
    return None if time is None or time * 1000 > LAST_TIME else round(time * 1000)


def give_up(*_):
    raise TimeoutError


def expected(case):
    from fail2ban.server.mytime import MyTime
    MyTime.setTime(peer.NOW)
    signal.signal(signal.SIGVTALRM, give_up)
    oracle = Oracle(case)
    if case.together:
        case.lines = [line for line in case.lines if not oracle.misreads(line)]
    return [oracle.find(line) for line in case.lines]


# ---- what we find ----

def ours(program, case):
    command = [program, 'journal' if case.journal else 'file',
               'together' if case.together else 'alone', str(peer.NOW),
               peer.spec(case.name, case.options)]
    text = b''.join(line + b'\n' for line in case.lines)
    run = subprocess.run(command, input=text, capture_output=True)
    if run.returncode:
        sys.exit(run.stderr.decode('utf-8', 'replace') or 'each: exit %d' % run.returncode)
    found = [[] for _ in case.lines]
    for line in run.stdout.decode('utf-8', 'replace').split('\n')[:-1]:
        number, time, host = line.split(' ', 2)
        time = None if time == '-' or int(time) > LAST_TIME else int(time)
        found[int(number) - 1].append((host, time))
    return found


# ---- comparing ----

def canonical(host):
    """fail2ban has a host as it stands in the line; an address has one form here."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return str(getattr(address, 'ipv4_mapped', None) or address)


def canonical_all(found):
    return [(canonical(host), time) for host, time in found]


def same_time(want, got):
    """fail2ban cuts fractions of a second off most dates; here they stay."""
    if want is None or got is None:
        return want == got
    return abs(want - got) <= 1 or want == got // 1000 * 1000


def same(want, got):
    return len(want) == len(got) and all(
        a[0] == b[0] and same_time(a[1], b[1]) for a, b in zip(want, got))


def is_nobody(host):
    """Written like an address and none, such as 192.0.2.300: fail2ban has it banned, and here
    nobody is found where only an address may stand."""
    try:
        ipaddress.ip_address(host)
        return False
    except ValueError:
        return re.fullmatch(r'[\d.]+|[\da-fA-F.:]*:[\da-fA-F.:]*', host) is not None


def names_nobody(case, line):
    """Has the line alone an address that is none, for which fail2ban takes that of an earlier
    line of the session?"""
    oracle = Oracle(case)
    oracle.forget()
    found = canonical_all(oracle.find(line) or [])
    return bool(found) and all(is_nobody(host) for host, _ in found)


def kind_of(want, got):
    if not got:
        return 'missing'
    if not want:
        return 'extra'
    if [host for host, _ in want] != [host for host, _ in got]:
        return 'host'
    return 'time'


def compare(program, case):
    """(kind, line, theirs, ours) of every line that differs."""
    differences = []
    theirs = expected(case)
    for line, want, got in zip(case.lines, theirs, ours(program, case)):
        if want is None:
            differences.append(('unanswered', line, None, got))
            continue
        want, got = canonical_all(want), canonical_all(got)
        nobody = not got and all(is_nobody(host) for host, _ in want)
        if not got and want and not nobody and case.together:
            nobody = names_nobody(case, line)
        if not nobody and not same(want, got):
            differences.append((kind_of(want, got), line, want, got))
    return differences


def report(name, differences):
    """The shortest line of each kind, then others, up to a few."""
    shown = sorted((one for one in differences if one[0] != 'unanswered'),
                   key=lambda one: len(one[1]))
    kinds = {}
    for one in shown:
        kinds.setdefault(one[0], one)
    rest = [one for one in shown if one not in kinds.values()]
    for kind, line, want, got in (list(kinds.values()) + rest)[:max(SHOWN, len(kinds))]:
        print('%s: %s\n  line     %r\n  fail2ban %s\n  banish   %s'
              % (name, kind, line, want, got))
    if len(shown) > SHOWN:
        print('%s: %d differences' % (name, len(shown)))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', 1)[0])
    parser.add_argument('each')
    parser.add_argument('--mutations', type=int, default=10)
    parser.add_argument('--seed', type=int, default=random.randrange(1 << 32))
    parser.add_argument('--filter', action='append')
    return parser.parse_args()


def main():
    options = arguments()
    program = os.path.abspath(options.each)
    peer.unpack()
    rng = random.Random(options.seed)
    print('seed %d' % options.seed, flush=True)
    work = [case for case in cases(rng, options.mutations)
            if not options.filter or case.name in options.filter]
    kinds = collections.Counter()
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        jobs = [pool.submit(compare, program, case) for case in work]
        for case, job in zip(work, jobs):
            report(case.title(), job.result())
            kinds.update(kind for kind, *_ in job.result())
    unanswered = kinds.pop('unanswered', 0)
    pairs = sum(len(case.lines) for case in work) - unanswered
    bad = sum(kinds.values())
    print('%d pairs of filter and line, %d more that fail2ban fails at; differences: %s'
          % (pairs, unanswered, dict(kinds) or 'none'))
    print('%d passed, %d failed' % (pairs - bad, bad))
    sys.exit(bad > 0 or not pairs)


main()
