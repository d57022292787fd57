#!/bin/bash
# A log without any times: what was written while no daemon ran counts, by when the daemon was
# last there; also what is read again after kill -9; and nothing of a log that is new.
. "$(dirname "$0")/lib.sh"


cat >"$T/bare.conf" <<'E2'
[Definition]
failregex = ^denied <ADDR>$
E2
echo 'denied 203.0.113.1' >"$T/bare.log"
configure <<E2
[DEFAULT]
target = null
maxretry = 3
findtime = 10m
[bare]
filter = $T/bare.conf
logpath = $T/bare.log
E2
start
soon "what is in a log at the first start is read" read_up_to "$T/bare.log" 1
equal "and says no time that would count" 0 "$(counted 203.0.113.1)"
echo 'denied 203.0.113.2' >>"$T/bare.log"
soon "what is written while it is followed counts" counts 203.0.113.2 1

stop TERM
echo 'denied 203.0.113.2' >>"$T/bare.log"
start
soon "what was written meanwhile is read" read_up_to "$T/bare.log" 1
equal "and counts" 2 "$(counted 203.0.113.2)"
stop TERM
start
equal "once" 2 "$(counted 203.0.113.2)"
echo 'denied 203.0.113.2' >>"$T/bare.log"
soon "so that the next one bans" banned 203.0.113.2

stop KILL
printf 'denied 203.0.113.3\ndenied 203.0.113.3\ndenied 203.0.113.3\n' >>"$T/bare.log"
start
soon "after kill -9 what was written meanwhile bans" banned 203.0.113.3

# Somebody goes on, and the log begins as it did before it was emptied: in the same boot no power
# cut has shortened it.
goes_on() { # ADDRESS: twice, and once more when the daemon is gone and the log is new
	stop KILL
	echo "denied $1" >"$T/bare.log"
	start
	soon "a line of a log that is new counts" counts "$1" 1
	echo "denied $1" >>"$T/bare.log"
	soon "and the next" counts "$1" 2
	stop KILL
	echo "denied $1" >"$T/bare.log"
}
goes_on 2001:0db8:0000:0000:0000:0000:0000:0005
start
soon "emptied, and begun with the same line, which bans" banned 2001:db8::
goes_on 2001:0db8:0000:0001:0000:0000:0000:0006
echo 00000000-0000-4000-8000-000000000001 >"$T/boot"
mount --bind "$T/boot" /proc/sys/kernel/random/boot_id
start
soon "what is left of it in another boot is read" read_up_to "$T/bare.log" 1
equal "and was counted" 2 "$(counted 2001:db8:0:1::6)"

# How old what follows is nobody knows.
stop TERM
bare=$(sed '1,/^target/d' "$CONF")
configure <<E2
[manual]
target = null
E2
start
stop TERM
printf 'denied 203.0.113.4\n%.0s' 1 2 3 >>"$T/bare.log"
configure <<E2
[DEFAULT]
target = null
$bare
E2
start
soon "a log that was not followed for a while is read from where it was" read_up_to "$T/bare.log" 3
equal "and counts for nothing" 0 "$(counted 203.0.113.4)"
check "nor bans" not_banned 203.0.113.4
stop TERM
echo 'denied 203.0.113.4' >>"$T/bare.log"
start
soon "from then on it counts" counts 203.0.113.4 1
