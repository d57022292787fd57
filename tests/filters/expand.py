#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0-or-later
"""Our reader of filters against fail2ban's own: every filter with every set of options that its
sample logs use, in every mode, and with every logtype that changes it; then every filter as
for the journal. usage: expand.py PROGRAM, which is made of dump.c."""

import json
import re
import subprocess
import sys

import peer
import samples


def regexes(read):
    return read.get('prefregex'), read.get('failregex')


def logtypes(name):
    """The logtypes that the filter knows and that make a difference."""
    usual = regexes(peer.read(name, {}))
    for logtype in ('short', 'journal', 'rfc5424'):
        other = regexes(peer.read(name, {'logtype': logtype}))
        if other != usual and '<lt_' not in str(other):
            yield logtype


def option_sets(streams):
    """(filter, options), none twice."""
    sets = {}
    for stream in streams:
        sets.setdefault(stream.filter, []).append(stream.options)
    for name, known in sets.items():
        if peer.has_mode(name):
            modes = re.findall(r'^md(?:re|pr|ad)-([a-z]+\d*)\s*=', peer.source(name), re.M)
            known += [{'mode': mode} for mode in sorted(set(modes))]
        known += [{'logtype': logtype} for logtype in logtypes(name)]
        for i, options in enumerate(known):
            if options not in known[:i]:
                yield name, options


def expected(name, options, backend):
    read = peer.read(name, options, backend)
    return {
        'prefregex': read.get('prefregex') or None,
        'failregex': peer.lines(read.get('failregex')),
        'ignoreregex': peer.lines(read.get('ignoreregex')),
        'datepattern': peer.words(read.get('datepattern')),
        'journalmatch': peer.words(read.get('journalmatch')),
        'maxlines': read.get('maxlines') or 0,
        'names': read.get('usedns') != 'no',
    }


def ours(program, cases):
    text = ''.join('%s %s\n' % ('journal' if backend else 'file', peer.spec(name, options))
                   for name, options, backend in cases)
    run = subprocess.run([program], input=text, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in run.stdout.splitlines()]


def report(name, options, want, got):
    if got is None:
        print('%s %s: refused' % (name, options))
        return
    for key in want:
        if want[key] != got[key]:
            print('%s %s: %s\n  fail2ban %r\n  banish   %r'
                  % (name, options, key, want[key], got[key]))


def compare(program, cases):
    """How many of the cases are equal."""
    equal = 0
    for (name, options, backend), got in zip(cases, ours(program, cases), strict=True):
        want = expected(name, options, backend)
        if want == got:
            equal += 1
        else:
            report(name, options, want, got)
    return equal


def main():
    peer.unpack()
    files = [(name, options, '') for name, options in option_sets(samples.streams())]
    journal = [(name, {}, 'systemd') for name in peer.filters()]
    equal = compare(sys.argv[1], files), compare(sys.argv[1], journal)
    bad = len(files) + len(journal) - sum(equal)
    print('%d of %d expansions equal, %d of %d as for the journal'
          % (equal[0], len(files), equal[1], len(journal)))
    print('%d passed, %d failed' % (sum(equal), bad))
    sys.exit(bad > 0 or not files)


main()
