/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Receives datagrams in batches, and hands over their lines in runs of one time. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/moment.h"
#include "source/header.h"
#include "source/inlet.h"
#include "source/syslog.h"
#include "source/watch.h"

#define BATCH 32	     /* datagrams received at once */
#define BATCHES 8	     /* of a turn */
#define DATAGRAM (16 * 1024) /* more than a line and its header */
#define RETRY_MS 1000

/* Received datagrams, and the run that is being made of them. Both outlast a pause. */
struct batch {
	struct mmsghdr headers[BATCH];
	struct iovec slots[BATCH];
	char *in;	    /* BATCH * DATAGRAM */
	unsigned int next;  /* the first that is no line yet */
	unsigned int count; /* received */
	char *out;	    /* BATCH * HEADER_LINE_MAX */
	size_t len;
	int64_t time; /* of all lines in `out` */
};

struct syslog {
	struct source source;
	struct inlet inlet;
	struct watch *watch; /* of a path */
	struct event *readable;
	struct event *work;
	struct clock clock;
	char host[HOST_NAME_MAX + 1]; /* whose messages name none */
	struct batch batch;
};

/* ---- datagrams into lines ---- */

static void hand_run(struct syslog *syslog)
{
	struct batch *batch = &syslog->batch;
	struct text run = {batch->out, batch->len};

	if (!run.len)
		return;
	batch->len = 0;
	source_hand_dated(&syslog->source, run, batch->time, true);
}

/* What the kernel cut must not look as if it ended there. */
static bool is_whole(const struct msghdr *msg, bool cut)
{
	return cut || !(msg->msg_flags & MSG_TRUNC);
}

static void add_line(struct syslog *syslog, const struct header *header,
		     const struct msghdr *msg)
{
	struct batch *batch = &syslog->batch;
	char *at = batch->out + batch->len;
	bool cut;
	size_t len = header_print(header, syslog->host, at, &cut);

	if (!is_whole(msg, cut)) {
		syslog->source.counts.dropped++;
		return;
	}
	syslog->source.counts.cut += cut;
	batch->len += len;
	batch->time = header->time;
}

static void take_datagram(struct syslog *syslog, int64_t now)
{
	struct batch *batch = &syslog->batch;
	const struct mmsghdr *got = &batch->headers[batch->next];
	struct text datagram = {batch->in + (size_t)batch->next * DATAGRAM, got->msg_len};
	struct header header;

	if (!header_parse(&header, datagram, now, &syslog->clock)) {
		syslog->source.counts.dropped++;
		batch->next++;
		return;
	}
	/* A pause in the midst of this leaves the datagram for later. */
	if (batch->len && batch->time != header.time) {
		hand_run(syslog);
		return;
	}
	batch->next++;
	add_line(syslog, &header, &got->msg_hdr);
}

/* What was received before, too. */
static void hand_batch(struct syslog *syslog)
{
	struct batch *batch = &syslog->batch;
	int64_t now = moment_now();

	while (batch->next < batch->count && !source_stopped(&syslog->source))
		take_datagram(syslog, now);
	if (!source_stopped(&syslog->source))
		hand_run(syslog);
}

/* ---- the socket ---- */

static void syslog_unbind(struct syslog *syslog)
{
	if (syslog->readable)
		event_free(syslog->readable);
	syslog->readable = NULL;
	syslog->source.counts.dropped += inlet_dropped(&syslog->inlet);
	inlet_close(&syslog->inlet);
}

static void syslog_work_in(struct syslog *syslog, int ms)
{
	struct timeval tv = {ms / 1000, ms % 1000 * 1000};

	event_add(syslog->work, &tv);
}

/* One recvmmsg(). True: there may be more. */
static bool receive(struct syslog *syslog)
{
	struct batch *batch = &syslog->batch;
	int count = recvmmsg(syslog->inlet.fd, batch->headers, BATCH, MSG_DONTWAIT, NULL);

	if (count < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return false;
		syslog->source.counts.errors++;
		source_turn(&syslog->source, SOURCE_WAITING, -errno);
		syslog_unbind(syslog);
		syslog_work_in(syslog, RETRY_MS);
		return false;
	}
	batch->next = 0;
	batch->count = (unsigned int)count;
	return count == BATCH;
}

static void receive_all(struct syslog *syslog)
{
	bool more = true;

	hand_batch(syslog);
	for (int i = 0; i < BATCHES && more && !source_stopped(&syslog->source); i++) {
		more = receive(syslog);
		hand_batch(syslog);
	}
	syslog->source.counts.dropped += inlet_dropped(&syslog->inlet);
}

