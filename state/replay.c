/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state/bytes.h"
#include "state/record.h"
#include "state/replay.h"

#define FRAME_MAX (RECORD_MAX + FRAME_TAIL)
#define WINDOW (256u << 10)
#define NOTES_MAX 8
/* Bytes summed in search of a valid frame: half a second. Only bytes made for it need more. */
#define SEARCH_MAX (1u << 30)

struct reader {
	struct replay *replay;
	uint8_t *window; /* the file from `offset` on */
	size_t at, len;
	uint64_t offset;
	uint64_t search; /* what is left of SEARCH_MAX */
	unsigned notes;
	bool ended;
	int error; /* of read(2) */
};

__attribute__((format(printf, 2, 3))) static void note(struct reader *r, const char *format,
						       ...)
{
	char text[256];
	va_list args;
	int n;

	if (r->notes++ >= NOTES_MAX)
		return;
	n = snprintf(text, sizeof(text), "%s: ", r->replay->name);
	va_start(args, format);
	vsnprintf(text + n, sizeof(text) - (size_t)n, format, args);
	va_end(args);
	r->replay->load->note(r->replay->arg, text);
}

/* How many of the next `want` bytes there are; reads them into the window. */
static size_t have(struct reader *r, size_t want)
{
	ssize_t n;

	if (r->len - r->at >= want || r->ended)
		return r->len - r->at;
	memmove(r->window, r->window + r->at, r->len - r->at);
	r->offset += r->at;
	r->len -= r->at;
	r->at = 0;
	n = io_read(r->replay->journal.fd, r->window + r->len, WINDOW - r->len,
		    r->offset + r->len);
	if (n < 0)
		r->error = (int)n;
	r->len += n > 0 ? (size_t)n : 0;
	r->ended = r->len < WINDOW;
	return r->len;
}

static uint64_t here(const struct reader *r)
{
	return r->offset + r->at;
}

/* The length of the record in a valid frame right here, or 0. */
static size_t frame_here(struct reader *r)
{
	size_t room = have(r, FRAME_MAX), len;
	const uint8_t *at = r->window + r->at, *sum;

	if (room < RECORD_HEAD)
		return 0;
	len = record_length(at);
	if (len > RECORD_MAX || len + FRAME_TAIL > room)
		return 0;
	sum = at + len;
	return get_u32(&sum) == journal_frame_sum(r->replay->journal.seed, here(r), at, len)
		       ? len
		       : 0;
}

/* Go on to the next valid frame of a kind we know. False: there is none. */
static bool find_frame(struct reader *r)
{
	for (r->at++; have(r, FRAME_MAX) >= RECORD_HEAD; r->at++) {
		const uint8_t *at = r->window + r->at;

		if (record_check_head(at))
			continue;
		if (frame_here(r))
			return true;
		if (r->search < record_length(at))
			return false;
		r->search -= record_length(at);
	}
	return false;
}

/* What says that lines were read and counted, and so rests on records before it. */
static bool is_progress(enum record_kind kind)
{
	return kind == RECORD_POSITION || kind == RECORD_OFFENCE || kind == RECORD_MEMORY;
}

static void give(struct reader *r, size_t len)
{
	const uint8_t *at = r->window + r->at;
	struct replay *replay = r->replay;
	struct record record;
	int err = record_unpack(&record, at, len);
	bool distrust = replay->broken || (replay->journal.gap && !replay->based);

	if (err) {
		replay->damaged++;
		note(r, "record at offset %" PRIu64 " (kind %u, version %u) %s, left out",
		     here(r), at[2], at[3],
		     err == -EPROTONOSUPPORT ? "is of another version of banish"
					     : "is invalid");
		return;
	}
	if (distrust && is_progress(record.kind))
		return;
	replay->load->record(replay->arg, &record);
}

/* At bytes that are no valid frame. False: nothing more to be had from this file. */
static bool damage(struct reader *r)
{
	struct replay *replay = r->replay;
	uint64_t from = here(r);

	replay->damaged++;
	if (find_frame(r)) {
		replay->broken = true;
		note(r,
		     "%" PRIu64 " bytes at offset %" PRIu64
		     " are damaged, what follows is kept",
		     here(r) - from, from);
		return true;
	}
	if (r->error)
		return false;
	replay->damaged++;
	if (have(r, FRAME_MAX) >= RECORD_HEAD) {
		replay->broken = true;
		note(r, "damaged from offset %" PRIu64 " on, the rest is given up", from);
		return false;
	}
	replay->torn = true;
	note(r, "dropped an unfinished write at offset %" PRIu64, from);
	return false;
}

static void read_frames(struct reader *r)
{
	struct replay *replay = r->replay;

	while (have(r, 1)) {
		size_t len = frame_here(r);

		if (len) {
			give(r, len);
			r->at += len + FRAME_TAIL;
			replay->journal.end = here(r);
		} else if (!damage(r)) {
			break;
		}
	}
	if (r->error) {
		replay->broken = true;
		replay->damaged++;
		note(r, "cannot be read behind offset %" PRIu64 ": %s", r->offset + r->len,
		     strerror(-r->error));
	}
	if (r->notes > NOTES_MAX) {
		unsigned more = r->notes - NOTES_MAX;

		r->notes = 0;
		note(r, "%u more damaged places", more);
	}
}

int replay_journal(struct replay *replay, int fd, uint32_t generation)
{
	struct reader r = {
		.replay = replay,
		.offset = JOURNAL_HEAD,
		.search = SEARCH_MAX,
	};
	int err;

	replay->journal = (struct journal){.generation = generation};
	err = journal_read_head(&replay->journal, fd);
	if (err)
		return err;
	r.window = malloc(WINDOW);
	if (!r.window)
		return -ENOMEM;
	replay->journal.fd = fd;
	replay->journal.end = JOURNAL_HEAD;
	read_frames(&r);
	free(r.window);
	return 0;
}
