/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What waits to be told whose it is, over a restart: each place as it was saved, and back. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "proc.h"
#include "resolve/waiters.h"

#define SECOND 1000
#define PLACES_MAX 8

/* A resolve, and the disk: what was saved last for each place of a source and jail. */
struct rig {
	struct proc proc;
	struct resolve *resolve;
	struct resolve_jail jail;
	struct saved {
		uint32_t source, jail;
		unsigned place;
		size_t len;
		char bytes[RESOLVE_PIECE_MAX];
	} disk[PLACES_MAX];
	unsigned writes;
	struct offence last;
	size_t line; /* its length */
	char told[256];
};

static void on_offence(void *arg, const struct offence *offence, struct text line)
{
	struct rig *rig = arg;
	size_t used = strlen(rig->told);
	char address[PREFIX_TEXT_MAX];

	rig->last = *offence;
	rig->line = line.len;
	snprintf(rig->told + used, sizeof(rig->told) - used, "%u %s %.*s;", offence->jail,
		 prefix_print(&offence->prefix, address), (int)(line.len < 20 ? line.len : 20),
		 line.at);
}

static struct saved *find_saved(struct rig *rig, uint32_t source, uint32_t jail, unsigned place)
{
	struct saved *free = NULL;

	for (size_t i = 0; i < PLACES_MAX; i++) {
		struct saved *at = &rig->disk[i];

		if (at->len && at->source == source && at->jail == jail && at->place == place)
			return at;
		if (!at->len)
			free = at;
	}
	cr_assert(free);
	return free;
}

static void on_piece(void *arg, uint32_t source, uint32_t jail, unsigned place,
		     struct text bytes)
{
	struct rig *rig = arg;
	struct saved *at = find_saved(rig, source, jail, place);

	cr_assert_lt(place, RESOLVE_PLACES);
	cr_assert_leq(bytes.len, sizeof(at->bytes));
	*at = (struct saved){source, jail, place, bytes.len, {0}};
	if (bytes.len)
		memcpy(at->bytes, bytes.at, bytes.len);
	rig->writes++;
}

static unsigned save(struct rig *rig, bool whole)
{
	rig->writes = 0;
	resolve_save(rig->resolve, whole, on_piece, rig);
	return rig->writes;
}

static unsigned on_disk(const struct rig *rig)
{
	unsigned count = 0;

	for (size_t i = 0; i < PLACES_MAX; i++)
		count += rig->disk[i].len != 0;
	return count;
}

static void begin(struct rig *rig)
{
	rig->told[0] = 0;
	rig->resolve = resolve_new(NULL, on_offence, rig);
	cr_assert(rig->resolve);
	cr_assert_eq(resolve_proc(rig->resolve, rig->proc.dir), 0);
}

static void rig_open(struct rig *rig)
{
	*rig = (struct rig){.jail = {.name = 7, .source = 3}};
	proc_open(&rig->proc);
	begin(rig);
}

static void rig_close(struct rig *rig)
{
	resolve_free(rig->resolve);
	proc_close(&rig->proc);
}

/* The daemon ends without a word, and the next one reads the disk. */
static void restart(struct rig *rig)
{
	resolve_free(rig->resolve);
	begin(rig);
	for (size_t i = 0; i < PLACES_MAX; i++) {
		struct saved *at = &rig->disk[i];
		struct resolve_jail jail = {.name = at->jail, .source = at->source};

		if (at->len)
			resolve_restore(rig->resolve, &jail, (struct text){at->bytes, at->len});
		at->len = 0;
	}
}

static void find(struct rig *rig, const char *id, const char *address, bool live,
		 struct text line, int64_t time)
{
	struct finding finding = {.subject = SUBJECT_ID,
				  .name = text_of(id),
				  .line = line,
				  .time = time,
				  .kind = address ? FINDING_TELLS : FINDING_FAILURE,
				  .extras = 1,
				  .extra = {{"process", text_of("42")}}};

	if (address)
		cr_assert(prefix_parse(&finding.prefix, address, strlen(address)));
	resolve_finding(rig->resolve, &rig->jail, live, &finding);
}

static void unknown(struct rig *rig, const char *id, const char *line)
{
	find(rig, id, NULL, true, text_of(line), moment_now());
}

static void from(struct rig *rig, const char *id)
{
	find(rig, id, "198.51.100.10", true, text_of("from"), moment_now());
}

