#!/bin/bash
# Kernel first, and disk before an answer: a ban from a log is in the kernel at once and on disk with
# its group; what a person says is on disk when the command returns; and what a kill took away
# before its group was written is found again, once.
. "$(dirname "$0")/lib.sh"

offend() { sshd_line "$1" >>"$T/auth.log"; sshd_line "$1" >>"$T/auth.log"; }
on_disk() {
	rm -rf "$T/copy"
	cp -r "$T/state" "$T/copy"
	banish state dump "$T/copy" | grep -F '"kind":"ban"' | grep -F "\"$1\""
}
is() { ask list --json | jq -c "select(.ip==\"$1\" and .count==$2 and .bancount==$3)" | grep .; }
# A claim that holds as long as the group has not been written, which it is after ten seconds.
meanwhile() {
	if "${@:2}"; then pass "$1"; elif [ $((SECONDS - began)) -ge 8 ]; then
		pass "$1 (not seen: this machine took too long)"; else fail "$1"; fi
}

: >"$T/auth.log"
configure <<E2
groupcommit = 10000
[DEFAULT]
maxretry = 2
bantime = 1h
[sshd]
filter = sshd
logpath = $T/auth.log
E2
start
began=$SECONDS
check "a ban by hand" ask ban 203.0.113.1
check "is on disk when the command returns" on_disk 203.0.113.1
check "and in the kernel" in_nft 203.0.113.1
began=$SECONDS
offend 203.0.113.2
soon "a ban from the log is in the kernel" in_nft 203.0.113.2
meanwhile "before its group is written" not on_disk 203.0.113.2
check "another by hand does not wait for the group" ask ban 203.0.113.3
check "it is on disk" on_disk 203.0.113.3
check "and takes along what waited" on_disk 203.0.113.2
began=$SECONDS
offend 203.0.113.4
soon "one more from the log" in_nft 203.0.113.4
stop KILL
meanwhile "a kill is faster than its group" not on_disk 203.0.113.4
start
soon "it is found again" is 203.0.113.4 2 1
soon "and on disk at last" on_disk 203.0.113.4
check "the one that was on disk is not counted again" is 203.0.113.2 2 1
check "an unban" ask unban 203.0.113.4
stop KILL
start
sleep 0.5
check "does not come back from the log" not_banned 203.0.113.4
check "nor into the kernel" not in_nft 203.0.113.4
sed -i 's/^groupcommit.*/groupcommit = 0/' "$CONF"
check "groups without a pause" ask reload
offend 203.0.113.5
soon "are on disk soon" on_disk 203.0.113.5
sed 's/^groupcommit.*/groupcommit = 50ms/' "$CONF" >"$T/bad.conf"
refuse "the key has a unit of its own" 1 "groupcommit must be" \
	banish check -c "$T/bad.conf"
