# SPDX-License-Identifier: GPL-2.0-or-later
"""The route target: only ours, whatever else stands in the table."""

from client import *


def routes(more='table main'):
    return sorted(line.strip() for six in ('', '-6')
                  for line in sh(f'ip {six} route show {more}', fails=True).splitlines()
                  if '198.' in line or '192.' in line or '2001' in line)


def plain(h):
    d = h.define(kind='route', type='blackhole', protocol=187)
    equal('defined', (d.error, d.way, d.timeouts, d.identity), (0, DIFF, 0, 0))
    nets = ['192.0.2.1', '198.51.100.0/24', '2001:db8:1:2::/64', '2001:db8:5::1/128']
    equal('adds', h.change(*[change(ADD, n) for n in nets]), [0] * 4)
    seen = routes('proto 187')
    check('blackholes of our protocol', len(seen) == 4 and
          all(r.startswith('blackhole') for r in seen), seen)
    equal('again', h.change(*[change(ADD, n) for n in nets]), [0] * 4)
    equal('still four', len(routes('proto 187')), 4)
    equal('listed', h.list(), {str(ipaddress.ip_network(n)): FOREVER for n in nets})
    equal('deletes, also of what is not there',
          h.change(*[change(DEL, n) for n in nets + ['192.0.2.99', '2001:db8:9::/64']]),
          [0] * 6)
    equal('none', (h.list(), routes('proto 187')), ({}, []))
    equal('a fill makes no sense', h.change(change(FILL, '192.0.2.3')), [-22])
    for kind in ('unreachable', 'prohibit'):
        h.define(kind='route', type=kind, protocol=99, table=1234)
        h.change(change(ADD, '192.0.2.1'), change(ADD, '2001:db8::/64'))
        seen = sh('ip route show table 1234') + sh('ip -6 route show table 1234')
        equal(f'{kind}, in another table', seen.count(f'{kind} '), 2)
        equal('flushed', (h.one(FLUSH), h.list()), (0, {}))
    h.define(kind='route', type='blackhole', protocol=99, table=77777)
    equal('a table that was never there', (h.list(), h.one(FLUSH)), ({}, 0))


def others(h):
    sh('ip link add dummy0 type veth peer name dummy1; ip link set dummy1 up; ip link set dummy0 up; '
       'ip addr add 198.18.0.1/24 dev dummy0; ip addr add 2001:db8:77::1/64 dev dummy0 nodad')
    theirs = ['192.0.2.10 via 198.18.0.2', '192.0.2.11 dev dummy0 metric 5',
              'blackhole 192.0.2.12', 'blackhole 192.0.2.13 proto 188',
              'unreachable 192.0.2.14 proto 187']
    theirs6 = ['2001:db8:a::/64 via 2001:db8:77::2', 'blackhole 2001:db8:b::/64',
               'blackhole 2001:db8:c::/64 proto 188 metric 1', '2001:db8:d::/64 dev dummy0']
    for r in theirs:
        sh(f'ip route add {r}')
    for r in theirs6:
        sh(f'ip -6 route add {r}')
    before = routes()
    h.define(kind='route', type='blackhole', protocol=187)
    both = [f'192.0.2.{i}' for i in range(10, 15)] + [f'2001:db8:{x}::/64' for x in 'abcd']
    equal('deletes of what others made are success', h.change(*[change(DEL, n) for n in both]),
          [0] * 9)
    equal('and leave it', routes(), before)
    equal('adds beside it', h.change(*[change(ADD, n) for n in both]), [0] * 9)
    check('it is still there', all(r in routes() for r in before), routes())
    for address in ('192.0.2.10', '192.0.2.11', '192.0.2.14', '2001:db8:a::5', '2001:db8:d::5'):
        out = subprocess.run(f'ip route get {address}', shell=True, capture_output=True,
                             text=True)
        check(f'ours is in force for {address}',
              'Invalid argument' in out.stderr or 'blackhole' in out.stdout,
              (out.stdout, out.stderr))
    check('listed are ours alone', set(h.list()) <= {str(ipaddress.ip_network(n)) for n in both})
    h.change(*[change(DEL, n) for n in both])
    equal('back to theirs', routes(), before)
    h.change(*[change(ADD, n) for n in both])
    equal('a flush takes ours alone', (h.one(FLUSH), routes()), (0, before))
    sh('ip link del dummy0')
    for r in theirs[2:]:
        sh(f'ip route del {r}')
    for r in theirs6[1:3]:
        sh(f'ip -6 route del {r}')