Test(waiting, what_waits_is_saved_once_and_goes_when_it_is_told)
{
	struct rig rig;

	rig_open(&rig);
	cr_expect_eq(save(&rig, true), 0, "nothing waits yet");
	unknown(&rig, "A", "one");
	unknown(&rig, "B", "two");
	cr_expect_eq(save(&rig, false), 2);
	cr_expect_eq(save(&rig, false), 0, "nothing has changed");
	cr_expect_eq(save(&rig, true), 2);
	cr_expect_eq(on_disk(&rig), 2);
	from(&rig, "A");
	cr_expect_eq(save(&rig, false), 1);
	cr_expect_eq(on_disk(&rig), 1);
	/* Told before anybody saved it. */
	unknown(&rig, "C", "three");
	from(&rig, "C");
	cr_expect_eq(save(&rig, false), 0);
	rig_close(&rig);
}

Test(waiting, after_a_restart_a_line_tells_whose_it_is)
{
	struct rig rig;

	rig_open(&rig);
	unknown(&rig, "A", "one");
	unknown(&rig, "A", "two");
	save(&rig, false);
	restart(&rig);
	cr_expect_eq(resolve_counts(rig.resolve).waiting, 2);
	from(&rig, "B");
	cr_expect_str_eq(rig.told, "");
	cr_expect_eq(save(&rig, false), 2, "it has a place anew");
	restart(&rig);
	from(&rig, "A");
	cr_expect_str_eq(rig.told, "7 198.51.100.10 one;7 198.51.100.10 two;");
	save(&rig, false);
	restart(&rig);
	cr_expect_eq(resolve_counts(rig.resolve).waiting, 0);
	rig_close(&rig);
}

Test(waiting, a_place_is_given_to_another_source_and_jail)
{
	struct rig rig;

	rig_open(&rig);
	unknown(&rig, "A", "one");
	save(&rig, false);
	from(&rig, "A");
	rig.jail = (struct resolve_jail){.name = 8, .source = 4};
	unknown(&rig, "B", "two");
	cr_expect_eq(save(&rig, false), 2, "one goes, one comes");
	cr_expect_eq(on_disk(&rig), 1);
	restart(&rig);
	from(&rig, "B");
	cr_expect_str_eq(rig.told, "8 198.51.100.10 two;");
	rig_close(&rig);
}

Test(waiting, what_a_process_says_counts_after_a_restart_too)
{
	struct resolve_socket socket = {.own_port = 25};
	struct port_range ports;
	struct rig rig;

	rig_open(&rig);
	unknown(&rig, "A", "one");
	save(&rig, false);
	proc_put(&rig.proc, 42, "sendmail: MTA: server m.example [198.51.100.10] cmd read",
		 60 * SECOND);
	restart(&rig);
	cr_assert(resolve_ask(rig.resolve, &ports));
	cr_assert(prefix_parse(&socket.peer, "198.51.100.10", 13));
	resolve_socket(rig.resolve, &socket);
	resolve_answered(rig.resolve, 0);
	cr_expect_str_eq(rig.told, "7 198.51.100.10 one;");
	rig_close(&rig);
}

Test(waiting, a_time_at_the_end_of_all_times_is_behind_that_of_the_process)
{
	struct port_range ports;
	struct rig rig;

	rig_open(&rig);
	find(&rig, "A", NULL, false, text_of("one"), TIME_FOREVER);
	save(&rig, false);
	proc_put(&rig.proc, 42, "sendmail: MTA: server m.example [198.51.100.10] cmd read",
		 60 * SECOND);
	restart(&rig);
	cr_expect(resolve_ask(rig.resolve, &ports));
	rig_close(&rig);
}

