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
	uint64_t group;	 /* where the group began whose frames were checked and not given yet */
	uint64_t good;	 /* behind the last valid frame */
	uint64_t search; /* what is left of SEARCH_MAX */
	unsigned notes;
	bool ended, given_up;
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

static uint64_t here(const struct reader *r)
{
	return r->offset + r->at;
}

/* How many of the next `want` bytes there are; reads them into the window. What is before them
 * stays there if it is of this group and not too much. */
static size_t have(struct reader *r, size_t want)
{
	size_t drop = r->at;
	ssize_t n;

	if (r->len - r->at >= want || r->ended)
		return r->len - r->at;
	if (r->group >= r->offset && here(r) - r->group < WINDOW / 2)
		drop = (size_t)(r->group - r->offset);
	memmove(r->window, r->window + drop, r->len - drop);
	r->offset += drop;
	r->len -= drop;
	r->at -= drop;
	n = io_read(r->replay->journal.fd, r->window + r->len, WINDOW - r->len,
		    r->offset + r->len);
	if (n < 0)
		r->error = (int)n;
	r->len += n > 0 ? (size_t)n : 0;
	r->ended = r->len < WINDOW;
	return r->len - r->at;
}

static void seek(struct reader *r, uint64_t to)
{
	if (to >= r->offset && to <= r->offset + r->len) {
		r->at = (size_t)(to - r->offset);
		return;
	}
	r->offset = to;
	r->at = r->len = 0;
	r->ended = false;
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
	sum = at + len + 1;
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

bool replay_distrusts(const struct replay *replay)
{
	const struct journal *journal = &replay->journal;

	return replay->broken || (journal->gap && !replay->based) ||
	       (replay->lost && !journal->start);
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

	if (err) {
		replay->damaged++;
		note(r, "record at offset %" PRIu64 " (kind %u, version %u) %s, left out",
		     here(r), at[2], at[3],
		     err == -EPROTONOSUPPORT ? "is of another version of banish"
					     : "is invalid");
		return;
	}
	if (replay_distrusts(replay) && is_progress(record.kind))
		return;
	replay->load->record(replay->arg, &record);
}

/* The frames from the group's beginning up to `end`, which were found valid. */
static void give_group(struct reader *r, uint64_t end)
{
	/* Too long for the window: what is read once more may differ. */
	bool again = r->group < r->offset;

	seek(r, r->group);
	while (here(r) < end) {
		size_t len = again ? frame_here(r) : record_length(r->window + r->at);

		if (!len)
			break;
		give(r, len);
		r->at += len + FRAME_TAIL;
	}
	seek(r, end);
	r->group = end;
}

/* The group has no end, for the damage behind its last valid frame: it is kept as what follows
 * the damage is. */
static void salvage(struct reader *r)
{
	uint64_t next = here(r);

	r->replay->broken = true;
	r->replay->damaged++;
	give_group(r, r->good);
	seek(r, next);
	r->group = next;
}

/* At bytes that are no valid frame. False: nothing more to be had from this file. */
static bool damage(struct reader *r)
{
	bool found = find_frame(r);

	if (!found && (r->error || have(r, FRAME_MAX) < RECORD_HEAD))
		return false;
	salvage(r);
	if (found)
		note(r,
		     "%" PRIu64 " bytes at offset %" PRIu64
		     " are damaged, what follows is kept",
		     here(r) - r->good, r->good);
	else
		note(r, "damaged from offset %" PRIu64 " on, the rest is given up", r->good);
	r->given_up = !found;
	return found;
}

static void read_frames(struct reader *r)
{
	while (have(r, 1)) {
		size_t len = frame_here(r);

		if (!len && !damage(r))
			break;
		if (!len)
			continue;
		r->at += len + FRAME_TAIL;
		r->good = here(r);
		if (r->window[r->at - FRAME_TAIL])
			give_group(r, r->good);
	}
}

/* What is behind the last whole group. */
static void read_end(struct reader *r)
{
	struct replay *replay = r->replay;

	replay->journal.end = r->group;
	if (r->error) {
		salvage(r);
		note(r, "cannot be read behind offset %" PRIu64 ": %s", r->offset + r->len,
		     strerror(-r->error));
	} else if (!r->given_up && r->group < r->offset + r->len) {
		replay->torn = true;
		note(r, "dropped an unfinished write at offset %" PRIu64, r->group);
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
		.group = JOURNAL_HEAD,
		.good = JOURNAL_HEAD,
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
	read_frames(&r);
	read_end(&r);
	free(r.window);
	return 0;
}
