#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Makes tcp.smtp and its database anew from those who connect too often and the rules of
# tcp.smtp.static. For cron, where the daemon does not run; see README.md.
#
#	LOG=/var/log/smtpd ETC=/home/vpopmail/etc tcp.smtp.sh [-c CONNECTIONS] [-t MINUTES] [-e FILE]
set -eu
LOG=${LOG:-/var/log/smtpd}
ETC=${ETC:-/home/vpopmail/etc}
cd "$ETC"
# A list that could not be made is no reason to let everybody in: nothing is changed then.
tcpblock -d "$LOG" "$@" >tcp.smtp.block.new
mv tcp.smtp.block.new tcp.smtp.block
cat tcp.smtp.block tcp.smtp.static >tcp.smtp.new
mv tcp.smtp.new tcp.smtp
# tcprules replaces the database only when it could read every rule. With vpopmail and roaming
# users this line is ~vpopmail/bin/clearopensmtp, which adds those and calls tcprules itself.
tcprules tcp.smtp.cdb tcp.smtp.tmp <tcp.smtp
