#!/bin/bash
# The main job, shown: genuine lines of a mail log in, bans in nft, ipset and the routes, kill -9,
# an empty kernel, and everything back. In network namespaces and a folder of its own; nothing
# outside is touched and nothing is left behind.
set -eu
cd "$(dirname "$0")/.."
banish=$PWD/build/banish
lines=$PWD/tests/demo-mail.log
dir=$(mktemp -d /tmp/banish-demo.XXXXXX)
conf=$dir/banish.conf
space=banish-demo-$$
daemon=

cleanup() {
	[ -z "$daemon" ] || { kill -9 "$daemon"; wait "$daemon"; } 2>/dev/null || :
	ip netns del "$space" 2>/dev/null || :
	rm -rf "$dir"
}
trap cleanup EXIT

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
show() { # command...: in the namespace, its output indented
	printf '  $ %s\n' "$*"
	ip netns exec "$space" "$@" 2>&1 | sed 's/^/      /'
}
b() { # banish in the namespace
	local verb=$1
	shift
	printf '  $ banish %s %s\n' "$verb" "$*"
	ip netns exec "$space" "$banish" "$verb" -c "$conf" "$@" 2>&1 | sed 's/^/      /'
}
set_of() { # the name of a set of ours: a sync may have added a "b"
	ip netns exec "$space" nft list table inet banish | sed -nE "s/.*set ($1b?) \\{.*/\\1/p" | head -n 1
}
kernel() {
	show nft list set inet banish "$(set_of ban4)"
	show nft list set inet banish "$(set_of ban6)"
	show ipset list blacklistip
	show ipset list blacklistip6
	show ip route show type blackhole
	show ip -6 route show type blackhole
}

cat >"$conf" <<E2
[banish]
statedir = $dir/state
socket   = $dir/control
user     = root

[DEFAULT]
bantime  = 1h
target   = nft
           ipset[name=blacklistip]
           route

[postfix-sasl]
logpath  = $dir/mail.log
filter   = postfix[mode=auth]
maxretry = 3
E2

say "1. A configuration: three SASL failures in ten minutes ban for an hour, in three kernel targets."
sed -n '/^\[DEFAULT/,$p' "$conf" | sed 's/^/      /'

say "2. The daemon, in a network namespace of its own, follows an empty mail log."
ip netns add "$space"
ip netns exec "$space" ip link set lo up
: >"$dir/mail.log"
ip netns exec "$space" "$banish" run -c "$conf" 2>"$dir/daemon.log" &
daemon=$!
for _ in $(seq 800); do grep -q 'ready:' "$dir/daemon.log" && break; sleep 0.05; done

say "3. Genuine Postfix lines are appended: guessers, and a client with an honest mistake."
cut -c 1-110 "$lines" | sed 's/^/      /'
cat "$lines" >>"$dir/mail.log"
for _ in $(seq 800); do [ "$(ip netns exec "$space" "$banish" list -c "$conf" | wc -l)" -ge 4 ] && break; sleep 0.05; done
b list
b why 198.51.100.30

say "4. The kernel has them, each with the time it has left."
kernel

say "5. kill -9. The namespace, and with it everything the kernel knew, is deleted."
kill -9 "$daemon"
wait "$daemon" 2>/dev/null || :
daemon=
ip netns del "$space"
sleep 2
ip netns add "$space"
ip netns exec "$space" ip link set lo up
show nft list tables

say "6. What the boot unit runs: every ban is back, with less time left."
b restore
kernel

say "Done. Nothing is left behind. Next: README.md, banish(8), banish.conf(5)."