static void syslog_readable(evutil_socket_t fd, short what, void *arg)
{
	struct syslog *syslog = arg;

	(void)fd;
	(void)what;
	source_enter(&syslog->source);
	if (syslog->source.paused)
		event_del(syslog->readable);
	else
		receive_all(syslog);
	source_leave(&syslog->source);
}

static int syslog_bind(struct syslog *syslog)
{
	int err = inlet_open(&syslog->inlet);

	if (err)
		return err;
	syslog->readable = event_new(syslog->source.base, syslog->inlet.fd,
				     EV_READ | EV_PERSIST, syslog_readable, syslog);
	if (!syslog->readable || event_add(syslog->readable, NULL)) {
		syslog_unbind(syslog);
		return -ENOMEM;
	}
	return 0;
}

/* See whether senders still find the socket, and make it where they do not. */
static void syslog_look(struct syslog *syslog)
{
	int err = 0;

	if (syslog->readable && !inlet_stands(&syslog->inlet)) {
		receive_all(syslog);
		if (source_stopped(&syslog->source))
			return;
		syslog_unbind(syslog);
	}
	if (!syslog->readable)
		err = syslog_bind(syslog);
	else
		event_add(syslog->readable, NULL);
	source_turn(&syslog->source, err ? SOURCE_WAITING : SOURCE_LIVE, err);
	if (err && !syslog->watch)
		syslog_work_in(syslog, RETRY_MS);
}

static void syslog_turn(struct syslog *syslog)
{
	source_enter(&syslog->source);
	if (!source_stopped(&syslog->source))
		hand_batch(syslog);
	if (!source_stopped(&syslog->source))
		syslog_look(syslog);
	source_leave(&syslog->source);
}

static void syslog_work(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	syslog_turn(arg);
}

static void syslog_changed(void *arg, bool names)
{
	struct syslog *syslog = arg;

	if (!names)
		return;
	watch_aim(syslog->watch);
	syslog_turn(syslog);
}

/* ---- the kind ---- */

static void syslog_close(struct source *source)
{
	struct syslog *syslog = (struct syslog *)source;

	syslog_unbind(syslog);
	if (syslog->work)
		event_free(syslog->work);
	watch_close(syslog->watch);
	free(syslog->batch.in);
	free(syslog->batch.out);
	free(source->path);
	free(syslog);
}

static void syslog_position(const struct source *source, struct position *out)
{
	(void)source;
	*out = (struct position){0};
}

static void syslog_resume(struct source *source)
{
	syslog_work_in((struct syslog *)source, 0);
}

static const struct source_kind syslog_kind = {
	.close = syslog_close,
	.position = syslog_position,
	.resume = syslog_resume,
};

static int batch_open(struct batch *batch)
{
	batch->in = malloc((size_t)BATCH * DATAGRAM);
	batch->out = malloc((size_t)BATCH * HEADER_LINE_MAX);
	if (!batch->in || !batch->out)
		return -ENOMEM;
	for (size_t i = 0; i < BATCH; i++) {
		batch->slots[i] = (struct iovec){batch->in + i * DATAGRAM, DATAGRAM};
		batch->headers[i].msg_hdr.msg_iov = &batch->slots[i];
		batch->headers[i].msg_hdr.msg_iovlen = 1;
	}
	return 0;
}

int syslog_open(struct source **out, struct event_base *base, const char *name,
		const struct source_events *events, void *arg)
{
	struct syslog *syslog;
	struct inlet inlet;
	int err = inlet_parse(&inlet, name);

	if (err)
		return err;
	syslog = calloc(1, sizeof(*syslog));
	if (!syslog)
		return -ENOMEM;
	syslog->inlet = inlet;
	err = -ENOMEM;
	if (source_init(&syslog->source, &syslog_kind, base, name, events, arg) ||
	    batch_open(&syslog->batch))
		goto fail;
	if (gethostname(syslog->host, sizeof(syslog->host) - 1) || !syslog->host[0])
		strcpy(syslog->host, "localhost");
	syslog->work = evtimer_new(base, syslog_work, syslog);
	if (!syslog->work)
		goto fail;
	if (inlet_path(&inlet)) {
		err = watch_open(&syslog->watch, base, inlet_path(&inlet), syslog_changed,
				 syslog);
		if (err)
			goto fail;
	}
	/* Senders may begin now; what cannot be made now is told by the first turn. */
	syslog_bind(syslog);
	syslog_work_in(syslog, 0);
	*out = &syslog->source;
	return 0;
fail:
	syslog_close(&syslog->source);
	return err;
}
