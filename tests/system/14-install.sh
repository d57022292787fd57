#!/bin/bash
# make install puts everything where the programs look for it.
. "$(dirname "$0")/lib.sh"

check "make install" make -C "$ROOT" install DESTDIR="$T/root" PREFIX=/usr
for file in usr/sbin/banish usr/libexec/banish/banish-netlink usr/share/banish/filter.d/sshd.conf \
	usr/share/man/man8/banish.8 usr/share/man/man5/banish.conf.5 usr/share/man/man8/banish-netlink.8 \
	usr/lib/systemd/system/banish.service usr/lib/systemd/system/banish-restore.service usr/lib/sysusers.d/banish.conf; do
	check "$file" test -s "$T/root/$file"
done
check "no unit has the default path left" sh -c "! grep -r '/usr/local' '$T/root/usr/lib/systemd/system'"
configure <<E2
[sshd]
filter = $T/root/usr/share/banish/filter.d/sshd.conf
logpath = $T/auth.log
target = null
E2
check "the installed program runs" "$T/root/usr/sbin/banish" check -c "$CONF"
