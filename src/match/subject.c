/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <string.h>

#include "match/subject.h"

#define HIGH_BITS UINT64_C(0x8080808080808080)

static uint64_t word_at(const char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

bool utf8_is_ascii(struct text t)
{
	const char *at = t.at, *end = t.at + t.len;
	uint64_t all = 0;

	for (; end - at >= 32; at += 32)
		all |= word_at(at) | word_at(at + 8) | word_at(at + 16) | word_at(at + 24);
	for (; end - at >= 8; at += 8)
		all |= word_at(at);
	if (t.len >= 8)
		return !((all | word_at(end - 8)) & HIGH_BITS);
	for (; at < end; at++)
		all |= (unsigned char)*at;
	return !(all & HIGH_BITS);
}

/* The length of the sequence that the byte begins, and the range of its second byte
 * (Unicode 3.9, table 3-7); 0: it begins none. */
static size_t sequence(unsigned char lead, unsigned char *low, unsigned char *high)
{
	*low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
	*high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
	if (lead >= 0xc2 && lead <= 0xdf)
		return 2;
	if (lead >= 0xe0 && lead <= 0xef)
		return 3;
	if (lead >= 0xf0 && lead <= 0xf4)
		return 4;
	return 0;
}

/* How many bytes belong together at `at`; *valid: they are a character. */
static size_t step(const unsigned char *at, size_t len, bool *valid)
{
	unsigned char low, high;
	size_t whole = sequence(*at, &low, &high), n = 1;

	if (*at < 0x80)
		whole = 1;
	while (n < whole && n < len && at[n] >= low && at[n] <= high) {
		n++;
		low = 0x80;
		high = 0xbf;
	}
	*valid = n == whole;
	return n;
}

size_t utf8_clean(char *out, struct text in)
{
	const unsigned char *at = (const unsigned char *)in.at;
	static const char replacement[] = {'\xef', '\xbf', '\xbd'};
	char *p = out;

	for (size_t i = 0; i < in.len;) {
		bool valid;
		size_t n = step(at + i, in.len - i, &valid);

		if (valid)
			memcpy(p, at + i, n);
		else
			memcpy(p, replacement, sizeof(replacement));
		p += valid ? n : 3;
		i += n;
	}
	return (size_t)(p - out);
}

/* fail2ban takes carriage returns off with the newline. */
static struct text without_returns(struct text line)
{
	while (line.len && line.at[line.len - 1] == '\r')
		line.len--;
	return line;
}

/* The line in `clean`, valid UTF-8. Returns its length. */
static size_t copy(struct subject *s, struct text line, bool ascii, bool cut)
{
	size_t len = line.len;

	if (ascii)
		memcpy(s->clean, line.at, len);
	else
		len = utf8_clean(s->clean, line);
	if (cut)
		len += utf8_clean(s->clean + len, (struct text){"\xff", 1});
	return len;
}

void subject_make(struct subject *s, struct text line, bool follows, struct dates *dates,
		  uint64_t *steps)
{
	struct text whole = line;
	bool cut = whole.len >= LINE_MAX_BYTES, ascii, copied;
	size_t at = 0, len = 0;

	line = without_returns(line);
	ascii = utf8_is_ascii(line);
	copied = !ascii || cut;
	if (copied)
		line = (struct text){s->clean, copy(s, line, ascii, cut)};
	s->dated = dates && dates_find(dates, &s->date, line, steps);
	if (s->dated) {
		at = s->date.at;
		len = s->date.len;
	}
	if (!copied && follows && line.len == whole.len && (!at || !len)) {
		s->text = (struct text){line.at + len, line.len - len + 1};
		return;
	}
	if (!copied)
		copy(s, line, true, false);
	/* What is before the date is short, and moves up to what is behind. */
	if (len)
		memmove(s->clean + len, s->clean, at);
	s->clean[line.len] = '\n';
	s->text = (struct text){s->clean + len, line.len - len + 1};
}
