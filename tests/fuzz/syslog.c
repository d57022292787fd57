/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The header of a syslog datagram: what is taken out of it are pieces of it, in their order and
 * within their bounds; the line made of it is one line, begins with the HOST and the IDENT that
 * were found or their stand-ins, and holds no other byte of MSG before its own; a header
 * that is read out of that line again is the same.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/header.h"

#define NOW INT64_C(1795233600000) /* 2026-11-21 04:00:00 UTC */
#define DAY INT64_C(86400000)
#define HOST "here"

/* An assertion that stays with NDEBUG. */
#define CLAIM(what) ((what) ? (void)0 : (fprintf(stderr, "not true: %s\n", #what), abort()))

static void check_word(struct text whole, struct text word, size_t max, const char *without)
{
	CLAIM(word.len <= max);
	if (!word.len)
		return;
	CLAIM(word.at >= whole.at && word.at + word.len <= whole.at + whole.len);
	for (size_t i = 0; i < word.len; i++)
		CLAIM((unsigned char)word.at[i] > ' ' && !strchr(without, word.at[i]));
}

static bool same(struct text a, struct text b)
{
	return a.len == b.len && (!a.len || !memcmp(a.at, b.at, a.len));
}

static void check_header(struct text whole, const struct header *header)
{
	check_word(whole, header->host, 255, "\x7f");
	check_word(whole, header->ident, 128, ":[");
	check_word(whole, header->pid, 128, "[]: \"");
	CLAIM(header->msg.at >= whole.at &&
	      header->msg.at + header->msg.len <= whole.at + whole.len);
	CLAIM(!header->host.len || header->host.at + header->host.len <= header->msg.at);
	CLAIM(!header->ident.len || header->ident.at + header->ident.len <= header->msg.at);
	CLAIM(header->time == NOW || (header->time >= 0 && header->time <= NOW + DAY));
}

static struct text expect(struct text line, struct text piece)
{
	CLAIM(line.len >= piece.len && (!piece.len || !memcmp(line.at, piece.at, piece.len)));
	return (struct text){line.at + piece.len, line.len - piece.len};
}

/* What stands in the line before MSG. */
static struct text check_front(struct text line, const struct header *header)
{
	line = expect(line, header->host.len ? header->host : text_of(HOST));
	line = expect(line, text_of(" "));
	line = expect(line, header->ident.len ? header->ident : text_of("-"));
	if (header->pid.len) {
		line = expect(line, text_of("["));
		line = expect(line, header->pid);
		line = expect(line, text_of("]"));
	}
	return expect(line, text_of(": "));
}

static void check_line(const struct header *header)
{
	static char out[HEADER_LINE_MAX], again[HEADER_LINE_MAX];
	bool cut, cut_again;
	size_t len = header_print(header, HOST, out, &cut);
	struct text line = {out, len}, msg;

	CLAIM(len > 0 && len <= HEADER_LINE_MAX);
	CLAIM(memchr(out, '\n', len) == out + len - 1);
	CLAIM(!cut || len == HEADER_LINE_MAX);
	CLAIM(header_print(header, HOST, again, &cut_again) == len);
	CLAIM(cut == cut_again && !memcmp(out, again, len));
	msg = check_front(line, header);
	CLAIM(cut || msg.len > header->msg.len);
	if (!cut && !memchr(header->msg.at, '\n', header->msg.len))
		CLAIM(same((struct text){msg.at, msg.len - 1}, header->msg));
}

/* With a time before it, a line is a message of RFC 3164 with the same HOST and IDENT. */
static void check_again(const struct header *header)
{
	static char out[64 + HEADER_LINE_MAX];
	size_t date = (size_t)snprintf(out, 64, "<13>Nov 21 04:00:00 ");
	struct clock clock = {0};
	struct header again;
	bool cut;
	size_t len;

	/* One that only RFC 5424 can carry. */
	for (size_t i = 0; i < header->host.len; i++)
		if (strchr(":[]", header->host.at[i]) || (header->host.at[i] & 0x80) ||
		    !strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_",
			    header->host.at[i]))
			return;
	len = header_print(header, HOST, out + date, &cut);
	CLAIM(header_parse(&again, (struct text){out, date + len}, NOW, &clock));
	CLAIM(same(again.host, header->host.len ? header->host : text_of(HOST)));
	CLAIM(same(again.ident, header->ident.len ? header->ident : text_of("-")));
	CLAIM(same(again.pid, header->pid));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text whole = {(const char *)data, size};
	struct clock clock = {0}, fresh = {0};
	struct header header, twice;

	if (!header_parse(&header, whole, NOW, &clock))
		return 0;
	CLAIM(header_parse(&twice, whole, NOW, &clock));
	CLAIM(header.time == twice.time && same(header.host, twice.host) &&
	      same(header.ident, twice.ident) && same(header.pid, twice.pid) &&
	      same(header.msg, twice.msg));
	CLAIM(header_parse(&twice, whole, NOW, &fresh) && header.time == twice.time);
	check_header(whole, &header);
	check_line(&header);
	check_again(&header);
	return 0;
}
