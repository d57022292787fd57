#!/bin/bash
# scope = port: a ban limits itself to the jail's ports. drop-established: connections to those
# ports that are open already end with the ban, and no other.
. "$(dirname "$0")/lib.sh"

# A peer of its own, at the other end of a veth.
PEER=banish-20-$$
ip netns add "$PEER"
peer() { ip netns exec "$PEER" "$@"; }
trap 'ip netns del "$PEER"; finish' EXIT
ip link add veth0 type veth peer name veth1 netns "$PEER"
ip addr add 192.0.2.1/24 dev veth0
ip addr add 2001:db8::1/64 dev veth0 nodad
ip link set veth0 up
peer ip addr add 192.0.2.2/24 dev veth1
peer ip addr add 192.0.2.3/24 dev veth1
peer ip addr add 2001:db8::2/64 dev veth1 nodad
peer ip link set veth1 up

# Echo servers on ports 22, 25, 465 and 2525, TCP and UDP, of both families.
cat >"$T/serve.py" <<'E2'
import selectors, socket
sel = selectors.DefaultSelector()
for port in 22, 25, 465, 2525:
    for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
        s = socket.socket(socket.AF_INET6, kind)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        s.bind(('::', port))
        if kind == socket.SOCK_STREAM:
            s.listen(16)
        sel.register(s, selectors.EVENT_READ, 'listen' if kind == socket.SOCK_STREAM else 'udp')
print('serving', flush=True)
while True:
    for key, _ in sel.select():
        s = key.fileobj
        try:
            if key.data == 'listen':
                sel.register(s.accept()[0], selectors.EVENT_READ, 'peer')
            elif key.data == 'udp':
                data, who = s.recvfrom(100)
                s.sendto(data, who)
            else:
                data = s.recv(100)
                if not data:
                    raise OSError
                s.send(data)
        except OSError:
            sel.unregister(s)
            s.close()
E2
python3 "$T/serve.py" >"$T/serving" &
SERVER=$!
trap 'kill $SERVER; ip netns del "$PEER"; finish' EXIT
until grep -q serving "$T/serving"; do sleep 0.05; done

# reaches tcp|udp FROM TO PORT: the peer's packet comes back. shut, the same: none does.
cat >"$T/reach.py" <<'E2'
import socket, sys
limit, kind, own, to, port = sys.argv[1:]
family = socket.AF_INET6 if ':' in to else socket.AF_INET
s = socket.socket(family, socket.SOCK_DGRAM if kind == 'udp' else socket.SOCK_STREAM)
s.settimeout(float(limit))
s.bind((own, 0))
try:
    s.connect((to, int(port)))
    s.send(b'x')
    sys.exit(s.recv(1) != b'x')
except OSError:
    sys.exit(3)
E2
reaches() { peer python3 "$T/reach.py" 30 "$@"; }
shut() { peer python3 "$T/reach.py" 0.6 "$@"; [ $? -eq 3 ]; }

# talk NAME FROM TO PORT: an open connection that says "ok" or "gone" on each line that comes in. It
# is told to by a FIFO.
cat >"$T/talk.py" <<'E2'
import socket, sys
name, own, to, port, fifo = sys.argv[1:]
s = socket.socket(socket.AF_INET6 if ':' in to else socket.AF_INET)
s.settimeout(30)
s.bind((own, 0))
s.connect((to, int(port)))
print('open', flush=True)
for line in open(fifo):
    try:
        s.send(b'x')
        print('ok' if s.recv(1) else 'gone', flush=True)
    except OSError as e:
        print('gone', flush=True)
E2
talk() {
	mkfifo "$T/$1.in"
	peer python3 "$T/talk.py" "$1" "$2" "$3" "$4" "$T/$1.in" >"$T/$1.out" &
	exec {fd}>"$T/$1.in"
	until grep -q open "$T/$1.out"; do sleep 0.02; done
}
# said NAME: what it says next.
said() {
	lines=$(wc -l <"$T/$1.out")
	echo >"$T/$1.in"
	local end=$((SECONDS + 40))
	until [ "$(wc -l <"$T/$1.out")" -gt "$lines" ] || [ $SECONDS -ge $end ]; do sleep 0.05; done
	tail -n 1 "$T/$1.out"
}

