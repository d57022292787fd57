/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands: argv[0] is the command's name; the return value is banish's exit code. */
#ifndef BANISH_COMMAND_H
#define BANISH_COMMAND_H

int cmd_run(int argc, char **argv);
int cmd_restore(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_live(int argc, char **argv); /* check --live */
int cmd_match(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_ban(int argc, char **argv);
int cmd_unban(int argc, char **argv);
int cmd_why(int argc, char **argv);
int cmd_tarpit(int argc, char **argv);
int cmd_sync(int argc, char **argv);
int cmd_reload(int argc, char **argv);
int cmd_flush(int argc, char **argv);
int cmd_scan(int argc, char **argv);
int cmd_import(int argc, char **argv);
int cmd_state(int argc, char **argv);
int cmd_reap(int argc, char **argv);

/* The names of older programs, by which banish may be called, with their options. */
int cmd_tcpblock(int argc, char **argv);
int cmd_smtpban(int argc, char **argv);

#endif
