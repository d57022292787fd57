#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# How fast policy requests are answered, beside postgrey, Debian's policy service that remembers
# clients as well. Prints `name number unit`, and for each number to hold a line that says whether
# it does. What one core can do is in CPU time; delays are wall time, of several rounds of a second
# the best, and ahead of what else the machine does (chrt). BENCH_ROUNDS=10.
set -u
cd "$(dirname "$0")/../.."
. tests/bench/lib.sh
B=$(realpath "${B:-build}")
ROUNDS=${BENCH_ROUNDS:-10}
peers=$PWD/build/peers
[ "$(id -u)" -eq 0 ] || fail "only root makes network namespaces"
if [ "${1:-}" != inside ]; then
	tests/unpack.sh $peers/postgrey postgrey || exit 1
	exec unshare -n "$0" inside
fi
ip link set lo up
# No connection may take a port that is to be listened on.
echo 10000 59999 >/proc/sys/net/ipv4/ip_local_port_range
scratch
${CC:-cc} -O2 -D_GNU_SOURCE -o "$dir/load" tests/bench/policy-load.c -levent_core || exit 1

# Ticks of CPU that a process has used, and those of a second.
ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }
hz=$(getconf CLK_TCK)

load() { # SOCKET CONNECTIONS RATE SECONDS: answers, a second, ms at the median, p99, longest
	read -r answers rate median p99 longest <<<"$(chrt -f 1 "$dir/load" "$@")"
	[ -n "${answers:-}" ] || fail "load: no answers"
}

# PID SOCKET CONNECTIONS: answers of a second of CPU, all connections asking at once.
cost() {
	local before
	before=$(ticks "$1")
	load "$2" "$3" 0 3
	per_cpu=$(awk "BEGIN { printf \"%d\", $answers * $hz / ($(ticks "$1") - $before) }")
}

# ---- banish ----

cat >"$dir/banish.conf" <<END
[banish]
statedir = $dir/state
socket = $dir/control
user = root
[policy tarpit]
[rcpt]
policy = 127.0.0.1:60004
filter = policy[state=DATA]
maxretry = 1000
target = null
END
chrt -f 1 "$B/banish" run -c "$dir/banish.conf" >"$dir/log" 2>&1 &
daemon=$!
until grep -q ready: "$dir/log"; do
	sleep 0.05
	kill -0 $daemon 2>/dev/null || fail "the daemon: $(tail -n 3 "$dir/log")"
done
cost $daemon 60001 1000
hold policy-check-1000-connections "$per_cpu" answers/CPU-second '>=' 20000
check=$per_cpu
cost $daemon 60002 1000
say policy-store-1000-connections "$per_cpu" answers/CPU-second
cost $daemon 60004 1000
hold policy-jail-1000-connections "$per_cpu" answers/CPU-second '>=' 20000
# SOCKET: the best of the rounds.
delays() {
	local round
	best=1000000
	for ((round = 0; round < ROUNDS; round++)); do
		load "$1" 1000 20000 1
		[ "$answers" -eq 20000 ] || fail "$answers of 20000 answers"
		if true_that "$p99 < $best"; then
			best=$p99 half=$median most=$longest
		fi
	done
}
chrt -f 1 "$dir/load" serve 60020 &
floor=$!
sleep 0.5
delays 60020
kill $floor
say policy-20000-a-second-floor-p99 "$best" ms
# On a machine that is too busy for a service that does nothing, no more can be held.
limit=$(awk "BEGIN { print ($best > 0.5 ? 2 * $best : 1) }")
delays 60001
say policy-20000-a-second-median "$half" ms
say policy-20000-a-second-longest "$most" ms
hold policy-20000-a-second-p99 "$best" ms '<' "$limit"
say policy-memory "$(awk '$1 == "RssAnon:" { print $2 }' /proc/$daemon/status)" KiB
kill $daemon && wait $daemon

# ---- postgrey ----

include=()
for folder in $peers/postgrey/usr/share/perl5 $peers/postgrey/usr/lib/*/perl5/5.*; do
	include+=(-I "$folder")
done
mkdir "$dir/db"
perl -T "${include[@]}" $peers/postgrey/usr/sbin/postgrey --inet=127.0.0.1:60010 --dbdir="$dir/db" \
	--user=root --group=root --whitelist-clients=/dev/null --whitelist-recipients=/dev/null \
	>"$dir/postgrey" 2>&1 &
daemon=$!
for ((i = 0; i < 100; i++)); do
	"$dir/load" 60010 1 0 0.01 >"$dir/out" 2>&1 && break
	kill -0 $daemon 2>/dev/null || fail "postgrey: $(tail -n 3 "$dir/postgrey")"
	sleep 0.1
done
cost $daemon 60010 100
kill $daemon
say policy-check-postgrey-100-connections "$per_cpu" answers/CPU-second
hold policy-check-to-postgrey "$(calc "$check / $per_cpu")" times '>=' 10
[ "$missed" -eq 0 ] || { echo "bench: $missed missed" >&2; exit 1; }
