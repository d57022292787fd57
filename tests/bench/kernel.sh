#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# How fast bans get into the kernel and out of it, beside the tools a user would use instead, in one
# run. Prints `name number unit`, and for each number to hold a line that says whether it does. Wall
# time, of several rounds in which the programs take turns the best; all of it in network namespaces.
# BENCH_BANS=1000000, BENCH_ROUNDS=3; PARTS="memory heals": those alone.
set -u
cd "$(dirname "$0")/../.."
. tests/bench/lib.sh
B=$(realpath "${B:-build}")
BANS=${BENCH_BANS:-1000000}
ROUNDS=${BENCH_ROUNDS:-3}
REMOVED=100000
peers=build/peers
[ "$(id -u)" -eq 0 ] || fail "only root makes network namespaces"

# Seconds of a command in a network namespace of its own, and of CPU, with what it starts.
wall() {
	local TIMEFORMAT='%R %U %S' real user sys
	{ time unshare -n "$@" >"$dir/out" 2>"$dir/err"; } 2>"$dir/time" || fail "$*: $(tail -n 3 "$dir/err")"
	read -r real user sys <"$dir/time"
	echo "$real $(calc "$user + $sys")"
}

configure() { # [DEFAULT]'s targets and what follows
	printf '[banish]\nstatedir = %s/state\nsocket = %s/control\nuser = root\n[DEFAULT]\n%s\n' \
		"$dir" "$dir" "maxretry = 1
bantime = 1d
$1" >"$dir/banish.conf"
}

banish() { "$B/banish" "$1" -c "$dir/banish.conf" "${@:2}"; }

daemon=
start() {
	: >"$dir/log"
	"$B/banish" run -c "$dir/banish.conf" >"$dir/log" 2>&1 &
	daemon=$!
	until grep -q ready: "$dir/log"; do
		sleep 0.05
		kill -0 $daemon 2>/dev/null || fail "the daemon: $(tail -n 3 "$dir/log")"
	done
}
stop() { kill $daemon && wait $daemon; daemon=; }

# ---- a million bans from disk, as at boot ----

make_state() {
	python3 -c '
import sys
for i in range(int(sys.argv[1])):
    a = (20 << 24) + i * 2654435761 % (1 << 26)
    print(f"{a >> 24}.{a >> 16 & 255}.{a >> 8 & 255}.{a & 255}")' "$BANS" >"$dir/addresses"
	configure 'target = null'
	unshare -n bash -c ". tests/bench/lib.sh; $(declare -f start stop banish); dir=$dir B=$B
		start; banish ban - <'$dir/addresses' >/dev/null 2>&1
		# A journal of a million is reason enough for one.
		for i in \$(seq 100); do ls '$dir'/state/snapshot.*.gdbm && break; sleep 0.1; done >/dev/null 2>&1
		stop" || fail "no state"
	sed 's/.*/add b & timeout 86400/; 1i create b hash:ip timeout 86400 maxelem 2000000' "$dir/addresses" >"$dir/ipset"
	{
		echo 'table inet b { set b { type ipv4_addr; flags timeout; elements = {'
		sed 's/.*/& timeout 1d,/' "$dir/addresses"
		printf '}\n}\n}\n'
	} >"$dir/nft"
	sed 's/.*/route add blackhole & proto 157/' "$dir/addresses" >"$dir/ip"
}

restored() {
	grep -q "$BANS bans restored" "$dir/err" || fail "$1: $(cat "$dir/err")"
}

restore() { # NAME TARGET LIMIT TOOL...
	local name=$1 target=$2 limit=$3 ours=1000 tool=1000 ours_cpu=1000 tool_cpu=1000 t cpu round
	shift 3
	configure "target = $target"
	for ((round = 0; round < ROUNDS; round++)); do
		read -r t cpu < <(wall "$B/banish" restore -c "$dir/banish.conf")
		restored "$target"
		ours=$(less "$ours" "$t") ours_cpu=$(less "$ours_cpu" "$cpu")
		[ $round -eq 0 ] || [ "$1" != ip ] || continue # half a minute each
		read -r t cpu < <(wall "$@")
		tool=$(less "$tool" "$t") tool_cpu=$(less "$tool_cpu" "$cpu")
	done
	say "restore-$name" "$ours" s
	say "restore-$name-by-$1" "$tool" s
	say "restore-$name-to-$1-cpu" "$(calc "$tool_cpu / $ours_cpu")" times
	hold "restore-$name-to-$1" "$(calc "$tool / $ours")" times '>=' "$limit"
}

restores() {
	restore ipset 'ipset[name=b]' 5 ipset restore -file "$dir/ipset"
	restore nft nft 3 nft -f "$dir/nft"
	restore route route 4 ip -batch "$dir/ip"
}

