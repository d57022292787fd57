/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include "resolve/process.h"
#include "resolve/resolve.h"

struct processes {
	DIR *proc;
	struct resolve_session *found;
	size_t count, room;
};

int processes_open(struct processes **out, const char *proc)
{
	struct processes *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->proc = opendir(proc);
	if (!s->proc) {
		int err = -errno;

		free(s);
		return err;
	}
	*out = s;
	return 0;
}

void processes_close(struct processes *s)
{
	if (!s)
		return;
	closedir(s->proc);
	free(s->found);
	free(s);
}

static bool make_room(struct processes *s)
{
	size_t room = s->room ? 2 * s->room : 64;
	struct resolve_session *grown;

	if (s->count < s->room)
		return true;
	if (s->count == PROCESSES_MAX)
		return false;
	grown = reallocarray(s->found, room, sizeof(*grown));
	if (!grown)
		return false;
	s->found = grown;
	s->room = room;
	return true;
}

static void look(struct processes *s, const char *name)
{
	struct process process;

	if (process_look(&process, dirfd(s->proc), name) || !make_room(s))
		return;
	s->found[s->count++] = (struct resolve_session){
		.pid = atoi(name),
		.peer = process.title.peer,
		.age = process.age,
		.reads = process.title.reads,
	};
}

bool processes_look(struct processes *s, unsigned most)
{
	struct dirent *entry;

	while (most && (entry = readdir(s->proc))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		look(s, entry->d_name);
		most--;
	}
	return !most;
}

struct resolve_session *processes_found(const struct processes *s, size_t *count)
{
	*count = s->count;
	return s->found;
}
