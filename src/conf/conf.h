/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration: banish.conf(5), jail.d, and filters in fail2ban's format, read into plain
 * structs. What targets and regular expressions mean is decided by others; their places come
 * along.
 *
 * Dialect: Python's ConfigParser as fail2ban uses it: sections, `key = value` or `key: value`,
 * keys in lower case, continuation lines by indent, comments with # and ; at line start and `
 * ;` inline, %(name)s interpolated when read, [DEFAULT], [INCLUDES] before/after.
 */
#ifndef BANISH_CONF_CONF_H
#define BANISH_CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/increment.h"
#include "base/log.h"
#include "base/ports.h"
#include "base/prefix.h"
#include "base/rules.h"
#include "base/spec.h"

#define CONF_DEFAULT_FILE "/etc/banish/banish.conf"
#define CONF_DEFAULT_SOCKET "/run/banish/control"
#define CONF_DEFAULT_STATEDIR "/var/lib/banish"
#define CONF_JAIL_NAME_MAX 64
#define CONF_MANUAL "manual" /* the jail of bans by hand: [DEFAULT]'s targets and bantime */

struct conf_source {
	char *name; /* in source/source.h's words: "/PATH", "-", "journal:...", "syslog:...",
			"policy:..." */
	struct place place;
};

struct conf_jail {
	char *name;
	struct place place;
	struct conf_source *sources; /* all of one kind; none in the jail `manual` only */
	size_t source_count;
	bool journal;	     /* their lines come as from the journal, without a date */
	char *answer;	     /* to the policy requests of who is banned; NULL: none */
	struct spec filter;  /* name NULL in the jail `manual` only */
	struct rules *rules; /* the filter, read; NULL likewise */
	bool disabled;	   /* its filter cannot be read (then rules is NULL), or compiled, which
			      others find */
	unsigned maxretry; /* 1..1000 */
	int64_t findtime;  /* ms, > 0 */
	int64_t bantime;   /* ms, > 0, or TIME_FOREVER */
	struct increment increment; /* all zero in the jail `manual` */
	bool unverified;  /* of a source anybody on this host can write to: maxretry is 2 or
			     more */
	unsigned prefix6; /* 32..128: IPv6 is counted and banned by this length */
	struct prefix *ignoreip;
	size_t ignoreip_count;
	/* Its service: what it is for. A jail with "scope = port" has them in its targets'
	 * option `ports` as well. None: all that this host has. */
	struct port_range ports[PORTS_MAX]; /* in order, none overlaps another */
	size_t port_count;
	bool tcp, udp;	       /* those ports of which protocol; at least one of them */
	bool drop_established; /* then there are ports, and tcp is among the protocols */
	size_t *targets;       /* into conf.targets, no repeats */
	size_t target_count;
};

/* Connections of sendmail's clients that wait for a command for too long are ended. */
struct conf_reaper {
	struct place place;
	bool by_age;   /* of the process; else how long nothing was received */
	int64_t older; /* ms, > 0 */
	struct port_range ports[PORTS_MAX]; /* as of a jail; at least one */
	size_t port_count;
};

/* [policy tarpit] */
struct conf_tarpit {
	bool on; /* the section is there */
	struct place place;
	char *check, *store, *command; /* ADDRESS:PORT or /PATH; NULL: off */
	unsigned sleep;		       /* s */
	unsigned threshold, prefix4, prefix6, sleepers, credits;
	int64_t expire; /* ms, > 0, or TIME_FOREVER */
	struct prefix *ignoreip;
	size_t ignoreip_count;
};

struct conf {
	char *statedir, *socket;
	char *user; /* NULL: not set */
	enum log_level loglevel;
	size_t maxbans;	      /* 1000..16 M, bans held in all; default 2 M */
	int64_t dbpurgeage;   /* ms, or TIME_FOREVER: bans that are over are remembered */
	unsigned groupcommit; /* ms, 0..10000: what was decided is on disk this much later */
	struct spec *targets; /* every different target, in order of appearance */
	size_t target_count;
	struct conf_jail *jails; /* the first is `manual` */
	size_t jail_count;
	struct conf_reaper *reaper; /* NULL: nobody is reaped */
	struct conf_tarpit tarpit;
	char **files; /* every file read; places point to these */
	size_t file_count;
};

/* Where filters are looked for, in order; a path always wins. Ended by NULL. */
struct conf_dirs {
	const char *const *filter_dirs;
	bool lenient; /* a filter that cannot be read disables its jail, which is warned of, and
			 is no mistake of the whole */
};

/*
 * Read FILE, and jail.d/NAME.conf beside it in order of name. 0, or -EINVAL after at least one
 * diag_error that names file, line, what was read and, where one is near, what was meant;
 * -ENOMEM. Every mistake is reported, not the first alone. A missing FILE is an error.
 */
int conf_read(struct conf **out, const char *file, const struct conf_dirs *dirs,
	      struct diag *diag);
void conf_free(struct conf *conf); /* takes NULL */

/* The `socket` that FILE names, for a client: nothing else in it matters. The caller frees it;
 * NULL: FILE does not say, or cannot be read. */
char *conf_read_socket(const char *file);
char *conf_read_statedir(const char *file); /* the same of `statedir` */

/*
 * Read one filter, with its options. `journal`: its lines come from the journal or a syslog
 * socket, without a date; most filters know such lines by logtype=journal, which is set unless
 * the options say another. 0, -ENOENT, -EINVAL or -ENOMEM after a diag_error.
 */
int conf_read_filter(struct rules **out, const struct spec *spec, bool journal,
		     const struct conf_dirs *dirs, struct diag *diag);

#endif
