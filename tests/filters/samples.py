# SPDX-License-Identifier: GPL-2.0-or-later
"""fail2ban's annotated sample logs as streams of lines, each with what must be found in it.

In such a file a comment `# failJSON: {...}` says what is in the line below it; `filterOptions`
begins lines that are for the filter with those options, or with each of several sets of them;
`fileOptions` are common to all; `addFILE` names a file of more lines. A line without a comment
must find nothing."""

import datetime
import json
import os
import re

import peer

ANNOTATION = re.compile(r'^#+ ?(failJSON|fileOptions|filterOptions|addFILE):(.+)$')
KNOWN = {'constraint', 'desc', 'host', 'match', 'time'}


class Sample:
    """One line of a stream."""

    def __init__(self, text, fact, place):
        self.text = text
        self.match = bool(fact.get('match'))
        self.host = fact.get('host') if self.match else None
        self.time = epoch(fact['time']) if self.match and fact.get('time') else None
        self.place = place


class Stream:
    """Lines that one filter with one set of options reads, in this order, from nothing known."""

    def __init__(self, filter_name, options):
        self.filter = filter_name
        self.options = options
        self.journal = options.get('logtype') == 'journal'
        self.samples = []

    def name(self):
        options = ','.join('%s=%s' % pair for pair in sorted(self.options.items()))
        return self.filter + ('[%s]' % options if options else '')


def epoch(text):
    """Seconds since 1970 of a time that is local to the samples' zone."""
    form = '%Y-%m-%dT%H:%M:%S' + ('.%f' if '.' in text else '')
    return datetime.datetime.strptime(text, form).timestamp()


def holds(condition, name, options):
    """Conditions are Python, such as: name == 'sshd' or opts.get('mode') != 'aggressive'."""
    return not condition or eval(condition, {'__builtins__': {}}, {'name': name, 'opts': options})


class Reader:
    """The files of one filter, read into its streams."""

    def __init__(self, name):
        self.name = name
        self.streams = {}
        self.common = {}
        self.sets = None  # the options, of each run that reads the lines at hand
        self.skip = False
        self.files = [name]
        for file in self.files:
            self.read(file)

    def read(self, file):
        self.skip = False
        with open(os.path.join(peer.LOGS, file), 'rb') as log:
            raw = iter(enumerate(log.read().split(b'\n'), 1))
        for number, line in raw:
            annotation = ANNOTATION.match(line.rstrip(b'\r').decode('utf-8', 'replace'))
            fact = {}
            if annotation:
                fact = json.loads(annotation.group(2))
                if annotation.group(1) != 'failJSON':
                    self.directive(annotation.group(1), fact)
                    continue
                number, line = next(raw)
            elif line.startswith(b'#') or not line.strip():
                continue
            if not self.skip:
                self.add(line.rstrip(b'\r'), fact, '%s:%d' % (file, number))

    def directive(self, kind, value):
        if kind == 'addFILE':
            self.files.append(value)
        elif kind == 'fileOptions':
            self.common = value
        else:
            self.sets = []
            self.skip = False
            for one in value if isinstance(value, list) else [value]:
                options = {**self.common, **one}
                if 'test.condition' in options:
                    self.skip = not holds(options['test.condition'], self.name, options)
                if not self.skip:
                    self.sets.append(options)

    def add(self, line, fact, place):
        for options in self.sets or [{}]:
            if not holds(fact.get('constraint'), self.name, options):
                continue
            given = {k: v for k, v in options.items() if not k.startswith('test.')}
            stream = self.streams.setdefault(str(sorted(given.items())), Stream(self.name, given))
            prefix = options.get('test.prefix-line', '') if stream.journal else ''
            stream.samples.append(Sample(prefix.encode() + line, fact, place))


def streams():
    """All streams of all filters."""
    return [stream for name in peer.filters() for stream in Reader(name).streams.values()]