# What the helper holds at most, with all targets at once.
memory() {
	local worker most
	configure 'target = nft
  ipset[name=b]
  route'
	unshare -n bash -c ". tests/bench/lib.sh; $(declare -f start stop banish); dir=$dir B=$B
		start
		banish sync >/dev/null || exit 1
		parent=\$(cat /proc/\$daemon/task/*/children | awk '{ print \$1 }')
		awk '/VmHWM/ { print \$2 }' /proc/\$(cat /proc/\$parent/task/*/children | awk '{ print \$1 }')/status >'$dir/most'
		stop" || fail "memory"
	most=$(cat "$dir/most")
	hold helper-memory "$(calc "$most / 1024")" MiB '<' 16
}

# ---- one decision, and many that are undone ----

# HELPER TARGET VERB COUNT [PLACE]
kernel() { unshare -n sh -c 'ip link set lo up; "$@"' sh "$dir/kernel" "$@"; }

# What is not ours is measured beside it: `echo` answers as the helper does and asks no kernel. Where
# the scheduler leaves the two processes together, that is two switches. Where it leaves them apart,
# two sleeping CPUs have to be woken, and on virtual ones that takes most of the limit; only a CPU that
# is kept busy would spare it. A ban that comes alone finds nothing in the caches.
decision() {
	local target
	for target in nft 'ipset[name=b]' route; do
		decide "decision-to-ack-${target%%[*}" "$B/banish-netlink" "$target"
	done
	decide echo-to-ack "$dir/echo" route
}

decide() { # NAME HELPER TARGET
	local median=1000000 p99 m p round
	for ((round = 0; round < ROUNDS; round++)); do
		read -r m p < <(kernel "$2" "$3" one 20000)
		true_that "$m > $median" || median=$m p99=$p
	done
	if [ "$1" = echo-to-ack ]; then say "$1" "$median" us; else hold "$1" "$median" us '<' 60; fi
	say "$1-p99" "$p99" us
	say_both "$1-lone" "$2" "$3" lone 300
	[ "$(nproc)" -eq 1 ] || say_both "$1-apart" "$2" "$3" one 5000 apart
}

say_both() { # NAME, and what `kernel` takes
	local median p99
	read -r median p99 < <(kernel "${@:2}")
	say "$1" "$median" us
	say "$1-p99" "$p99" us
}

# NAME TARGET VERB: seconds to take REMOVED entries out, as kernel.c has it.
remove() {
	unshare -n sh -c 'ip link set lo up; "$1" "$2" "$3" add $5 >/dev/null; "$1" "$2" "$3" "$4" $5' sh \
		"$dir/kernel" "$B/banish-netlink" "$1" "$2" $REMOVED
}

# The same entries, by a tool: what it says on standard error is its time.
remove_by() { # TARGET SHELL
	unshare -n bash -c 'ip link set lo up; "$1" "$2" "$3" add $4 >/dev/null; eval "$5"
		start=$EPOCHREALTIME; eval "$6"; awk "BEGIN { print $EPOCHREALTIME - $start }"' bash \
		"$dir/kernel" "$B/banish-netlink" "$1" $REMOVED "$2" "$3"
}

# The kernel takes 2 us to delete one route, in a batch of any size and whether anyone listens or not,
# and `ip route flush` not even three times that: no more is to be won.
removals() {
	local ipset=1000 tool=1000 route=1000 flush=1000 ip=1000 alone=1000 round
	for ((round = 0; round < ROUNDS; round++)); do
		ipset=$(less "$ipset" "$(remove 'ipset[name=b]' del)")
		tool=$(less "$tool" "$(remove_by 'ipset[name=b]' "ipset save b | sed -n 's/^add\\( b [0-9.]*\\).*/del\\1/p' >'$dir/dels'" \
			"ipset restore <'$dir/dels'")")
		route=$(less "$route" "$(remove route del)")
		flush=$(less "$flush" "$(remove route flush)")
		ip=$(less "$ip" "$(remove_by route : 'ip route flush proto 157')")
		alone=$(less "$alone" "$(unshare -n "$dir/routes" $REMOVED)")
	done
	say remove-100k-ipset "$ipset" s
	say remove-100k-ipset-restore "$tool" s
	hold remove-100k-ipset-to-ipset-restore "$(calc "$tool / $ipset")" times '>=' 5
	say remove-100k-route "$route" s
	say remove-100k-route-flush "$flush" s
	say remove-100k-ip-route-flush "$ip" s
	say remove-100k-route-kernel-alone "$alone" s
	hold remove-100k-route-to-kernel-alone "$(calc "$route / $alone")" times '<' 1.3
	hold remove-100k-route-to-ip-route-flush "$(calc "$ip / $route")" times '>=' 2
}

# ---- from the log into the kernel ----

