#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What the machine does that loses its power: the same as the systemd units, in their order, and
# all that is then known, told to the host. Then bans flow until the end.
#   round=N   a number that no other start of this disk had
#   lie=1     this time no data is put on the disk
#   build=    where the programs are
for word in $(cat /proc/cmdline); do
	case $word in round=* | lie=* | build=*) eval "$word" ;; esac
done
exec 3>/dev/vport0p1
tell() { sed "s/^/$1 /" >&3; }

# The kernel writes soon what nobody syncs: it is then in the disk's own cache.
echo 10 >/proc/sys/vm/dirty_writeback_centisecs
echo 20 >/proc/sys/vm/dirty_expire_centisecs
mkdir -p /disk
mount -t ext4 /dev/vda /disk || exit 1
ls -la /disk /disk/state 2>&1 | tell files
cat >/run/filter.conf <<'END'
[Definition]
failregex = ^ ?app: bad login from <ADDR> n=\d+$
END
cat >/run/banish.conf <<'END'
[banish]
statedir = /disk/state
socket = /run/control
user = root
[DEFAULT]
filter = /run/filter.conf
findtime = 1d
bantime = 2h
target = nft
         ipset[name=bl]
         route
[app]
logpath = /disk/app.log
maxretry = 3
target = null
END
ban=$build/banish
# A log that is older than this test: enough of it that it is known again by its beginning.
[ -e /disk/app.log ] || { ls -laR /lib/modules >/disk/app.log; sync; }
$ban restore -c /run/banish.conf 2>&1 | tell restore
nft -j list table inet banish 2>&1 | tell nft
ipset save 2>&1 | tell ipset
ip route show proto 157 | tell route
ip -6 route show proto 157 | tell route
[ -z "$lie" ] || export LD_PRELOAD=$build/fault.so FAULT_SYNC=lie
$ban run -c /run/banish.conf >/run/banish.log 2>&1 &
daemon=$!
unset LD_PRELOAD
until grep -q ready: /run/banish.log; do
	kill -0 $daemon || { tell daemon </run/banish.log; echo "lost" >&3; exit 1; }
	sleep 0.05
done
# Lines are read in order: when this one is counted, all that the disk has are.
printf '\n%s\n' "$(date '+%Y-%m-%d %H:%M:%S') app: bad login from 51.0.$((round / 256)).$((round % 256)) n=0" >>/disk/app.log
until $ban why --json -c /run/banish.conf 51.0.$((round / 256)).$((round % 256)) | grep -q 'n=0'; do sleep 0.05; done
grep 'bad login' /disk/app.log | tell log
$ban list --json -c /run/banish.conf | tell ban
$ban why --json -c /run/banish.conf 0.0.0.0/0 | tell why
$build/guest /run/control counts | tell count
tell daemon </run/banish.log
echo "begin" >&3
$build/guest /run/control /disk/app.log 3 $round $((round * 1000000 + 1)) >&3 2>&3
tell daemon </run/banish.log
echo "lost" >&3
