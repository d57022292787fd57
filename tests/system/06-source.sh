#!/bin/bash
# A log in every state: not there, rotated, cut, moved, restarted over: each line counts once.
. "$(dirname "$0")/lib.sh"

configure <<E2
[sshd]
filter = sshd
logpath = $T/logs/auth.log
maxretry = 1000
findtime = 1h
target = null
E2
count() { ask why --json 203.0.113.20 | jq '.counts[0].count // 0'; }
counted() { [ "$(count)" = "$1" ]; }
# No line is like another, also in the same second: a file that was cut and written anew differs.
said=0
say() { sshd_line 203.0.113.20 "user$((said += 1))" >>"$T/logs/auth.log"; }
start
check "a folder that is not there is waited for" ask status
mkdir "$T/logs"
say
soon "the file appears" counted 1
say
soon "a line is appended" counted 2
mv "$T/logs/auth.log" "$T/logs/auth.log.1"
say
soon "rename + create" counted 3
cp "$T/logs/auth.log" "$T/logs/auth.log.2"
: >"$T/logs/auth.log"
say
soon "copytruncate" counted 4
rm "$T/logs/auth.log"
say
soon "delete + re-create" counted 5
mkdir "$T/elsewhere"
mv "$T/logs/auth.log" "$T/elsewhere/a"
ln -s "$T/elsewhere/a" "$T/logs/auth.log"
say
soon "a symlink in its place" counted 6
: >"$T/elsewhere/b"
ln -sfn "$T/elsewhere/b" "$T/logs/auth.log"
say
soon "a symlink that moves" counted 7
sshd_line 203.0.113.20 | tr -d '\n' >>"$T/logs/auth.log"
sleep 0.3
check "half a line waits" counted 7
echo >>"$T/logs/auth.log"
soon "until its end comes" counted 8
{ head -c 20000 /dev/zero | tr '\0' 'x'; echo; } >>"$T/logs/auth.log"
printf '\0\377\376 garbage \303\n' >>"$T/logs/auth.log"
head -c 300000 /dev/urandom >>"$T/logs/auth.log"
echo >>"$T/logs/auth.log"
say
soon "long lines, NUL and random bytes do no harm" counted 9
check "the cut line is counted" sh -c "[ \$('$BANISH' status --json -c '$CONF' | jq '.sources[0].cut') -ge 1 ]"
stop
say
start
soon "a line written while no daemon ran is read" counted 10
stop
start
sleep 0.3
check "a restart counts nothing twice" counted 10
sleep 0.2
stop KILL
say
mv "$T/elsewhere/b" "$T/elsewhere/b.1"
say
start
soon "after kill -9 and a rotation while away" counted 12
sleep 0.3
check "and not twice" counted 12
stop
