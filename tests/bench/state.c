/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store alone, and a daemon's answer beside the disk's:
 *
 *	state snapshot DIR N	seconds to write a snapshot of N bans, and of the processor
 *	state load DIR		seconds to read it, and of the processor, and into the tables of
 *				live bans, and bytes of these a ban
 *	state journal DIR N	seconds until N decisions are durable, in groups, and of the
 *				processor
 *	state ask SOCKET DIR N	microseconds, medians: from a request on an open connection to
 *				its answer that the ban is durable; fdatasync(2) of a record in
 *DIR
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/moment.h"
#include "judge/judge.h"
#include "state/store.h"

#define GROUP 50 /* decisions committed in one turn of the loop */

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double processor(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void fail(const char *what, int error)
{
	fprintf(stderr, "state: %s: %s\n", what, strerror(error < 0 ? -error : error));
	exit(1);
}

static struct record numbered(uint32_t n)
{
	struct record ban = {.kind = RECORD_BAN, .ban = {.jail = 1, .count = 5}};

	ban.ban.prefix = (struct prefix){
		4,
		32,
		{(uint8_t)(20 + (n >> 24)), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}};
	ban.ban.since = moment_now();
	ban.ban.until = ban.ban.since + 86400000 + n % 1000;
	return ban;
}

/* ---- the store ---- */

struct tally {
	struct judge *judge; /* NULL: only count */
	uint64_t bans;
};

static void on_record(void *arg, const struct record *record)
{
	struct tally *tally = arg;

	if (record->kind != RECORD_BAN)
		return;
	tally->bans++;
	if (tally->judge)
		judge_put(tally->judge, &record->ban);
}

static void on_note(void *arg, const char *text)
{
	(void)arg;
	fprintf(stderr, "state: %s\n", text);
	exit(1);
}

static const struct store_load load = {.record = on_record, .note = on_note};

static struct store *open_store(const char *dir, enum store_mode mode, struct tally *tally)
{
	struct store *store;
	int error = store_open(&store, dir, mode, &load, tally);

	if (error)
		fail(dir, error);
	return store;
}

static void await(struct store *store)
{
	struct pollfd fd = {.fd = store_fd(store), .events = POLLIN};

	poll(&fd, 1, -1);
	store_seen(store);
}

static int snapshot(const char *dir, uint32_t count)
{
	struct tally tally = {0};
	struct store *store = open_store(dir, STORE_WRITE, &tally);
	double start = seconds(), cpu = processor();
	int error = store_snapshot_begin(store);

	if (error)
		fail("snapshot", error);
	for (uint32_t n = 0; n < count; n++) {
		struct record ban = numbered(n);

		store_snapshot_put(store, &ban);
	}
	store_snapshot_end(store);
	while (store_snapshot_busy(store))
		await(store);
	start = seconds() - start;
	store_seen(store);
	error = store_counts(store).snapshot_error;
	if (error)
		fail("snapshot", error);
	store_close(store);
	printf("%.4f %.4f\n", start, processor() - cpu);
	return 0;
}

static int read_back(const char *dir)
{
	struct judge_limits limits = {.bans = 4000000, .accounts = 1000};
	struct tally counted = {0}, kept = {0};
	double start = seconds(), cpu = processor(), read, put;
	size_t before;

	store_close(open_store(dir, STORE_READ, &counted));
	read = seconds() - start;
	cpu = processor() - cpu;
	if (judge_new(&kept.judge, &limits))
		fail("judge", ENOMEM);
	before = mallinfo2().uordblks + mallinfo2().hblkhd;
	start = seconds();
	store_close(open_store(dir, STORE_READ, &kept));
	put = seconds() - start;
	printf("%.4f %.4f %.4f %.1f\n", read, cpu, put,
	       (double)(mallinfo2().uordblks + mallinfo2().hblkhd - before) /
		       (double)judge_counts(kept.judge).live);
	judge_free(kept.judge);
	return 0;
}

/* A decision as a line makes it: the line, the ban, and at the end of each turn the position.
 */
static int journal(const char *dir, uint32_t count)
{
	static const char line[] = "Nov 30 20:00:00 host sshd[4711]: Failed password for root "
				   "from 192.0.2.1 port 4";
	struct record evidence = {.kind = RECORD_EVIDENCE},
		      position = {.kind = RECORD_POSITION};
	struct tally tally = {0};
	struct store *store = open_store(dir, STORE_WRITE, &tally);
	double start = seconds(), cpu = processor();
	uint64_t ticket;

	evidence.evidence.line = (struct text){line, sizeof line - 1};
	position.position.source = 2;
	for (uint32_t n = 0; n < count; n++) {
		struct record ban = numbered(n);

		evidence.evidence.prefix = ban.ban.prefix;
		store_put(store, &evidence);
		store_put(store, &ban);
		if (n % GROUP)
			continue;
		position.position.position.offset = n;
		store_put(store, &position);
		store_commit(store, false);
		/* As the daemon reads no more of a log when this much waits. */
		while (store_counts(store).backlog_bytes > STORE_BACKLOG_MAX / 4)
			await(store);
	}
	ticket = store_commit(store, true);
	while (store_durable(store) < ticket)
		await(store);
	printf("%.4f %.4f\n", seconds() - start, processor() - cpu);
	store_close(store);
	return 0;
}

/* ---- a daemon ---- */

static int dial(const char *path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to))
		fail(path, errno);
	return fd;
}

