#!/bin/bash
# The clock jumps, or starts in 1970: no ban gains or loses time by that, nor a credit.
. "$(dirname "$0")/lib.sh"

cc -shared -fPIC -O1 -o "$T/clock.so" "$ROOT/tests/system/clock.c" || fail "the test's clock"
export CLOCK_OFFSET=$T/offset
touch "$T/auth.log"
configure <<E2
[DEFAULT]
target = nft
[sshd]
filter = sshd
logpath = $T/auth.log
maxretry = 3
[policy tarpit]
command = 0
expire = 1h
E2

# Only the daemon has the false clock.
run_with LD_PRELOAD="$T/clock.so"
set_clock() { echo "$1" >"$T/offset.new" && mv "$T/offset.new" "$T/offset"; }

# What is left of a ban in seconds, as the daemon and as the kernel count it.
left() { # ADDRESS
	ask list --json | jq -r --arg ip "$1" --argjson now "$(($(date +%s) + $(cat "$T/offset")))" \
		'select(.ip == $ip).until - $now'
}
kernel_left() {
	nft -j list table inet banish | jq "[.. | objects | select(.val? == \"$1\").expires] | max"
}
# within "claim" ADDRESS: of an hour's ban no more than a minute or two is over.
within() {
	local daemon kernel
	daemon=$(left "$2")
	kernel=$(kernel_left "$2")
	if [ "${daemon:-0}" -gt 3400 ] && [ "$daemon" -le 3600 ] &&
		[ "${kernel:-0}" -gt 3400 ] && [ "$kernel" -le 3601 ]; then pass "$1"; else
		fail "$1: $daemon s left in the daemon, $kernel s in the kernel"
	fi
}
# A message of this client is complete; whom the tarpit knows is to be seen by the clock.
credit() {
	python3 "$ROOT/tests/system/policy.py" ask 60002 request=smtpd_access_policy \
		protocol_state=END-OF-MESSAGE "client_address=$1" >/dev/null
}
credited() { # ADDRESS: within the last minutes
	local last
	last=$(ask tarpit --json "$1" | jq "$(($(date +%s) + $(cat "$T/offset"))) - .last")
	[ "${last:-9999}" -ge -5 ] && [ "$last" -lt 600 ]
}
day=86400
year1970=$((100000 - $(date +%s)))

set_clock 0
run
check "a ban of an hour" ask ban --for 1h 203.0.113.1
check "one for ever" ask ban --for forever 203.0.113.2
sshd_line 203.0.113.7 >>"$T/auth.log"
sshd_line 203.0.113.7 >>"$T/auth.log"
check "a message is credited" credit 198.51.100.10
check "just now" credited 198.51.100.10
soon "two offences are counted" counts 203.0.113.7 2
for jump in $day $((-2 * day)) $year1970 0; do
	: >"$LOG"
	set_clock "$jump"
	soon "the clock is set by $jump s: the log says so" grep -q 'the clock was set' "$LOG"
	check "sync" ask sync
	within "a ban keeps what is left" 203.0.113.1
	check "and a credit, too" credited 198.51.100.10
done
check "the offences are still two" counts 203.0.113.7 2

for jump in $day $year1970 $((-2 * day)); do
	: >"$LOG"
	set_clock "$jump"
	soon "set by $jump s" grep -q 'the clock was set' "$LOG"
	check "a message credited then" credit 198.51.101.10
	check "a ban made then" ask ban --for 1h 203.0.113.3
	stop KILL
	set_clock 0
	run
	check "killed, the clock set right, started: the log says so" \
		grep -q 'clock was set .* since the state was written' "$LOG"
	within "the ban from before keeps what is left" 203.0.113.1
	within "the ban made then, too" 203.0.113.3
	check "and the credit from before" credited 198.51.100.10
	check "and the one given then" credited 198.51.101.10
	check "one for ever is for ever" banned 203.0.113.2
	check "and two offences are two" \
		counts 203.0.113.7 2
	check "unban" ask unban 203.0.113.3
done

# Another boot: nothing but the wall clock says how much time has passed.
check "a ban of an hour again" ask ban --for 1h 203.0.113.1
stop KILL
boot() { # NUMBER
	cat >"$T/boot.c" <<-E2
		#include <systemd/sd-id128.h>
		int sd_id128_get_boot(sd_id128_t *out)
		{
			*out = (sd_id128_t){.qwords = {$1, 1}};
			return 0;
		}
	E2
	cc -shared -fPIC -o "$T/boot.so" "$T/boot.c" || fail "the test's boot"
}
boot 7
run_with LD_PRELOAD="$T/clock.so $T/boot.so"
set_clock $year1970
cat >"$T/after" <<E2
ip link set lo up
'$T/run' restore -c '$CONF' || exit 1
nft list table inet banish
E2
check "restore in 1970, in an empty kernel" unshare -n sh "$T/after"
cp "$T/out" "$T/restored"
check "puts it back for an hour at most" grep -qE '203.0.113.1 timeout 1h expires 5[0-9]m' "$T/restored"
run
check "a start in 1970 says so" grep -q 'the clock was set .* back since' "$LOG"
within "the ban keeps what was left" 203.0.113.1
: >"$LOG"
set_clock 0
soon "the clock is set right" grep -q 'the clock was set .* ahead' "$LOG"
within "and the ban keeps what is left" 203.0.113.1
stop

# An hour and a day without power, by a clock that is right: the ban is over.
boot 8
set_clock $day
run
check "a day later, after a boot, the ban is over" not_banned 203.0.113.1
check "one for ever is not" banned 203.0.113.2
stop
