/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names for numbers: jails, reasons, targets and source paths are numbers in bans and records
 * and text only here. Number 0 is no name (""). A number is good as long as the table lives;
 * on disk a name is written before the first record that uses its number.
 */
#ifndef BANISH_BASE_NAMES_H
#define BANISH_BASE_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define NAMES_MAX 65536 /* names in a table */
#define NAME_MAX_BYTES 4096

struct names;

struct names *names_new(void); /* NULL: out of memory */
void names_free(struct names *names);
/* The number of `t`, new or known; 0 when it is empty, too long, or the table is full. */
uint32_t names_add(struct names *names, struct text t);
/* Its number when it is known, else 0. */
uint32_t names_find(const struct names *names, struct text t);
/* Never NULL: "" for a number that is not known. Lives as long as the table. */
const char *names_text(const struct names *names, uint32_t number);
uint32_t names_last(const struct names *names); /* the highest number given out */

#endif
