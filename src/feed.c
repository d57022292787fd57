/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon.h"

#define HOUR_MS INT64_C(3600000)
#define BACKLOG_CROWDED (STORE_BACKLOG_MAX / 4)

/* Once an hour a jail: what asks for an alarm comes with every line, or with none. */
static void warn_of_alarm(struct feed *feed, struct reading_jail *jail,
			  const struct finding *finding)
{
	int64_t ticks = moment_ticks();
	char about[256], line[512];

	if (jail->alarm_at && ticks - jail->alarm_at < HOUR_MS)
		return;
	jail->alarm_at = ticks ? ticks : 1;
	log_warning("[%s] alarm: \"%s\"; nobody is banned for it. The line: %s",
		    names_text(feed->daemon->memory->names, jail->resolve.name),
		    text_show(finding->about, about, sizeof about),
		    text_show(finding->line, line, sizeof line));
}

/* What a power cut left of a log was all read before it. A log whose lines have no times begins
 * again as it did while somebody goes on, when it is emptied: then no power was cut. */
static bool was_counted(const struct memory *memory, const struct finding *finding)
{
	if (finding->time == TIME_NONE)
		return !memory->same_boot;
	return finding->time <= memory->counted;
}

static void on_found(void *arg, size_t index, const struct finding *finding)
{
	struct feed *feed = arg;
	struct reading_jail *jail = &feed->reading.jails[index];
	struct finding dated;

	if (feed->again && was_counted(feed->daemon->memory, finding))
		return;
	/* A line of a log without times, written while nobody read it. */
	if (finding->time == TIME_NONE && !feed->live && feed->since != TIME_NONE) {
		dated = *finding;
		dated.time = feed->since;
		finding = &dated;
	}
	if (finding->kind == FINDING_ALARM)
		warn_of_alarm(feed, jail, finding);
	if (finding->kind == FINDING_TELLS || sessions_admit(&jail->sessions, finding))
		resolve_finding(feed->daemon->resolve, &jail->resolve, feed->live, finding);
	else
		feed->strange += finding->kind == FINDING_FAILURE;
}

/* Lines that cost too much to be searched to the end are an attack or a bad expression. */
static void warn_of_limits(struct feed *feed)
{
	uint64_t limited = match_counts(feed->reading.match).limited;
	int64_t ticks = moment_ticks();

	if (limited <= feed->limited ||
	    (feed->limited_at && ticks - feed->limited_at < HOUR_MS))
		return;
	log_warning("%s: %llu searches took too long and were given up; a filter's expression "
		    "is slow, or somebody writes lines to make it so: see banish match --stats",
		    feed->path, (unsigned long long)(limited - feed->limited));
	feed->limited = limited;
	feed->limited_at = ticks ? ticks : 1;
}

static void on_lines(void *arg, struct source *source, const struct lines *lines)
{
	struct feed *feed = arg;

	(void)source;
	if (lines->again && !feed->again)
		log_warning(
			"%s: shorter than it was read, as a power cut leaves it: lines that "
			"were counted are not counted again",
			feed->path);
	feed->live = lines->live;
	feed->again = lines->again;
	feed->moved = true;
	match_scan(feed->reading.match, feed->reading.lines, lines, moment_now(), on_found,
		   feed);
	clients_pump(feed->daemon);
	warn_of_limits(feed);
	feeds_throttle(feed->daemon);
}

static void on_state(void *arg, struct source *source, enum source_state state)
{
	struct feed *feed = arg;
	int error = source_error(source);

	if (state == SOURCE_WAITING)
		log_warning("%s: waiting for it: %s", feed->path,
			    error ? strerror(-error) : "not there");
	else if (state == SOURCE_LIVE)
		log_info("%s: following", feed->path);
}

static const struct source_events feed_events = {.lines = on_lines, .state = on_state};

static void feed_free(struct feed *feed)
{
	if (!feed)
		return;
	source_close(feed->source);
	reading_clear(&feed->reading);
	free(feed->path);
	free(feed);
}

static void feeds_save_all(void *arg)
{
	struct daemon *daemon = arg;

	for (struct feed *feed = daemon->feeds; feed; feed = feed->next)
		reading_save(&feed->reading, daemon->memory, true);
	reading_save_waiting(daemon->memory, daemon->resolve, true);
}

