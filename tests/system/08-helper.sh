#!/bin/bash
# The worker killed: a new one takes over, synced. The parent killed: the daemon ends, non-zero.
. "$(dirname "$0")/lib.sh"

configure <<E2
[DEFAULT]
target = nft
         ipset[name=ours]
         route
[reaper sendmail]
E2
start
ask ban --for 1h 203.0.113.30 || fail "ban"
parent=$(ask status --json | jq .helper_pid)
worker=$(pgrep -P "$parent")
check "the helper has a worker" test -n "$worker"
(
	i=0
	while [ $i -lt 40 ]; do
		nft flush ruleset
		in_nft 203.0.113.30 || echo lost
		i=$((i + 1))
		sleep 0.02
	done
) >"$T/unowned" &
flusher=$!
for i in 1 2 3 4 5; do
	kill -9 "$worker"
	soon "worker $i is replaced" sh -c "p=\$(pgrep -P $parent) && [ \"\$p\" != '$worker' ]"
	worker=$(pgrep -P "$parent")
	check "a ban during the change succeeds" ask ban --for 1h 203.0.113.$((30 + i))
	soon "and is in the kernel" in_nft 203.0.113.$((30 + i))
done
wait $flusher
equal "the table never was unowned" "" "$(cat "$T/unowned")"
equal "status counts the restarts" 5 "$(ask status --json | jq .helper_restarts)"
check "what was there is there: ipset" in_ipset ours 203.0.113.30
check "what was there is there: route" in_route 203.0.113.30
# Who has asked a worker that is killed is told so, and not of a broken pipe.
asked_of_the_dead() {
	worker=$(pgrep -P "$parent") || return 1
	kill -STOP "$worker"
	ask reap >"$T/reap" 2>&1 &
	local asks=$!
	sleep 0.5
	kill -9 "$worker"
	wait $asks
	grep -q 'reap: banish-netlink has ended and starts again' "$T/reap"
}
soon "reap says that the worker ended" asked_of_the_dead
soon "and works with the next" ask reap
check "the log does not complain of it" not grep -q 'sessions cannot be looked at' "$LOG"
worker=$(pgrep -P "$parent")
ip route del blackhole 203.0.113.31
kill -9 "$worker"
soon "a new worker's sync brings back what was lost meanwhile" in_route 203.0.113.31
kill -9 "$parent"
wait "$DAEMON"
code=$?
DAEMON=
check "the parent's end is the daemon's" test $code -ne 0
check "which says so" grep -q 'banish-netlink ended' "$LOG"
check "the kernel keeps the bans" in_nft 203.0.113.35
: >"$LOG"
start
check "nothing is lost" banned 203.0.113.35
parent=$(ask status --json | jq .helper_pid)
worker=$(pgrep -P "$parent")
stop KILL
soon "both halves end with the daemon" sh -c "! kill -0 $parent 2>/dev/null && ! kill -0 $worker 2>/dev/null"
