#!/bin/bash
# A kernel that has no memory for a ban now may have some in a moment: nobody has to ask again.
. "$(dirname "$0")/lib.sh"

configure <<E2
[DEFAULT]
target = nft
E2
start
ask ban 203.0.113.1 || fail "ban"
worker=$(pgrep -P "$(ask status --json | jq .helper_pid)")
for error in ENOMEM ENOBUFS; do
	: >"$LOG"
	# Of the worker's sends each other one is the transaction, which fails as long as the tracer
	# is there, and the next one its answer to the daemon.
	strace -p "$worker" -o "$T/trace" -e trace=sendto -e inject=sendto:error=$error:when=1+2 2>"$T/strace" &
	strace=$!
	soon "the tracer is there" grep -q attached "$T/strace"
	refuse "a ban that fails with $error is said to" 1 "refused by a target" ask ban "203.0.113.${#error}"
	check "and it does" not in_nft "203.0.113.${#error}"
	soon "the log names it" grep -q "cannot add 203.0.113.${#error}: " "$LOG"
	kill $strace
	wait $strace 2>/dev/null
	soon "it is tried again" in_nft "203.0.113.${#error}"
	check "sync" ask sync
done
check "the worker is the same" kill -0 "$worker"
check "what was there is there" in_nft 203.0.113.1
stop
