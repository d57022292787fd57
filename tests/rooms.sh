#!/bin/sh
# Who may include what: a room its own headers and base's; files straight in src/ any room's door;
# netlink base's prefix and log. Read from the compiler's .d files in the build directory $1.
set -eu
build=${1:-build}
python3 - "$build" <<'PY'
import os, re, sys
build = sys.argv[1]
rooms = ['base', 'conf', 'source', 'match', 'resolve', 'judge', 'tarpit', 'target', 'control']
place = {'src/' + r: r for r in rooms} | {'state': 'state', 'netlink': 'netlink'}
door = {'src/' + r: 'src/%s/%s.h' % (r, r) for r in rooms if r != 'base'}
door |= {'state': 'state/store.h', 'netlink': 'netlink/wire.h'}
extra = {'target': {'netlink/wire.h'}}
allowed_base_of_netlink = {'src/base/prefix.h', 'src/base/log.h'}
bad = seen = 0
for root in ('src', 'state', 'netlink'):
    for folder, _, files in os.walk(os.path.join(build, root)):
        for name in files:
            if not name.endswith('.d'):
                continue
            text = open(os.path.join(folder, name)).read().replace('\\\n', ' ')
            source, *headers = text.split(':', 1)[1].split('\n', 1)[0].split()
            if not os.path.exists(source) or \
               os.path.relpath(os.path.join(folder, name), build)[:-2] != source[:-2]:
                continue # of a file that is gone, or of another build tree inside this one
            seen += 1
            home = os.path.dirname(source)
            for h in map(os.path.normpath, headers):
                if h.startswith('/') or not h.endswith('.h'):
                    continue
                there = os.path.dirname(h)
                if there == home:
                    continue
                if home == 'src':
                    ok = there == 'src/base' or door.get(there) == h
                    # a door may show base's headers and, for target, nothing of the wire
                elif home == 'netlink':
                    ok = h in allowed_base_of_netlink
                else:
                    ok = (there == 'src/base' and home != 'src/base') or h in extra.get(place.get(home), ())
                if not ok:
                    print('rooms: %s includes %s' % (source, h))
                    bad += 1
print('rooms: %d files, %d trespasses' % (seen, bad))
sys.exit(1 if bad or not seen else 0)
PY
