/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside of the machine whose power is cut: asks for bans and unbans over several connections
 * and writes lines into a log, until the end.
 *
 *	guest SOCKET LOG ASKERS SEED LINE
 *	guest SOCKET counts
 *
 * The first line has the number LINE. Each question goes to standard output ahead of the
 * request, and its exit code behind the answer: "ask A.N ban 3600 PREFIX...", "ask A.N unban 0
 * PREFIX...", "ack A.N 0". When the output is a port of virtio, a line that was written is with
 * the host. The second form prints what is counted of each address that the lines are about.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define PREFIXES_MAX 4
#define LINES_MAX 8
#define ADDRESSES 50
#define ANSWER_MAX (1u << 20)

static const char *path, *log_path;
static unsigned long first_line;

struct asker {
	unsigned number;
	uint64_t random;
	char *answer;
};

static unsigned draw(uint64_t *state, unsigned below)
{
	/* xorshift64* (Vigna). */
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (unsigned)((*state * 0x2545f4914f6cdd1d >> 33) % below);
}

static void fail(const char *what)
{
	perror(what);
	_exit(1);
}

static void say(const char *text, size_t len)
{
	if (write(STDOUT_FILENO, text, len) != (ssize_t)len)
		fail("standard output");
}

/* What the daemon answers; it has room for ANSWER_MAX. */
static void ask(char *answer, const char *request, size_t len)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	size_t have = 0;
	ssize_t n;

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) ||
	    send(fd, request, len, MSG_NOSIGNAL) != (ssize_t)len)
		fail(path);
	shutdown(fd, SHUT_WR);
	while (have < ANSWER_MAX - 1 &&
	       (n = read(fd, answer + have, ANSWER_MAX - 1 - have)) > 0)
		have += (size_t)n;
	close(fd);
	answer[have] = '\0';
}

/* The exit code that an answer ends with. */
static int code_of(const char *answer)
{
	const char *code = !strncmp(answer, "X ", 2) ? answer : strstr(answer, "\nX ");

	return code ? atoi(strchr(code, 'X') + 1) : 99;
}

static void pick(char *out, size_t size, struct asker *a)
{
	unsigned i = draw(&a->random, 10);

	switch (draw(&a->random, 4)) {
	case 0:
		snprintf(out, size, "30.%u.%u.0/24", a->number, i);
		break;
	case 1:
		snprintf(out, size, "2001:db8:%x:%x::/64", a->number, i);
		break;
	default:
		snprintf(out, size, "20.%u.0.%u/32", a->number, i);
	}
}

static void deed(struct asker *a, unsigned number)
{
	bool ban = draw(&a->random, 10) < 7, for_ever = ban && !draw(&a->random, 3);
	unsigned count = 1 + draw(&a->random, PREFIXES_MAX), seconds = ban ? 3600 : 0;
	char list[300] = "", args[400] = "", prefix[64], text[512], request[1024];
	int len;

	for (unsigned i = 0; i < count; i++) {
		pick(prefix, sizeof(prefix), a);
		if (strstr(list, prefix))
			continue;
		snprintf(list + strlen(list), sizeof(list) - strlen(list), " %s", prefix);
		snprintf(args + strlen(args), sizeof(args) - strlen(args), "%s\"%s\"",
			 *args ? "," : "", prefix);
	}
	len = snprintf(text, sizeof(text), "ask %u.%u %s %u%s\n", a->number, number,
		       ban ? "ban" : "unban", for_ever ? 0 : seconds, list);
	say(text, (size_t)len);
	len = ban ? snprintf(request, sizeof(request),
			     "{\"verb\":\"ban\",\"args\":[%s],\"options\":{\"for\":\"%s\","
			     "\"reason\":\"deed %u.%u\"}}\n",
			     args, for_ever ? "forever" : "1h", a->number, number)
		  : snprintf(request, sizeof(request),
			     "{\"verb\":\"unban\",\"args\":[%s],\"options\":{}}\n", args);
	ask(a->answer, request, (size_t)len);
	len = snprintf(text, sizeof(text), "ack %u.%u %d\n", a->number, number,
		       code_of(a->answer));
	say(text, (size_t)len);
}

static void *asker_run(void *arg)
{
	for (unsigned number = 1;; number++)
		deed(arg, number);
	return NULL;
}

/* A log is rarely synced: its end is lost with the power. */
static void *log_run(void *arg)
{
	struct asker *a = arg;
	int fd = open(log_path, O_WRONLY | O_APPEND | O_CREAT, 0644);
	char text[LINES_MAX * 128], stamp[32];

	if (fd < 0)
		fail(log_path);
	for (unsigned long number = first_line;;) {
		size_t len = 0;
		time_t now = time(NULL);
		struct tm tm;

		strftime(stamp, sizeof(stamp), "%Y-%m-%d %H:%M:%S", localtime_r(&now, &tm));
		for (unsigned i = draw(&a->random, LINES_MAX) + 1; i; i--)
			len += (size_t)sprintf(text + len,
					       "%s app: bad login from 50.0.0.%u n=%lu\n",
					       stamp, draw(&a->random, ADDRESSES), number++);
		if (write(fd, text, len) != (ssize_t)len)
			fail(log_path);
		if (!draw(&a->random, 10))
			fdatasync(fd);
		nanosleep(&(struct timespec){.tv_nsec = draw(&a->random, 40) * 1000000L}, NULL);
	}
	return NULL;
}

static int counts(char *answer)
{
	char request[128], *lines;
	int len;

	for (unsigned i = 0; i < ADDRESSES; i++) {
		len = snprintf(request, sizeof(request),
			       "{\"verb\":\"why\",\"args\":[\"50.0.0.%u\"],\"options\":{"
			       "\"json\":\"yes\"}}\n",
			       i);
		ask(answer, request, (size_t)len);
		lines = strstr(answer, ",\"lines\":");
		if (strncmp(answer, "O ", 2) != 0 || !lines)
			return 1;
		printf("%.*s}\n", (int)(lines - answer - 2), answer + 2);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct asker askers[9];
	pthread_t thread;
	unsigned count;

	path = argv[1];
	if (argc == 3)
		return counts(malloc(ANSWER_MAX));
	if (argc != 6 || (count = (unsigned)atoi(argv[3])) >= 9)
		return 2;
	log_path = argv[2];
	first_line = strtoul(argv[5], NULL, 10);
	for (unsigned i = 0; i <= count; i++) {
		askers[i] = (struct asker){
			i, strtoul(argv[4], NULL, 10) * 0x9e3779b97f4a7c15 + i + 1,
			malloc(ANSWER_MAX)};
		if (pthread_create(&thread, NULL, i ? asker_run : log_run, &askers[i]))
			return 1;
	}
	pthread_join(thread, NULL);
	return 0;
}