/* ---- sources ---- */

static int feed_aim(struct feed *feed, const struct setup *setup, const struct setup_feed *from)
{
	feed->limited = 0;
	return reading_aim(&feed->reading, feed->daemon->memory->names, setup, from);
}

static struct feed *feed_new(struct daemon *daemon, const struct setup *setup,
			     const struct setup_feed *from)
{
	struct feed *feed = calloc(1, sizeof *feed);
	int error = -ENOMEM;

	if (!feed)
		return NULL;
	feed->daemon = daemon;
	feed->path = strdup(from->path);
	if (!feed->path || feed_aim(feed, setup, from))
		goto fail;
	reading_restore(&feed->reading, daemon->memory, daemon->resolve);
	feed->since = memory_unread_since(daemon->memory, feed->reading.source);
	error = source_open(&feed->source, daemon->base, feed->path,
			    memory_find_position(daemon->memory, feed->reading.source),
			    &feed_events, feed);
	if (!error) {
		source_pause(feed->source, daemon->paused);
		return feed;
	}
fail:
	log_error("%s: cannot be followed: %s", from->path, strerror(-error));
	feed_free(feed);
	return NULL;
}

static struct feed *feed_take(struct feed **list, const char *path)
{
	struct feed *feed;

	for (; *list; list = &(*list)->next) {
		if (!strcmp((*list)->path, path)) {
			feed = *list;
			*list = feed->next;
			return feed;
		}
	}
	return NULL;
}

static void list_free(struct feed *feed)
{
	struct feed *next;

	for (; feed; feed = next) {
		next = feed->next;
		feed_free(feed);
	}
}

static bool is_followed(void *arg, uint32_t source)
{
	struct feed *feed = ((struct daemon *)arg)->feeds;

	while (feed && feed->reading.source != source)
		feed = feed->next;
	return feed != NULL;
}

int feeds_use(struct daemon *daemon, const struct setup *setup)
{
	struct feed *old = daemon->feeds, *feed;

	feeds_write_positions(daemon);
	daemon->feeds = NULL;
	for (size_t i = 0; i < setup->feed_count; i++) {
		feed = feed_take(&old, setup->feeds[i].path);
		if (feed && feed_aim(feed, setup, &setup->feeds[i])) {
			feed_free(feed);
			feed = NULL;
		} else if (!feed) {
			feed = feed_new(daemon, setup, &setup->feeds[i]);
		}
		if (!feed)
			continue;
		feed->next = daemon->feeds;
		daemon->feeds = feed;
	}
	list_free(old);
	memory_follow(daemon->memory, is_followed, daemon);
	recall_clear(&daemon->memory->recall);
	return 0;
}

void feeds_free(struct daemon *daemon)
{
	list_free(daemon->feeds);
	daemon->feeds = NULL;
}

void feeds_write_positions(struct daemon *daemon)
{
	struct position position;

	reading_save_waiting(daemon->memory, daemon->resolve, false);
	for (struct feed *feed = daemon->feeds; feed; feed = feed->next) {
		if (!feed->moved)
			continue;
		reading_save(&feed->reading, daemon->memory, false);
		source_position(feed->source, &position);
		memory_position(daemon->memory, feed->reading.source, &position);
		feed->moved = false;
	}
	daemon->positions_at = moment_ticks();
}

void feeds_throttle(struct daemon *daemon)
{
	bool pause = enforce_crowded(daemon->enforce) ||
		     store_counts(daemon->memory->store).backlog_bytes > BACKLOG_CROWDED;

	/* A disk that refuses must not stop the bans: the store gives its backlog up and asks
	 * for a snapshot instead. */
	if (store_error(daemon->memory->store))
		pause = enforce_crowded(daemon->enforce);
	if (pause == daemon->paused)
		return;
	daemon->paused = pause;
	for (struct feed *feed = daemon->feeds; feed; feed = feed->next)
		source_pause(feed->source, pause);
}

int feeds_open(struct daemon *daemon)
{
	daemon->memory->filters = feeds_save_all;
	daemon->memory->filters_arg = daemon;
	daemon->resolve = resolve_new(daemon->base, offend, daemon);
	return daemon->resolve ? 0 : -ENOMEM;
}
