#!/bin/bash
# Every kind of mistake in a configuration is refused with file, line and the nearest valid word.
. "$(dirname "$0")/lib.sh"

# mistake "claim" "text" < configuration: check exits 1 and says the text.
mistake() {
	cat >"$T/bad.conf"
	refuse "$1" 1 "$2" banish check -c "$T/bad.conf"
}
jail='filter = sshd
logpath = /var/log/auth.log'

mistake "unknown key" "$T/bad.conf:4: " <<E2
[sshd]
$jail
bantmie = 1h
E2
mistake "unknown key: nearest" '"bantime"' <<E2
[sshd]
$jail
bantmie = 1h
E2
mistake "bad duration" "$T/bad.conf:4: " <<E2
[sshd]
$jail
bantime = 3 fortnights
E2
mistake "a tarpit's key: nearest" 'did you mean "threshold"' <<E2
[policy tarpit]
treshold = 2
E2
mistake "a policy that is not there" "$T/bad.conf:1: [policy grey] is not there" <<E2
[policy grey]
E2
mistake "a policy's port" "$T/bad.conf:2: check must be ADDRESS:PORT" <<E2
[policy tarpit]
check = localhost:60001
E2
mistake "an answer that Postfix does not know" "$T/bad.conf:4: answer \"go away\" does not begin" <<E2
[rcpt]
filter = policy
policy = 127.0.0.1:60004
answer = go away
E2
mistake "an answer to nobody" "$T/bad.conf:4: answer \"521\" answers nobody" <<E2
[sshd]
$jail
answer = 521
E2
mistake "missing filter" "$T/bad.conf:2: " <<E2
[sshd]
filter = no-such-filter
logpath = /var/log/auth.log
E2
mistake "an option that the filter does not know" 'did you mean "mode"' <<E2
[sshd]
filter = sshd[mdoe=aggressive]
logpath = /var/log/auth.log
E2
mistake "unknown target" "$T/bad.conf:4: " <<E2
[sshd]
$jail
target = ipste
E2
mistake "unknown target: nearest" '"ipset"' <<E2
[sshd]
$jail
target = ipste
E2
mistake "unknown target option" '"name"' <<E2
[sshd]
$jail
target = ipset[nam=x]
E2
mistake "an ipset name that is too long" "$T/bad.conf:4: " <<E2
[sshd]
$jail
target = ipset[name=abcdefghijklmnopqrstuvwxyz0123456789]
E2
mistake "a route of no type" "$T/bad.conf:4: " <<E2
[sshd]
$jail
target = route[type=blackhloe]
E2
mistake "two targets that are one ipset" "$T/bad.conf:5: " <<E2
[sshd]
$jail
target = ipset[name=x]
         ipset[name=x,maxbans=5000]
E2
mistake "junk in ignoreip" "$T/bad.conf:4: " <<E2
[sshd]
$jail
ignoreip = 10. junk
E2
mistake "maxretry of nothing" "$T/bad.conf:4: " <<E2
[sshd]
$jail
maxretry = many
E2
mistake "a formula of one's own" "is not evaluated" <<E2
[sshd]
$jail
bantime.formula = __import__('os').system('reboot')
E2
mistake "a multiplier that is none" "bantime.multipliers" <<E2
[sshd]
$jail
bantime.multipliers = 1 2 many
E2
mistake "two kinds of source" "make two jails" <<E2
[sshd]
$jail
journalmatch = _SYSTEMD_UNIT=ssh.service
E2
mistake "one UDP datagram that bans" "$T/bad.conf:3: " <<E2
[sshd]
filter = sshd
syslog = udp:127.0.0.1:5514
maxretry = 1
E2
mistake "a port that there is not" 'port "smpt"' <<E2
[sshd]
$jail
port = smpt
E2
mistake "scope = port with an ipset" "$T/bad.conf:6: " <<E2
[sshd]
$jail
port = ssh
scope = port
target = ipset[name=x]
E2
mistake "and why" 'needs nft with its own table' <<E2
[sshd]
$jail
port = ssh
scope = port
target = route
E2
mistake "drop-established without ports" "say with \"port\"" <<E2
[sshd]
$jail
drop-established = yes
E2
mistake "no source" "logpath" <<E2
[sshd]
filter = sshd
E2
mistake "a line that is nothing" "$T/bad.conf:4: " <<E2
[sshd]
$jail
what is this
E2
mistake "unknown key in [banish]" '"statedir"' <<E2
[banish]
statdir = /tmp
E2
mistake "two mistakes are both said" "$T/bad.conf:5: " <<E2
[sshd]
$jail
bantmie = 1h
findtime = x
E2
cat >"$T/broken.conf" <<'E2'
[Definition]
failregex = ^good <HOST>$
            ^bad ( <HOST>$
E2
mistake "a broken regular expression has its own line" "$T/broken.conf:3: " <<E2
[x]
filter = $T/broken.conf
logpath = /var/log/x.log
E2
mkdir -p "$T/jail.d"
cat >"$T/banish.conf" <<E2
[banish]
statedir = $T/state
[DEFAULT]
ignoreip = 192.168. 10.0.0.0/255.0.0.0
target = nft
         ipset[name=blacklistip]
         route[type=unreachable]
[sshd]
filter = sshd[mode=aggressive]
logpath = /var/log/auth.log
E2
cat >"$T/jail.d/mail.conf" <<E2
[postfix]
filter = postfix[mode=auth]
logpath = /var/log/mail.log
target = nft[table="inet filter", set4=blackhole4, set6=blackhole6]
E2
check "a good one" banish check -c "$T/banish.conf"
banish check -c "$T/banish.conf" >"$T/good" 2>&1
for word in ban4 ban6 blacklistip blacklistip6 blacklistip-net blacklistip6-net unreachable blackhole4 blackhole6 \
	'\[sshd\]' '\[postfix\]' '\[manual\]' 10.0.0.0/8 192.168.0.0/16 mode=aggressive; do
	check "check prints $word" grep -q -- "$word" "$T/good"
done
