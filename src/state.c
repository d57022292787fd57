/* SPDX-License-Identifier: GPL-2.0-or-later */
/* banish state: what is in the state folder, for a person, while no daemon runs. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "command.h"
#include "conf/conf.h"
#include "control/control.h"
#include "dump.h"
#include "options.h"
#include "show.h"

#define USAGE "banish state verify|dump|repair [--json] [-c FILE] [DIR]"

static int usage(FILE *to)
{
	fputs("usage: " USAGE "\n", to);
	return to == stderr ? EXIT_USAGE : EXIT_DONE;
}

static int fail(const char *dir, int error)
{
	if (error == -EBUSY)
		fprintf(stderr, "banish: %s: a daemon is using it: stop it first\n", dir);
	else
		fprintf(stderr, "banish: %s: %s\n", dir, strerror(-error));
	return EXIT_REFUSED;
}

/* ---- verify ---- */

struct verify {
	bool json;
	cJSON *notes; /* of the file that comes next */
	size_t files, damaged;
};

static void verify_note(void *arg, const char *text)
{
	struct verify *verify = arg;

	if (verify->json)
		cJSON_AddItemToArray(verify->notes, cJSON_CreateString(text));
	else
		printf("%s\n", text);
}

static void print_file(const struct store_file *file)
{
	printf("%s: %" PRIu64 " records in %" PRIu64 " bytes, ", file->name, file->records,
	       file->bytes);
	if (file->damaged)
		printf("DAMAGED in %" PRIu64 " places\n", file->damaged);
	else
		puts(file->torn ? "sound up to an unfinished write" : "sound");
}

static void print_file_json(struct verify *verify, const struct store_file *file)
{
	cJSON *object = cJSON_CreateObject();
	char *text;

	cJSON_AddStringToObject(object, "file", file->name);
	cJSON_AddNumberToObject(object, "bytes", (double)file->bytes);
	cJSON_AddNumberToObject(object, "records", (double)file->records);
	cJSON_AddNumberToObject(object, "damaged", (double)file->damaged);
	cJSON_AddBoolToObject(object, "unfinished", file->torn);
	cJSON_AddItemToObject(object, "notes", verify->notes);
	text = cJSON_PrintUnformatted(object);
	if (text)
		puts(text);
	free(text);
	cJSON_Delete(object);
	verify->notes = cJSON_CreateArray();
}

static void verify_file(void *arg, const struct store_file *file)
{
	struct verify *verify = arg;

	verify->files++;
	verify->damaged += file->damaged > 0;
	if (verify->json)
		print_file_json(verify, file);
	else
		print_file(file);
}

static int state_verify(const char *dir, bool json)
{
	static const struct store_verify to = {verify_file, verify_note};
	struct verify verify = {.json = json, .notes = cJSON_CreateArray()};
	int error = store_verify(dir, &to, &verify);

	cJSON_Delete(verify.notes);
	if (error)
		return fail(dir, error);
	if (!verify.files && !json)
		printf("%s: no state yet\n", dir);
	return verify.damaged ? EXIT_REFUSED : EXIT_DONE;
}

/* ---- dump ---- */

static void print_record(void *arg, const struct record *record)
{
	dump_record(arg, record);
}

static void print_note(void *arg, const char *text)
{
	(void)arg;
	fprintf(stderr, "banish: %s\n", text);
}

static int state_dump(const char *dir, bool json)
{
	static const struct store_load to = {.record = print_record, .note = print_note};
	struct dump dump = {.out = stdout};
	struct store *store = NULL;
	int error = store_open(&store, dir, STORE_READ, &to, &dump);

	(void)json; /* it always is */
	store_close(store);
	dump_clear(&dump);
	if (!error && dump.failed)
		error = -ENOMEM;
	if (!error && fflush(stdout))
		error = -errno;
	return error ? fail(dir, error) : EXIT_DONE;
}

/* ---- repair ---- */

static void count_record(void *arg, const struct record *record)
{
	(void)record;
	++*(uint64_t *)arg;
}

static int state_repair(const char *dir, bool json)
{
	static const struct store_load to = {.record = count_record, .note = print_note};
	uint64_t records = 0;
	int error = store_repair(dir, &to, &records);

	if (error)
		return fail(dir, error);
	if (json)
		printf("{\"records\":%" PRIu64 "}\n", records);
	else
		printf("%s: %" PRIu64 " records are in a new snapshot; what was there is set "
		       "aside under names that end in .damaged\n",
		       dir, records);
	return EXIT_DONE;
}

/* ---- the command line ---- */

static const struct {
	const char *name;
	int (*run)(const char *dir, bool json);
} verbs[] = {
	{"verify", state_verify},
	{"dump", state_dump},
	{"repair", state_repair},
};

static int run(const char *verb, const char *dir, bool json)
{
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (!strcmp(verb, verbs[i].name))
			return verbs[i].run(dir, json);
	return usage(stderr);
}

int cmd_state(int argc, char **argv)
{
	static const struct option longs[] = {
		{"help", no_argument, NULL, 'h'},
		{"json", no_argument, NULL, 'j'},
		{NULL, 0, NULL, 0},
	};
	const char *file = CONF_DEFAULT_FILE;
	bool json = false;
	char *named = NULL;
	int c, code;

	while ((c = getopt_long(argc, argv, "c:h", longs, NULL)) != -1) {
		if (c == 'c')
			file = optarg;
		else if (c == 'j')
			json = true;
		else
			return usage(c == 'h' ? stdout : stderr);
	}
	if (argc - optind < 1 || argc - optind > 2)
		return usage(stderr);
	if (argc - optind == 1)
		named = conf_read_statedir(file);
	code = run(argv[optind],
		   argc - optind == 2 ? argv[optind + 1]
		   : named	      ? named
				      : CONF_DEFAULT_STATEDIR,
		   json);
	free(named);
	return code;
}
