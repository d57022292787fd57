#!/bin/bash
# The systemd journal: real journal files, made by systemd-journal-remote, followed while they
# grow, are rotated and deleted; each entry that matches counts once.
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
REMOTE=/usr/lib/systemd/systemd-journal-remote
if [ ! -x $REMOTE ]; then
	peer=$ROOT/build/peers/journal-remote
	# In the namespace of lib.sh there is no network.
	[ -n "${IN_SCRATCH:-}" ] || "$ROOT/tests/unpack.sh" "$peer" systemd-journal-remote || exit 1
	REMOTE=$(find "$peer" -path "*/systemd/systemd-journal-remote")
	LD_LIBRARY_PATH=$(find "$peer" -name '*.so.*' -printf '%h:' -quit)
	export LD_LIBRARY_PATH
fi
. "$(dirname "$0")/lib.sh"
J=$T/j
mkdir "$J" "$T/filter.d"

# Entries of standard input, as export.py has them, into a journal.
import() { "$(dirname "$0")/export.py" | "$REMOTE" -o "$J/${1:-system}.journal" - 2>>"$T/remote.log"; }

# The same, of which nobody sees a part: what is there before its reader is old.
arrive() {
	"$(dirname "$0")/export.py" | "$REMOTE" -o "$T/whole.journal" - 2>>"$T/remote.log"
	mv "$T/whole.journal" "$J/system.journal"
}

# Failed passwords: ADDRESS COUNT [seconds from now] [unit] [user]
sshd() {
	for _ in $(seq "$2"); do
		printf '{"at":%s,"_HOSTNAME":"host","SYSLOG_IDENTIFIER":"sshd","_PID":4711,' "${3:-0}"
		printf '"_COMM":"sshd","_SYSTEMD_UNIT":"%s","PRIORITY":6,' "${4:-ssh.service}"
		printf '"MESSAGE":"Failed password for %s from %s port 40022 ssh2"}\n' "${5:-root}" "$1"
	done
}

cat >"$T/filter.d/kern.conf" <<'E2'
[Definition]
failregex = ^\S+ kernel: \[\s+12\.345678\] DROP IN=eth0 SRC=<HOST> DST=
E2
cat >"$T/filter.d/app.conf" <<'E2'
[Definition]
failregex = ^\S+ app(?:\[\d+\])?: first\\nsecond from <HOST>\\n$
            ^\S+ app\[7\]: one two from <HOST>$
            ^\S+ app\[9\]: 2001-02-03 04:05:06 from <HOST>$
E2
configure <<E2
[DEFAULT]
target = null
findtime = 1h
bantime = 1h
maxretry = 3
[sshd]
backend = systemd
filter = sshd
journalmatch = $J _SYSTEMD_UNIT=ssh.service _COMM=sshd
               _SYSTEMD_UNIT=sshd.service _COMM=sshd
[kern]
backend = systemd
filter = kern
journalmatch = $J _TRANSPORT=kernel
maxretry = 1
[app]
backend = systemd
filter = app
journalmatch = $J SYSLOG_IDENTIFIER=app + "SYSLOG_IDENTIFIER=two words"
maxretry = 1
E2
count() { ask why --json "$1" | jq '[.counts[] | select(.jail == "sshd").count] | first // 0'; }
counted() { [ "$(count "$1")" = "$2" ]; }

