/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's log: standard error, one line a message, prefixed with sd-daemon(3) levels when
 * the journal reads it. Only composing code (src/, netlink/main.c) logs; rooms return errors.
 */
#ifndef BANISH_BASE_LOG_H
#define BANISH_BASE_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

extern enum log_level log_level; /* what is more detailed is not written */

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
