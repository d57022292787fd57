#!/bin/bash
# Debian's sendmail, its log written by rsyslog, and clients in another namespace: who guesses user
# names is banned from port 25 alone, by the process that serves him while it lives and by a later
# line when it does not; who only waits for a command is reaped. The configuration is that of
# contrib/sendmail.

# Where there is a network still.
[ -n "${IN_SCRATCH:-}" ] || (cd "$(dirname "$0")/../.." && tests/unpack.sh build/peers/sendmail \
	sendmail-bin sendmail-cf sendmail-base m4 rsyslog) || exit 1
. "$(dirname "$0")/lib.sh"
chmod 755 "$T" # the daemon runs as nobody
U=$(realpath "$ROOT/build/peers/sendmail")

# ---- the network: this namespace is the server, the clients are in another ----

PEER=banish-41-$$
ip netns add "$PEER"
peer() { ip netns exec "$PEER" "$@"; }
PIDS=
trap 'kill $PIDS 2>/dev/null; ip netns del "$PEER"; finish' EXIT
ip link add veth0 type veth peer name veth1 netns "$PEER"
ip addr add 192.0.2.1/24 dev veth0
ip addr add 2001:db8::1/32 dev veth0 nodad
ip link set veth0 up
ip route add 198.51.100.0/24 dev veth0
for last in 10 11 12 13 20 30 40 41 42 43 44 45 46 47; do peer ip addr add 198.51.100.$last/24 dev veth1; done
peer ip addr add 2001:db8:1::40/32 dev veth1 nodad
peer ip link set veth1 up
peer ip route add 192.0.2.0/24 dev veth1 src 198.51.100.20

# ---- sendmail in a folder of its own ----

