#!/bin/bash
# What a filter remembers from line to line over kill -9: a session whose first line says who it is
# and whose failure comes after the restart, lines that are matched together, and a line without a
# date. Each counts for the right address, and once.
. "$(dirname "$0")/lib.sh"

FAILURE='error: kex_exchange_identification: Connection closed by remote host'
sshd() { printf '%s host sshd[%s]: %s\n' "$(when)" "$1" "$2" >>"$T/auth.log"; }

cat >"$T/pair.conf" <<'E2'
[Definition]
failregex = ^\s*(?P<id>\w+) refused<SKIPLINES>\s*(?P=id) peer is <ADDR>$
maxlines = 8
datepattern = ^%%b %%d %%H:%%M:%%S
E2
cat >"$T/undated.conf" <<'E2'
[Definition]
failregex = ^\s*denied <ADDR>$
datepattern = ^%%b %%d %%H:%%M:%%S
E2
: >"$T/auth.log"; : >"$T/pair.log"; : >"$T/undated.log"; : >"$T/qmail.log"
configure <<E2
[DEFAULT]
target = null
maxretry = 100
[sshd]
filter = sshd[mode=aggressive]
logpath = $T/auth.log
[pair]
filter = $T/pair.conf
logpath = $T/pair.log
[qmail]
filter = qmail-chkuser
logpath = $T/qmail.log
[undated]
filter = $T/undated.conf
logpath = $T/undated.log
E2
start

# The address is in the first line alone, the failure in a later one.
mark
sshd 4711 'Connection from 203.0.113.7 port 4000 on 192.0.2.1 port 22'
sshd 4712 'Connection from 203.0.113.8 port 4001 on 192.0.2.1 port 22'
soon "the first lines of two sessions are read" read_up_to "$T/auth.log" 2
equal "and are no offence" 0 "$(counted 203.0.113.7 sshd)"
soon "which is on disk, with what it says" on_disk
stop KILL
sshd 4711 "$FAILURE"
start
soon "a failure while it was down is read" read_up_to "$T/auth.log" 1
first=$(counted 203.0.113.7 sshd)
equal "and counts for the session's address" 1 "$first"
equal "and for no other" 0 "$(counted 203.0.113.8 sshd)"
stop KILL
start
equal "not again after another kill" 1 "$(counted 203.0.113.7 sshd)"
sshd 4712 "$FAILURE"
soon "a session that waited over two kills counts for its own" counts 203.0.113.8 1 sshd
equal "alone" 1 "$(counted 203.0.113.7 sshd)"

# A session that is over is not there again.
mark
sshd 4713 'Connection from 203.0.113.9 port 4002 on 192.0.2.1 port 22'
sshd 4713 'Connection closed by 203.0.113.9 port 4002'
soon "its end is read" read_up_to "$T/auth.log" 3
soon "which is on disk, with what it says" on_disk
stop KILL
sshd 4713 "$FAILURE"
start
soon "what comes after it is read" read_up_to "$T/auth.log" 1
equal "and is nobody's" 0 "$(counted 203.0.113.9 sshd)"

# A clean stop writes a snapshot, and the next journal begins without it.
sshd 4714 'Connection from 203.0.113.10 port 4003 on 192.0.2.1 port 22'
soon "one more session" read_up_to "$T/auth.log" 2
stop
start
stop KILL
start
sshd 4714 "$FAILURE"
soon "is remembered in a snapshot" counts 203.0.113.10 1 sshd

# Lines that are matched together.
mark
printf '%s a refused\n%s b refused\n' "$(when)" "$(when)" >>"$T/pair.log"
soon "the first of two lines" read_up_to "$T/pair.log" 2
soon "which is on disk, with what it says" on_disk
stop KILL
printf '%s a peer is 203.0.113.20\n' "$(when)" >>"$T/pair.log"
start
soon "is matched with the second, over a kill" counts 203.0.113.20 1 pair
stop KILL
start
printf '%s a peer is 203.0.113.21\n%s b peer is 203.0.113.22\n' "$(when)" "$(when)" >>"$T/pair.log"
soon "and others as well" counts 203.0.113.22 1 pair
equal "one that was matched is not matched again" 0 "$(counted 203.0.113.21 pair)"
equal "and counts once" 1 "$(counted 203.0.113.20 pair)"

# A line without a date has that of the one before it.
mark
printf '%s begin\n' "$(when)" >>"$T/undated.log"
soon "a line with a date" read_up_to "$T/undated.log" 1
soon "which is on disk, with what it says" on_disk
stop KILL
echo 'denied 203.0.113.30' >>"$T/undated.log"
start
soon "dates the one behind it, over a kill" counts 203.0.113.30 1 undated

# Sessions that doubtful lines are checked against.
qmail() { printf '%s mx1 qmail: %s.633171 %s\n' "$(when)" "$(date +%s)" "$1" >>"$T/qmail.log"; }
rejected() {
	qmail "CHKUSER rejected rcpt: from <a@b.example::> remote <c.example:unknown:$1> rcpt <x@d.example> : not existing recipient"
}
mark
qmail 'tcpserver: pid 700 from 203.0.113.50'
soon "a session of a mail server" read_up_to "$T/qmail.log" 1
soon "which is on disk, with what it says" on_disk
stop KILL
rejected 203.0.113.51
rejected 203.0.113.50
start
soon "is known after a kill" counts 203.0.113.50 1 qmail
equal "and a name of nobody's is not believed" 0 "$(counted 203.0.113.51 qmail)"

# Not only what is old: each line is followed by a kill.
for i in 1 2 3 4; do
	sshd 5000 "Connection from 203.0.113.40 port 400$i on 192.0.2.1 port 22"
	sshd 5000 "$FAILURE"
	soon "failure $i" counts 203.0.113.40 $i sshd
	stop KILL
	start
done
equal "each of them once" 4 "$(counted 203.0.113.40 sshd)"