/* As a line that is found at start: by its own time, and one without by when it came. */
Test(waiting, it_counts_by_the_time_it_would_have_counted_by)
{
	int64_t now = moment_now();
	const struct {
		int64_t time;
		bool live, own;
	} table[] = {
		{now - 5 * SECOND, true, true},	    {now - 3600 * SECOND, true, false},
		{now + 3600 * SECOND, true, false}, {TIME_NONE, true, false},
		{now - 3600 * SECOND, false, true}, {TIME_NONE, false, true},
	};
	struct rig rig;

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		rig_open(&rig);
		find(&rig, "A", NULL, table[i].live, text_of("one"), table[i].time);
		save(&rig, false);
		restart(&rig);
		find(&rig, "A", "198.51.100.10", false, text_of("from"), now);
		cr_expect_eq(rig.last.time == table[i].time, table[i].own, "%zu", i);
		cr_expect(table[i].own || rig.last.time >= now, "%zu", i);
		cr_expect_not(rig.last.live);
		rig_close(&rig);
	}
	/* And as now when it is told now. */
	rig_open(&rig);
	find(&rig, "A", NULL, false, text_of("one"), now - 3600 * SECOND);
	from(&rig, "A");
	cr_expect(rig.last.live);
	rig_close(&rig);
}

Test(waiting, lines_and_subjects_may_be_of_any_length_and_bytes)
{
	char line[4 * RESOLVE_LINE_MAX], id[33];
	struct rig rig;

	memset(line, 0xfe, sizeof(line));
	line[0] = 0;
	memset(id, 'x', sizeof(id) - 1);
	id[sizeof(id) - 1] = 0;
	rig_open(&rig);
	find(&rig, id, NULL, true, (struct text){line, sizeof(line)}, moment_now());
	cr_expect_eq(save(&rig, false), 1);
	restart(&rig);
	from(&rig, id);
	cr_expect_eq(rig.line, RESOLVE_LINE_MAX);
	rig_close(&rig);
}

Test(waiting, what_is_no_piece_of_ours_is_left_out)
{
	char bytes[RESOLVE_PIECE_MAX + 1] = {1};
	struct wait wait;
	struct rig rig;

	rig_open(&rig);
	unknown(&rig, "A", "one");
	save(&rig, false);
	for (size_t i = 0; i < PLACES_MAX; i++) {
		const struct saved *at = &rig.disk[i];

		/* The subject and the process that it says do not fit in. */
		for (size_t len = 0; at->len && len < at->len - 3; len++)
			cr_expect_not(wait_unpack(&wait, (struct text){at->bytes, len}));
	}
	cr_expect_not(wait_unpack(&wait, (struct text){bytes, sizeof(bytes)}));
	cr_expect_not(wait_unpack(&wait, (struct text){bytes, 11 + RESOLVE_LINE_MAX + 1}));
	cr_expect(wait_unpack(&wait, (struct text){bytes, 11 + RESOLVE_LINE_MAX}));
	bytes[0] = 2;
	cr_expect_not(wait_unpack(&wait, (struct text){bytes, 11 + RESOLVE_LINE_MAX}));
	/* A name, which this jail does not take. */
	bytes[0] = 1;
	bytes[9] = 9;
	memcpy(bytes + 11, "host.test", 9);
	cr_expect_eq(resolve_restore(rig.resolve, &rig.jail, (struct text){bytes, 30}), 0);
	cr_expect_eq(resolve_counts(rig.resolve).dropped, 1);
	rig_close(&rig);
}

Test(waiting, without_a_dns_a_name_waits_for_who_has_one)
{
	struct finding finding = {.subject = SUBJECT_NAME,
				  .name = text_of("Host.test."),
				  .line = text_of("one"),
				  .time = moment_now()};
	struct rig rig;

	rig_open(&rig);
	rig.jail.names = true;
	resolve_finding(rig.resolve, &rig.jail, true, &finding);
	resolve_finding(rig.resolve, &rig.jail, true, &finding);
	cr_expect_eq(save(&rig, false), 2);
	cr_expect_eq(resolve_counts(rig.resolve).asked, 0);
	cr_expect_eq(resolve_counts(rig.resolve).unknown, 0);
	rig_close(&rig);
}

Test(waiting, more_than_there_is_room_for_is_counted_and_bounded)
{
	struct rig rig;
	char bytes[] = "\1\0\0\0\0\0\0\0\0\1\1"
		       "A2";

	rig_open(&rig);
	for (int i = 0; i < 2 * RESOLVE_MESSAGE_LINES; i++)
		resolve_restore(rig.resolve, &rig.jail, (struct text){bytes, 13});
	cr_expect_eq(resolve_counts(rig.resolve).waiting, RESOLVE_MESSAGE_LINES);
	cr_expect_eq(resolve_counts(rig.resolve).crowded, RESOLVE_MESSAGE_LINES);
	rig_close(&rig);
}
