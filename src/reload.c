/* SPDX-License-Identifier: GPL-2.0-or-later */
/* banish reload: files and filters are read in a thread, so that bans go on meanwhile. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "client.h"
#include "command.h"
#include "daemon.h"

struct reload {
	struct daemon *daemon;
	struct call *call; /* who asked, or NULL */
	pthread_t thread;
	struct event *done;
	int fd;
	bool again;	     /* asked for once more meanwhile */
	struct setup *setup; /* the thread's result */
	int error;
	char *messages; /* its diagnostics, a line each */
	size_t size;
	FILE *out;
};

int cmd_reload(int argc, char **argv)
{
	static const struct client client = {.verb = "reload", .usage = ""};

	return client_run(&client, argc, argv);
}

static void reload_say(void *arg, bool error, struct place place, const char *text)
{
	struct reload *reload = arg;

	if (place.file && place.line)
		fprintf(reload->out, "%s:%u: ", place.file, place.line);
	else if (place.file)
		fprintf(reload->out, "%s: ", place.file);
	fprintf(reload->out, "%s%s\n", error ? "" : "warning: ", text);
}

static void *reload_thread(void *arg)
{
	struct reload *reload = arg;
	struct diag diag = {.say = reload_say, .arg = reload};
	uint64_t one = 1;

	reload->error = setup_new(&reload->setup, reload->daemon->file, SETUP_STRICT, &diag);
	fflush(reload->out);
	if (write(reload->fd, &one, sizeof one) < 0)
		return NULL;
	return NULL;
}

static void reload_free(struct reload *reload)
{
	if (reload->done)
		event_free(reload->done);
	if (reload->fd >= 0)
		close(reload->fd);
	if (reload->out)
		fclose(reload->out);
	free(reload->messages);
	free(reload);
}

static void reload_tell(struct reload *reload)
{
	struct text rest = text_of(reload->messages), line;

	while (text_line(&rest, &line)) {
		log_warning("%.*s", (int)line.len, line.at);
		if (reload->call)
			call_err(reload->call, "%.*s", (int)line.len, line.at);
	}
	if (reload->error) {
		log_error("reload: refused; the former configuration stays in force");
		if (reload->call)
			call_err(reload->call,
				 "banish: refused; the former configuration stays in force");
	} else {
		log_info("reload: done");
	}
}

static void reload_done(evutil_socket_t fd, short what, void *arg)
{
	struct reload *reload = arg;
	struct daemon *daemon = reload->daemon;
	bool again;

	(void)fd;
	(void)what;
	pthread_join(reload->thread, NULL);
	daemon->reload = NULL;
	if (!reload->error) {
		reload->error = daemon_use(daemon, reload->setup);
		if (reload->error)
			setup_free(reload->setup);
	}
	reload_tell(reload);
	if (reload->call)
		call_finish(reload->call, reload->error ? EXIT_REFUSED : EXIT_DONE);
	again = reload->again;
	reload_free(reload);
	if (again)
		reload_begin(daemon, NULL);
}

void reload_begin(struct daemon *daemon, struct call *call)
{
	struct reload *reload = daemon->reload ? NULL : calloc(1, sizeof *reload);

	/* The files may have changed since the one under way has read them. */
	if (daemon->reload && !call) {
		daemon->reload->again = true;
		return;
	}
	if (!reload)
		goto refuse;
	reload->daemon = daemon;
	reload->call = call;
	reload->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	reload->out = open_memstream(&reload->messages, &reload->size);
	reload->done = event_new(daemon->base, reload->fd, EV_READ, reload_done, reload);
	if (reload->fd < 0 || !reload->out || !reload->done || event_add(reload->done, NULL))
		goto fail;
	if (pthread_create(&reload->thread, NULL, reload_thread, reload))
		goto fail;
	daemon->reload = reload;
	return;
fail:
	reload_free(reload);
refuse:
	log_error("reload: %s", daemon->reload ? "one is under way" : "out of memory");
	if (call) {
		call_err(call, "banish: reload: %s",
			 daemon->reload ? "one is under way" : "out of memory");
		call_finish(call, EXIT_REFUSED);
	}
}

void reload_forget(struct daemon *daemon, const struct call *call)
{
	if (daemon->reload && daemon->reload->call == call)
		daemon->reload->call = NULL;
}

void reload_start(void *arg, struct call *call)
{
	reload_begin(arg, call);
}
