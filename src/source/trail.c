/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the files between a place in a log and the log of now, and their order. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "source/siblings.h"
#include "source/trail.h"

#define TRIES 5 /* rotations that happen while we look */

/* What is looked for: the file of `from`, or `after`, which is open; or with neither, all. */
struct search {
	const struct position *from;
	const struct tail *after;
	const struct tail *until;
};

void trail_close(struct trail *trail)
{
	for (size_t i = 0; i < trail->count; i++)
		tail_close(trail->tails[i]);
	*trail = (struct trail){0};
}

/* What a processor of multilog's made of a file ("!gzip") is no log any more. */
static bool is_processed(const struct entry *entry, const struct tail *tail)
{
	return entry->stamp.kind == STAMP_TAI &&
	       (tail->head_len < 2 || memcmp(tail->head, "@4", 2) != 0);
}

/* Opened, if it is still the file that the folder showed. NULL: it is not, or cannot be. */
static struct tail *entry_open(struct siblings *siblings, const struct entry *entry)
{
	struct tail *tail = NULL;
	int err = tail_open(&tail, siblings->dir, entry->name);

	if (!err && tail_is(tail, &entry->st) && !is_processed(entry, tail))
		return tail;
	siblings->changed |= err == -ENOENT || (!err && !tail_is(tail, &entry->st));
	tail_close(tail);
	return NULL;
}

