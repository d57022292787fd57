# SPDX-License-Identifier: GPL-2.0-or-later
"""A daemon in this network namespace: started, asked, killed; and what the kernel holds."""

import ipaddress
import json
import os
import re
import signal
import socket
import subprocess
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, os.environ.get('B', 'build'))
PATIENCE = 120  # seconds that a busy machine is given for anything
FILTER = r'''[Definition]
failregex = ^ ?app: bad login from <ADDR> n=\d+$
            ^ ?app\[<F-PROCESS>\d+</F-PROCESS>\]: <F-ID>m\d+</F-ID>: bad login n=\d+$
            ^ ?app\[<F-PROCESS>\d+</F-PROCESS>\]: <F-ID>m\d+</F-ID>: <F-TELLS>from</F-TELLS> <ADDR>$
'''


class Wrong(Exception):
    """What must not be."""


class Gone(Exception):
    """The daemon went away before it answered."""


def until(claim, condition, patience=PATIENCE):
    end = time.monotonic() + patience
    pause = 0.002
    while True:
        seen = condition()
        if seen:
            return seen
        if time.monotonic() > end:
            raise Wrong(f'not within {patience} s: {claim}')
        time.sleep(pause)
        pause = min(2 * pause, 0.1)


def sh(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


class World:
    """A folder with a configuration, logs and state, and the daemon that uses them."""

    def __init__(self, folder, conf, program=None):
        self.folder = folder
        self.program = program or os.path.join(BUILD, 'banish')
        self.state = os.path.join(folder, 'state')
        self.socket = os.path.join(folder, 'control')
        self.conf = os.path.join(folder, 'banish.conf')
        self.said = os.path.join(folder, 'daemon.log')
        self.daemon = None
        self.log_from = 0
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, 'filter.conf'), 'w') as out:
            out.write(FILTER)
        with open(self.conf, 'w') as out:
            out.write(f'[banish]\nstatedir = {self.state}\nsocket = {self.socket}\n'
                      f'user = root\n{conf}')

    # ---- the daemon ----

    def start(self, env=None):
        """Starts it; whether it lived until it was ready."""
        with open(self.said, 'ab') as out:
            self.log_from = out.tell()
            self.daemon = subprocess.Popen(
                [self.program, 'run', '-c', self.conf], stdin=subprocess.DEVNULL, stdout=out,
                stderr=out, env=dict(os.environ, **(env or {})))
        until('the daemon is ready, or dead',
              lambda: self.daemon.poll() is not None or ' ready: ' in self.words())
        return self.daemon.poll() is None

    def words(self):
        """What the daemon said since it was started."""
        with open(self.said, errors='replace') as said:
            said.seek(self.log_from)
            return ' ' + said.read()

    def check_words(self):
        complaints = complaints_in(self.words().splitlines())
        if complaints:
            raise Wrong(f'of its state the daemon says: {complaints[:3]}')

    def alive(self):
        return self.daemon is not None and self.daemon.poll() is None

    def stop(self, number=signal.SIGKILL):
        """Its exit code, that of subprocess."""
        if self.daemon is None:
            return None
        if self.daemon.poll() is None:
            self.daemon.send_signal(number)
        code = self.daemon.wait(PATIENCE)
        self.daemon = None
        return code

    def ask(self, verb, *args, **options):
        """(exit code, lines of output, lines of errors) as of the command."""
        try:
            with socket.socket(socket.AF_UNIX) as peer:
                peer.settimeout(PATIENCE)
                peer.connect(self.socket)
                request = {'verb': verb, 'args': list(args), 'options': options}
                peer.sendall(json.dumps(request).encode() + b'\n')
                peer.shutdown(socket.SHUT_WR)
                answer = b''.join(iter(lambda: peer.recv(1 << 16), b''))
        except (ConnectionError, FileNotFoundError) as error:
            raise Gone from error
        lines = answer.decode(errors='replace').split('\n')
        code = [line[2:] for line in lines if line.startswith('X ')]
        if not code:
            raise Gone
        return (int(code[0]), [line[2:] for line in lines if line.startswith('O ')],
                [line[2:] for line in lines if line.startswith('E ')])

    def command(self, verb, *args):
        """The same through the program."""
        done = sh(self.program, verb, '-c', self.conf, *args)
        if done.returncode == 3:
            raise Gone
        return done.returncode, done.stdout.splitlines(), done.stderr.splitlines()

    def json(self, verb, *args):
        code, out, err = self.ask(verb, *args, json='yes')
        if code:
            raise Wrong(f'{verb} {args}: {err}')
        return [json.loads(line) for line in out]

    def status(self):
        return self.json('status')[0]

    def bans(self):
        """(jail, prefix) -> ban."""
        listed = self.json('list')
        bans = {(ban['jail'], network(ban['ip'], ban['prefixlen'])): ban for ban in listed}
        if len(bans) != len(listed):
            raise Wrong('a ban is listed twice')
        return bans

    def settle(self):
        """Wait until no target has anything left to do."""
        until('the targets are done', lambda: all(
            t['usable'] and not t['pending'] and t['state'] == 'in use'
            for t in self.status()['targets']))


