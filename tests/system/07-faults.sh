#!/bin/bash
# Damaged state, a full disk, no permission, no helper: a message, and what is good goes on.
. "$(dirname "$0")/lib.sh"

configure <<E2
[DEFAULT]
target = nft
E2
newest() { ls "$T"/state/snapshot.*.gdbm | tail -n 1; }
# A daemon that stops leaves state; make sure that there is a snapshot.
seed() {
	rm -rf "$T/state"
	start
	ask ban --for 1h 203.0.113.1 || fail "seed"
	stop
	start
	ask ban --for 1h 203.0.113.2 || fail "seed"
	stop
}
seed
check "there is a snapshot" newest
for damage in empty cut garbage; do
	case $damage in
	empty) : >"$(newest)" ;;
	cut) truncate -s 100 "$(newest)" ;;
	garbage) head -c 4096 /dev/urandom >"$(newest)" ;;
	esac
	check "the daemon starts with a snapshot that is $damage" start
	check "and says so" grep -qi 'state: .*snapshot' "$LOG"
	check "it is set aside" sh -c "ls '$T'/state/*.damaged"
	check "the journal has the later ban" banned 203.0.113.2
	stop
	seed
done
journal=$(ls "$T"/state/journal.* | tail -n 1)
head -c 7 /dev/urandom >>"$journal"
check "a torn journal tail is dropped" start
check "and nothing else" banned 203.0.113.2
stop

mkdir "$T/disk"
mount -t tmpfs -o size=256k tmpfs "$T/disk"
sed -i "s|^statedir.*|statedir = $T/disk|" "$CONF"
start
head -c 400k /dev/zero >"$T/disk/fill" 2>/dev/null
refuse "ban on a full disk says it is not durable" 1 "not durable" ask ban --for 1h 203.0.113.3
check "the kernel entry stands" in_nft 203.0.113.3
equal "status says so, too" false "$(ask status --json | jq .state.durable)"
rm "$T/disk/fill"
soon "writing resumes by itself" sh -c "'$BANISH' status --json -c '$CONF' | jq -e .state.durable"
soon "the log says so" grep -q 'durable again' "$LOG"
stop KILL
start
check "and what waited was written" banned 203.0.113.3
stop
umount "$T/disk"
sed -i "s|^statedir.*|statedir = $T/state|" "$CONF"

mkdir "$T/alone"
cp "$BANISH" "$T/alone/banish"
refuse "no helper program" 1 "banish-netlink" "$T/alone/banish" run -c "$CONF"
refuse "no helper program: restore" 1 "banish-netlink" "$T/alone/banish" restore -c "$CONF"
touch "$T/file"
sed -i "s|^statedir.*|statedir = $T/file|" "$CONF"
refuse "a state folder that is a file" 1 "$T/file" banish run -c "$CONF"
sed -i "s|^statedir.*|statedir = $T/state|" "$CONF"
mkdir "$T/etc"
echo root >"$T/etc/passwd"
sed "s|^statedir.*|statedir = $T/etc|; s|^user.*|user = nobody|" "$CONF" >"$T/slip.conf"
refuse "a statedir that is somebody else's folder" 1 "not banish's" banish run -c "$T/slip.conf"
equal "of which nothing is given away" "0 0" "$(stat -c %u "$T/etc" "$T/etc/passwd" | xargs)"
chmod 711 "$T"
refuse "no permission" 1 "ermission" setpriv --reuid 65534 --regid 65534 --clear-groups "$BANISH" run -c "$CONF"
refuse "no CAP_NET_ADMIN" 1 "needs CAP_NET_ADMIN" setpriv --bounding-set=-net_admin "$BANISH" run -c "$CONF"
sed -i "s|^user.*|user = no-such-user|" "$CONF"
refuse "a user that does not exist" 1 "no-such-user" banish run -c "$CONF"
sed -i "s|^user.*|user = nobody|" "$CONF"
start
check "the daemon runs as its user" sh -c "grep -q '^Uid:.65534' /proc/$DAEMON/status"
check "with no capability" grep -q '^CapEff:.0000000000000000' /proc/$DAEMON/status
check "and can gain none" grep -q '^NoNewPrivs:.1' /proc/$DAEMON/status
check "it bans all the same" ask ban --for 1h 203.0.113.4
check "in the kernel" in_nft 203.0.113.4
helper=$(ask status --json | jq .helper_pid)
check "the helper holds CAP_NET_ADMIN alone" grep -q '^CapEff:.0000000000001000' "/proc/$helper/status"
stop
