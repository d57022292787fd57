#!/bin/bash
# Where the state is written without a daemon, what filters remember of other logs stays, and a
# line without a time that was written before is not taken for one of then.
. "$(dirname "$0")/lib.sh"

counted() { ask why --json "$1" | jq -r '[.counts[] | .count] | add // 0'; }
counts() { [ "$(counted "$1")" = "$2" ]; }
lines() { ask status --json | jq -r "[.sources[] | select(.path==\"$1\") | .lines] | add"; }
read_up_to() { [ "$(lines "$1")" = "$2" ] || { echo "read: $(lines "$1")"; false; }; }
sshd() { printf '%s host sshd[4711]: %s\n' "$(LC_ALL=C date '+%b %e %H:%M:%S')" "$1" >>"$T/auth.log"; }

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