def behind_others(h):
    """IPv6 routes that lead nowhere already, at the metric that ours would have."""
    nets = [f'2001:db8:{i:x}::/64' for i in range(10, 16)]
    ours, theirs = nets[:3], nets[3:]
    show = lambda: [line.split(' dev')[0] + line.split('pref')[0].partition(' proto')[2].replace('isis', '187').replace('ospf', '188')
                    for line in sh('ip -6 route show').splitlines() if '2001:db8:' in line]
    for n, kind in zip(theirs, ('blackhole', 'unreachable', 'prohibit')):
        sh(f'ip -6 route add {kind} {n} metric 1 proto 188')
    before = show()
    h.define(kind='route', type='blackhole', protocol=187)
    equal('adds', h.change(*[change(ADD, n) for n in nets]), [0] * 6)
    once = show()
    check('ours stand behind theirs', all(f'blackhole {n} 187 metric 2 ' in once for n in theirs)
          and all(f'blackhole {n} 187 metric 1 ' in once for n in ours), once)
    equal('once more', (h.change(*[change(ADD, n) for n in nets]), sorted(show())),
          ([0] * 6, sorted(once)))
    equal('listed', sorted(h.list()), sorted(nets))
    sh(f'ip -6 route del {theirs[1]} metric 1')
    check('theirs goes and ours is in force', 'blackhole' in sh('ip -6 route show') and
          'Invalid argument' in subprocess.run(
              f'ip -6 route get {theirs[1].replace("/64", "1")}', shell=True,
              capture_output=True, text=True).stderr)
    sh(f'ip -6 route add unreachable {theirs[1]} metric 1 proto 188')
    h.define(kind='route', type='blackhole', protocol=187)  # as a new worker does
    h.list()
    equal('deletes take ours alone', (h.change(*[change(DEL, n) for n in nets]), sorted(show())),
          ([0] * 6, sorted(before)))
    equal('in one packet', (h.change(*[change(op, n) for op in (ADD, DEL, ADD, ADD)
                                       for n in nets]), sorted(show())),
          ([0] * 24, sorted(once)))
    sh('ip -6 route add blackhole 2001:db8:77::/64 metric 1024 proto 187')
    equal('a flush takes ours alone', (h.one(FLUSH), sorted(show())),
          (0, sorted(before + ['blackhole 2001:db8:77::/64 187 metric 1024 '])))
    for n in theirs + ['2001:db8:77::/64']:
        sh(f'ip -6 route del {n}')


def among_many(h):
    """Thousands of routes of others in the same table."""
    for six, net in (('-6', 'fd00:{}:{:x}::/64'), ('', '100.{}.{}.0/28')):
        count = max(MANY // 400, 4)
        lines = ''.join(f'route add unreachable {net.format(i, j)} proto 188\n'
                        for i in range(64, 128) for j in range(count))
        subprocess.run(f'ip {six} -batch -', shell=True, input=lines, text=True, check=True)
    h.define(kind='route', type='blackhole', protocol=187)
    nets = [f'2001:db8:{i:x}::/64' for i in range(100)] + [f'192.0.2.{i}' for i in range(100)]
    h.change(*[change(ADD, n) for n in nets])
    start = time.monotonic()
    equal('ours are listed among many', len(h.list()), 200)
    listed = time.monotonic()
    equal('and flushed', (h.one(FLUSH), len(h.list())), (0, 0))
    print(f'     list of 200 among {128 * count}: {listed - start:.3f} s, '
          f'flush: {time.monotonic() - listed:.3f} s')
    equal('the others stay', [sh(f'ip {six} route show proto 188').count('unreachable ')
                              for six in ('', '-6')], [64 * count] * 2)
    sh('ip route flush proto 188; ip -6 route flush proto 188')


def run():
    h = Helper()
    plain(h)
    others(h)
    behind_others(h)
    among_many(h)
    h.define(kind='route', type='blackhole', protocol=187)
    equal('many', bulk(h, 'route adds'), {0: MANY})
    equal('and again', bulk(h, 'route adds of what is there'), {0: MANY})
    equal('and listed', len(h.list()), MANY)
    equal('and deleted', bulk(h, 'route deletes', op=DEL), {0: MANY})
    bulk(h, 'route adds', MANY // 5)
    six = [change(ADD, f'2001:db8:{i:x}::/64') for i in range(1000)]
    for claim in ('IPv6 adds', 'IPv6 adds of what is there'):
        start = time.monotonic()
        equal(claim, h.change(*six), [0] * 1000)
        print(f'     route {claim}: 1000 in {time.monotonic() - start:.4f} s')
    start = time.monotonic()
    equal('and flushed', (h.one(FLUSH), routes('proto 187')), (0, []))
    print(f'     route flush of 20000: {time.monotonic() - start:.3f} s')
    h.close()