R=$T/sm
LIBS=$(dirname "$(find "$U/usr/lib" -name 'libestr.so.0')")
# take PROGRAM AS: the program and its libraries.
take() {
	mkdir -p "$R$(dirname "$2")"
	cp "$1" "$R$2"
	for lib in $(LD_LIBRARY_PATH=$LIBS ldd "$1" | grep -o '/[^ ]*'); do
		mkdir -p "$R$(dirname "${lib#"$U"}")"
		cp -L "$lib" "$R${lib#"$U"}"
	done
}
mkdir -p "$R"/{dev,etc/mail,var/spool/mqueue,var/run/sendmail/mta,run,tmp,usr/share/sendmail}
chmod 700 "$R/var/spool/mqueue"
mknod -m 666 "$R/dev/null" c 1 3
mknod -m 666 "$R/dev/urandom" c 1 9
take "$U/usr/libexec/sendmail/sendmail" /usr/sbin/sendmail-mta
take "$U/usr/bin/m4" /usr/bin/m4
take /bin/sh /bin/sh
take /bin/true /usr/sbin/sensible-mda # delivers to nobody
cp -r "$U/usr/share/sendmail/cf" "$R/usr/share/sendmail/"
cp /etc/services /etc/protocols "$R/etc/"
cat >"$R/etc/passwd" <<'E2'
root:x:0:0::/:/bin/sh
mail:x:8:8::/:/bin/sh
smmta:x:100:100::/:/bin/sh
smmsp:x:101:101::/:/bin/sh
alice:x:1000:1000::/:/bin/sh
E2
printf 'root:x:0:\nmail:x:8:\nsmmta:x:100:\nsmmsp:x:101:\nalice:x:1000:\n' >"$R/etc/group"
printf 'passwd: files\ngroup: files\nhosts: files\nservices: files\nprotocols: files\n' >"$R/etc/nsswitch.conf"
cat >"$R/etc/hosts" <<'E2'
127.0.0.1 localhost
192.0.2.1 mx.example.net mx
198.51.100.20 mail.client.example
198.51.100.12 203.0.113.9.dyn.client.example
E2
printf 'hosts files\naliases files\npasswd files\n' >"$R/etc/mail/service.switch"
echo example.net >"$R/etc/mail/local-host-names"
cat >"$R/etc/mail/sendmail.mc" <<'E2'
divert(-1)dnl
include(`/usr/share/sendmail/cf/m4/cf.m4')dnl
OSTYPE(`debian')dnl
DOMAIN(`debian-mta')dnl
undefine(`confHOST_STATUS_DIRECTORY')dnl
define(`confDOMAIN_NAME', `mx.example.net')dnl
define(`confLOG_LEVEL', `9')dnl
dnl Whatever else this machine does, sendmail neither queues nor refuses.
define(`confQUEUE_LA', `100000')dnl
define(`confREFUSE_LA', `100000')dnl
define(`confDELAY_LA', `100000')dnl
define(`confTO_IDENT', `0s')dnl
FEATURE(`use_cw_file')dnl
FEATURE(`accept_unresolvable_domains')dnl
DAEMON_OPTIONS(`Family=inet, Name=MTA-v4, Port=smtp, Addr=192.0.2.1')dnl
DAEMON_OPTIONS(`Family=inet6, Name=MTA-v6, Port=smtp, Addr=2001:db8::1')dnl
FEATURE(`no_default_msa')dnl
MAILER(`local')dnl
MAILER(`smtp')dnl
E2
chroot "$R" /usr/bin/m4 -D_CF_DIR_=/usr/share/sendmail/cf/ /etc/mail/sendmail.mc \
	>"$R/etc/mail/sendmail.cf" 2>"$T/m4.err"
echo "root: alice" >"$R/etc/mail/aliases"
chroot "$R" /usr/sbin/sendmail-mta -bi >"$T/aliases.out" 2>&1
check "sendmail's configuration is made by its own m4 files" grep -q '^DZ8' "$R/etc/mail/sendmail.cf"

LOGFILE=$T/mail.log
: >"$LOGFILE"
cat >"$T/rsyslog.conf" <<E2
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="$R/dev/log")
*.* action(type="omfile" file="$LOGFILE" fileCreateMode="0644" template="RSYSLOG_FileFormat")
E2
LD_LIBRARY_PATH=$LIBS "$U/usr/sbin/rsyslogd" -M "$LIBS/rsyslog" -n -i "$T/rsyslog.pid" -f "$T/rsyslog.conf" &
PIDS="$PIDS $!"
soon "rsyslog listens" test -S "$R/dev/log"
chroot "$R" /usr/sbin/sendmail-mta -bD -L sm-mta >"$T/sendmail.out" 2>&1 &
SENDMAIL=$!
PIDS="$PIDS $SENDMAIL"
soon "sendmail listens" sh -c "ss -Htln | grep -q '192.0.2.1:25 '"
# Another service of this host.
python3 -c "
import socket
s = socket.create_server(('192.0.2.1', 2525))
while True:
    s.accept()[0].send(b'x')" &
PIDS="$PIDS $!"

# ---- clients ----

# A client that sends the lines it is told by a FIFO, and prints each answer, and "gone" at the end.
cat >"$T/client.py" <<'E2'
import os, selectors, socket, sys
own, to, fifo = sys.argv[1:]
s = socket.socket(socket.AF_INET6 if ':' in to else socket.AF_INET)
s.settimeout(60)
s.bind((own, 0))
s.connect((to, 25))
said = os.open(fifo, os.O_RDWR)
sel = selectors.DefaultSelector()
sel.register(s, selectors.EVENT_READ)
sel.register(said, selectors.EVENT_READ)
left = b''
try:
    while True:
        for key, _ in sel.select():
            if key.fileobj is s:
                data = s.recv(4096)
                if not data:
                    raise OSError
                print(data.decode('latin1').replace('\r', ''), end='', flush=True)
            else:
                s.sendall(os.read(said, 65536).replace(b'\n', b'\r\n'))
except OSError:
    print('gone', flush=True)
E2
# open NAME FROM TO: and its greeting was read.
open() {
	mkfifo "$T/$1.in"
	ip netns exec "$PEER" python3 "$T/client.py" "$2" "$3" "$T/$1.in" >"$T/$1.out" 2>&1 &
	PIDS="$PIDS $!"
	soon "$1: sendmail greets $2" grep -q '^220 ' "$T/$1.out"
	tell "$1" 250 "EHLO client.example"
}
# tell NAME CODE TEXT: its answer begins with the code; a last one of several lines.
tell() {
	local had
	had=$(grep -c "^$2 " "$T/$1.out")
	printf '%s\n' "$3" >"$T/$1.in"
	soon "$1: $3 is answered by $2" sh -c "[ \"\$(grep -c '^$2 ' '$T/$1.out')\" -gt $had ]"
}
gone() { grep -q '^gone' "$T/$1.out"; }
# greets FROM TO [PORT]: who connects hears something. shut, the same: he cannot connect.
cat >"$T/greets.py" <<'E2'
import socket, sys
limit, own, to, port = (sys.argv[1:] + ['25'])[:4]
s = socket.socket(socket.AF_INET6 if ':' in to else socket.AF_INET)
s.settimeout(float(limit))
s.bind((own, 0))
try:
    s.connect((to, int(port)))
except OSError:
    sys.exit(3)
s.settimeout(60)
sys.exit(not s.recv(1))
E2
greets() { peer python3 "$T/greets.py" 60 "$@"; }
shut() { peer python3 "$T/greets.py" 1.5 "$@"; [ $? -eq 3 ]; }
offences() { ask why --json "$1" | jq '[.counts[].count] | add // 0'; }
has_offences() { [ "$(offences "$1")" = "$2" ]; }
unknown() { grep -c "User unknown" "$LOGFILE"; }

# ---- the daemon, as the user nobody ----

echo "# whom we know
198.51.100.30 # a mailing list with stale members
203.0.113.0/255.255.255.0" >"$T/white"
{
	printf '[banish]\nstatedir = %s/state\nsocket = %s/control\nuser = nobody\n' "$T" "$T"
	sed -e "s|/var/log/mail.log|$LOGFILE|" -e "s|^# ignoreip = .*|ignoreip = file:$T/white|" \
		-e 's/^older = .*/older = 1h/' "$ROOT/contrib/sendmail/banish.conf"
} >"$CONF"
check "banish check" ask check
check "shows the reaper" sh -c "'$BANISH' check -c '$CONF' | grep -A2 -F '[reaper sendmail]' | grep -q 'older     1h, by idle'"
start

# ---- guesses ----

open guesser 198.51.100.10 192.0.2.1
open innocent 198.51.100.20 192.0.2.1
tell innocent 250 "MAIL FROM:<a@good.example>"
tell innocent 550 "RCPT TO:<typo@example.net>"
tell guesser 250 "MAIL FROM:<a@b.example>"
for n in 1 2 3; do tell guesser 550 "RCPT TO:<nobody$n@example.net>"; done
soon "three unknown names are three offences, while the session is open" has_offences 198.51.100.10 3
check "and no ban" not_banned 198.51.100.10
check "nor the end of the session" not gone guesser
printf 'RCPT TO:<nobody4@example.net>\n' >"$T/guesser.in"
soon "the fourth bans" banned 198.51.100.10
soon "in the kernel" sh -c "nft list table inet banish | grep -qF 198.51.100.10"
soon "the guesser's session is ended" gone guesser
check "its process told whose it was" test "$(ask status --json | jq .messages.by_process)" -ge 4
check "the ban is of port 25 of tcp alone" sh -c "'$BANISH' status -c '$CONF' | grep -qE 'nft.ports=.?tcp:25.?]'"
check "port 25 is closed to the guesser" shut 198.51.100.10 192.0.2.1
check "another port is not" greets 198.51.100.10 192.0.2.1 2525
check "others reach port 25" greets 198.51.100.20 192.0.2.1
left=$(ask list --json | jq -s '.[0].until - .[0].since')
equal "for three hours" 10800 "$left"
check "the innocent session goes on" not gone innocent
tell innocent 250 "RCPT TO:<alice@example.net>"
tell innocent 354 "DATA"
tell innocent 250 "Subject: x

.
"
soon "one typo is one offence" has_offences 198.51.100.20 1

open six 2001:db8:1::40 2001:db8::1
tell six 250 "MAIL FROM:<a@b.example>"
printf 'RCPT TO:<n%s@example.net>\n' 1 2 3 4 5 6 >"$T/six.in"
soon "IPv6: banned by its /64 or alone" sh -c "'$BANISH' list -c '$CONF' --json | grep -q '\"ip\":\"2001:db8:1:'"
soon "IPv6: its session is ended" gone six

open white 198.51.100.30 192.0.2.1
tell white 250 "MAIL FROM:<a@b.example>"
for n in 1 2 3 4 5 6; do tell white 550 "RCPT TO:<stale$n@example.net>"; done
soon "who is white-listed is ignored" sh -c "[ \"\$('$BANISH' status -c '$CONF' --json | jq .ignored)\" -ge 6 ]"
check "and not banned" not_banned 198.51.100.30

# A name as a guesser's DNS has it.
open named 198.51.100.12 192.0.2.1
tell named 250 "MAIL FROM:<\"x, relay=[203.0.113.9]\"@b.example>"
printf 'RCPT TO:<"[203.0.113.9]: y%s"@example.net>\n' 1 2 3 4 >"$T/named.in"
soon "what a guesser writes does not have another banned" banned 198.51.100.12
check "nor does it count for him" has_offences 203.0.113.9 0

# Mail of our own, to a user that is not there.
before=$(ask status --json | jq .offences)
printf 'Subject: x\n\nx\n' | chroot "$R" /usr/sbin/sendmail-mta -L sm-mta -odi nobody77@example.net >"$T/out" 2>&1
soon "a delivery that fails is in the log" grep -q 'nobody77.*stat=User unknown\|nobody77@example.net\.\.\. User unknown' "$LOGFILE"
sleep 0.3
equal "and counts for nobody" "$before" "$(ask status --json | jq .offences)"
echo "  log: $(grep -m1 'nobody4@.*User unknown' "$LOGFILE")"
echo "  ban: $(nft list table inet banish | grep -m1 -oE '198.51.100.10 [^,}]*')"

# ---- what was written while nobody watched ----

stop
open late 198.51.100.11 192.0.2.1
tell late 250 "MAIL FROM:<a@b.example>"
for n in 1 2 3 4; do tell late 550 "RCPT TO:<nobody$n@example.net>"; done
tell late 221 "QUIT"
soon "the session is over" gone late
start
soon "a process that is over: a later line of the message tells" banned 198.51.100.11
check "so says status" test "$(ask status --json | jq .messages.by_line)" -ge 4
echo "  status: $(ask status | grep '^messages')"

# ---- the reaper ----

open idle 198.51.100.40 192.0.2.1
open work 198.51.100.42 192.0.2.1
tell work 250 "MAIL FROM:<a@good.example>"
tell work 250 "RCPT TO:<alice@example.net>"
tell work 354 "DATA"
open both 198.51.100.43 192.0.2.1
tell both 250 "MAIL FROM:<a@good.example>"
tell both 250 "RCPT TO:<alice@example.net>"
tell both 354 "DATA"
open both2 198.51.100.43 192.0.2.1
open active 198.51.100.41 192.0.2.1
open active2 198.51.100.44 192.0.2.1
# Two that are always busy. (Of too many NOOP sendmail takes its time.)
while sleep 0.3; do printf 'RSET\n' >"$T/active.in"; printf 'RSET\n' >"$T/active2.in"; done 2>/dev/null &
BUSY=$!
PIDS="$PIDS $BUSY"
equal "an hour is not over" '[]' "$(ask reap --dry-run --json | jq -c .sessions)"
# Only lists, as long as it says so.
while sleep 0.02; do ask reap --dry-run --json >>"$T/reaps" 2>/dev/null; done &
DRY=$!
PIDS="$PIDS $DRY"
sed -i 's/^older = .*/older = 5s/' "$CONF"
check "reload" ask reload
soon "an idle session is reaped" gone idle
open idle2 198.51.100.46 192.0.2.1
open idle3 198.51.100.47 192.0.2.1
soon "and another" gone idle2
soon "and the next" gone idle3
kill $DRY
wait $DRY 2>/dev/null
soon "sendmail's process ends by itself" sh -c "! ps axww | grep -q 'server.*\[198.51.100.40\] cmd rea[d]'"
check "one that sends a message is not, idle as it is" not gone work
check "nor one that sends commands" not gone active
check "nor any of a peer of which one is at work" not gone both2
check "the listener listens" greets 198.51.100.45 192.0.2.1
spares() { ask reap --dry-run >"$T/spared"; grep '^spared .*198.51.100.43 port .*may be at work' "$T/spared"; }
soon "reap says what it spares" spares
equal "no other" 0 "$(grep -vc '198.51.100.43\|198.51.100.45' "$T/spared")"
# A round comes every second, so that nearly always one was listed before it ended. The last time
# that may be while it ends, and its process be gone.
ALONE='.sessions[] | select(.ip == "198.51.100.46" or .ip == "198.51.100.47")'
equal "who was listed alone had a process, and would have ended" 0 \
	"$(jq -c "$ALONE" "$T/reaps" | jq -s '[group_by(.ip)[] | .[:-1][], (.[-1] | .pid //= 1) |
		select(.pid == null or .verdict != "would end")] | length')"
echo "  reap: $(jq -c "$ALONE" "$T/reaps" | tail -n 1)"
echo "  log: $(grep -m1 'reaper: .*198.51.100.40' "$LOG")"
check "status counts it" test "$(ask status --json | jq .reaper.ended)" -ge 1
printf '.\n' >"$T/work.in"
soon "the message that was at work is taken" grep -q '^250 .*accepted for delivery' "$T/work.out"

# By age: who speaks now and then is ended as well, once the process is old.
kill $BUSY
wait $BUSY 2>/dev/null
sed -i 's/^by .*/by = age/' "$CONF"
check "reload" ask reload
soon "by age: sessions between two commands end, too" gone active
check "and never one at work" not gone both

# ---- processes that cannot be seen ----

stop
mount -t proc -o hidepid=2 proc /proc 2>/dev/null && {
	sed -i 's/^by .*/by = idle/' "$CONF"
	start
	soon "hidepid is warned of" grep -q 'hidepid' "$LOG"
	open hidden 198.51.100.13 192.0.2.1
	tell hidden 250 "MAIL FROM:<a@b.example>"
	for n in 1 2 3 4; do tell hidden 550 "RCPT TO:<nobody$n@example.net>"; done
	soon "lines wait" sh -c "[ \"\$('$BANISH' status -c '$CONF' --json | jq .messages.waiting)\" = 4 ]"
	check "and nobody is banned" not_banned 198.51.100.13
	printf 'RSET\n' >"$T/hidden.in"
	soon "until the message is over" banned 198.51.100.13
	soon "and the session with it" gone hidden
	umount -l /proc
} || echo "  /proc cannot be mounted here with hidepid=2: not looked at"
stop
