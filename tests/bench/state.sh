#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What remembering costs: snapshot and journal, a durable ban beside the disk's own fdatasync(2),
# lines while a snapshot is written, and memory. Prints `name number unit`, and for each number to
# hold a line that says whether it does. Of several rounds the best counts. BENCH_BANS=1000000;
# BENCH_DIR: a folder on the disk to be measured, /tmp unless said.
set -u
cd "$(dirname "$0")/../.."
. tests/bench/lib.sh
B=$(realpath "${B:-build}")
BANS=${BENCH_BANS:-1000000}
ROUNDS=${BENCH_ROUNDS:-3}
[ "$(id -u)" -eq 0 ] || fail "only root makes network namespaces"
if [ "${1:-}" != inside ]; then
	exec unshare -n "$0" inside
fi
ip link set lo up
export TMPDIR=${BENCH_DIR:-/tmp}
scratch

# ---- the store alone ----

store() {
	local written=1000 read=1000 kept=1000 decided=1000 a b cpu bytes round
	local written_cpu=1000 read_cpu=1000 decided_cpu=1000
	for ((round = 0; round < ROUNDS; round++)); do
		rm -rf "$dir/store" && mkdir "$dir/store"
		read -r a cpu < <("$B/bench/state" snapshot "$dir/store" "$BANS") || fail snapshot
		written=$(less "$written" "$a")
		written_cpu=$(less "$written_cpu" "$cpu")
		read -r a cpu b bytes < <("$B/bench/state" load "$dir/store") || fail load
		read=$(less "$read" "$a")
		read_cpu=$(less "$read_cpu" "$cpu")
		kept=$(less "$kept" "$b")
		rm -rf "$dir/store" && mkdir "$dir/store"
		read -r a cpu < <("$B/bench/state" journal "$dir/store" "$BANS") || fail journal
		decided=$(less "$decided" "$a")
		decided_cpu=$(less "$decided_cpu" "$cpu")
	done
	hold snapshot-written "$written" s '<' 0.6
	say snapshot-written-processor "$written_cpu" CPU-s
	hold snapshot-loaded "$read" s '<' 0.2
	say snapshot-loaded-processor "$read_cpu" CPU-s
	say snapshot-loaded-into-the-tables "$kept" s
	hold journal "$(calc "$BANS / $decided / 1000")" thousand-decisions/s '>=' 200
	say journal-processor "$(calc "$BANS / $decided_cpu / 1000")" thousand-decisions/CPU-s
	hold memory-per-ban-of-the-judge "$bytes" bytes '<=' 96
	rm -rf "$dir/store"
}

# ---- a daemon ----

configure() {
	cat >"$dir/banish.conf" <<-END
		[banish]
		statedir = $dir/state
		socket = $dir/control
		user = root
		loglevel = warning
		[DEFAULT]
		maxretry = 1
		bantime = 1d
		target = null
		[sshd]
		filter = sshd
		logpath = $dir/auth.log
		target = nft
	END
	: >"$dir/auth.log"
}

daemon=
start() { # PROGRAM
	"$1" run -c "$dir/banish.conf" >"$dir/log" 2>&1 &
	daemon=$!
	until [ -S "$dir/control" ] && "$B/banish" status -c "$dir/banish.conf" >/dev/null 2>&1; do
		kill -0 $daemon 2>/dev/null || fail "the daemon: $(tail -n 3 "$dir/log")"
		sleep 0.05
	done
}
stop() { kill $daemon && wait $daemon; daemon=; }
status() { "$B/banish" status --json -c "$dir/banish.conf" | jq "$1"; }
# What the process holds of its own, in KiB.
anonymous() { awk '$1 == "RssAnon:" { print $2 }' "/proc/$daemon/status"; }

addresses() {
	awk -v n="$BANS" 'BEGIN { for (i = 0; i < n; i++)
		printf "%d.%d.%d.%d\n", 40 + i / 16777216, i / 65536 % 256, i / 256 % 256, i % 256 }'
}

durable() {
	local asked synced
	configure
	start "$B/banish"
	sleep 1
	idle=$(anonymous)
	hold memory-idle "$(calc "$idle / 1024")" MiB '<' 8
	read -r asked synced < <("$B/bench/state" ask "$dir/control" "$dir" 1000) || fail ask
	say durable-ban "$asked" us
	say durable-ban-fdatasync "$synced" us
	hold durable-ban-to-fdatasync "$(calc "$asked / $synced")" times '<' 3
	addresses >"$dir/addresses"
	"$B/banish" ban -c "$dir/banish.conf" - <"$dir/addresses" >/dev/null || fail ban
	stop
	start "$B/banish"
	sleep 2
	hold memory-per-live-ban \
		"$(calc "($(anonymous) - $idle) * 1024 / $(status .bans)")" bytes '<=' 96
	stop
}

# One whose every snapshot is followed by the next.
while_saving() {
	local median p99 before
	start "$B/bench/banish"
	sleep 1
	before=$(status .state.snapshots)
	read -r median p99 < <(python3 tests/bench/latency.py "$dir/auth.log" 2000) || fail latency
	before=$(($(status .state.snapshots) - before))
	[ "$before" -ge 2 ] || fail "only $before snapshots were written meanwhile"
	say snapshots-meanwhile "$before" snapshots
	say line-to-kernel-while-saving-median "$(calc "$median / 1000")" ms
	hold line-to-kernel-while-saving-p99 "$(calc "$p99 / 1000")" ms '<' 5
	stop
}

store
durable
while_saving
exit $((missed > 0))
