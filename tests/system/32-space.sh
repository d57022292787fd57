#!/bin/bash
# A disk that is full, read-only or broken: bans go on, everybody is told, and when it is well
# again all that waited is written.
. "$(dirname "$0")/lib.sh"

cc -shared -fPIC -O1 -D_GNU_SOURCE -o "$T/fault.so" "$ROOT/tests/crash/fault.c" -ldl || fail "the test's disk"
touch "$T/auth.log"
configure <<E2
[DEFAULT]
target = nft
[sshd]
filter = sshd
logpath = $T/auth.log
maxretry = 3
E2
refusing() { # CALL
	run_with LD_PRELOAD="$T/fault.so" FAULT_DIR="$T/state" FAULT_FILE="$T/errno" FAULT_WAY=0 \
		FAULT_CALL="$1"
	run
}
durable() { ask status --json | jq -e .state.durable; }
three() { # ADDRESS: three offences, a ban
	for _ in 1 2 3; do sshd_line "$1" >>"$T/auth.log"; done
}

n=10
for errno in 28:"No space left on device" 30:"Read-only file system" 5:"Input/output error" 122:"Disk quota exceeded"; do
	words=${errno#*:}
	n=$((n + 10))
	refusing '*'
	check "a ban" ask ban --for 1h "203.0.113.$n" "203.0.113.$((n + 1))"
	sshd_line "203.0.113.$((n + 2))" >>"$T/auth.log"
	soon "an offence" counts "203.0.113.$((n + 2))" 1
	sleep 0.2
	echo "${errno%%:*}" >"$T/errno"
	refuse "$words: a ban says it is not durable" 1 "not durable" ask ban --for 1h "203.0.113.$((n + 3))"
	check "the kernel has it" in_nft "203.0.113.$((n + 3))"
	refuse "an unban says so, too" 1 "not durable" ask unban "203.0.113.$((n + 1))"
	check "the kernel has it no more" not in_nft "203.0.113.$((n + 1))"
	three "203.0.113.$((n + 4))"
	soon "bans by the log go on" in_nft "203.0.113.$((n + 4))"
	sshd_line "203.0.113.$((n + 2))" >>"$T/auth.log"
	equal "status: not durable, and why" "false $words" "$(ask status --json | jq -r '.state | "\(.durable) \(.error)"')"
	check "for a person" sh -c "'$BANISH' status -c '$CONF' | grep -q 'not durable: $words'"
	check "the log says so" grep -q "not durable: $words; bans go on" "$LOG"
	equal "once" 1 "$(grep -c "not durable: $words" "$LOG")"
	rm "$T/errno"
	soon "writing resumes by itself" durable
	soon "and the log says that" grep -q 'durable again' "$LOG"
	# After an error of the disk a snapshot begins another journal, and has what waited.
	[ "${errno%%:*}" = 5 ] ||
		equal "nothing was given up" 0 "$(ask status --json | jq .state.dropped)"
	stop KILL
	refusing '*'
	check "after a kill the ban is there" banned "203.0.113.$((n + 3))"
	check "and the one by the log" banned "203.0.113.$((n + 4))"
	check "the unban, too" not_banned "203.0.113.$((n + 1))"
	soon "two offences are two" counts "203.0.113.$((n + 2))" 2
	check "nothing was found damaged" not grep -q 'state: .*damaged' "$LOG"
	stop
done

# What the disk refuses a snapshot alone.
refusing openat:new
check "a ban" ask ban --for 1h 203.0.113.200
echo 28 >"$T/errno"
stop
check "no snapshot can be written at the end" banish state verify "$T/state"
rm "$T/errno"
refusing openat:new
check "the journal had all" banned 203.0.113.200
stop

# /var is read-only at boot.
mount --bind "$T/state" "$T/state" && mount -o remount,bind,ro "$T/state" || fail "a read-only mount"
check "it is" not touch "$T/state/file"
start
check "the daemon starts all the same" banned 203.0.113.200
check "and enforces" in_nft 203.0.113.200
refuse "a ban says it is not durable" 1 "not durable: Read-only file system" ask ban --for 1h 203.0.113.201
check "the kernel has it" in_nft 203.0.113.201
mount -o remount,bind,rw "$T/state"
soon "written once it can be" durable
stop KILL
start
check "it was" banned 203.0.113.201
stop
umount "$T/state"

# The first start of all, on a disk that takes not even a file: the folder is locked all the same.
mkdir "$T/disk"
mount -t tmpfs -o size=1m,nr_inodes=8 tmpfs "$T/disk"
mkdir "$T/disk/state"
for i in 1 2 3 4 5 6 7 8; do : >"$T/disk/$i"; done 2>/dev/null
sed "s#^statedir = .*#statedir = $T/disk/state#" "$CONF" >"$T/first.conf"
start "$T/first.conf"
refuse "a ban says it is not durable" 1 "not durable: No space left on device" ask ban --for 1h 203.0.113.202
check "the kernel has it" in_nft 203.0.113.202
sed "s#^socket = .*#socket = $T/second#" "$T/first.conf" >"$T/second.conf"
refuse "a second daemon finds it in use" 1 "another daemon has it" banish run -c "$T/second.conf"
rm "$T/disk"/[1-8]
soon "written once there is room" durable
refuse "and is not let in by that" 1 "another daemon has it" banish run -c "$T/second.conf"
stop KILL
start "$T/first.conf"
check "it was" banned 203.0.113.202
