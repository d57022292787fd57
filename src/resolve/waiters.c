/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/moment.h"
#include "resolve/waiters.h"

#define PACKED_VERSION 1
#define FIXED 11       /* u8 version | i64 time | u8 subject's length | u8 process's */
#define SLACK_MS 60000 /* how far a live line's own time is believed (judge/judge.h) */

/* ---- over a restart ---- */

/* After a restart no line is live: one counts by a time that it would have counted by. */
static int64_t time_of(const struct offence *offence)
{
	int64_t now = moment_now(), time = offence->time;
	bool believed = time > now - SLACK_MS && time < now + SLACK_MS;

	return offence->live && !believed ? now : time;
}

static char *put(char *at, struct text text)
{
	if (text.len)
		memcpy(at, text.at, text.len);
	return at + text.len;
}

size_t wait_pack(char *out, const struct wait *wait)
{
	struct text line = wait->line;
	uint64_t time = htole64((uint64_t)time_of(&wait->offence));
	char *at = out + FIXED;

	if (line.len > RESOLVE_LINE_MAX)
		line.len = RESOLVE_LINE_MAX;
	out[0] = PACKED_VERSION;
	memcpy(out + 1, &time, sizeof(time));
	out[9] = (char)wait->subject.len;
	out[10] = (char)wait->process.len;
	at = put(at, wait->subject);
	at = put(at, wait->process);
	return (size_t)(put(at, line) - out);
}

bool wait_unpack(struct wait *out, struct text bytes)
{
	const char *at = bytes.at + FIXED;
	struct wait wait = {0};
	uint64_t time;

	if (bytes.len < FIXED || bytes.len > WAIT_PACKED_MAX || bytes.at[0] != PACKED_VERSION)
		return false;
	memcpy(&time, bytes.at + 1, sizeof(time));
	wait.offence.time = (int64_t)le64toh(time);
	wait.subject = (struct text){at, (unsigned char)bytes.at[9]};
	wait.process = (struct text){at + wait.subject.len, (unsigned char)bytes.at[10]};
	at += wait.subject.len + wait.process.len;
	if (wait.subject.len > WAIT_SUBJECT_MAX || wait.process.len > WAIT_PROCESS_MAX ||
	    at > bytes.at + bytes.len)
		return false;
	wait.line = (struct text){at, (size_t)(bytes.at + bytes.len - at)};
	if (wait.line.len > RESOLVE_LINE_MAX)
		return false;
	*out = wait;
	return true;
}

/* ---- places ---- */

static void touch(struct waiting *all, unsigned place)
{
	all->places[place].changed = true;
	all->changed = true;
}

static void take_place(struct waiting *all, struct waiter *waiter, uint32_t source)
{
	unsigned i = 0;

	while (all->places[i].waiter)
		i++;
	all->places[i].waiter = waiter;
	all->places[i].source = source;
	all->places[i].jail = waiter->offence.jail;
	waiter->place = i;
	all->count++;
	touch(all, i);
}

static void save_place(struct waiting_place *at, unsigned number, resolve_piece *piece,
		       void *arg)
{
	const struct waiter *waiter = at->waiter;
	bool same = waiter && at->on_disk == at->source && at->of_jail == at->jail;

	if (at->on_disk && !same)
		piece(arg, at->on_disk, at->of_jail, number, (struct text){NULL, 0});
	at->changed = false;
	at->on_disk = waiter ? at->source : 0;
	at->of_jail = waiter ? at->jail : 0;
	if (waiter && at->source)
		piece(arg, at->source, at->jail, number,
		      (struct text){waiter->bytes, waiter->len});
}

void waiting_save(struct waiting *all, bool whole, unsigned first, resolve_piece *piece,
		  void *arg)
{
	if (!whole && !all->changed)
		return;
	for (unsigned i = 0; i < RESOLVE_WAITING_MAX; i++)
		if (whole || all->places[i].changed)
			save_place(&all->places[i], first + i, piece, arg);
	all->changed = false;
}

/* ---- waiters ---- */

static struct waiter *waiter_new(const struct wait *wait)
{
	char bytes[WAIT_PACKED_MAX];
	size_t len = wait_pack(bytes, wait);
	struct waiter *w = malloc(sizeof(*w) + len);

	if (!w)
		return NULL;
	*w = (struct waiter){.offence = wait->offence, .len = len};
	memcpy(w->bytes, bytes, len);
	w->line = (struct text){w->bytes + FIXED + wait->subject.len + wait->process.len, 0};
	w->line.len = (size_t)(w->bytes + len - w->line.at);
	return w;
}

int waiters_add(struct waiters *waiters, struct waiting *all, const struct wait *wait)
{
	struct waiter *w;

	if (all->count >= RESOLVE_WAITING_MAX)
		return -ENOSPC;
	w = waiter_new(wait);
	if (!w)
		return -ENOMEM;
	take_place(all, w, wait->jail->source);
	if (waiters->last)
		waiters->last->next = w;
	else
		waiters->first = w;
	waiters->last = w;
	waiters->count++;
	return 0;
}

struct waiter *waiters_take(struct waiters *waiters)
{
	struct waiter *w = waiters->first;

	if (!w)
		return NULL;
	waiters->first = w->next;
	if (!w->next)
		waiters->last = NULL;
	waiters->count--;
	return w;
}

void waiter_free(struct waiter *waiter, struct waiting *all)
{
	all->places[waiter->place].waiter = NULL;
	touch(all, waiter->place);
	all->count--;
	free(waiter);
}

size_t waiters_clear(struct waiters *waiters, struct waiting *all)
{
	size_t count = waiters->count;
	struct waiter *w;

	while ((w = waiters_take(waiters)))
		waiter_free(w, all);
	return count;
}
