# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets and records that make no sense are refused singly; and this host's addresses."""

from client import *

EINVAL, EPERM, ENODEV, EBADMSG, EPROTO = -22, -1, -19, -74, -93


def refused(h, claim, error, *args, **more):
    packet = h.ask(*args, **more)[0]
    equal(claim, (packet.error, packet.count), (error, 0))


def packets(h):
    good = change(ADD, '192.0.2.1')
    refused(h, 'another version', EPROTO, CHANGE, 0, [good], version=VERSION + 1)
    refused(h, 'more records than it says', EBADMSG, CHANGE, 0, [good, good], count=1)
    refused(h, 'fewer records than it says', EBADMSG, CHANGE, 0, [good], count=2)
    refused(h, 'half a record', EBADMSG, CHANGE, 0, [good[:20]], count=1)
    refused(h, '1001 records', EBADMSG, CHANGE, 0, [good] * 1001)
    refused(h, 'an unknown kind', EBADMSG, 99)
    refused(h, 'a kind that is for the helper', EBADMSG, RESULT)
    refused(h, 'kind 0', EBADMSG, 0)
    refused(h, 'target 99', ENODEV, CHANGE, 99, [good])
    refused(h, 'a target that is not defined', ENODEV, CHANGE, 5, [good])
    refused(h, 'two refills', EBADMSG, REFILL, 0, [bytes(16)] * 2)
    refused(h, 'an unknown question', EINVAL, QUERY, 0, [bytes([9]) + bytes(7)])
    h.raw(b'\1')
    h.raw(b'')
    h.raw(os.urandom(15))
    h.raw(bytes([VERSION]) + os.urandom(3000))
    for _ in range(200):
        h.raw(os.urandom(16 + os.urandom(1)[0]))
    h.raw(os.urandom(100_000))
    # Some of that is answered, by serials that mean nothing.
    h.serial = 7_000_000
    serial = h.send(FORGET, 0)
    while h.receive().serial != serial:
        pass
    check('garbage ends nobody', h.worker() and not h.process.poll())


def records(h):
    h.define(kind='nft')
    equal('an empty change', h.change(), [])
    bad = [change(9, '192.0.2.1'), change(0, '192.0.2.1'), change(ADD, '192.0.2.1', 0),
           change(ADD, '192.0.2.1', -1), change(ADD, '192.0.2.1', 2, 1),
           change(ADD, '192.0.2.1', FOREVER, HOUR),
           change(ADD, struct.pack('=BB16s', 5, 32, bytes([192, 0, 2, 1]))),
           change(ADD, struct.pack('=BB16s', 4, 33, bytes([192, 0, 2, 1]))),
           change(ADD, struct.pack('=BB16s', 4, 24, bytes([192, 0, 2, 1]))),
           change(ADD, struct.pack('=BB16s', 6, 129, bytes([0x20])))]
    equal('records that make no sense', h.change(*bad), [EINVAL] * len(bad))
    never = ['0.0.0.0/0', '0.0.0.0/7', '64.0.0.0/2', '127.0.0.1', '127.0.0.0/8',
             '127.1.0.0/16', '0.0.0.0', '0.0.0.0/8', '::/0', '2000::/3', '::1/128', '::/128',
             '::/64', '::/96']
    equal('what is never banned', h.change(*[change(ADD, n) for n in never]),
          [EPERM] * len(never))
    equal('good ones among bad ones',
          h.change(bad[0], change(ADD, '192.0.2.1'), change(ADD, '127.0.0.1'),
                   change(ADD, '2001:db8::/32')), [EINVAL, 0, EPERM, 0])
    check('are banned', '192.0.2.1' in nft_set('ban4'))
    longest = 2**63 - 2
    equal('the longest time there is', h.change(change(ADD, '192.0.2.7', longest)), [0])
    check('is cut', nft_set('ban4')['192.0.2.7'][0] > 10**9, nft_set('ban4'))
    options = [dict(), dict(kind='frob'), dict(kind='ipset'), dict(kind='route'),
               dict(kind='route', type='blackhole', protocol=4),
               dict(kind='route', type='nat', protocol=187), dict(kind='ipset', name='x' * 27),
               dict(kind='ipset', name='a b'), dict(kind='ipset', name='x', maxbans=0),
               dict(kind='ipset', name='x', maxbans='12x'),
               dict(kind='ipset', name='x', maxbans='99999999999'),
               dict(kind='nft', table='inet'), dict(kind='nft', table='arp x', set4='s'),
               dict(kind='nft', table='inet x'), dict(kind='nft', set4='x')]
    for o in options:
        d = h.define(1, **o)
        check(f'refused: {o} ({d.where})', d.error == OPTION, vars(d))
    packet = h.ask(DEFINE, 1, [struct.pack('=B63s', 200, b'x')])[0]
    equal('an unknown option', Defined(packet.body).error, OPTION)
    packet = h.ask(DEFINE, 1, [struct.pack('=B63s', 1, b'x' * 63)])[0]
    equal('a text without an end', Defined(packet.body).error, OPTION)


def own(h):
    sh('ip link add dummy0 type veth peer name dummy1; ip link set dummy1 up; ip link set dummy0 up; '
       'ip addr add 203.0.113.7/24 dev dummy0; ip addr add 2001:db8:77::7/64 dev dummy0 nodad')
    seen = h.own()
    wanted = {'127.0.0.1/32', '::1/128', '203.0.113.7/32', '2001:db8:77::7/128'}
    check('every address of this host', wanted <= set(seen), seen)
    h.drain()
    batch = ''.join(f'addr add 203.0.113.{i}/24 dev dummy0\n' for i in range(8, 108))
    subprocess.run(['ip', '-batch', '-'], input=batch, text=True, check=True)
    events = len(h.some(1))
    check('and the new ones', {'203.0.113.9/32', '203.0.113.107/32'} <= set(h.own()))
    check('a change is told, several as one', 1 <= events <= 30, events)
    sh('ip link del dummy0')


def run():
    h = Helper()
    packets(h)
    records(h)
    own(h)
    h.close()
    sh('nft delete table inet banish', fails=True)
