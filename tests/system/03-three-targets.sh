#!/bin/bash
# One more sshd failure than allowed: the address is in nft, ipset and the routes, both families,
# with the right time; `why` shows the lines; unban takes it out of all three.
. "$(dirname "$0")/lib.sh"

configure <<E2
[sshd]
filter = sshd
logpath = $T/auth.log
maxretry = 3
bantime = 1h
target = nft
         ipset[name=blacklistip]
         route
E2
: >"$T/auth.log"
start
for address in 203.0.113.7 2001:db8:1:2::7; do
	sshd_line $address >>"$T/auth.log"
	sshd_line $address >>"$T/auth.log"
done
soon "two offences are counted" sh -c "'$BANISH' why -c '$CONF' 203.0.113.7 | grep -q 'counted: 2 of 3'"
check "and make no ban" not_banned 203.0.113.7
sshd_line 203.0.113.7 >>"$T/auth.log"
sshd_line 2001:db8:1:2::9 >>"$T/auth.log" # the same /64
soon "the third bans" banned 203.0.113.7
soon "IPv6 is counted by /64" banned 2001:db8:1:2::
soon "nft has it" in_nft 203.0.113.7
soon "nft has the /64" in_nft 2001:db8:1:2::
soon "ipset has it" in_ipset blacklistip 203.0.113.7
soon "ipset has the /64" in_ipset blacklistip6 2001:db8:1:2::
soon "a route has it" in_route 203.0.113.7
soon "a route has the /64" in_route 2001:db8:1:2::/64 6
left() { sed -nE "s/.*$1 $2 ([0-9]+).*/\1/p"; }
seconds=$(ipset list blacklistip | left 203.0.113.7 timeout)
check "the ipset entry has its time left" test "${seconds:-0}" -gt 3400 -a "${seconds:-0}" -le 3600
check "the nft element has its time left" sh -c "nft list table inet banish | grep -qE '203.0.113.7 timeout 1h expires (5[0-9]m|1h)'"
equal "the ban says what it counted" 3 "$(ask list --json | jq 'select(.ip=="203.0.113.7").count')"
equal "why shows the lines" 3 "$(ask why 203.0.113.7 | grep -c 'line: .*Failed password for root from 203.0.113.7')"
equal "why --json, too" 3 "$(ask why --json 203.0.113.7 | jq '.lines|length')"
equal "why finds the /64 by any of its addresses" 1 "$(ask why 2001:db8:1:2:aaaa::1 | grep -c '^banned')"
check "unban" ask unban 203.0.113.7
check "unban an address inside a banned /64" ask unban 2001:db8:1:2::9
for gone in "in_nft 203.0.113.7" "in_ipset blacklistip 203.0.113.7" "in_route 203.0.113.7" \
	"in_nft 2001:db8:1:2::" "in_ipset blacklistip6 2001:db8:1:2::" "in_route 2001:db8:1:2::/64 6" "banned 203.0.113.7"; do
	check "gone: $gone" not $gone
done
# A short ban ends by itself everywhere; routes have no time of their own.
check "ban for 2 s" ask ban --for 2s --jail sshd 198.51.100.1
check "it is there" in_route 198.51.100.1
soon "it ends in the routes" not in_route 198.51.100.1
soon "it ends in the list" not_banned 198.51.100.1
soon "it ends in the ipset" not in_ipset blacklistip 198.51.100.1
check "prefixes of any length" ask ban --jail sshd 198.51.100.0/24 10.0.0.0/8 10.1.0.0/16 2001:db8:ff::1 2001:db8:ff00::/40
check "nft has nested prefixes" sh -c "nft list table inet banish | tr '\n' ' ' | grep -q '10.0.0.0 .*10.1.0.0 \|10.1.0.0 .*10.0.0.0 '"
check "ipset has a prefix" in_ipset blacklistip-net 198.51.100.0/24
check "ipset has a /128" in_ipset blacklistip6-net 2001:db8:ff::1
check "a route has a prefix" in_route 198.51.100.0/24
check "unban all" ask unban --all
equal "nothing is left in nft" 0 "$(nft list table inet banish | grep -c expires)"
equal "nothing is left in ipset" 0 "$(ipset save | grep -c ^add)"
equal "nothing is left in the routes" 0 "$(ip route show type blackhole | grep -c .)"
