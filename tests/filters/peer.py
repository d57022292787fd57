# SPDX-License-Identifier: GPL-2.0-or-later
"""fail2ban as Debian packages it, unpacked and not installed: its filters, its sample logs and
its own code, which says what is right. Its files are used by their path, never ours of the
same name."""

import logging
import os
import re
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get('B', 'build'))
PEER = os.path.join(BUILD, 'peers', 'fail2ban')
CONFIG = os.path.join(PEER, 'etc', 'fail2ban')
CODE = os.path.join(PEER, 'usr', 'lib', 'python3', 'dist-packages')
LOGS = os.path.join(CODE, 'fail2ban', 'tests', 'files', 'logs')

# Where and when fail2ban's sample logs were written.
ZONE = 'CET-01CEST-02,M3.5.0,M10.5.0'
NOW = 1124013600


def unpack():
    """Have the package there, and its code ready for import, in the samples' time zone."""
    script = os.path.join(ROOT, 'tests', 'unpack.sh')
    subprocess.run([script, os.path.relpath(PEER, ROOT), 'fail2ban'], cwd=ROOT, check=True)
    sys.path.insert(0, CODE)
    os.environ['TZ'] = ZONE
    time.tzset()
    logging.getLogger('fail2ban').setLevel(logging.CRITICAL)


def filters():
    """The names of all filters, without the files that are for including only."""
    names = os.listdir(os.path.join(CONFIG, 'filter.d'))
    return sorted(name[:-5] for name in names
                  if name.endswith('.conf') and not name.endswith('common.conf'))


def path(name):
    return os.path.join(CONFIG, 'filter.d', name + '.conf')


def spec(name, options):
    """The filter as a command line of ours names it."""
    if not options:
        return path(name)
    return '%s[%s]' % (path(name), ','.join('%s="%s"' % pair for pair in sorted(options.items())))


def read(name, options, backend=''):
    """What fail2ban's own reader makes of a filter: a dict of its keys."""
    from fail2ban.client.filterreader import FilterReader
    reader = FilterReader(name, 'jail', dict(options), basedir=CONFIG)
    reader.read()
    reader.applyAutoOptions(backend)
    reader.getOptions({})
    return reader.getCombined()


def lines(text):
    """The lines of a key that holds one thing a line."""
    return [line for line in (text or '').split('\n') if line]


def words(text):
    return list(filter(None, map(str.strip, (text or '').split('\n'))))


def has_mode(name):
    return re.search(r'^mode\s*=', source(name), re.M)


def source(name):
    with open(path(name), encoding='utf-8') as file:
        return file.read()
