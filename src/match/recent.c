/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/line.h"
#include "match/recent.h"

#define LINE_BYTES ((size_t)LINE_MAX_BYTES + 1)
/* Of skipped text that is looked for among the lines: somebody may log carriage returns only.
 */
#define PIECES_MAX 1000

struct recent {
	unsigned max, count;
	size_t used;
	size_t len[RULES_LINES_MAX];	  /* with the newline */
	uint64_t number[RULES_LINES_MAX]; /* lines are numbered as they come */
	uint8_t place[RULES_LINES_MAX];
	uint64_t numbered;
	bool changed[RULES_LINES_MAX]; /* by place */
	char *bytes;
	char *part; /* for recent_part_text() */
	struct recent_part gone;
};

struct recent *recent_new(unsigned max)
{
	struct recent *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->max = max < 1 ? 1 : max > RULES_LINES_MAX ? RULES_LINES_MAX : max;
	/* There may be lines left of another one. */
	memset(r->changed, true, sizeof(r->changed));
	r->bytes = malloc(r->max * LINE_BYTES);
	r->part = malloc(r->max * LINE_BYTES);
	if (!r->bytes || !r->part)
		goto fail;
	return r;
fail:
	recent_free(r);
	return NULL;
}

void recent_free(struct recent *r)
{
	if (!r)
		return;
	free(r->bytes);
	free(r->part);
	free(r);
}

unsigned recent_max(const struct recent *r)
{
	return r->max;
}

struct text recent_text(const struct recent *r)
{
	return (struct text){r->bytes, r->used};
}

static void compact(struct recent *r, const struct recent_part *part)
{
	size_t from = 0, to = 0;
	unsigned kept = 0;

	for (unsigned i = 0; i < r->count; from += r->len[i++]) {
		if (part->line[i]) {
			r->changed[r->place[i]] = true;
			continue;
		}
		memmove(r->bytes + to, r->bytes + from, r->len[i]);
		to += r->len[i];
		r->len[kept] = r->len[i];
		r->number[kept] = r->number[i];
		r->place[kept] = r->place[i];
		kept++;
	}
	r->count = kept;
	r->used = to;
}

/* Whole characters of UTF-8. */
static size_t cut(struct text line)
{
	size_t len = line.len - 1;

	if (len <= LINE_MAX_BYTES)
		return len;
	len = LINE_MAX_BYTES;
	while (len && ((unsigned char)line.at[len] & 0xc0) == 0x80)
		len--;
	return len;
}

void recent_drop(struct recent *r, const struct recent_part *part)
{
	r->gone = *part;
	for (unsigned i = 0; i < r->count; i++)
		r->changed[r->place[i]] |= part->line[i];
}

static uint8_t free_place(const struct recent *r)
{
	bool taken[RULES_LINES_MAX] = {false};
	uint8_t place = 0;

	for (unsigned i = 0; i < r->count; i++)
		taken[r->place[i]] = true;
	while (taken[place])
		place++;
	return place;
}

static void append(struct recent *r, struct text line)
{
	size_t len = cut(line);

	memmove(r->bytes + r->used, line.at, len);
	r->bytes[r->used + len] = '\n';
	r->place[r->count] = free_place(r);
	r->changed[r->place[r->count]] = true;
	r->number[r->count] = r->numbered++;
	r->len[r->count++] = len + 1;
	r->used += len + 1;
}

void recent_add(struct recent *r, struct text line)
{
	static const struct recent_part oldest = {{true}};

	compact(r, &r->gone);
	memset(&r->gone, 0, sizeof(r->gone));
	if (r->count == r->max)
		compact(r, &oldest);
	append(r, line);
}

void recent_replace(struct recent *r, struct text line)
{
	memset(&r->gone, 0, sizeof(r->gone));
	for (unsigned i = 0; i < r->count; i++)
		r->changed[r->place[i]] = true;
	r->count = 0;
	r->used = 0;
	append(r, line);
}

/* ---- matches ---- */

static size_t newlines(const char *at, size_t len)
{
	size_t n = 0;

	for (const char *end = at + len; (at = memchr(at, '\n', (size_t)(end - at))); at++)
		n++;
	return n;
}

/*
 * As in fail2ban: from the line in which the match begins, or the next when it begins with a
 * newline, to the one in which its last character is. An empty match at the start takes all.
 */
void recent_match(const struct recent *r, struct recent_part *out, struct text subject,
		  size_t from, size_t to)
{
	size_t last = to ? to - 1 : subject.len - 1, first, end;
	const char *newline = memchr(subject.at + last, '\n', subject.len - last);

	memset(out, 0, sizeof(*out));
	out->line[0] = r->count == 1;
	if (r->count == 1)
		return;
	if (newline)
		last = (size_t)(newline - subject.at);
	else
		last = subject.len - 1;
	first = newlines(subject.at, from < subject.len ? from + 1 : from);
	end = newlines(subject.at, last + 1);
	for (size_t i = first; i < r->count && i < end; i++)
		out->line[i] = true;
}

