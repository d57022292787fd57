#!/bin/bash
# In place of tarpit_checks: Debian's Postfix with the restrictions and the configuration of
# contrib/postfix. An unknown client waits, its message credits it, and the next of its network does
# not wait; who hangs up gets no credit; a jail counts requests, bans, and answers; without the
# daemon mail passes. Prints what was seen.
. "$(dirname "$0")/postfix.sh"

sleep_s=3
# The sample, with less patience.
settings() {
	sed -e "s/^sleep .*/sleep = ${sleep_s}s/" -e 's/^maxretry .*/maxretry = 3/' \
		"$ROOT/contrib/postfix/banish.conf" "$@"
}
settings | configure
policy() { python3 "$ROOT/tests/system/policy.py" "$@"; }
count() { ask status --json | jq ".tarpit.$1"; }
is() { [ "$(count "$1")" = "$2" ]; }
say() { printf '  %s\n' "$*"; }

# mail ADDRESS: a message as this client; what the server says last, and how long it took, in ms.
mail() {
	local begin
	begin=$(date +%s%N)
	heard=$(smtp "$1" "${2:-unknown.example}" "MAIL-TO alice@example.net" QUIT | sed -n 1p)
	took=$((($(date +%s%N) - begin) / 1000000))
	say "$1: \"$heard\" after $took ms; $(count slept) slept, $(count known) known"
}

# No connection may take a port that is to be listened on.
echo 10000 59999 >/proc/sys/net/ipv4/ip_local_port_range
postfix_up
# As the README says: at the end of main.cf.
cat "$ROOT/contrib/postfix/main.cf" >>/etc/postfix/main.cf
postfix_reload
start

# ---- the tarpit ----

mail 198.51.100.10
check "an unknown client waits" [ "$took" -ge $((sleep_s * 1000)) ]
check "and its message is taken" grep -q '^250' <<<"$heard"
check "and credited to its network" is credits 1
equal "which is listed" '["198.51.100.0",24,1]' "$(ask tarpit --json | jq -c '[.ip,.prefixlen,.messages]')"
mail 198.51.100.77
check "the next of its network does not wait" is slept 1
check "and is known" is known 1
say "$(ask tarpit)"

smtp 203.0.113.5 unknown.example "MAIL FROM:<a@x.example>" "RCPT TO:<alice@example.net>" \
	"HANG-UP DATA" >/dev/null
soon "who hangs up has waited" is slept 2
soon "and Postfix notices behind the wait" grep -q 'lost connection after DATA.*\[203.0.113.5\]' "$MAILLOG"
say "$(grep 'lost connection after DATA' "$MAILLOG" | tail -n 1)"
refuse "and has no credit" 1 "has no credit" ask tarpit 203.0.113.5
mail 2001:db8:1::10
check "an IPv6 client waits" is slept 3
mail 2001:db8:1::20
check "and its /64 is known then" is slept 3
mail 192.0.2.5
check "who is in ignoreip does not wait" is slept 3
equal "under stress nobody waits" "action=DUNNO" \
	"$(policy ask 60001 request=smtpd_access_policy protocol_state=DATA client_address=203.0.113.5 stress=yes)"

# ---- commands ----

equal "check=" "2 objs" "$(echo check=198.51.100.10 | policy say 60003 | head -n 1)"
check "all" grep -q '^2001:db8:1::/64 ' <(echo all | policy say 60003)
equal "del=" "1 objs" "$(echo del=2001:db8:1::20 | policy say 60003 | head -n 1)"
check "info" grep -qx '1 objs' <(echo info | policy say 60003)

# ---- a jail ----

heard=$(smtp 203.0.113.66 many.example "MAIL FROM:<a@x.example>" "RCPT TO:<alice@example.net>" \
	"RCPT TO:<bob@example.net>" "RCPT TO:<carol@example.net>" "RCPT TO:<dave@example.net>")
printf '%s\n' "$heard" | sed 's/^/  203.0.113.66: /'
check "the jail's own answer ends the connection" grep -q '^521 5.7.1 .*Too many recipients' <<<"$heard"
equal "to the request that made the ban" hung "$(sed -n '5s/ .*//p' <<<"$heard")"
check "the jail bans" banned 203.0.113.66
soon "and the kernel has it" in_nft 203.0.113.66
say "$(ask list)"
say "$(grep 'reject: RCPT.*203.0.113.66' "$MAILLOG" | tail -n 1)"

# ---- hostile clients ----

equal "10 MB without a newline get DUNNO" "action=DUNNO" \
	"$(head -c 10485760 /dev/zero | tr '\0' x | policy say 60001 | head -n 1)"
equal "and with CR LF" "action=DUNNO" \
	"$(printf 'client_address=203.0.113.5\r\n\r\n' | policy say 60001 | head -n 1)"
equal "and without the empty line" "action=DUNNO" \
	"$(printf 'client_address=203.0.113.5\n' | policy say 60001 | head -n 1)"
equal "and with NUL" "action=DUNNO" \
	"$(printf 'client\0_address=203.0.113.5\n\n' | policy say 60001 | head -n 1)"
policy idle 60001 2000 >"$T/idle"
equal "2,000 idle connections keep nobody out" "action=DUNNO action=DUNNO first: closed" "$(tr '\n' ' ' <"$T/idle" | sed 's/ $//')"
mail 198.51.100.10
check "nor Postfix" grep -q '^250' <<<"$heard"
say "memory of the daemon: $(awk '/VmRSS/ { print $2 }' /proc/$DAEMON/status) KiB"

# ---- without the daemon ----

soon "what was credited is on disk" sh -c "[ \"\$($BANISH status --json -c $CONF | jq .state.backlog_bytes)\" = 0 ]"
stop KILL
begin=$(date +%s%N)
heard=$(smtp 203.0.113.7 unknown.example "MAIL-TO alice@example.net" QUIT | sed -n 1p)
say "without the daemon: \"$heard\" after $((($(date +%s%N) - begin) / 1000000)) ms"
check "mail passes without the daemon" grep -q '^250' <<<"$heard"
say "$(grep 'warning: problem talking to server' "$MAILLOG" | tail -n 1)"
start
mail 198.51.100.99
check "after kill -9 a client is known still" is slept 0

# ---- unix sockets, with a reload ----

install -d -g postfix -m 2750 "$T/banish"
chmod 755 "$T"
settings | sed -e "s|^check .*|check = $T/banish/check|" | configure
check "a reload" ask reload
postfix_set "smtpd_data_restrictions = check_policy_service { unix:$T/banish/check, default_action=REJECT }"
mail 203.0.113.200
check "a unix socket for the group of its folder" is slept 1
check "and the message is taken" grep -q '^250' <<<"$heard"
rm "$T/banish/check"
soon "a socket that was removed is made again" test -S "$T/banish/check"
check "as the log says" grep -q 'the socket was removed' "$LOG"
mail 203.0.113.210
check "and who is known is known" is known 2
settings | grep -v '^\[policy\|^check\|^store\|^command\|^sleep' | configure
check "a reload without the tarpit" ask reload
check "removes the socket" not test -e "$T/banish/check"
equal "and keeps the credits" 2 "$(ask tarpit | wc -l)"
