# Sourced by every system test: a network namespace of its own, a scratch folder, a daemon, and
# checks that print a line each. The last line is "N passed, M failed".
#
# BANISH is the program under test (default build/banish); it is run as a user would run it.

set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
BANISH=${BANISH:-$ROOT/build/banish}
NAME=$(basename "$0" .sh)

# A namespace with its own network and mounts; nothing outside is touched.
if [ "${IN_SCRATCH:-}" != "$NAME" ]; then
	export IN_SCRATCH=$NAME
	exec unshare -n -m "$0" "$@"
fi
mount --make-rprivate / 2>/dev/null
ip link set lo up

T=$(mktemp -d "/tmp/banish-$NAME.XXXXXX")
CONF=$T/banish.conf
LOG=$T/daemon.log
DAEMON=
passed=0
failed=0

finish() {
	[ -z "$DAEMON" ] || { kill -9 "$DAEMON"; wait "$DAEMON"; } 2>/dev/null
	if [ "$failed" -ne 0 ] && [ -s "$LOG" ]; then
		echo "--- the daemon's last words"
		tail -n 15 "$LOG"
	fi
	cd /
	umount "$T"/disk 2>/dev/null
	rm -rf "$T"
	echo "$NAME: $passed passed, $failed failed"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
	exit $?
}
trap finish EXIT

pass() {
	passed=$((passed + 1))
	[ -z "${VERBOSE:-}" ] || echo "  ok    $1"
}

fail() {
	failed=$((failed + 1))
	echo "  FAIL  $1"
}

# check "claim" command...: the command must succeed.
check() {
	claim=$1
	shift
	if "$@" >"$T/out" 2>&1; then pass "$claim"; else
		fail "$claim: $*"
		sed 's/^/        /' "$T/out" | head -n 8
	fi
}

# refuse "claim" CODE "text" command...: it must exit with CODE and say text on stderr.
refuse() {
	claim=$1 code=$2 text=$3
	shift 3
	"$@" >"$T/out" 2>"$T/err" </dev/null
	got=$?
	if [ $got -eq "$code" ] && grep -qF -- "$text" "$T/err"; then pass "$claim"; else
		fail "$claim: exit $got (want $code), stderr:"
		sed 's/^/        /' "$T/err" | head -n 8
	fi
}

# equal "claim" want got
equal() {
	if [ "$2" = "$3" ]; then pass "$1"; else fail "$1: want \"$2\", got \"$3\""; fi
}

# soon "claim" command...: the command must succeed at last. The limit is for what never does: a
# machine that is busy with something else may need long.
soon() {
	claim=$1
	shift
	local end=$((SECONDS + 40))
	until "$@" >"$T/out" 2>&1; do
		if [ $SECONDS -ge $end ]; then
			fail "$claim: $*"
			sed 's/^/        /' "$T/out" | head -n 8
			return 1
		fi
		sleep 0.05
	done
	pass "$claim"
}

banish() { "$BANISH" "$@"; }
ask() { verb=$1; shift; "$BANISH" "$verb" -c "$CONF" "$@"; }

# The configuration: [banish] with the scratch paths, then standard input.
configure() {
	{
		printf '[banish]\nstatedir = %s/state\nsocket = %s/control\nuser = root\n' "$T" "$T"
		cat
	} >"$CONF"
}

start() {
	"$BANISH" run -c "${1:-$CONF}" >>"$LOG" 2>&1 &
	DAEMON=$!
	local end=$((SECONDS + 40))
	until grep -q 'ready:' "$LOG" 2>/dev/null && [ -S "$T/control" ]; do
		if [ $SECONDS -ge $end ] || ! kill -0 "$DAEMON" 2>/dev/null; then
			fail "the daemon starts"
			return 1
		fi
		sleep 0.05
	done
}

stop() { # [signal]
	kill "-${1:-TERM}" "$DAEMON" 2>/dev/null
	wait "$DAEMON" 2>/dev/null
	code=$?
	DAEMON=
	[ "${1:-TERM}" != TERM ] || : >"$LOG.old"
	cat "$LOG" >>"$LOG.old" 2>/dev/null
	: >"$LOG"
	return $code
}

when() { LC_ALL=C date '+%b %e %H:%M:%S'; }
# sshd_line ADDRESS [user]: one genuine failure, dated now.
sshd_line() {
	printf '%s host sshd[4711]: Failed password for %s from %s port 40022 ssh2\n' \
		"$(when)" "${2:-root}" "$1"
}

# What the daemon has counted of an address, in all jails or in one, and how far a log was read.
counted() { # ADDRESS [JAIL]
	ask why --json "$1" |
		jq "[.counts[] | select(\"${2:-}\" == \"\" or .jail == \"${2:-}\").count] | add // 0"
}
counts() { [ "$(counted "$1" "${3:-}")" = "$2" ]; } # ADDRESS COUNT [JAIL]
lines() { ask status --json | jq "[.sources[] | select(.path == \"$1\").lines] | add"; }
read_up_to() { [ "$(lines "$1")" = "$2" ] || { echo "read: $(lines "$1")"; false; }; }

# mark, then on_disk: of what was read since then a piece or an offence and the position are. A ban
# by hand takes to disk what waited before, which would be taken for that.
mark() {
	ask ban --for 1h 192.0.2.99 >/dev/null
	records=$(ask status --json | jq .state.records)
}
on_disk() {
	ask status --json | jq -e ".state.records >= $records + 2 and .state.backlog_bytes == 0"
}

# Makes $T/run, which is the program with these in its environment.
run_with() { # NAME=VALUE...
	printf '#!/bin/sh\nexec env' >"$T/run"
	printf " '%s'" "$@" "$BANISH" >>"$T/run"
	echo ' "$@"' >>"$T/run"
	chmod +x "$T/run"
}
run() { BANISH=$T/run start; }

banned() { ask list --json | grep -qF "\"ip\":\"$1\""; }
not_banned() { ! banned "$1"; }
in_nft() { nft list table inet banish | grep -qF "$1 "; }
in_ipset() { ipset list "$1" | grep -qE "^$2( |$)"; }
in_route() { ip -"${2:-4}" route show table all | grep -qE "^(blackhole|unreachable|prohibit) $1( |$)"; }
not() { ! "$@"; }