static bool older(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

static bool entry_older(const struct entry *a, const struct entry *b)
{
	if (stamp_comparable(&a->stamp, &b->stamp))
		return stamp_newer(&b->stamp, &a->stamp);
	return older(&a->st.st_mtim, &b->st.st_mtim);
}

/* The entry at `offset`, if its contents are those of `from`. */
static struct tail *entry_match(struct siblings *siblings, const struct entry *entry,
				const struct position *from)
{
	struct tail *tail = entry_open(siblings, entry);

	if (tail && tail_matches(tail, from) && !tail_seek(tail, from->offset))
		return tail;
	tail_close(tail);
	return NULL;
}

static bool is_rotated(const struct entry *entry)
{
	return entry->stamp.kind != STAMP_OTHER && entry->stamp.kind != STAMP_NONE;
}

/* The entry with the inode of `from`, and whether it holds what was read. */
static struct tail *find_inode(struct siblings *siblings, const struct search *search,
			       struct entry *found, bool *matches)
{
	const struct position *from = search->from;

	for (size_t i = 0; i < siblings->count; i++) {
		struct entry *entry = &siblings->entries[i];
		struct tail *tail;

		if (entry->st.st_ino != from->inode ||
		    (search->until && tail_is(search->until, &entry->st)))
			continue;
		/* Nothing was read: only its name shows that the inode was not given away. */
		if (!from->head_len && entry->stamp.kind == STAMP_OTHER)
			continue;
		tail = entry_match(siblings, entry, from);
		*matches = tail != NULL;
		/* The inode was freed, or its file written anew, after we read it: the contents
		 * are newer. */
		if (!tail && is_rotated(entry))
			tail = entry_open(siblings, entry);
		if (!tail)
			continue;
		tail->again = !*matches && tail_begins(tail, from);
		*found = *entry;
		return tail;
	}
	return NULL;
}

/* The longest copy holds most. */
static struct tail *find_copy(struct siblings *siblings, const struct search *search,
			      struct entry *found)
{
	const struct position *from = search->from;
	struct tail *best = NULL;

	for (size_t i = 0; from->head_len && i < siblings->count; i++) {
		struct entry *entry = &siblings->entries[i];
		struct tail *tail;

		if (search->until && tail_is(search->until, &entry->st))
			continue;
		if ((uint64_t)entry->st.st_size < from->offset ||
		    (best && entry->st.st_size <= found->st.st_size))
			continue;
		tail = entry_match(siblings, entry, from);
		if (!tail)
			continue;
		tail->copy = true;
		tail_close(best);
		best = tail;
		*found = *entry;
	}
	return best;
}

/*
 * The file that `from` names: the one with its inode and fingerprints, or a copy
 * (copytruncate), which has another inode; at last one that took its inode.
 */
static struct tail *find_from(struct siblings *siblings, const struct search *search,
			      struct entry *found)
{
	bool matches = false;
	struct tail *tail = find_inode(siblings, search, found, &matches), *copy;
	struct entry entry;

	if (matches)
		return tail;
	copy = find_copy(siblings, search, &entry);
	if (!copy)
		return tail;
	tail_close(tail);
	*found = entry;
	return copy;
}

/* Where `after` is by now; it may have lost its name. */
static bool find_after(struct siblings *siblings, const struct search *search,
		       struct entry *found)
{
	*found = (struct entry){0};
	if (fstat(search->after->fd, &found->st))
		return false;
	for (size_t i = 0; i < siblings->count; i++) {
		if (tail_is(search->after, &siblings->entries[i].st)) {
			*found = siblings->entries[i];
			return true;
		}
	}
	/* With a name elsewhere, nothing in this folder came after it. */
	return found->st.st_nlink == 0;
}

/* Was it rotated after `first`? Names tell best; the time of the last write must not
 * contradict: an old "mail.log.1" may lie about since the scheme was changed. */
static bool entry_follows(const struct entry *entry, const struct entry *first)
{
	if (!is_rotated(entry))
		return false;
	if (entry->st.st_size == 0 || entry->st.st_ino == first->st.st_ino)
		return false;
	/* multilog's names need no second opinion, and a copied folder has other times. */
	if (entry->stamp.kind != STAMP_TAI && older(&entry->st.st_mtim, &first->st.st_mtim))
		return false;
	return entry_older(first, entry);
}

static bool entry_precedes(const struct siblings *siblings, const struct entry *entry,
			   const struct tail *until)
{
	struct entry end = {0};

	if (!until)
		return true;
	if (tail_is(until, &entry->st) || fstat(until->fd, &end.st))
		return false;
	for (size_t i = 0; i < siblings->count; i++)
		if (tail_is(until, &siblings->entries[i].st))
			end.stamp = siblings->entries[i].stamp;
	return !entry_older(&end, entry);
}

/* The oldest of the entries between, in order. */
static size_t pick(struct siblings *siblings, const struct entry *first,
		   const struct tail *until, const struct entry **picked, size_t room)
{
	size_t count = 0;

	for (size_t i = 0; i < siblings->count; i++) {
		const struct entry *entry = &siblings->entries[i];
		size_t at = count;

		if (!entry_follows(entry, first) || !entry_precedes(siblings, entry, until))
			continue;
		for (; at && entry_older(entry, picked[at - 1]); at--)
			if (at < room)
				picked[at] = picked[at - 1];
		if (at < room)
			picked[at] = entry;
		count += count < room;
	}
	return count;
}

/* One look at one folder. 0, -EAGAIN when it changed meanwhile, -ENOENT when what is searched
 * is not there, or -errno. */
static int look(struct trail *out, struct siblings *siblings, const struct search *search)
{
	const struct entry *picked[TRAIL_MAX + 1];
	struct entry first = {0};
	ino_t inode = search->from ? search->from->inode : 0;
	size_t count;
	int err = siblings_read(siblings, search->after ? search->after->ino : inode);

	if (err)
		return err;
	if (search->from) {
		struct tail *tail = find_from(siblings, search, &first);

		if (!tail)
			return siblings->changed ? -EAGAIN : -ENOENT;
		out->tails[out->count++] = tail;
	} else if (search->after && !find_after(siblings, search, &first)) {
		return siblings->changed ? -EAGAIN : -ENOENT;
	}
	count = pick(siblings, &first, search->until, picked, TRAIL_MAX + 1 - out->count);
	for (size_t i = 0; i < count && out->count < TRAIL_MAX; i++) {
		struct tail *tail = entry_open(siblings, picked[i]);

		if (!tail)
			continue;
		/* multilog copies nothing. */
		if (search->until && picked[i]->stamp.kind != STAMP_TAI &&
		    tail_copies(tail, search->until))
			tail_close(tail);
		else
			out->tails[out->count++] = tail;
	}
	out->more = count + !!search->from > TRAIL_MAX;
	return siblings->changed ? -EAGAIN : 0;
}

static int look_again(struct trail *out, const char *path, const struct search *search,
		      bool series)
{
	struct siblings siblings;
	int err = siblings_open(&siblings, path);

	siblings.series = series;
	if (!err)
		err = -EAGAIN;
	for (int i = 0; i < TRIES && err == -EAGAIN; i++) {
		trail_close(out);
		err = look(out, &siblings, search);
	}
	siblings_close(&siblings);
	if (err && err != -EAGAIN)
		trail_close(out);
	return err;
}

/* Does the name itself, not only that of its folder? */
static bool differs(const char *real, const char *path)
{
	return strcmp(strrchr(real, '/'), strrchr(path, '/')) != 0;
}

/* Where the log really is, and where its path says. */
static int look_everywhere(struct trail *out, const char *path, const struct search *search)
{
	char *real = realpath(path, NULL);
	int err = -ENOENT;

	*out = (struct trail){0};
	if (real)
		err = look_again(out, real, search, differs(real, path));
	if (err == -ENOENT && (!real || strcmp(real, path) != 0))
		err = look_again(out, path, search, false);
	free(real);
	return err == -ENOENT ? 0 : err;
}

int trail_from(struct trail *out, const char *path, const struct position *from,
	       const struct tail *until)
{
	struct search search = {.from = from, .until = until};

	return look_everywhere(out, path, &search);
}

int trail_between(struct trail *out, const char *path, const struct tail *after,
		  const struct tail *until)
{
	struct search search = {.after = after, .until = until};

	return look_everywhere(out, path, &search);
}

int trail_all(struct trail *out, const char *path, const struct tail *until)
{
	struct search search = {.until = until};

	return look_everywhere(out, path, &search);
}
