/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Follows the systemd journal with libsystemd, on the caller's loop. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <systemd/sd-journal.h>

#include "base/moment.h"
#include "source/cursor.h"
#include "source/fields.h"
#include "source/journal.h"
#include "source/journalmatch.h"
#include "source/reader.h"

#define BATCH 256	  /* entries a turn of the loop */
#define RETRY_MS 2000	  /* until a journal that is not there is looked for again */
#define BLIND_MS 1000	  /* the same without inotify */
#define FIRST_MS 86400000 /* what a new source reads of the past */

struct journal {
	struct source source;
	struct journalmatch match;
	sd_journal *reader;  /* NULL: not there */
	struct event *ready; /* what inotify tells the reader; NULL: no inotify */
	struct event *work;
	struct position at;
	int64_t started; /* moment_now() */
	bool caught_up;
	struct fields fields;
	char line[LINE_MAX_BYTES + 1];
};

static void journal_schedule(struct journal *journal, int64_t ms)
{
	struct timeval tv = {ms / 1000, ms % 1000 * 1000};

	event_add(journal->work, &tv);
}

/* ---- the reader ---- */

static void journal_unread(struct journal *journal)
{
	if (journal->ready)
		event_free(journal->ready);
	sd_journal_close(journal->reader);
	journal->ready = NULL;
	journal->reader = NULL;
}

static void journal_ready(evutil_socket_t fd, short what, void *arg);

static int journal_read(struct journal *journal)
{
	int err = reader_open(&journal->reader, &journal->match), fd;

	if (err)
		return err;
	fd = sd_journal_get_fd(journal->reader);
	if (fd >= 0) {
		journal->ready = event_new(journal->source.base, fd, EV_READ | EV_PERSIST,
					   journal_ready, journal);
		if (!journal->ready || event_add(journal->ready, NULL))
			err = -ENOMEM;
	}
	if (!err)
		err = reader_seek(journal->reader, &journal->at);
	if (err)
		journal_unread(journal);
	return err;
}

/* ---- entries ---- */

static int fields_read(struct fields *fields, sd_journal *reader)
{
	const void *bytes;
	size_t len;
	int ret;

	fields_clear(fields);
	sd_journal_restart_data(reader);
	while ((ret = sd_journal_enumerate_available_data(reader, &bytes, &len)) > 0)
		fields_add(fields, bytes, len);
	return ret;
}

/* 1, or -errno: where it is cannot be said. */
static int journal_hand(struct journal *journal)
{
	uint64_t realtime = 0, monotonic = 0;
	sd_id128_t boot;
	size_t len;
	bool cut;
	int err = reader_position(journal->reader, &journal->at);

	if (!err)
		err = sd_journal_get_realtime_usec(journal->reader, &realtime);
	if (err < 0)
		return err;
	if (fields_read(&journal->fields, journal->reader) < 0) {
		journal->source.counts.errors++; /* a damaged entry; others are not */
		return 1;
	}
	sd_journal_get_monotonic_usec(journal->reader, &monotonic, &boot);
	len = fields_line(&journal->fields, monotonic, journal->line, &cut);
	journal->source.counts.cut += cut;
	source_hand_dated(&journal->source, (struct text){journal->line, len},
			  fields_time(&journal->fields, realtime),
			  journal->caught_up || (int64_t)(realtime / 1000) >= journal->started);
	return 1;
}

/* 1: there may be more, 0: that was all for now, or -errno. */
static int journal_batch(struct journal *journal)
{
	for (int i = 0; i < BATCH && !source_stopped(&journal->source); i++) {
		int ret = sd_journal_next(journal->reader);

		if (ret > 0)
			ret = journal_hand(journal);
		if (ret <= 0)
			return ret;
	}
	return 1;
}

/* ---- the loop ---- */

/* What changed is to be told to the reader even when nothing is read: the kernel keeps only so
 * many events. */
static int journal_look(struct journal *journal)
{
	int ret;

	if (!journal->reader)
		return journal_read(journal);
	ret = sd_journal_process(journal->reader);
	if (ret == SD_JOURNAL_INVALIDATE)
		ret = reader_check(journal->reader, &journal->match);
	return ret < 0 ? ret : 0;
}

/* When to look though no event came: on network file systems, where inotify tells nothing of
 * other hosts. */
static void journal_wait(struct journal *journal)
{
	uint64_t until = UINT64_MAX;
	struct timespec now;
	int64_t ms;

	if (!journal->ready) {
		journal_unread(journal);
		journal_schedule(journal, BLIND_MS);
		return;
	}
	if (sd_journal_get_timeout(journal->reader, &until) < 0 || until == UINT64_MAX)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (int64_t)(until / 1000) - (now.tv_sec * 1000 + now.tv_nsec / 1000000);
	journal_schedule(journal, ms < 0 ? 0 : ms + 1);
}

static void journal_lose(struct journal *journal, int err)
{
	journal_unread(journal);
	source_turn(&journal->source, SOURCE_WAITING, err);
	journal_schedule(journal, RETRY_MS);
}

static void journal_go_on(struct journal *journal, bool more)
{
	journal->caught_up |= !more;
	source_turn(&journal->source, journal->caught_up ? SOURCE_LIVE : SOURCE_READING, 0);
	if (!more)
		journal_wait(journal);
	else if (!source_stopped(&journal->source))
		journal_schedule(journal, 0);
}

static void journal_turn(struct journal *journal)
{
	int ret, err;

	source_enter(&journal->source);
	err = ret = journal_look(journal);
	if (!err)
		ret = journal_batch(journal);
	if (ret < 0) {
		journal->source.counts.errors += !err;
		journal_lose(journal, ret);
	} else {
		journal_go_on(journal, ret);
	}
	source_leave(&journal->source);
}

static void journal_ready(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	journal_turn(arg);
}

/* ---- the kind ---- */

static void journal_close(struct source *source)
{
	struct journal *journal = (struct journal *)source;

	journal_unread(journal);
	if (journal->work)
		event_free(journal->work);
	journalmatch_free(&journal->match);
	free(source->path);
	free(journal);
}

static void journal_position(const struct source *source, struct position *out)
{
	*out = ((const struct journal *)source)->at;
}

static void journal_resume(struct source *source)
{
	journal_schedule((struct journal *)source, 0);
}

static const struct source_kind journal_kind = {
	.close = journal_close,
	.position = journal_position,
	.resume = journal_resume,
};

static void journal_begin(struct journal *journal, const struct position *from)
{
	journal->started = moment_now();
	if (from)
		journal->at = *from;
	if (!cursor_names_entry(&journal->at) && !journal->at.tail &&
	    journal->started > FIRST_MS)
		journal->at.tail = (uint64_t)(journal->started - FIRST_MS) * 1000;
}

int journal_open(struct source **out, struct event_base *base, const char *name,
		 const struct position *from, const struct source_events *events, void *arg)
{
	struct journal *journal = calloc(1, sizeof(*journal));
	int err = -ENOMEM;

	if (!journal)
		return -ENOMEM;
	if (source_init(&journal->source, &journal_kind, base, name, events, arg))
		goto fail;
	err = journalmatch_parse(&journal->match, name + strlen(JOURNAL_NAME));
	if (err)
		goto fail;
	journal_begin(journal, from);
	journal->work = evtimer_new(base, journal_ready, journal);
	if (!journal->work) {
		err = -ENOMEM;
		goto fail;
	}
	journal_schedule(journal, 0);
	*out = &journal->source;
	return 0;
fail:
	journal_close(&journal->source);
	return err;
}
