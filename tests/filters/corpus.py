#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0-or-later
"""`banish match` over fail2ban's annotated sample logs: every line that must be found is, with
its host and time, and no other. usage: corpus.py BANISH [FILTER...]"""

import concurrent.futures
import ipaddress
import json
import os
import subprocess
import sys

import peer
import samples


def canonical(host):
    """An address in one form, anything else as it is."""
    text = str(host)
    try:
        return str(ipaddress.ip_network(text.strip('[]'), strict=False)).removesuffix('/32') \
            .removesuffix('/128')
    except ValueError:
        return text


def run(program, stream):
    """The findings of each line by its number, or why there are none."""
    command = [program, 'match', '--json', '--now', str(peer.NOW),
               '--input', 'journal' if stream.journal else 'file',
               peer.spec(stream.filter, stream.options), '-']
    text = b''.join(sample.text + b'\n' for sample in stream.samples)
    done = subprocess.run(command, input=text, capture_output=True, timeout=60)
    if done.returncode:
        return None, done.stderr.decode('utf-8', 'replace').strip()
    findings = {}
    for line in done.stdout.splitlines():
        one = json.loads(line)
        findings.setdefault(one['line'], []).append(one)
    return findings, ''


def same_time(got, want):
    """fail2ban cuts fractions of a second off most dates; here they stay."""
    return got is not None and (abs(got - want) < 0.001 or int(got) == want)


def mistake(sample, found):
    """What is wrong with what was found in a line; empty when nothing is."""
    if not sample.match:
        return 'found %s, and must not' % found[0]['host'] if found else ''
    if len(found) != 1:
        return 'found %d times' % len(found) if found else 'not found'
    host, time = found[0]['host'], found[0]['time']
    if sample.host is not None and canonical(host) != canonical(sample.host):
        return 'host %s, not %s' % (host, sample.host)
    if sample.time is not None and not same_time(time, sample.time):
        return 'time %s, not %s' % (time, sample.time)
    return ''


def judge(program, stream):
    """A message for each mistake."""
    findings, error = run(program, stream)
    if findings is None:
        return ['%s: %s' % (stream.name(), error)]
    messages = []
    for number, sample in enumerate(stream.samples, 1):
        wrong = mistake(sample, findings.get(number, []))
        if wrong:
            messages.append('%s: %s: %s\n  %s' % (sample.place, stream.name(), wrong,
                                                  sample.text.decode('utf-8', 'replace')))
    return messages


def main():
    program = os.path.abspath(sys.argv[1])
    only = sys.argv[2:]
    peer.unpack()
    streams = [s for s in samples.streams() if not only or s.filter in only]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda stream: judge(program, stream), streams))
    failures = {stream.filter: 0 for stream in streams}
    for stream, messages in zip(streams, results):
        failures[stream.filter] += len(messages)
        for message in messages:
            print(message)
    for name, count in failures.items():
        if count:
            print('%s: %d mistakes' % (name, count))
    perfect = sum(not count for count in failures.values())
    print('%d lines of %d streams; %d of %d filters perfect'
          % (sum(len(s.samples) for s in streams), len(streams), perfect, len(failures)))
    print('%d passed, %d failed' % (perfect, len(failures) - perfect))
    sys.exit(perfect < len(failures) or not streams)


main()