sshguard() { # BACKEND
	local lib
	lib=$(dirname "$(find "$PWD/$peers/sshguard" -name sshg-parser | head -n 1)")
	(tail -n 0 -F "$dir/auth.log" 2>/dev/null | "$lib/sshg-parser" |
		"$lib/sshg-blocker" -a 10 -p 86400 -s 86400 | "$(find "$PWD/$peers/sshguard" -name "sshg-fw-$1" | head -n 1)") >"$dir/sshguard" 2>&1
}

offenders() { # COUNT: one line each
	awk -v n="$1" -v d="$(LC_ALL=C date '+%b %e %H:%M:%S')" 'BEGIN { for (i = 0; i < n; i++)
		printf "%s host sshd[%d]: Failed password for root from 20.7.%d.%d port 40022 ssh2\n", d, 1000 + i, i / 250, 1 + i % 250 }'
}

entries() { ipset list -t 2>/dev/null | awk '/^Number/ { n += $4 } END { print n + 0 }'; }

# In a namespace: how long until all of one write are in the set.
one_write() { # COUNT
	local start
	offenders "$1" >"$dir/offenders"
	sleep 1
	start=$EPOCHREALTIME
	cat "$dir/offenders" >>"$dir/auth.log"
	until [ "$(entries)" -ge "$1" ]; do
		true_that "$EPOCHREALTIME - $start < 120" || fail "one write: $(entries) of $1"
	done
	calc "$EPOCHREALTIME - $start"
}

inside() { # the part that runs in a namespace of its own
	ip link set lo up
	: >"$dir/auth.log"
	case $1 in
	sshguard-*) sshguard "${1#sshguard-}" & sleep 1 ;;
	*)
		rm -rf "$dir/state"
		configure "target = $1
[sshd]
logpath = $dir/auth.log
filter = sshd"
		start
		;;
	esac
	"${@:2}"
	[ -z "$daemon" ] || stop
	kill $(jobs -p) 2>/dev/null
}

within() { # TARGET|sshguard-BACKEND COMMAND...: `inside`, in a namespace and with its processes
	unshare -n -p -f --mount-proc "$0" inside "$dir" "$@" 2>"$dir/within"
}

from_the_log() {
	local ours=1000 theirs round median p99
	for ((round = 0; round < ROUNDS; round++)); do
		ours=$(less "$ours" "$(within 'ipset[name=b]' one_write 5000)")
	done
	theirs=$(within sshguard-ipset one_write 5000)
	say 5000-offenders-sshguard "$theirs" s
	hold 5000-offenders "$(calc "$ours * 1000")" ms '<' 65
	say 5000-offenders-to-sshguard "$(calc "$theirs / $ours")" times
	read -r median p99 < <(within nft python3 tests/bench/latency.py "$dir/auth.log" 2000)
	hold line-to-kernel-median "$(calc "$median / 1000")" ms '<' 0.25
	hold line-to-kernel-p99 "$(calc "$p99 / 1000")" ms '<' 5
	read -r median p99 < <(within sshguard-nft-sets python3 tests/bench/latency.py "$dir/auth.log" 200)
	say line-to-kernel-median-sshguard "$(calc "$median / 1000")" ms
	say line-to-kernel-p99-sshguard "$(calc "$p99 / 1000")" ms
}

# ---- others take it out ----

# Milliseconds from the last that the kernel said of a flush to the last of ten thousand put back.
heals() {
	heal nft 'nft[owner=no]' 'nft flush ruleset' 50
	heal route route 'ip route flush proto 157' 150
}

heal() { # NAME TARGET COMMAND LIMIT
	local best=1000000 round
	for ((round = 0; round < ROUNDS; round++)); do
		best=$(less "$best" "$(within "$2" heal_one "$1" "$3")")
	done
	hold "heal-10k-$1" "$best" ms '<' "$4"
}

heal_one() {
	head -n 10000 "$dir/addresses" | banish ban - >/dev/null 2>&1
	"$dir/heal" "$1" 10000 $2
}

if [ "${1:-}" = inside ]; then
	dir=$2
	inside "${@:3}"
	exit
fi
scratch
${CC:-cc} -std=gnu17 -D_GNU_SOURCE -O2 -Isrc -I. -o "$dir/kernel" tests/bench/kernel.c src/target/*.c src/base/*.c \
	-levent_core -lcdb || exit 1
${CC:-cc} -std=gnu17 -D_GNU_SOURCE -O2 -o "$dir/heal" tests/bench/heal.c || exit 1
${CC:-cc} -std=gnu17 -D_GNU_SOURCE -O2 -Isrc -I. -o "$dir/echo" tests/bench/echo.c || exit 1
${CC:-cc} -std=gnu17 -D_GNU_SOURCE -O2 -o "$dir/routes" tests/bench/routes.c -lmnl || exit 1
tests/unpack.sh $peers/sshguard sshguard || exit 1
make_state
for part in ${PARTS:-restores memory decision removals from_the_log heals}; do
	$part
done
[ "$missed" -eq 0 ] || { echo "bench: $missed missed" >&2; exit 1; }
