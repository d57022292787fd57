/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `banish import` takes over from other programs: argv[0] is the program's name. */
#ifndef BANISH_IMPORT_H
#define BANISH_IMPORT_H

int import_smtpban(int argc, char **argv);
int import_swatch(int argc, char **argv);

#endif
