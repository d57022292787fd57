#!/bin/sh
# libipset is GPL-2.0-only and GDBM GPL-3.0-or-later: no program may load both.
set -eu
cd "$(dirname "$0")/.."
build=${B:-build}
needed() { ldd "$build/$1" | awk '{print $1}'; }
bad=0
for lib in libmnl libnftnl libipset; do
	needed banish-netlink | grep -q "^$lib" || { echo "banish-netlink lacks $lib"; bad=1; }
	! needed banish | grep -q "^$lib" || { echo "banish links $lib"; bad=1; }
done
for lib in libgdbm libpcre2 libevent; do
	needed banish | grep -q "^$lib" || { echo "banish lacks $lib"; bad=1; }
	! needed banish-netlink | grep -q "^$lib" || { echo "banish-netlink links $lib"; bad=1; }
done
# The programs of the tests as well, as far as they are built.
both=0
for program in "$build"/unit/* "$build"/fuzz/*; do
	[ -f "$program" ] && [ -x "$program" ] || continue
	libraries=$(ldd "$program" | awk '{print $1}')
	echo "$libraries" | grep -q '^libipset' && echo "$libraries" | grep -q '^libgdbm' || continue
	echo "$program links libipset and libgdbm"
	both=1
done
[ $bad -eq 0 ]
[ $both -eq 0 ]
echo "13 passed, 0 failed"
