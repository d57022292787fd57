#!/bin/bash
# When a line counts, found at start and live; that what is no address bans nobody; and that one
# datagram does not, which anybody may have sent.
. "$(dirname "$0")/lib.sh"

configure <<E2
[DEFAULT]
target = nft
findtime = 10m
maxretry = 3

[found]
filter = sshd
logpath = $T/found.log

[live]
filter = sshd
logpath = $T/live.log

[names]
filter = sshd
logpath = $T/names.log
usedns = yes

[udp]
filter = sshd
syslog = udp:127.0.0.1:5514
maxretry = 2
bantime = 3s
bantime.increment = yes
E2

# line ADDRESS WHEN, as date(1) takes it
line() {
	printf '%s host sshd[4711]: Failed password for root from %s port 40022 ssh2' \
		"$(LC_ALL=C date -d "$2" '+%b %e %H:%M:%S')" "$1"
}
# lines FILE ADDRESS WHEN TIMES
lines() {
	local i
	for ((i = 0; i < $4; i++)); do
		line "$2" "$3"
		echo
	done >>"$T/$1.log"
}
counted() { ask why "$1" | grep -q "$2"; } # ADDRESS "1 of 3"
# The time that the last line of an address counts by.
time_of() { ask why --json "$1" | jq '.lines[-1].time'; }
warnings() { grep -c 'a line of just now says it is' "$LOG"; }

# ---- at start ----

touch "$T/live.log" "$T/names.log"
lines found 203.0.113.1 '11 minutes ago' 3
lines found 203.0.113.2 '11 minutes ago' 2
lines found 203.0.113.2 '1 minute ago' 2
lines found 203.0.113.3 '5 minutes' 3
lines found 203.0.113.4 '1 minute ago' 3
start
soon "lines within findtime count at start" banned 203.0.113.4
check "lines before it do not" not_banned 203.0.113.1
check "nor with others" counted 203.0.113.2 "2 of 3"
check "nor lines that are ahead" not_banned 203.0.113.3
equal "no word of it" 0 "$(warnings)"

# ---- live ----

when=$(date -d '20 seconds ago' +%s)
lines live 203.0.113.10 "@$when" 3
soon "a live line counts" banned 203.0.113.10
equal "by its own time" "$when" "$(time_of 203.0.113.10)"
before=$(date +%s)
lines live 203.0.113.11 '2 hours ago' 3
soon "one that says two hours ago" banned 203.0.113.11
check "counts as now" test "$(time_of 203.0.113.11)" -ge "$before"
before=$(date +%s)
lines live 203.0.113.12 '3 hours' 3
soon "one that is ahead" banned 203.0.113.12
counts_as=$(time_of 203.0.113.12)
check "too" test "$counts_as" -ge "$before" -a "$counts_as" -le "$(date +%s)"
equal "of all of them there is one warning" 1 "$(warnings)"
check "with its jail and what may be wrong" grep -q '\[live\] a line .* old: a time zone problem' "$LOG"

# ---- what is no address ----

for log in live names; do
	for address in 192.0.2.09 192.0.2.256 192.0.2 3221225994 0xc0.0.2.9 2001:db8::g; do
		lines $log $address now 3
	done
	lines $log 203.0.113.2$((${#log} - 4)) now 3
done
soon "addresses behind what looks like some are banned" banned 203.0.113.20
soon "with names resolved, too" banned 203.0.113.21
check "what looks like one is not" not sh -c "'$BANISH' list -c '$CONF' | grep -E '192\.0|2001|c0'"
check "nor in the kernel" not sh -c "nft list table inet banish | grep -E '192\.0\.|2001:'"

# ---- datagrams ----

said_banned() { [ "$(grep -c "\[udp\] Ban $1 " "$LOG")" = "$2" ]; } # ADDRESS TIMES
datagram() { line "$1" now | sed 's/^/<38>/' >/dev/udp/127.0.0.1/5514; }
# Comes back: an offence of who was banned before counts more than once.
for ban in 1 2 3; do
	datagram 203.0.113.30
	if [ $ban -eq 1 ]; then
		soon "one datagram counts" counted 203.0.113.30 "1 of 2"
	else
		soon "one of who was banned before counts no more" counted 203.0.113.30 "1 of 2"
	fi
	check "and bans nobody" not_banned 203.0.113.30
	datagram 203.0.113.30
	soon "a second one does" said_banned 203.0.113.30 $ban
	[ $ban -eq 3 ] || soon "for some seconds" not_banned 203.0.113.30
done
# Two messages in one are one message.
{ line 203.0.113.31 now; echo; line 203.0.113.31 now; } | sed '1s/^/<38>/; 2s/^/<38>/' |
	dd bs=65536 iflag=fullblock 2>"$T/dd" >/dev/udp/127.0.0.1/5514
datagram 203.0.113.32
datagram 203.0.113.32
soon "datagrams behind it count" banned 203.0.113.32
check "two lines in one datagram ban nobody" not_banned 203.0.113.31
stop