start
check "a journal that is not there is waited for" grep -q 'waiting for it' "$LOG"
{
	sshd 203.0.113.10 3 -7200
	sshd 203.0.113.7 3 -60
	sshd 203.0.113.8 3 -60 other.service
	sshd 203.0.113.11 2 -60
	sshd 203.0.113.11 1 -60 sshd.service
	sshd 203.0.113.12 3 -50 ssh.service '\udcff\udcc3\u0001'
	sshd 203.0.113.13 2 -50
	sshd 198.51.100.9 3 -50 ssh.service 'x from 198.51.100.1 port 1 ssh2\nhost sshd[1]: Failed password for root'
	sshd 203.0.113.14 3 -45
	cat <<'E2'
{"at":-40,"_HOSTNAME":"host","_TRANSPORT":"kernel","SYSLOG_IDENTIFIER":"kernel","_SOURCE_MONOTONIC_TIMESTAMP":12345678,"MESSAGE":"DROP IN=eth0 SRC=203.0.113.20 DST=192.0.2.1"}
{"at":-39,"_HOSTNAME":"host","_TRANSPORT":"syslog","SYSLOG_IDENTIFIER":"kernel","MESSAGE":"DROP IN=eth0 SRC=203.0.113.21 DST=192.0.2.1","mono":12.345678}
{"at":-38,"_HOSTNAME":"host","_TRANSPORT":"kernel","SYSLOG_IDENTIFIER":"kernel","MESSAGE":"DROP IN=eth0 SRC=203.0.113.22 DST=192.0.2.1","mono":12.345678}
{"at":-37,"_HOSTNAME":"host","SYSLOG_IDENTIFIER":"app","_PID":9,"MESSAGE":"first\nsecond from 203.0.113.23\n"}
{"at":-36,"_HOSTNAME":"host","SYSLOG_IDENTIFIER":"app","SYSLOG_PID":"07","_PID":9,"MESSAGE":["one","two from 203.0.113.24"]}
{"at":-36,"_HOSTNAME":"host","SYSLOG_IDENTIFIER":"app","_PID":9,"MESSAGE":"2001-02-03 04:05:06 from 203.0.113.9"}
{"at":-35,"_HOSTNAME":"host","_COMM":"app","SYSLOG_IDENTIFIER":"","MESSAGE":"first\nsecond from 203.0.113.25\n"}
E2
} >"$T/first"
arrive <"$T/first"
soon "what was there at start bans" banned 203.0.113.7
soon "entries of two lines of journalmatch count together" banned 203.0.113.11
soon "a date in a message is no date" banned 203.0.113.9
soon "bytes that are no UTF-8 do no harm" banned 203.0.113.12
soon "the kernel's own time is in its line" banned 203.0.113.20
soon "the journal's, when it has none" banned 203.0.113.22
soon "a newline in a message is \\n" banned 203.0.113.23
soon "messages of one entry are one line, SYSLOG_PID goes before _PID" banned 203.0.113.24
soon "two offences are counted" counted 203.0.113.13 2
soon "and all up to the last" banned 203.0.113.14
check "who is named before a newline is not banned" not_banned 198.51.100.1
check "another unit is not read" not_banned 203.0.113.8
check "nor who calls itself kernel" not_banned 203.0.113.21
check "nor a name for the other field" not_banned 203.0.113.25
check "entries older than findtime do not count" not_banned 203.0.113.10

sshd 203.0.113.13 1 | import
soon "an entry is appended" banned 203.0.113.13
sshd 203.0.113.30 1 | import
soon "one" counted 203.0.113.30 1
stop
sshd 203.0.113.30 1 | import
start
soon "what was appended while no daemon ran is read" counted 203.0.113.30 2
sshd 203.0.113.31 1 | import
soon "a later entry is counted" counted 203.0.113.31 1
check "and none twice" counted 203.0.113.30 2
stop KILL
start
sshd 203.0.113.31 1 | import
soon "nor after kill -9" counted 203.0.113.31 2
check "which forgets none" counted 203.0.113.30 2

# A rotation: renamed, and a new file; at last the old one is deleted.
sshd 203.0.113.32 1 | import
mv "$J/system.journal" "$J/system@1.journal"
sshd 203.0.113.32 1 | import
soon "rotation" counted 203.0.113.32 2
rm "$J/system@1.journal"
sshd 203.0.113.33 2 | import
soon "deletion of the old file" counted 203.0.113.33 2
stop
sshd 203.0.113.34 1 | import
mv "$J/system.journal" "$J/system@2.journal"
sshd 203.0.113.34 1 | import
start
soon "rotation while no daemon ran" counted 203.0.113.34 2
check "nothing twice" counted 203.0.113.33 2
stop
sshd 203.0.113.35 2 >"$T/kept"
rm "$J/system@2.journal" "$J/system.journal"
import <"$T/kept"
start
soon "the entry of the position is gone: the next newer one" counted 203.0.113.35 2
check "nothing else" counted 203.0.113.34 2
# journald copies what it holds in /run to /var and numbers it anew.
stop
journalctl -q -D "$J" -o export >"$T/copy"
rm "$J/system.journal"
"$REMOTE" -o "$J/copy.journal" "$T/copy" 2>>"$T/remote.log"
start
sshd 203.0.113.36 2 | import copy
soon "a copy goes on where the original ended" counted 203.0.113.36 2
check "its entries are known" counted 203.0.113.35 2
rm -r "$J"
soon "a journal that goes away is said" grep -q 'waiting for it' "$LOG"
mkdir "$J"
sshd 203.0.113.37 2 | import
soon "and waited for" counted 203.0.113.37 2

# Many at once: all of them, in bounded memory.
for i in $(seq 200); do sshd 203.0.113.40 100 0; done | import
soon "20,000 at once" banned 203.0.113.40
check "the daemon stays small" test "$(awk '/^RssAnon/ {print $2}' "/proc/$DAEMON/status")" -lt 32768
sed -i 's/_TRANSPORT=kernel/transport=kernel/' "$CONF"
refuse "a wrong match is refused" 1 "journalmatch" ask reload
