/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A journal: a byte that says what is wrong with it, then what is behind its head. Checksums of
 * frames that follow one another are filled in, or no input would get past them, but for those
 * that the first byte says.
 *
 * Every record that is given stands in the file, whole, behind the one before, with its
 * checksum; packed again it is the same bytes. Either all was given, or something was said.
 * What is kept of a journal that may be continued reads the same again, without a word.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/hash.h"
#include "state/bytes.h"
#include "state/crc.h"
#include "state/journal.h"
#include "state/record.h"
#include "state/replay.h"

#define SEED 0x5eed0001u
#define GENERATION 7
#define FLAG_GAP 1u
#define FLAG_BASED 2u
#define FLAG_BAD_SUMS 4u /* every third frame is left as it is */

/* An assertion that stays with NDEBUG. */
#define CLAIM(what) ((what) ? (void)0 : (fprintf(stderr, "not true: %s\n", #what), abort()))

struct reading {
	const uint8_t *file;
	size_t len, at; /* behind the last record that was given */
	uint64_t hash;
	unsigned records, notes;
};

static void on_record(void *arg, const struct record *record)
{
	struct reading *r = arg;
	uint8_t packed[RECORD_MAX];
	size_t len = record_pack(packed, record), at = r->at;
	const uint8_t *sum;

	for (;; at++) {
		CLAIM(at + len + FRAME_TAIL <= r->len);
		sum = r->file + at + len + 1;
		if (!memcmp(r->file + at, packed, len) &&
		    get_u32(&sum) == journal_frame_sum(SEED, at, r->file + at, len))
			break;
	}
	r->at = at + len + FRAME_TAIL;
	r->hash = hash_fingerprint(packed, len) ^ (r->hash * 31);
	r->records++;
}

static void on_note(void *arg, const char *text)
{
	struct reading *r = arg;

	CLAIM(text[0]);
	r->notes++;
}

/* A journal with that seed and nothing behind its head. */
static void write_head(uint8_t *out, bool gap)
{
	uint8_t *at = put_bytes(out, "banish-j", 8);

	at = put_u32(at, JOURNAL_FORMAT);
	at = put_u32(at, gap);
	at = put_u32(at, GENERATION);
	at = put_u32(at, SEED);
	at = put_u32(at, 0);
	put_u32(at, crc32c(0, out, 28));
	memcpy(out + 32, out, 32);
}

static void fill_sums(uint8_t *file, size_t len, bool bad)
{
	size_t at = JOURNAL_HEAD;

	for (unsigned n = 0; at + RECORD_HEAD <= len; n++) {
		size_t record = record_length(file + at);

		if (at + record + FRAME_TAIL > len)
			break;
		if (!bad || n % 3 != 2)
			put_u32(file + at + record + 1,
				journal_frame_sum(SEED, at, file + at, record));
		at += record + FRAME_TAIL;
	}
}

static struct replay read_file(struct reading *reading, int fd, bool based)
{
	static const struct store_load load = {.record = on_record, .note = on_note};
	struct replay replay = {
		.load = &load, .arg = reading, .name = "journal", .based = based};

	reading->at = JOURNAL_HEAD;
	CLAIM(!replay_journal(&replay, fd, GENERATION));
	CLAIM(replay.journal.end >= reading->at && replay.journal.end <= reading->len);
	CLAIM(!(replay.torn && replay.broken) || reading->notes);
	CLAIM((replay.damaged || replay.torn) == (reading->notes > 0));
	return replay;
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t size)
{
	uint8_t flags = size ? in[0] : 0, *file;
	size_t body = size ? size - 1 : 0;
	struct reading first = {0}, again = {0};
	struct replay replay, kept;
	int fd;

	file = malloc(JOURNAL_HEAD + body);
	CLAIM(file);
	write_head(file, flags & FLAG_GAP);
	if (body)
		memcpy(file + JOURNAL_HEAD, in + 1, body);
	first.file = again.file = file;
	first.len = JOURNAL_HEAD + body;
	fill_sums(file, first.len, flags & FLAG_BAD_SUMS);
	fd = memfd_create("journal", MFD_CLOEXEC);
	CLAIM(fd >= 0 && write(fd, file, first.len) == (ssize_t)first.len);
	replay = read_file(&first, fd, flags & FLAG_BASED);
	CLAIM(first.notes || replay.journal.end == first.len);
	if (!replay.broken) {
		CLAIM(!ftruncate(fd, (off_t)replay.journal.end));
		again.len = replay.journal.end;
		kept = read_file(&again, fd, flags & FLAG_BASED);
		CLAIM(!kept.torn && !kept.broken && kept.journal.end == again.len);
		CLAIM(again.records == first.records && again.hash == first.hash);
	}
	close(fd);
	free(file);
	return 0;
}