log=$T/auth.log
: >"$log"
for f in "$T/web.log" "$T/dns.log" "$T/all.log"; do : >"$f"; done
configure <<E2
[DEFAULT]
ignoreip = 192.0.2.3
maxretry = 2
filter = sshd
[mail]
logpath = $log
port = smtp, submissions, 2000:3000
scope = port
drop-established = yes
[web]
logpath = $T/web.log
port = 80
scope = port
drop-established = yes
[dns]
logpath = $T/dns.log
port = smtp
protocol = tcp,udp
scope = port
[all]
logpath = $T/all.log
port = 465
drop-established = yes
E2
offend() { # FILE ADDRESS
	sshd_line "$2" >>"$1"
	sshd_line "$2" >>"$1"
}
start
check "status names the target with its ports" sh -c "'$BANISH' status -c '$CONF' | grep -qF 'nft[ports=\"tcp:25,tcp:465,tcp:2000-3000\"]'"
check "check says which" sh -c "'$BANISH' check -c '$CONF' | grep -q 'port.* 25 465 2000-3000 (tcp; connections'"
for family in 4 6; do
	if [ $family = 4 ]; then own=192.0.2.2 to=192.0.2.1 ban=192.0.2.2; else own=2001:db8::2 to=2001:db8::1 ban=2001:db8::2; fi
	check "IPv$family: port 25 answers before the ban" reaches tcp $own $to 25
	talk mail$family $own $to 25
	talk ssh$family $own $to 22
	equal "IPv$family: an open connection to port 25 works" ok "$(said mail$family)"
	offend "$log" $own
	if [ $family = 6 ]; then
		# Our own address is in that /64, so the offender's address alone is banned.
		soon "IPv$family: the offender is banned" banned 2001:db8::2
	else
		soon "IPv$family: the offender is banned" banned $ban
	fi
	soon "IPv$family: in the kernel" sh -c "nft list table inet banish | grep -qF '$ban'"
	check "IPv$family: port 25 is closed to it" shut tcp $own $to 25
	check "IPv$family: and the range" shut tcp $own $to 2525
	check "IPv$family: port 22 is not" reaches tcp $own $to 22
	check "IPv$family: nor is UDP to port 25" reaches udp $own $to 25
	equal "IPv$family: the open connection to port 25 is closed" gone "$(said mail$family)"
	check "IPv$family: on this host, too" sh -c "! ss -Htn state established '( sport = :25 )' | grep -qF '$ban'"
	equal "IPv$family: that to port 22 is not" ok "$(said ssh$family)"
done
check "an innocent neighbour reaches all" reaches tcp 192.0.2.3 192.0.2.1 25
soon "status counts the connections" sh -c "'$BANISH' status --json -c '$CONF' | jq -e '.dropped.connections == 2'"
ask unban --all
check "after unban port 25 answers again" reaches tcp 192.0.2.2 192.0.2.1 25

offend "$T/dns.log" 192.0.2.2
soon "tcp,udp: banned" banned 192.0.2.2
soon "UDP to port 25 is dropped as well" shut udp 192.0.2.2 192.0.2.1 25
check "TCP to port 465 is not" reaches tcp 192.0.2.2 192.0.2.1 465
ask unban --all

# Everything is dropped, and only the connections to the jail's ports are closed at once.
talk smtps 192.0.2.2 192.0.2.1 465
talk other 192.0.2.2 192.0.2.1 25
offend "$T/all.log" 192.0.2.2
soon "scope = all: banned" banned 192.0.2.2
soon "its connection to the jail's port is closed" sh -c "! ss -Htn state established '( sport = :465 )' | grep -q 192.0.2.2"
check "that to another port stands, and nothing comes through" sh -c "ss -Htn state established '( sport = :25 )' | grep -q 192.0.2.2"
check "port 22 is closed as well" shut tcp 192.0.2.2 192.0.2.1 22
ask unban --all

# By hand: the jail manual has no ports, and takes all.
talk hand 192.0.2.2 192.0.2.1 465
check "ban by hand" ask ban 192.0.2.2
check "closes no connection" sh -c "sleep 0.3; ss -Htn state established '( sport = :465 )' | grep -q 192.0.2.2"
check "but stops all ports" shut tcp 192.0.2.2 192.0.2.1 22
ask unban --all
talk hand2 192.0.2.2 192.0.2.1 465
check "ban by hand in a jail that drops" ask ban --jail mail 192.0.2.2
soon "closes them" sh -c "! ss -Htn state established '( sport = :465 )' | grep -q '192.0.2.2'"
check "and leaves port 22" reaches tcp 192.0.2.2 192.0.2.1 22
stop
