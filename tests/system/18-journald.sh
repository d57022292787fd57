#!/bin/bash
# systemd-journald itself, with mounts of its own: in /run, moved to /var, rotated and vacuumed.
. "$(dirname "$0")/lib.sh"

mount -t tmpfs none /run
mount -t tmpfs none /var/log
mkdir -p /run/systemd/journal /run/log/journal
machine=0123456789abcdef0123456789abcdef
echo $machine >"$T/machine-id"
printf '[Journal]\nAudit=no\nReadKMsg=no\n' >"$T/journald.conf"
mount --bind "$T/machine-id" /etc/machine-id
[ -e /etc/systemd/journald.conf ] && mount --bind "$T/journald.conf" /etc/systemd/journald.conf
mount --bind /dev/null /dev/kmsg # what it says itself

journald() { # a daemon again, as after a boot
	/usr/lib/systemd/systemd-journald >>"$T/journald.log" 2>&1 &
	JOURNALD=$!
	soon "journald runs" test -S /run/systemd/journal/socket
}
end_journald() {
	kill "$JOURNALD"
	wait "$JOURNALD"
	rm -f /run/systemd/journal/socket
} 2>/dev/null
trap 'end_journald; finish' EXIT

# bad ADDRESS [identifier]
bad() { printf 'SYSLOG_IDENTIFIER=%s\nMESSAGE=bad %s\n' "${2:-banish-test}" "$1" | logger --journald; }
# What journald was told before a signal it may read after it.
written() { journalctl -q -D /var/log/journal -o cat | grep -qxF "bad $1"; }
files() { find "$1" -name "$2" | grep -q .; }
counted() { [ "$(ask why --json "$1" | jq '[.counts[].count] | first // 0')" = "$2" ]; }

mkdir "$T/filter.d"
cat >"$T/filter.d/test.conf" <<'E2'
[Definition]
failregex = ^\S+ banish-test\[\d+\]: bad <HOST>$
journalmatch = SYSLOG_IDENTIFIER=banish-test
E2
configure <<'E2'
[test]
backend = systemd
filter = test
target = null
maxretry = 100
E2
start
check "there is no journal yet" grep -q 'waiting for it: No such file' "$LOG"
journald
bad 203.0.113.1
soon "one in /run" counted 203.0.113.1 1
bad 203.0.113.1 another
bad 203.0.113.1
soon "followed, and what matches alone" counted 203.0.113.1 2
mkdir -p "/var/log/journal/$machine"
kill -USR1 "$JOURNALD"
soon "journald moves its entries to /var" files /var/log/journal system.journal
bad 203.0.113.1
soon "the source goes with it, and knows what it saw" counted 203.0.113.1 3
kill -USR2 "$JOURNALD"
soon "journald rotates" files /var/log/journal 'system@*'
bad 203.0.113.1
soon "followed" counted 203.0.113.1 4
rm "/var/log/journal/$machine"/system@*
bad 203.0.113.1
soon "old files are deleted" counted 203.0.113.1 5
stop
bad 203.0.113.1
kill -USR2 "$JOURNALD"
soon "rotation while no daemon runs" files /var/log/journal 'system@*'
bad 203.0.113.1
start
soon "both are read" counted 203.0.113.1 7
stop
rm "/var/log/journal/$machine"/system@*
bad 203.0.113.2
soon "what journald was told is written" written 203.0.113.2
kill -USR2 "$JOURNALD"
soon "what is not read yet is rotated" files /var/log/journal 'system@*'
rm "/var/log/journal/$machine"/system@*
bad 203.0.113.1
start
soon "and deleted: what is left is read" counted 203.0.113.1 8
check "and no more" counted 203.0.113.2 0
end_journald
journald
bad 203.0.113.1
soon "a journald that is started again" counted 203.0.113.1 9
