/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A snapshot whose checksum file is right, as somebody makes it who can write to the folder:
 * libgdbm must not bring the program down nor keep it for ever, and every value that is given
 * has its own checksum.
 *
 * The input changes a snapshot of a few records: a byte says how long the file is, then eight
 * bytes each say where four others go. Most of a GDBM file is zero, so places are counted in
 * what is not, and may lie just behind it. With a first byte of 255 the rest is the file.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "state/bytes.h"
#include "state/crc.h"
#include "state/folder.h"
#include "state/io.h"
#include "state/snapshot.h"

#define GENERATION 7

/* An assertion that stays with NDEBUG. */
#define CLAIM(what) ((what) ? (void)0 : (fprintf(stderr, "not true: %s\n", #what), abort()))

static char path[] = "/dev/shm/banish-fuzz.XXXXXX";
static int folder = -1;

static void put_file(const char *name, const uint8_t *at, size_t len)
{
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CLAIM(fd >= 0 && write(fd, at, len) == (ssize_t)len);
	close(fd);
}

static void put_sum(const uint8_t *file, size_t len)
{
	uint8_t sum[32], *at = put_bytes(sum, "banish-c", 8);

	at = put_u32(at, 1);
	at = put_u32(at, GENERATION);
	at = put_u64(at, len);
	at = put_u32(at, crc32c(0, file, len));
	put_u32(at, crc32c(0, sum, 28));
	put_file("snapshot.00000007.sum", sum, sizeof(sum));
}

struct values {
	uint32_t count;
};

static int on_value(void *arg, const uint8_t *at, size_t len)
{
	struct values *values = arg;
	uint8_t place[8];
	uint32_t sum = 0;

	CLAIM(len <= SNAPSHOT_VALUE - SNAPSHOT_SUM);
	at -= SNAPSHOT_SUM;
	put_u32(put_u32(place, GENERATION), values->count++);
	sum = get_u32(&at);
	CLAIM(sum == crc32c(crc32c(0, place, sizeof(place)), at, len));
	return 0;
}

static void leave(void)
{
	unlinkat(folder, "snapshot.00000007.sum", 0);
	unlinkat(folder, "snapshot.00000007.gdbm", 0);
	rmdir(path);
}

/* The snapshot that is changed. */
static uint8_t *base;
static size_t base_len;
static uint32_t *hot; /* where it is not zero */
static uint32_t hot_count;

static void make_base(void)
{
	static uint8_t value[SNAPSHOT_VALUE];
	struct snapshot *snapshot;
	int fd;

	CLAIM(!snapshot_create(&snapshot, &io_system, folder, GENERATION));
	for (size_t len = 100; len < 8192; len *= 8)
		CLAIM(!snapshot_add(snapshot, value, len, 1));
	CLAIM(!snapshot_finish(snapshot) && !snapshot_publish(snapshot));
	base_len = snapshot_size(snapshot);
	snapshot_close(snapshot);
	base = malloc(base_len);
	hot = calloc(base_len, sizeof(*hot));
	fd = openat(folder, "snapshot.00000007.gdbm", O_RDONLY | O_CLOEXEC);
	CLAIM(base && hot && io_read(fd, base, base_len, 0) == (ssize_t)base_len);
	close(fd);
	for (size_t i = 0; i < base_len; i++)
		if (base[i])
			hot[hot_count++] = (uint32_t)i;
}

static void enter(void)
{
	CLAIM(mkdtemp(path));
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLAIM(folder >= 0);
	atexit(leave);
	make_base();
}

/* The length of the file in `file`, which has room for the base. */
static size_t change_base(uint8_t *file, const uint8_t *in, size_t size)
{
	size_t len = base_len - (in[0] & 127u) * base_len / 256;

	memcpy(file, base, base_len);
	for (in++, size--; size >= 8; in += 8, size -= 8) {
		const uint8_t *at = in;
		size_t to = hot[get_u16(&at) % hot_count] + (get_u16(&at) & 31u);

		if (to + 4 <= base_len)
			memcpy(file + to, at, 4);
	}
	return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t size)
{
	char why[SNAPSHOT_WHY] = "";
	struct snapshot *snapshot;
	struct values values = {0};
	uint8_t *file;
	int err;

	if (folder < 0)
		enter();
	if (!size)
		return 0;
	file = malloc(base_len > size ? base_len : size);
	CLAIM(file);
	if (in[0] == 255)
		memcpy(file, in + 1, --size);
	else
		size = change_base(file, in, size);
	put_file("snapshot.00000007.gdbm", file, size);
	put_sum(file, size);
	free(file);
	err = snapshot_open(&snapshot, why, folder, GENERATION);
	CLAIM(!err || why[0]);
	if (!err) {
		CLAIM(!snapshot_each(snapshot, on_value, &values));
		snapshot_close(snapshot);
	}
	return 0;
}
