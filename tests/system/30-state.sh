#!/bin/bash
# banish state: what is on disk, without a daemon: told, found damaged, and mended.
. "$(dirname "$0")/lib.sh"

touch "$T/auth.log"
configure <<E2
[DEFAULT]
target = null
[sshd]
filter = sshd
logpath = $T/auth.log
maxretry = 2
E2
start
check "bans" ask ban --for 1h --reason 'a "reason"' 203.0.113.1 2001:db8:1::/64
check "a ban in a second generation" ask ban --for forever 203.0.113.2
stop
start
for i in 1 2 3; do sshd_line 203.0.113.7 "user$i" >>"$T/auth.log"; done
soon "one by the log" banned 203.0.113.7
check "an unban" ask unban 203.0.113.2
for verb in verify dump repair; do
	refuse "$verb beside a daemon is refused" 1 "a daemon is using it" banish state $verb "$T/state"
done
stop KILL

refuse "no verb" 2 "usage: banish state" banish state
refuse "no such verb" 2 "usage: banish state" banish state look "$T/state"
refuse "two folders" 2 "usage: banish state" banish state verify "$T/state" "$T/state"
refuse "no such folder" 1 "$T/nowhere" banish state verify "$T/nowhere"
check "verify finds it sound" banish state verify "$T/state"
check "and names the folder of a configuration" banish state verify -c "$CONF"
equal "verify --json: nothing is damaged" 0 \
	"$(banish state verify --json "$T/state" | jq -s 'map(.damaged) | add')"
mkdir "$T/empty"
check "nothing is sound, too" banish state verify "$T/empty"

dump() { banish state dump "$T/state" 2>/dev/null; }
equal "dump: bans, with jail, reason and end" '203.0.113.1 32 manual a "reason" 3600 0' "$(dump |
	jq -r 'select(.kind == "ban" and .ip == "203.0.113.1") |
		[.ip, .prefixlen, .jail, .reason, (.until - .since), .count] | join(" ")' | tail -n 1)"
equal "dump: for ever is null" null "$(dump | jq -c 'select(.kind == "ban" and .ip == "203.0.113.2").until' | tail -n 1)"
equal "dump: the unban behind it" manual "$(dump | jq -r 'select(.kind == "unban" and .ip == "203.0.113.2").jail')"
check "dump: the lines" sh -c "'$BANISH' state dump '$T/state' | jq -r 'select(.kind == \"evidence\").line' | grep -q 'for user2 from'"
check "dump: how far the log was read" sh -c "'$BANISH' state dump '$T/state' | jq -se 'any(.kind == \"position\" and .source == \"$T/auth.log\" and .offset > 0)'"
check "all of it is JSON, a line each" sh -c "'$BANISH' state dump '$T/state' | jq -e -s 'all(has(\"kind\"))'"
check "and the folder is as it was" banish state verify "$T/state"

snapshot=$(ls "$T"/state/snapshot.*.gdbm | tail -n 1)
check "gdbmtool reads the snapshot" sh -c "gdbmtool -r '$snapshot' count | grep -qE '^There (is|are) [0-9]+ items?'"
check "its keys" sh -c "gdbmtool -r '$snapshot' list | cut -d ' ' -f 1 | sort | xargs | grep -qx 'meta records.00000000'"
check "its values" sh -c "gdbmtool -r '$snapshot' fetch records.00000000 | grep -aqF 'a \"reason\"'"

before=$(dump | sort | cksum)
journal=$(ls "$T"/state/journal.* | tail -n 1)
flip() { # FILE OFFSET
	local byte
	byte=$(od -An -tu1 -j "$2" -N 1 "$1")
	printf "\\$(printf %o $((byte ^ 64)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
flip "$journal" 200
banish state verify "$T/state" >"$T/said"
equal "verify of a damaged journal exits 1" 1 $?
check "and says file and offset" grep -qE "^$(basename "$journal"): .*offset [0-9]+" "$T/said"
check "with --json" sh -c "'$BANISH' state verify --json '$T/state' | jq -se 'map(select(.damaged > 0).notes[0]) | .[0] | test(\"offset [0-9]+\")'"
flip "$journal" 200
equal "mended by hand it is what it was" "$before" "$(dump | sort | cksum)"
flip "$snapshot" 5000
refuse "dump of a damaged snapshot says so" 0 "does not have its checksum" banish state dump "$T/state"
flip "$journal" 200
rest=$(dump | cksum)
check "repair" banish state repair "$T/state"
check "verify finds it sound" banish state verify "$T/state"
equal "what could be read is there" "$rest" "$(dump | cksum)"
check "what was there is kept" test -e "$snapshot.damaged" -a -e "$journal.damaged"
check "the daemon starts with it" start
check "without a word" not grep -q 'warning: state:\|state: .*damaged' "$LOG"
check "and has the bans" banned 203.0.113.1
stop

# A folder that an earlier version wrote.
rm -r "$T/state"
cp -r "$ROOT/tests/state/sample-1" "$T/state"
check "one of an earlier version is sound" banish state verify "$T/state"
check "the daemon starts with it" start
equal "a ban for ever, with its reason" "24 3 a.m." \
	"$(ask list --json | jq -r 'select(.ip == "198.51.100.0") | "\(.prefixlen) \(.reason)"')"
check "nothing in it is strange" not grep -qE 'state: .*(damaged|version|left out)' "$LOG"
stop
check "and leaves it sound" banish state verify "$T/state"
