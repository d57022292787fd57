/* SPDX-License-Identifier: GPL-2.0-or-later */
/* banish scan --print: who failed how often, and who is banned, for a person. */
#ifndef BANISH_REPORT_H
#define BANISH_REPORT_H

/* Prints on standard output, with colours when that is a terminal. An exit code. */
int report_print(const char *file, const char *jail);

#endif
