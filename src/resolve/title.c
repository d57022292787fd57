/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <string.h>

#include "resolve/title.h"

#define FORGED " (may be forged)"
#define TAGGED "IPv6:"
#define ID_MIN                                                                                 \
	14 /* of a queue id: eight characters and the process id, of six digits or more */
#define ID_MAX 20

static bool take(struct text *t, const char *start)
{
	size_t len = strlen(start);

	if (t->len < len || memcmp(t->at, start, len) != 0)
		return false;
	*t = (struct text){t->at + len, t->len - len};
	return true;
}

static bool take_end(struct text *t, const char *end)
{
	size_t len = strlen(end);

	if (t->len < len || memcmp(t->at + t->len - len, end, len) != 0)
		return false;
	t->len -= len;
	return true;
}

/* "203.0.113.40" or "IPv6:2001:db8:1:0:0:0:0:40", of no more than one host. */
static bool read_address(struct prefix *out, struct text t)
{
	struct prefix p;
	bool tagged = take(&t, TAGGED);

	if (!prefix_parse(&p, t.at, t.len) || !prefix_is_single(&p) ||
	    memchr(t.at, '/', t.len) || (tagged && !memchr(t.at, ':', t.len)))
		return false;
	*out = p;
	return true;
}

/* "NAME [ADDRESS] (may be forged)", read from its end. */
static bool read_last(struct prefix *out, struct text t)
{
	const char *open;

	take_end(&t, FORGED);
	if (!take_end(&t, "]"))
		return false;
	open = memrchr(t.at, '[', t.len);
	if (!open || (open > t.at && open[-1] != ' '))
		return false;
	return read_address(out, (struct text){open + 1, (size_t)(t.at + t.len - open - 1)});
}

/* The same before ": COMMAND", read from its start: the name has no blank and no bracket. */
static bool read_first(struct prefix *out, struct text t)
{
	const char *end = t.at + t.len, *open = t.at, *close;

	while (open < end && *open != '[' && *open != ']' && *open != ' ')
		open++;
	if (open > t.at && (open == end || *open++ != ' '))
		return false;
	if (open == end || *open != '[')
		return false;
	close = memchr(open, ']', (size_t)(end - open));
	if (!close)
		return false;
	t = (struct text){close + 1, (size_t)(end - close - 1)};
	take(&t, FORGED);
	return take(&t, ":") &&
	       read_address(out, (struct text){open + 1, (size_t)(close - open - 1)});
}

static bool take_id(struct text *t)
{
	size_t len = 0;

	if (take(t, "NOQUEUE "))
		return true;
	while (len < t->len && isalnum((unsigned char)t->at[len]))
		len++;
	if (len < ID_MIN || len > ID_MAX || len == t->len || t->at[len] != ' ')
		return false;
	*t = (struct text){t->at + len + 1, t->len - len - 1};
	return true;
}

bool title_parse(struct title *out, struct text cmdline)
{
	const char *end = memchr(cmdline.at, 0, cmdline.len);
	struct text t = {cmdline.at, end ? (size_t)(end - cmdline.at) : cmdline.len};
	struct title title = {0};
	bool good;

	/* Where there is more room than title, older systems fill it with blanks. */
	while (t.len && t.at[t.len - 1] == ' ')
		t.len--;
	if (!take(&t, "sendmail: "))
		return false;
	take(&t, "MTA: ");
	if (take(&t, "server ")) {
		title.reads = take_end(&t, " cmd read");
		good = (title.reads || take_end(&t, " startup")) && read_last(&title.peer, t);
	} else {
		good = take_id(&t) && read_first(&title.peer, t);
	}
	if (good)
		*out = title;
	return good;
}
