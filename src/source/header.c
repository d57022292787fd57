/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes a syslog datagram apart, from its front. */
#include <arpa/inet.h>
#include <string.h>

#include "source/block.h"
#include "source/header.h"

#define PRI_MAX 191
#define HOST_MAX 255 /* RFC 5424, 6 */
#define WORD_MAX 128
/* RSYSLOG_TraditionalForwardFormat cuts TAG to this: "postfix/submissions/smtpd[12345" */
#define TAG_CUT 32

static bool is_graphic(char c)
{
	return (unsigned char)c > ' ' && c != 0x7f;
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static void skip(struct text *t, size_t len)
{
	t->at += len;
	t->len -= len;
}

static bool take(struct text *t, const char *what)
{
	size_t len = strlen(what);

	if (t->len < len || memcmp(t->at, what, len) != 0)
		return false;
	skip(t, len);
	return true;
}

static void skip_blanks(struct text *t)
{
	while (take(t, " ") || take(t, "\t"))
		;
}

/* Up to a blank or the end, neither of which is part of it. */
static bool find_word(struct text t, size_t max, struct text *word)
{
	size_t len = 0;

	while (len < t.len && len <= max && is_graphic(t.at[len]))
		len++;
	if (!len || len > max || (len < t.len && t.at[len] != ' '))
		return false;
	*word = (struct text){t.at, len};
	return true;
}

/* Anything else would be read as more than an id: then there is none. */
static struct text clean_pid(struct text pid)
{
	for (size_t i = 0; i < pid.len; i++)
		if (!is_alnum(pid.at[i]) && !strchr("._-", pid.at[i]))
			return (struct text){0};
	return pid.len <= WORD_MAX ? pid : (struct text){0};
}

/* ---- <PRI> ---- */

/* None is well. */
static bool take_pri(struct text *t)
{
	unsigned int pri = 0;
	size_t i = 1;

	if (!t->len || *t->at != '<')
		return true;
	for (; i < t->len && i < 4 && t->at[i] >= '0' && t->at[i] <= '9'; i++)
		pri = 10 * pri + (unsigned int)(t->at[i] - '0');
	if (i == 1 || i == t->len || t->at[i] != '>' || pri > PRI_MAX)
		return false;
	skip(t, i + 1);
	return true;
}

/* ---- RFC 3164 ---- */

/* Behind "IDENT[": the id and what closes it. */
static bool take_pid(struct header *out, struct text *t, size_t tag)
{
	size_t len = 0;

	while (len < t->len && len <= WORD_MAX && is_graphic(t->at[len]) && t->at[len] != ']')
		len++;
	out->pid = clean_pid((struct text){t->at, len});
	if (len == t->len || t->at[len] == ' ') {
		skip(t, len);
		return tag + len == TAG_CUT;
	}
	if (t->at[len] != ']')
		return false;
	skip(t, len + 1);
	return take(t, ":") || !t->len || *t->at == ' ' || *t->at == '\t';
}

/* Untouched: this is not how a TAG begins. */
static bool take_tag(struct header *out, struct text *rest)
{
	struct header tag = *out;
	struct text t = *rest;
	size_t len = 0;
	bool ok;

	while (len < t.len && len <= WORD_MAX && is_graphic(t.at[len]) && t.at[len] != ':' &&
	       t.at[len] != '[')
		len++;
	if (!len || len > WORD_MAX)
		return false;
	tag.ident = (struct text){t.at, len};
	skip(&t, len);
	if (take(&t, "["))
		ok = take_pid(&tag, &t, len + 1);
	else
		ok = take(&t, ":") || (len == TAG_CUT && take(&t, " "));
	if (!ok)
		return false;
	*out = tag;
	*rest = t;
	return true;
}

static bool is_ipv6(struct text t)
{
	char copy[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (t.len > 2 && *t.at == '[' && t.at[t.len - 1] == ']')
		t = (struct text){t.at + 1, t.len - 2};
	if (t.len >= sizeof(copy))
		return false;
	memcpy(copy, t.at, t.len);
	copy[t.len] = '\0';
	return inet_pton(AF_INET6, copy, &address) == 1;
}

/* A relay's name, or the names of many as syslog-ng chains them ("a/b", "source@a"). */
static bool is_host(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (!is_alnum(t.at[i]) && !strchr("._-@/", t.at[i]))
			return is_ipv6(t);
	return true;
}

static bool take_host(struct text *host, struct text *rest)
{
	struct text word;

	if (!find_word(*rest, HOST_MAX, &word) || word.len == rest->len || !is_host(word))
		return false;
	*host = word;
	skip(rest, word.len + 1);
	return true;
}

static void parse_traditional(struct header *out, struct text t, int64_t now,
			      struct clock *clock)
{
	struct text rest;

	if (clock_take(clock, &out->time, &t, now)) {
		skip_blanks(&t);
		rest = t;
		if (take_host(&out->host, &rest)) {
			skip_blanks(&rest);
			t = rest;
		}
	}
	take_tag(out, &t);
	skip_blanks(&t);
	out->msg = t;
}

/* ---- RFC 5424 ---- */

static bool take_word(struct text *rest, size_t max, struct text *out)
{
	struct text word;

	if (!find_word(*rest, max, &word))
		return false;
	skip(rest, word.len);
	*out = text_equal(word, "-") ? (struct text){0} : word;
	return take(rest, " ");
}

/* From behind "[": to behind its "]", which may stand, quoted or not, in a value. */
static bool take_element(struct text *t)
{
	bool quoted = false;

	for (size_t i = 0; i < t->len; i++) {
		char c = t->at[i];

		if (quoted && c == '\\') {
			i++;
		} else if (c == '"') {
			quoted = !quoted;
		} else if (c == ']' && !quoted) {
			skip(t, i + 1);
			return true;
		}
	}
	return false;
}

static bool take_data(struct text *t)
{
	if (take(t, "-"))
		return !t->len || take(t, " ");
	if (!t->len || *t->at != '[')
		return false;
	while (take(t, "["))
		if (!take_element(t))
			return false;
	return !t->len || take(t, " ");
}

/* An application name with a TAG's delimiters would say what the id is, too. */
static struct text clean_ident(struct text ident)
{
	for (size_t i = 0; i < ident.len; i++)
		if (ident.at[i] == ':' || ident.at[i] == '[')
			return (struct text){ident.at, i};
	return ident;
}

static bool parse_5424(struct header *out, struct text t, int64_t now, struct clock *clock)
{
	struct text pid, msgid;

	if (!take(&t, "- ") && !clock_take_iso(clock, &out->time, &t, now))
		return false;
	if (!take_word(&t, HOST_MAX, &out->host) || !take_word(&t, WORD_MAX, &out->ident) ||
	    !take_word(&t, WORD_MAX, &pid) || !take_word(&t, WORD_MAX, &msgid) ||
	    !take_data(&t))
		return false;
	out->ident = clean_ident(out->ident);
	out->pid = clean_pid(pid);
	take(&t, "\xef\xbb\xbf");
	/* RSYSLOG_SyslogProtocol23Format has one of its own before what rsyslog took to be MSG,
	 * which begins with the blank behind TAG. */
	skip_blanks(&t);
	out->msg = t;
	return true;
}

static bool is_end(char c)
{
	return c == '\n' || c == '\r' || c == '\0';
}

bool header_parse(struct header *out, struct text datagram, int64_t now, struct clock *clock)
{
	struct header header = {.time = now};
	struct text t = datagram;

	while (t.len && is_end(t.at[t.len - 1]))
		t.len--;
	if (!t.len || !take_pri(&t))
		return false;
	take(&t, " ");
	if (!t.len)
		return false;
	if (!take(&t, "1 "))
		parse_traditional(&header, t, now, clock);
	else if (!parse_5424(&header, t, now, clock))
		return false;
	*out = header;
	return true;
}

/* ---- the line ---- */

/* As much of it as fits. */
static size_t put(char *out, size_t at, struct text t)
{
	size_t room = LINE_MAX_BYTES - at;
	size_t len = t.len < room ? t.len : room;

	if (len)
		memcpy(out + at, t.at, len);
	return at + len;
}

static size_t put_msg(char *out, size_t at, struct text msg)
{
	while (msg.len && at < LINE_MAX_BYTES) {
		const char *newline = memchr(msg.at, '\n', msg.len);
		size_t len = newline ? (size_t)(newline - msg.at) : msg.len;

		at = put(out, at, (struct text){msg.at, len});
		if (newline)
			at = put(out, at, text_of("\\n"));
		skip(&msg, newline ? len + 1 : len);
	}
	return at;
}

size_t header_print(const struct header *header, const char *host, char *out, bool *cut)
{
	size_t at = 0;

	at = put(out, at, header->host.len ? header->host : text_of(host));
	at = put(out, at, text_of(" "));
	at = put(out, at, header->ident.len ? header->ident : text_of("-"));
	if (header->pid.len) {
		at = put(out, at, text_of("["));
		at = put(out, at, header->pid);
		at = put(out, at, text_of("]"));
	}
	at = put(out, at, text_of(": "));
	*cut = header->msg.len + block_lines(header->msg) > LINE_MAX_BYTES - at;
	at = put_msg(out, at, header->msg);
	out[at++] = '\n';
	return at;
}