/* How many bytes end a line at `at` to Python's str.splitlines(); 0: none. */
static size_t line_end(const char *at, size_t len)
{
	static const struct text ends[] = {
		{"\r\n", 2},	 {"\n", 1},	      {"\r", 1},	   {"\v", 1},
		{"\f", 1},	 {"\x1c", 1},	      {"\x1d", 1},	   {"\x1e", 1},
		{"\xc2\x85", 2}, {"\xe2\x80\xa8", 3}, {"\xe2\x80\xa9", 3},
	};

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (ends[i].len <= len && !memcmp(at, ends[i].at, ends[i].len))
			return ends[i].len;
	return 0;
}

static bool next_line(struct text *rest, struct text *line)
{
	size_t len = 0, end = 0;

	if (!rest->len)
		return false;
	while (len < rest->len && !(end = line_end(rest->at + len, rest->len - len)))
		len++;
	*line = (struct text){rest->at, len};
	rest->at += len + end;
	rest->len -= len + end;
	return true;
}

/* The first line of the part from *at on with this text is taken out of it. */
static void skip(const struct recent *r, struct recent_part *part, struct text line, size_t *at)
{
	const char *p = r->bytes;

	for (size_t i = 0; i < r->count; p += r->len[i++]) {
		if (i < *at || !part->line[i] || r->len[i] - 1 != line.len ||
		    memcmp(p, line.at, line.len) != 0)
			continue;
		part->line[i] = false;
		*at = i + 1;
		return;
	}
}

void recent_skip(const struct recent *r, struct recent_part *part, struct text skipped,
		 size_t *at)
{
	struct text line;

	if (r->count == 1)
		return;
	for (int i = 0; i < PIECES_MAX && next_line(&skipped, &line); i++)
		skip(r, part, line, at);
}

struct text recent_part_text(struct recent *r, const struct recent_part *part)
{
	size_t from = 0, to = 0;

	for (unsigned i = 0; i < r->count; from += r->len[i++]) {
		if (!part->line[i])
			continue;
		memcpy(r->part + to, r->bytes + from, r->len[i]);
		to += r->len[i];
	}
	/* No lines are still one newline, to fail2ban. */
	if (!to)
		r->part[to++] = '\n';
	return (struct text){r->part, to};
}

/* ---- over a restart ---- */

#define PACKED_VERSION 1

unsigned recent_changed(struct recent *r, unsigned from)
{
	while (from < r->max && !r->changed[from])
		from++;
	if (from < r->max)
		r->changed[from] = false;
	return from;
}

/* u8 version | u64 number | the line without its newline */
size_t recent_pack(const struct recent *r, unsigned place, char *out)
{
	const char *line = r->bytes;
	uint64_t number;

	for (unsigned i = 0; i < r->count; line += r->len[i++]) {
		if (r->place[i] != place || r->gone.line[i])
			continue;
		number = htole64(r->number[i]);
		out[0] = PACKED_VERSION;
		memcpy(out + 1, &number, sizeof(number));
		memcpy(out + 9, line, r->len[i] - 1);
		return 9 + r->len[i] - 1;
	}
	return 0;
}

/* Before the line `at`, which begins `from` bytes on. */
static void insert(struct recent *r, unsigned at, size_t from, struct text line)
{
	size_t behind = r->count - at;

	memmove(r->bytes + from + line.len + 1, r->bytes + from, r->used - from);
	memcpy(r->bytes + from, line.at, line.len);
	r->bytes[from + line.len] = '\n';
	memmove(r->len + at + 1, r->len + at, behind * sizeof(*r->len));
	memmove(r->number + at + 1, r->number + at, behind * sizeof(*r->number));
	memmove(r->place + at + 1, r->place + at, behind * sizeof(*r->place));
	r->len[at] = line.len + 1;
	r->used += line.len + 1;
	r->count++;
}

bool recent_unpack(struct recent *r, unsigned place, struct text bytes)
{
	uint64_t number;
	size_t from = 0;
	unsigned at = 0;

	if (bytes.len < 9 || bytes.len > RECENT_PACKED_MAX || bytes.at[0] != PACKED_VERSION ||
	    place >= r->max || r->count == r->max || memchr(bytes.at + 9, '\n', bytes.len - 9))
		return false;
	for (unsigned i = 0; i < r->count; i++)
		if (r->place[i] == place)
			return false;
	memcpy(&number, bytes.at + 1, sizeof(number));
	number = le64toh(number);
	while (at < r->count && r->number[at] < number)
		from += r->len[at++];
	insert(r, at, from, (struct text){bytes.at + 9, bytes.len - 9});
	r->number[at] = number;
	r->place[at] = (uint8_t)place;
	if (number >= r->numbered)
		r->numbered = number + 1;
	r->changed[place] = false;
	return true;
}