def complaints_in(lines):
    """A crash leaves the end of a write, and nothing else to complain of."""
    return [line for line in lines
            if 'warning: state:' in line and 'dropped an unfinished write' not in line]


def network(address, length):
    return str(ipaddress.ip_network(f'{address}/{length}', strict=False))


# ---- what the kernel holds: {prefix: seconds left, None when it has no end} ----
#
# What ends while the kernel writes it down has 0 ms left in an nft set, which nft does not print,
# and 4294967 s in an ipset, which is longer than any timeout.

LONGEST = 2147483  # seconds: the longest timeout of an ipset entry


def nft_left(element):
    return element.get('expires', 0 if 'timeout' in element else None)


def ipset_left(words):
    left = int(words[words.index('timeout') + 1]) if 'timeout' in words else 0
    return 0 if left > LONGEST else left or None


def nft_elements(value, length):
    if isinstance(value, dict) and 'prefix' in value:
        return network(value['prefix']['addr'], value['prefix']['len'])
    if isinstance(value, dict):
        raise Wrong(f'a strange element: {value}')
    return network(value, length)


def nft(family='inet', table='banish', text=None):
    """A set's elements stand for the length in its name, else for a single address or a /64."""
    found = {}
    if text is None:
        text = sh('nft', '-j', 'list', 'table', family, table).stdout
    for item in json.loads(text or '{"nftables":[]}')['nftables']:
        entry = item.get('set')
        if not entry:
            continue
        named = re.search(r'_(\d+)', entry['name'])
        wide = int(named[1]) if named else 32 if entry['type'] == 'ipv4_addr' else 64
        for element in entry.get('elem', []):
            inner = element['elem'] if isinstance(element, dict) and 'elem' in element else {}
            prefix = nft_elements(inner.get('val', element), wide)
            found[prefix] = nft_left(inner)
    return found


def ipset(*names, text=None):
    found = {}
    for line in (sh('ipset', 'save').stdout if text is None else text).splitlines():
        words = line.split()
        if words[0] != 'add' or words[1] not in names:
            continue
        bare = 64 if not words[1].endswith('-net') and ':' in words[2] else None
        address, _, length = words[2].partition('/')
        length = length or bare or (128 if ':' in address else 32)
        found[network(address, length)] = ipset_left(words)
    return found


def routes(protocol=157):
    found = {}
    for family in '-4', '-6':
        text = sh('ip', '-j', family, 'route', 'show', 'table', 'main', 'proto',
                  str(protocol)).stdout
        for route in json.loads(text or '[]'):
            address, _, length = route['dst'].partition('/')
            found[network(address, length or (128 if ':' in address else 32))] = None
    return found


def wipe_kernel():
    """What a reboot leaves of the kernel's state. Waits for the helper of a killed daemon."""
    def gone():
        sh('nft', 'flush', 'ruleset')
        sh('ip', '-4', 'route', 'flush', 'proto', '157')
        sh('ip', '-6', 'route', 'flush', 'proto', '157')
        sh('ipset', 'destroy')
        return not sh('nft', 'list', 'ruleset').stdout and not sh('ipset', 'save').stdout
    until('the kernel is empty', gone)
