#!/bin/bash
# What waits to be told whose it is, over kill -9, a stop and a power cut of its log: a host name
# that the DNS has not answered for yet, and a message of sendmail's whose client no line has
# named. Each counts for the right address, once.
. "$(dirname "$0")/lib.sh"

# A server that says nothing until it is told to; two names have an address.
cat >"$T/dns.py" <<'E2'
import os, socket, sys
ANSWERS = {b"one": b"\xcb\x00\x71\x3c", b"two": b"\xcb\x00\x71\x3d"}  # 203.0.113.60, .61
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 53))
while True:
    q, peer = s.recvfrom(512)
    name, kind = q[13:13 + q[12]].lower(), q[-4:-2]
    with open(sys.argv[1] + ".asked", "ab") as log:
        log.write(name + b"\n")
    if os.path.exists(sys.argv[1]):
        has = name in ANSWERS and kind == b"\0\1"
        head = q[:2] + b"\x81\x80" + q[4:6] + (b"\0\1" if has else b"\0\0") + b"\0\0\0\0"
        tail = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + ANSWERS[name] if has else b""
        s.sendto(head + q[12:] + tail, peer)
E2
echo 'nameserver 127.0.0.1' >"$T/resolv.conf"
mount --bind "$T/resolv.conf" /etc/resolv.conf
python3 "$T/dns.py" "$T/answers" &
DNS=$!
trap 'kill $DNS; finish' EXIT

named() {
	printf '%s host sshd[4711]: Failed password for root from %s port 40022 ssh2\n' \
		"$(when)" "$1" >>"$T/names.log"
}
mta() { printf '%s host sm-mta[%s]: %s: %s\n' "$(when)" "$1" "$2" "$3" >>"$T/mail.log"; }
unknown() { mta "$1" "$2" '<nobody@example.net>... User unknown'; }
from() { mta "$1" "$2" "from=<a@b.example>, size=0, class=0, nrcpts=1, proto=ESMTP, relay=mail.client.example [$3]"; }
waits() { [ "$(ask status --json | jq .messages.waiting)" = "$1" ]; }
asked() { grep -qx "$1" "$T/answers.asked"; }

: >"$T/names.log"; : >"$T/mail.log"
configure <<E2
[DEFAULT]
target = null
maxretry = 100
[names]
filter = sshd
usedns = yes
logpath = $T/names.log
[mail]
filter = sendmail-users
logpath = $T/mail.log
port = smtp
E2
start

# ---- a message ----

mark
unknown 999991 6AKNi1wJ999991
unknown 999991 6AKNi1wJ999991
unknown 999992 6AKNi1wJ999992
soon "lines without an address are read" read_up_to "$T/mail.log" 3
soon "which is on disk" on_disk
stop KILL
start
from 999991 6AKNi1wJ999991 203.0.113.7
soon "they count when a line tells whose they are, after a kill" counts 203.0.113.7 2
stop KILL
start
from 999991 6AKNi1wJ999991 203.0.113.8
soon "another kill" read_up_to "$T/mail.log" 1
equal "and they do not count again" 2 "$(counted 203.0.113.7)"
equal "nor for who comes later" 0 "$(counted 203.0.113.8)"
stop
start
stop KILL
from 999992 6AKNi1wJ999992 203.0.113.9
start
soon "one that waited over two kills and a stop counts" counts 203.0.113.9 1
mark
unknown 999993 6AKNi1wJ999993
from 999993 6AKNi1wJ999993 203.0.113.10
soon "one that is told at once counts" counts 203.0.113.10 1
soon "which is on disk" on_disk
stop KILL
start
from 999993 6AKNi1wJ999993 203.0.113.10
soon "after a kill" read_up_to "$T/mail.log" 1
equal "once" 1 "$(counted 203.0.113.10)"

# ---- a name ----

mark
named one.test
soon "a line with a name is read" read_up_to "$T/names.log" 1
soon "the name is asked for" asked one
soon "the line is on disk" on_disk
stop KILL
touch "$T/answers"
start
soon "it counts when the DNS answers after a kill" counts 203.0.113.60 1
stop KILL
start
named one.test
soon "and not again" counts 203.0.113.60 2
rm "$T/answers"
named two.test
soon "another" asked two
stop
touch "$T/answers"
start
soon "counts after a stop" counts 203.0.113.61 1
stop KILL
start
equal "once" 1 "$(counted 203.0.113.61)"
equal "as before" 2 "$(counted 203.0.113.60)"

# ---- a log that lost its end ----

mark
unknown 999994 6AKNi1wJ999994
sleep 1.1 # not of the second of what was counted last
unknown 999994 6AKNi1wJ999994
unknown 999995 6AKNi1wJ999995
soon "three more are read" read_up_to "$T/mail.log" 3
soon "which is on disk" on_disk
stop KILL
# Found at start and dated ahead: what is written later is not what was counted before it.
date=$(LC_ALL=C date -d '2 hours' '+%b %e %H:%M:%S')
echo "$date host sm-mta[999996]: 6AKNi1wJ999996: <nobody@example.net>... User unknown" >>"$T/mail.log"
start
soon "one that is dated ahead is read" read_up_to "$T/mail.log" 1
soon "and waits" waits 4
mark # which is on disk now, too
stop KILL
truncate -s -40 "$T/mail.log"
echo >>"$T/mail.log"
sleep 1.1
from 999994 6AKNi1wJ999994 203.0.113.11
start
soon "what waits is not found a second time in what a power cut left" counts 203.0.113.11 2
stop
