/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "match/tags.h"

/*
 * This file alone knows what fail2ban's tags stand for (jail.conf(5), section filter files).
 *
 * What stands for an address is as loose as in fail2ban, so that the same text is taken:
 * "999.1.1.1" and "1:2" match here and are refused later as addresses. A host name is never
 * taken: that is fail2ban's <HOST> with usedns = no.
 */
#define IP4 "(?:::[fF]{4,6}:)?(?P<ip4>[0-9]{1,3}(?:\\.[0-9]{1,3}){3})"
#define IP6 "(?P<ip6>(?:[0-9A-Fa-f]{1,4}:{1,2}|:{2}){1,7}(?:[0-9A-Fa-f]{1,4}|(?<=:):))"
#define ADDR "\\[?(?:" IP4 "|" IP6 ")\\]?"

#define OPEN_MAX 32 /* different <F-...> tags in an expression */
#define NAME_MAX_LEN 64

static const struct {
	const char *tag, *regex;
} fixed[] = {
	{"HOST", ADDR},	 {"ADDR", ADDR}, {"F-ADDR/", ADDR}, {"IP4", IP4},
	{"F-IP4/", IP4}, {"IP6", IP6},	 {"F-IP6/", IP6},   {"F-PORT/", "(?P<fport>\\w+)"},
};

static const struct {
	const char *tag, *why;
} unsupported[] = {
	{"SKIPLINES", "multi-line matching"},
	{"DNS", "host names"},
	{"F-DNS/", "host names"},
	{"CIDR", "networks"},
	{"F-CIDR/", "networks"},
	{"SUBNET", "networks"},
	{"F-SUBNET/", "networks"},
	{"F-ID/", "identifiers other than an address"},
};

struct tags {
	FILE *out;
	struct text open[OPEN_MAX];
	size_t opens;
	char *why;
	size_t size;
};

/* The name in <name>, </name> or <name/> at `at`, with its slashes; empty: no tag. */
static struct text tag_at(const char *at)
{
	const char *p = at + 1;

	if (*p == '/')
		p++;
	while (isalnum((unsigned char)*p) || *p == '_' || *p == '-')
		p++;
	if (*p == '/')
		p++;
	return (struct text){at + 1, *p == '>' ? (size_t)(p - at - 1) : 0};
}

static bool is_custom(struct text name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!isupper((unsigned char)name.at[i]) &&
		    !isdigit((unsigned char)name.at[i]) && name.at[i] != '_' &&
		    name.at[i] != '-')
			return false;
	return name.len > 0 && name.len <= NAME_MAX_LEN;
}

static bool is_open(const struct tags *t, struct text name)
{
	for (size_t i = 0; i < t->opens; i++)
		if (t->open[i].len == name.len && !memcmp(t->open[i].at, name.at, name.len))
			return true;
	return false;
}

/* fail2ban calls the groups of <F-ID> and <F-PORT> otherwise than the tags. */
static void custom_open(struct tags *t, struct text name)
{
	if (!is_open(t, name) && t->opens < OPEN_MAX)
		t->open[t->opens++] = name;
	fputs(text_equal(name, "ID") || text_equal(name, "PORT") ? "(?P<f" : "(?P<", t->out);
	for (size_t i = 0; i < name.len; i++)
		fputc(tolower((unsigned char)name.at[i]), t->out);
	fputc('>', t->out);
}

/* <F-NAME> opens a group and </F-NAME> closes it; what closes nothing is ordinary text. */
static bool custom(struct tags *t, struct text tag)
{
	bool close = tag.at[0] == '/';
	struct text name = {tag.at + close, tag.len - close};

	if (name.len < 3 || memcmp(name.at, "F-", 2) != 0)
		return false;
	name.at += 2;
	name.len -= 2;
	if (!is_custom(name) || (close && !is_open(t, name)))
		return false;
	if (close)
		fputc(')', t->out);
	else
		custom_open(t, name);
	return true;
}

/* 1: written, 0: ordinary text, -EINVAL. */
static int tag_write(struct tags *t, struct text tag)
{
	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		if (text_equal(tag, fixed[i].tag))
			return fputs(fixed[i].regex, t->out), 1;
	for (size_t i = 0; i < sizeof(unsupported) / sizeof(*unsupported); i++) {
		if (!text_equal(tag, unsupported[i].tag))
			continue;
		snprintf(t->why, t->size, "<%s> is not supported: %s", unsupported[i].tag,
			 unsupported[i].why);
		return -EINVAL;
	}
	return custom(t, tag);
}

static int expand(struct tags *t, const char *regex)
{
	for (const char *at = regex; *at;) {
		struct text tag = {at, 0};
		int written = 0;

		if (*at == '<')
			tag = tag_at(at);
		if (tag.len > 0)
			written = tag_write(t, tag);
		if (written < 0)
			return written;
		if (written > 0)
			at += tag.len + 2;
		else
			fputc(*at++, t->out);
	}
	return 0;
}

int tags_expand(char **out, const char *regex, char *why, size_t size)
{
	struct tags t = {.why = why, .size = size};
	char *text = NULL;
	size_t len;
	int err;

	t.out = open_memstream(&text, &len);
	if (!t.out)
		return -ENOMEM;
	err = expand(&t, regex);
	if (fclose(t.out) && !err)
		err = -ENOMEM;
	if (err)
		free(text);
	else
		*out = text;
	return err;
}
