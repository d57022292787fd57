#!/bin/bash
# Where the state is written without a daemon, what filters remember of other logs stays, and a
# line without a time that was written before is not taken for one of then. What they remember of
# the log that is read goes on from one run to the next, and to the daemon's.
. "$(dirname "$0")/lib.sh"

sshd() { printf '%s host sshd[4711]: %s\n' "$(when)" "$1" >>"$T/auth.log"; }

cat >"$T/bare.conf" <<'E2'
[Definition]
failregex = ^denied <ADDR>$
E2
: >"$T/auth.log"; : >"$T/bare.log"; : >"$T/other.log"
configure <<E2
[DEFAULT]
target = null
maxretry = 100
findtime = 2s
[sshd]
filter = sshd[mode=aggressive]
findtime = 1h
logpath = $T/auth.log
[bare]
filter = $T/bare.conf
logpath = $T/bare.log
[other]
filter = $T/bare.conf
logpath = $T/other.log
E2
start
sshd 'Connection from 203.0.113.7 port 4000 on 192.0.2.1 port 22'
soon "the first line of a session is read" read_up_to "$T/auth.log" 1
echo 'denied 203.0.113.1' >>"$T/bare.log"
soon "and one without a time" read_up_to "$T/bare.log" 1
stop TERM
echo 'denied 203.0.113.2' >>"$T/bare.log"
sleep 3
check "another log is read without a daemon" ask scan --block --jail other
sshd 'error: kex_exchange_identification: Connection closed by remote host'
start
soon "the session's failure is read" read_up_to "$T/auth.log" 1
equal "and is known whose it is" 1 "$(counted 203.0.113.7)"
soon "what was written before is read" read_up_to "$T/bare.log" 1
equal "and is no offence of this moment" 0 "$(counted 203.0.113.2)"
stop TERM

# ---- from run to run ----

scan() { check "$1" ask scan --block --jail "$2"; }
saved() { ask state dump | jq -es "any(.kind==\"ban\" and .ip==\"$1\")"; }
unknown() { printf '%s host sm-mta[%s]: %s\n' "$(when)" 999991 "6AKNi1wJ999991: $1" >>"$T/mail.log"; }
cat >"$T/pair.conf" <<'E2'
[Definition]
failregex = ^\s*(?P<id>\w+) refused<SKIPLINES>\s*(?P=id) peer is <ADDR>$
maxlines = 8
datepattern = ^%%b %%d %%H:%%M:%%S
E2
pair() { printf '%s %s\n' "$(when)" "$1" >>"$T/pair.log"; }
: >"$T/pair.log"; : >"$T/mail.log"
cat >>"$CONF" <<E2
[pair]
filter = $T/pair.conf
findtime = 1h
maxretry = 1
logpath = $T/pair.log
[mail]
filter = sendmail-users
findtime = 1h
maxretry = 1
logpath = $T/mail.log
E2
pair 'a refused'
pair 'b refused'
scan "the first of two lines is read" pair
scan "and nothing more" pair
pair 'a peer is 203.0.113.20'
scan "the second is read" pair
check "and matched with the first" saved 203.0.113.20
unknown '<nobody@example.net>... User unknown'
scan "a message without an address is read" mail
scan "and nothing more" mail
unknown 'from=<a@b.example>, size=0, class=0, nrcpts=1, proto=ESMTP, relay=m.example [203.0.113.30]'
scan "whose it is, is read" mail
check "and counts for it" saved 203.0.113.30
sshd 'Connection from 203.0.113.40 port 4000 on 192.0.2.1 port 22'
scan "the first line of a session is read" sshd
start
sshd 'error: kex_exchange_identification: Connection closed by remote host'
soon "and the daemon knows whose it is" counts 203.0.113.40 1
pair 'b peer is 203.0.113.21'
soon "also of lines that are matched together" banned 203.0.113.21
pair 'a peer is 203.0.113.22'
pair 'c refused'
pair 'c peer is 203.0.113.23'
soon "what comes after it" banned 203.0.113.23
check "one that was matched is not matched again" not_banned 203.0.113.22

# A disk that is slow is waited for.
stop TERM
echo 'denied 203.0.113.3' >>"$T/other.log"
slowly() {
	strace -f -o "$T/trace" -e trace=fdatasync -e inject=fdatasync:delay_enter=6000000:when=1 "$@"
}
check "a disk that takes six seconds is not one that refuses" slowly "$BANISH" scan --block --jail other -c "$CONF"
check "which it did" grep -q DELAYED "$T/trace"
