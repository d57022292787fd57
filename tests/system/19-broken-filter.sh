#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A filter that cannot be used takes its own jail along and nothing else, and a reload of one nothing
# at all.
. "$(dirname "$0")/lib.sh"

cat >"$T/broken.conf" <<'E2'
[Definition]
failregex = ^good <HOST>$
            ^bad ( <HOST>$
E2
touch "$T/one.log" "$T/two.log"
body() { # filter of the second jail
	cat <<E2
[banish]
statedir = $T/state
socket = $T/control
user = root
[DEFAULT]
target = nft
maxretry = 1
[good]
filter = sshd
logpath = $T/one.log
[other]
filter = $1
logpath = $T/two.log
E2
}
body "$T/broken.conf" >"$CONF"
start
check "the log says where" grep -qF "$T/broken.conf:3: " "$LOG"
check "and which jail" grep -qF "the jail [other] is disabled" "$LOG"
check "so does status" eval 'ask status | grep -q "other .*disabled"'
equal "and for a script" "true" "$(ask status --json | jq '.jails[] | select(.jail == "other") | .disabled')"
sshd_line 192.0.2.1 >>"$T/one.log"
soon "the other jail bans" banned 192.0.2.1
refuse "check refuses it" 1 "$T/broken.conf:3: " banish check -c "$CONF"

body sshd >"$CONF"
check "mended, a reload takes it" ask reload
sshd_line 192.0.2.2 >>"$T/two.log"
soon "and it bans" banned 192.0.2.2
body "$T/broken.conf" >"$CONF"
refuse "a reload of a broken one is refused" 1 "$T/broken.conf:3: " "$BANISH" reload -c "$CONF"
sshd_line 192.0.2.3 >>"$T/two.log"
soon "and what runs goes on" banned 192.0.2.3

# A filter that is not there, or cannot be read, is the same.
stop
for filter in no-such-filter "$T/empty.conf"; do
	: >"$T/empty.conf"
	body "$filter" >"$CONF"
	start
	check "$(basename "$filter"): the log says so" grep -qF "the jail [other] is disabled" "$LOG"
	equal "$(basename "$filter"): and status" "true" \
		"$(ask status --json | jq '.jails[] | select(.jail == "other") | .disabled')"
	refuse "$(basename "$filter"): check refuses it" 1 "$CONF:" banish check -c "$CONF"
	stop
done