static double ask(const char *path, uint32_t n)
{
	int fd = dial(path), len;
	char text[256];
	double start;
	ssize_t got;

	len = snprintf(
		text, sizeof text,
		"{\"verb\":\"ban\",\"args\":[\"30.0.%u.%u\"],\"options\":{\"for\":\"1h\"}}\n",
		n >> 8 & 255, n & 255);
	start = seconds();
	if (write(fd, text, (size_t)len) != len || shutdown(fd, SHUT_WR))
		fail(path, errno);
	got = read(fd, text, sizeof text - 1);
	start = seconds() - start;
	text[got > 0 ? got : 0] = 0;
	if (strcmp(text, "X 0\n") != 0) {
		fprintf(stderr, "state: the daemon said %s\n", text);
		exit(1);
	}
	close(fd);
	return start * 1e6;
}

/* What the daemon's own write amounts to: a frame at the end of a file. */
static double sync_record(int fd, uint32_t n)
{
	static const char record[160];
	double start = seconds();

	if (pwrite(fd, record, sizeof record, (off_t)(n * sizeof record)) < 0 || fdatasync(fd))
		fail("fdatasync", errno);
	return (seconds() - start) * 1e6;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int beside(const char *socket, const char *dir, uint32_t count)
{
	double *asked = calloc(count, sizeof *asked), *synced = calloc(count, sizeof *synced);
	char path[4096];
	int fd;

	snprintf(path, sizeof path, "%s/disk", dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || !asked || !synced)
		fail(path, errno);
	for (uint32_t n = 0; n < count; n++) {
		asked[n] = ask(socket, n);
		synced[n] = sync_record(fd, n);
	}
	qsort(asked, count, sizeof *asked, compare);
	qsort(synced, count, sizeof *synced, compare);
	printf("%.1f %.1f\n", asked[count / 2], synced[count / 2]);
	unlink(path);
	free(asked);
	free(synced);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "snapshot"))
		return snapshot(argv[2], (uint32_t)atol(argv[3]));
	if (argc == 3 && !strcmp(argv[1], "load"))
		return read_back(argv[2]);
	if (argc == 4 && !strcmp(argv[1], "journal"))
		return journal(argv[2], (uint32_t)atol(argv[3]));
	if (argc == 5 && !strcmp(argv[1], "ask"))
		return beside(argv[2], argv[3], (uint32_t)atol(argv[4]));
	fputs("state: wrong arguments\n", stderr);
	return 2;
}
