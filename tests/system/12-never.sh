#!/bin/bash
# What must never be banned is not, whoever asks.
. "$(dirname "$0")/lib.sh"

ip link add out0 type veth peer name out1
ip addr add 198.18.0.1/24 dev out0
ip addr add 2001:db8:18::1/64 dev out0 nodad
ip link set out0 up
configure <<E2
[DEFAULT]
ignoreip = 192.0.2.0/24 10. 172.16.0.0/255.240.0.0 2001:db8:77::7
[sshd]
filter = sshd
logpath = $T/auth.log
maxretry = 1
E2
: >"$T/auth.log"
start
for never in 127.0.0.1 127.8.0.0/16 ::1 0.0.0.0/0 ::/0 12.0.0.0/7 2001::/31 192.0.2.1 192.0.2.0/28 192.0.0.0/16 \
	10.9.8.7 172.31.255.1 2001:db8:77::7 2001:db8:77::/64 198.18.0.1 198.18.0.0/16 2001:db8:18::1 2001:db8:18::/64; do
	refuse "never $never" 1 "$never" ask ban $never
done
for address in 192.0.2.1 10.9.8.7 198.18.0.1 2001:db8:77::7 127.0.0.1 203.0.113.60; do
	sshd_line $address >>"$T/auth.log"
done
soon "an offender beside them is banned" banned 203.0.113.60
equal "and nobody else" 1 "$(ask list --json | grep -c ip)"
check "own addresses that come later: ban first" ask ban 198.18.5.5
ip addr add 198.18.5.5/24 dev out0
soon "then the ban ends" not_banned 198.18.5.5
soon "in the kernel, too" not in_nft 198.18.5.5
stop
