#!/bin/bash
# A reload takes over what is good; a bad one leaves the old configuration running.
. "$(dirname "$0")/lib.sh"

write() {
	configure <<E2
[DEFAULT]
target = $1
ignoreip = $2
[sshd]
filter = sshd
logpath = $T/auth.log
maxretry = ${3:-3}
E2
}
: >"$T/auth.log"
write nft 192.0.2.0/24
start
ask ban --for 1h 203.0.113.40 198.51.100.40 || fail "ban"
sshd_line 203.0.113.41 >>"$T/auth.log"
soon "an offence is counted" sh -c "'$BANISH' why -c '$CONF' 203.0.113.41 | grep -q 'counted: 1 of 3'"
cp "$CONF" "$T/good"
echo 'bantmie = 1h' >>"$CONF"
refuse "a bad reload says file and line" 1 "$CONF:" ask reload
refuse "and that the old one stays" 1 "former configuration" ask reload
check "it does" in_nft 203.0.113.40
write 'ipset[name=other]' '198.51.100.0/24' 2
check "a good one" ask reload
soon "bans move to the new target" in_ipset other 203.0.113.40
soon "and leave the old one" not in_nft 203.0.113.40
check "a ban that is now in ignoreip ends" not_banned 198.51.100.40
sshd_line 203.0.113.41 >>"$T/auth.log"
soon "offences counted before count on" banned 203.0.113.41
write nft 192.0.2.0/24
kill -HUP "$DAEMON"
soon "SIGHUP reloads, too" in_nft 203.0.113.41
stop
