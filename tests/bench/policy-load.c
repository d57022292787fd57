/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Load for a policy service, as Postfix makes it: many connections that stay open, on each one
 * request at a time.
 *
 *	policy-load PORT|PATH CONNECTIONS RATE SECONDS
 *
 * Requests are due at even times, RATE a second, whatever the service does; the time of an
 * answer counts from when its request was due, so that a service that stops for a while is not
 * asked less meanwhile. With RATE 0 every connection asks as soon as it was answered, and the
 * time counts from then. Prints the answers, the answers a second, and milliseconds at the
 * median, the 99th percentile and the longest.
 *
 *	policy-load serve PORT
 *
 * is a service that answers without looking: what this machine can do at best.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#define SAMPLES_MAX 20000000u
#define TICK_US 100

struct peer {
	struct load *load;
	struct bufferevent *stream;
	int64_t due; /* of the request that is under way; 0: none */
};

struct load {
	struct event_base *base;
	struct peer *peers;
	unsigned count, connected, idle; /* idle: so many are at the top of `rest` */
	unsigned *rest;
	int64_t began, ends, interval;
	uint64_t sent;
	double *samples;
	size_t sample_count;
	unsigned state;
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void fail(const char *what)
{
	fprintf(stderr, "policy-load: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* What Postfix 3.7 sends at DATA, from one of 65536 networks. */
static void ask(struct peer *peer, int64_t due)
{
	struct load *load = peer->load;

	load->state = load->state * 1103515245u + 12345u;
	peer->due = due;
	load->sent++;
	evbuffer_add_printf(
		bufferevent_get_output(peer->stream),
		"request=smtpd_access_policy\nprotocol_state=DATA\nprotocol_name=ESMTP\n"
		"client_address=10.%u.%u.7\nclient_name=mail.client.example\n"
		"client_port=59685\nreverse_client_name=mail.client.example\n"
		"server_address=192.0.2.1\nserver_port=25\nhelo_name=client.example\n"
		"sender=a@good.example\nrecipient=alice@example.net\nrecipient_count=1\n"
		"queue_id=F19FDAA805D\ninstance=14b5.6b00d990.%" PRIx64 ".0\nsize=0\n"
		"etrn_domain=\nstress=\nsasl_method=\nsasl_username=\nsasl_sender=\n"
		"ccert_subject=\nccert_issuer=\nccert_fingerprint=\n"
		"ccert_pubkey_fingerprint=\nencryption_protocol=\nencryption_cipher=\n"
		"encryption_keysize=0\npolicy_context=\n\n",
		load->state >> 24, load->state >> 16 & 255, load->sent);
}

/* The request that is due next, when it is and somebody is free to ask. */
static void ask_due(struct load *load, int64_t now)
{
	int64_t due = load->began + (int64_t)load->sent * load->interval;

	while (due <= now && due < load->ends && load->idle) {
		ask(&load->peers[load->rest[--load->idle]], due);
		due += load->interval;
	}
}

static void on_answer(struct bufferevent *stream, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(stream);
	struct peer *peer = arg;
	struct load *load = peer->load;
	size_t len = evbuffer_get_length(in);
	const char *text = (const char *)evbuffer_pullup(in, -1);
	int64_t now = now_ns();

	if (len < 2 || memcmp(text + len - 2, "\n\n", 2) != 0)
		return;
	if (strncmp(text, "action=", 7) != 0 || !peer->due)
		fail("no answer");
	evbuffer_drain(in, len);
	if (load->sample_count < SAMPLES_MAX)
		load->samples[load->sample_count++] = (double)(now - peer->due) / 1e6;
	peer->due = 0;
	if (load->interval || now >= load->ends)
		load->rest[load->idle++] = (unsigned)(peer - load->peers);
	else
		ask(peer, now);
	if (load->interval)
		ask_due(load, now);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct load *load = arg;
	int64_t now = now_ns();

	(void)fd;
	(void)what;
	if (load->interval)
		ask_due(load, now);
	/* Who has not answered by then does not count as fast. */
	if (now > load->ends && (load->idle == load->count || now > load->ends + 10000000000))
		event_base_loopbreak(load->base);
}

static void begin(struct load *load, double rate, double seconds)
{
	load->began = now_ns();
	load->ends = load->began + (int64_t)(seconds * 1e9);
	load->interval = rate > 0 ? (int64_t)(1e9 / rate) : 0;
	while (!load->interval && load->idle)
		ask(&load->peers[load->rest[--load->idle]], load->began);
}

static void on_event(struct bufferevent *stream, short what, void *arg)
{
	struct peer *peer = arg;

	(void)stream;
	if (!(what & BEV_EVENT_CONNECTED))
		fail("connection");
	if (++peer->load->connected == peer->load->count)
		event_base_loopbreak(peer->load->base);
}

static void parse_name(struct sockaddr_storage *at, int *len, const char *name)
{
	struct sockaddr_un *un = (struct sockaddr_un *)at;
	char port[64];

	*len = sizeof *at;
	if (*name == '/') {
		un->sun_family = AF_UNIX;
		snprintf(un->sun_path, sizeof un->sun_path, "%s", name);
		*len = sizeof *un;
		return;
	}
	snprintf(port, sizeof port, "127.0.0.1:%s", name);
	if (evutil_parse_sockaddr_port(port, (struct sockaddr *)at, len))
		fail(port);
}

static void connect_all(struct load *load, const char *name)
{
	struct sockaddr_storage at;
	int len;

	parse_name(&at, &len, name);
	for (unsigned i = 0; i < load->count; i++) {
		struct peer *peer = &load->peers[i];

		peer->load = load;
		peer->stream = bufferevent_socket_new(load->base, -1, BEV_OPT_CLOSE_ON_FREE);
		bufferevent_setcb(peer->stream, on_answer, NULL, on_event, peer);
		bufferevent_enable(peer->stream, EV_READ | EV_WRITE);
		if (bufferevent_socket_connect(peer->stream, (struct sockaddr *)&at, len))
			fail("connect");
		load->rest[load->idle++] = i;
	}
	event_base_dispatch(load->base);
}

/* ---- the floor: a service that looks at nothing ---- */

static void on_request(struct bufferevent *stream, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(stream);
	size_t len = evbuffer_get_length(in);
	const char *text = (const char *)evbuffer_pullup(in, -1);

	(void)arg;
	if (len < 2 || memcmp(text + len - 2, "\n\n", 2) != 0)
		return;
	evbuffer_drain(in, len);
	evbuffer_add(bufferevent_get_output(stream), "action=DUNNO\n\n", 14);
}

static void on_end(struct bufferevent *stream, short what, void *arg)
{
	(void)what;
	(void)arg;
	bufferevent_free(stream);
}

static void on_client(struct evconnlistener *listener, evutil_socket_t fd,
		      struct sockaddr *from, int len, void *arg)
{
	struct bufferevent *stream = bufferevent_socket_new(arg, fd, BEV_OPT_CLOSE_ON_FREE);

	(void)listener;
	(void)from;
	(void)len;
	bufferevent_setcb(stream, on_request, NULL, on_end, NULL);
	bufferevent_enable(stream, EV_READ | EV_WRITE);
}

static int serve(const char *name)
{
	struct event_base *base = event_base_new();
	struct sockaddr_storage at;
	int len;

	parse_name(&at, &len, name);
	if (!evconnlistener_new_bind(base, on_client, base,
				     LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_FREE, 1024,
				     (struct sockaddr *)&at, len))
		fail(name);
	return event_base_dispatch(base);
}

/* ---- the whole ---- */

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

static double at_part(const struct load *load, double part)
{
	return load->samples[(size_t)((double)(load->sample_count - 1) * part)];
}

int main(int argc, char **argv)
{
	struct timeval tick = {0, TICK_US};
	struct rlimit files;
	struct load load = {0};
	struct event_config *config;
	struct event *timer;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	if (argc == 3 && !strcmp(argv[1], "serve"))
		return serve(argv[2]);
	if (argc != 5) {
		fprintf(stderr, "usage: policy-load PORT|PATH CONNECTIONS RATE SECONDS\n"
				"       policy-load serve PORT|PATH\n");
		return 2;
	}
	load.count = (unsigned)strtoul(argv[2], NULL, 10);
	load.peers = calloc(load.count, sizeof *load.peers);
	load.rest = calloc(load.count, sizeof *load.rest);
	load.samples = malloc(SAMPLES_MAX * sizeof *load.samples);
	/* Without it time goes by in steps of 4 ms. */
	config = event_config_new();
	if (config)
		event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
	load.base = config ? event_base_new_with_config(config) : NULL;
	if (!load.peers || !load.rest || !load.samples || !load.base)
		fail("memory");
	connect_all(&load, argv[1]);
	timer = event_new(load.base, -1, EV_PERSIST, on_tick, &load);
	event_add(timer, &tick);
	begin(&load, strtod(argv[3], NULL), strtod(argv[4], NULL));
	event_base_dispatch(load.base);
	if (!load.sample_count)
		fail("no answers");
	qsort(load.samples, load.sample_count, sizeof *load.samples, compare);
	printf("%zu %.0f %.3f %.3f %.3f\n", load.sample_count,
	       (double)load.sample_count / ((double)(load.ends - load.began) / 1e9),
	       at_part(&load, 0.5), at_part(&load, 0.99), at_part(&load, 1));
	return 0;
}
