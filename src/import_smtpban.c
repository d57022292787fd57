/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * banish import smtpban. The database is opened by a process of its own, for GDBM trusts what
 * it reads: a damaged file ends that process, or keeps it busy until its time is over.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gdbm.h>

#include "base/moment.h"
#include "control/control.h"
#include "import.h"
#include "imported.h"
#include "look.h"
#include "smtpban_db.h"

#define JAIL "smtpban"
#define ENTRIES_MAX 1000000
#define CPU_S 20
#define MEMORY ((rlim_t)1 << 30)
#define AHEAD_MS INT64_C(86400000) /* of the clock: nobody blocks tomorrow */

/* ---- the process that reads ---- */

/* What goes over the pipe: lengths, key, value. */
struct entry {
	uint16_t key, value;
};

static bool send_entry(FILE *to, datum key, datum value)
{
	struct entry entry = {(uint16_t)key.dsize, (uint16_t)value.dsize};

	/* What is too long is no entry, and is counted as such. */
	if (key.dsize < 0 || key.dsize >= PREFIX_TEXT_MAX)
		entry.key = 0;
	if (value.dsize < 0 || value.dsize >= SMTPBAN_VALUE_MAX)
		entry.value = 0;
	return fwrite(&entry, sizeof entry, 1, to) == 1 &&
	       fwrite(key.dptr, 1, entry.key, to) == entry.key &&
	       fwrite(value.dptr, 1, entry.value, to) == entry.value;
}

static int send_all(GDBM_FILE db, FILE *to)
{
	datum key = gdbm_firstkey(db), value, next;
	bool good = true;

	for (unsigned i = 0; key.dptr && good && i < ENTRIES_MAX; i++) {
		value = gdbm_fetch(db, key);
		good = value.dptr && send_entry(to, key, value);
		free(value.dptr);
		next = gdbm_nextkey(db, key);
		free(key.dptr);
		key = next;
	}
	if (key.dptr || gdbm_errno != GDBM_ITEM_NOT_FOUND)
		good = false;
	return fclose(to) || !good ? EXIT_REFUSED : EXIT_DONE;
}

static _Noreturn void read_database(const char *path, int to)
{
	const struct rlimit cpu = {CPU_S, CPU_S}, memory = {MEMORY, MEMORY}, none = {0, 0};
	FILE *pipe = fdopen(to, "w");
	GDBM_FILE db;

	setrlimit(RLIMIT_CPU, &cpu);
	setrlimit(RLIMIT_AS, &memory);
	setrlimit(RLIMIT_CORE, &none);
	db = gdbm_open(path, 0, GDBM_READER | GDBM_NOLOCK | GDBM_NOMMAP, 0, NULL);
	if (!db)
		fprintf(stderr, "banish: %s: %s\n", path,
			gdbm_errno == GDBM_FILE_OPEN_ERROR ? strerror(errno)
							   : gdbm_strerror(gdbm_errno));
	_exit(db && pipe ? send_all(db, pipe) : EXIT_REFUSED);
}

/* ---- the one that asked ---- */

struct takeover {
	FILE *lines;
	struct imported_counts counts;
	int64_t now, bantime;
};

static void take_entry(struct takeover *takeover, struct text key, struct text value)
{
	struct prefix prefix;
	int64_t since, until;
	char shown[2][128];

	if (!smtpban_entry(&prefix, &since, key, value) || since > takeover->now + AHEAD_MS) {
		fprintf(stderr, "banish: no address and date: \"%s\" \"%s\"\n",
			text_show(key, shown[0], sizeof shown[0]),
			text_show(value, shown[1], sizeof shown[1]));
		takeover->counts.refused++;
		return;
	}
	until = moment_after(since, takeover->bantime);
	if (until <= takeover->now)
		takeover->counts.over++;
	else
		imported_line(takeover->lines, &prefix, since, until);
}

static bool take_entries(struct takeover *takeover, FILE *from)
{
	char key[PREFIX_TEXT_MAX], value[SMTPBAN_VALUE_MAX];
	struct entry entry;

	while (fread(&entry, sizeof entry, 1, from) == 1) {
		if (entry.key >= sizeof key || entry.value >= sizeof value ||
		    fread(key, 1, entry.key, from) != entry.key ||
		    fread(value, 1, entry.value, from) != entry.value)
			return false;
		take_entry(takeover, (struct text){key, entry.key},
			   (struct text){value, entry.value});
	}
	return true;
}

static int read_file(struct takeover *takeover, const char *path)
{
	int ends[2], status = 0;
	bool good;
	FILE *from;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	fflush(NULL);
	pid = fork();
	if (!pid) {
		close(ends[0]);
		read_database(path, ends[1]);
	}
	close(ends[1]);
	from = pid < 0 ? NULL : fdopen(ends[0], "r");
	good = from && take_entries(takeover, from);
	if (from)
		fclose(from);
	else
		close(ends[0]);
	if (pid < 0)
		return -EAGAIN;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (good && WIFEXITED(status) && !WEXITSTATUS(status))
		return 0;
	fprintf(stderr,
		"banish: %s: is damaged, or no database of smtpban's; nothing of it was "
		"taken\n",
		path);
	return -EINVAL;
}

/* ---- the command ---- */

static int usage(FILE *to)
{
	fputs("usage: banish import smtpban [-c FILE] [-s SOCKET] [--jail JAIL] FILE.db\n", to);
	return to == stderr ? EXIT_USAGE : EXIT_DONE;
}

struct asked {
	const char *file, *socket, *jail, *database;
};

static int read_bantime(int64_t *out, const struct asked *asked)
{
	struct diag diag = {.say = diag_stderr};
	struct setup *setup;
	int jail, error = setup_new(&setup, asked->file, SETUP_LENIENT, &diag);

	if (error)
		return error;
	jail = look_jail(setup, asked->jail);
	if (jail >= 0)
		*out = setup->conf->jails[jail].bantime;
	setup_free(setup);
	return jail < 0 ? -ENOENT : 0;
}

static int run(const struct asked *asked)
{
	struct takeover takeover = {.lines = tmpfile(), .now = moment_now()};
	int error = takeover.lines ? read_bantime(&takeover.bantime, asked) : -errno;

	if (!error)
		error = read_file(&takeover, asked->database);
	if (!error)
		error = imported_send(asked->file, asked->socket, asked->jail, takeover.lines,
				      &takeover.counts);
	if (takeover.lines)
		fclose(takeover.lines);
	if (error)
		return EXIT_REFUSED;
	printf("taken %" PRIu64 ", over %" PRIu64 ", refused %" PRIu64 "\n",
	       takeover.counts.taken, takeover.counts.over, takeover.counts.refused);
	return takeover.counts.refused ? EXIT_REFUSED : EXIT_DONE;
}

int import_smtpban(int argc, char **argv)
{
	static const struct option options[] = {
		{"jail", required_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
	struct asked asked = {.file = CONF_DEFAULT_FILE, .jail = JAIL};
	int c;

	while ((c = getopt_long(argc, argv, "c:s:h", options, NULL)) != -1) {
		if (c == 'h')
			return usage(stdout);
		if (c == 'c')
			asked.file = optarg;
		else if (c == 's')
			asked.socket = optarg;
		else if (c == 'j')
			asked.jail = optarg;
		else
			return usage(stderr);
	}
	if (argc - optind != 1)
		return usage(stderr);
	asked.database = argv[optind];
	return run(&asked);
}
