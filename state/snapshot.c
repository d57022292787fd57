/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <gdbm.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "state/bytes.h"
#include "state/crc.h"
#include "state/folder.h"
#include "state/record.h"
#include "state/snapshot.h"

#define FORMAT 1
#define META_LEN 32
#define SUM_LEN 32
#define KEY_LEN 16 /* "records.00000000" */
#define FLUSH_BYTES (2u << 20)

/*
 * No mmap: on a full disk a mapped write ends in SIGBUS, and so does a read of a file that
 * somebody cuts. No lock: the folder has one. No fatal function: with one, libgdbm calls
 * exit(3) after it; without, calls return their errors.
 */
#define GDBM_FLAGS (GDBM_NOMMAP | GDBM_NOLOCK | GDBM_CLOEXEC | GDBM_CLOERROR)

struct snapshot {
	GDBM_FILE db;
	const struct io *io;
	int fd, dir;
	uint32_t generation;
	uint32_t values;
	uint64_t records, bans, unbans;
	uint64_t size;
	size_t unflushed;
	bool writing; /* and not published */
};

static const char meta_magic[8] = "banish-s", sum_magic[8] = "banish-c";

static datum key_of(char *room, uint32_t value)
{
	snprintf(room, KEY_LEN + 1, "records.%08" PRIx32, value);
	return (datum){room, KEY_LEN};
}

static datum meta_key(void)
{
	return (datum){(char *)"meta", 4};
}

static uint32_t value_sum(const struct snapshot *s, uint32_t number, const void *at, size_t len)
{
	uint8_t place[8];

	put_u32(put_u32(place, s->generation), number);
	return crc32c(crc32c(0, place, sizeof(place)), at, len);
}

static int sum_file(uint64_t *size, uint32_t *crc, int fd)
{
	size_t room = 1u << 20;
	uint8_t *buf = malloc(room);
	ssize_t n = buf ? 0 : -ENOMEM;
	uint64_t at = 0;
	uint32_t sum = 0;

	while (buf && (n = io_read(fd, buf, room, at)) > 0) {
		sum = crc32c(sum, buf, (size_t)n);
		at += (size_t)n;
	}
	free(buf);
	if (n < 0)
		return (int)n;
	*size = at;
	*crc = sum;
	return 0;
}

/* What libgdbm failed with: of a write that is the disk's errno. */
static int gdbm_failure(GDBM_FILE db)
{
	int err = gdbm_last_syserr(db);

	return err ? -err : -EIO;
}

int snapshot_create(struct snapshot **out, const struct io *io, int dir, uint32_t generation)
{
	int flags = O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, fd, err;
	struct snapshot *s = calloc(1, sizeof(*s));
	char name[FOLDER_NAME_MAX];

	if (!s)
		return -ENOMEM;
	*s = (struct snapshot){.io = io, .dir = dir, .generation = generation, .writing = true};
	folder_name(name, FILE_NEW, generation);
	s->fd = io->openat(dir, name, flags, 0600);
	fd = s->fd < 0 ? -1 : fcntl(s->fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0) {
		err = -errno;
		goto fail;
	}
	errno = 0;
	s->db = gdbm_fd_open(fd, name, 0, GDBM_NEWDB | GDBM_FLAGS, NULL);
	if (!s->db) {
		err = errno ? -errno : -EIO;
		goto fail;
	}
	*out = s;
	return 0;
fail:
	snapshot_close(s);
	return err;
}

/*
 * Started on its way to the disk early: ext4 puts all the new data of a transaction on disk
 * before its commit, so a journal's fdatasync(2) would wait for what gathered here.
 */
static void flush_early(struct snapshot *s, size_t len)
{
	s->unflushed += len;
	if (s->unflushed < FLUSH_BYTES)
		return;
	s->unflushed = 0;
	sync_file_range(s->fd, 0, 0, SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE);
}

int snapshot_add(struct snapshot *s, uint8_t *value, size_t len, uint64_t records)
{
	const uint8_t *after = value + SNAPSHOT_SUM;
	char room[KEY_LEN + 1];
	datum content = {(char *)value, (int)len};

	put_u32(value, value_sum(s, s->values, after, len - SNAPSHOT_SUM));
	if (gdbm_store(s->db, key_of(room, s->values), content, GDBM_INSERT))
		return gdbm_failure(s->db);
	s->values++;
	s->records += records;
	flush_early(s, len);
	return 0;
}

static int add_meta(struct snapshot *s)
{
	uint8_t meta[META_LEN], *at = put_bytes(meta, meta_magic, sizeof(meta_magic));
	datum content = {(char *)meta, META_LEN};

	at = put_u32(at, FORMAT);
	at = put_u32(at, s->generation);
	at = put_u32(at, s->values);
	at = put_u64(at, s->records);
	put_u32(at, crc32c(0, meta, (size_t)(at - meta)));
	return gdbm_store(s->db, meta_key(), content, GDBM_INSERT) ? gdbm_failure(s->db) : 0;
}

static int close_db(struct snapshot *s)
{
	int err = s->db && gdbm_close(s->db) ? -EIO : 0;

	s->db = NULL;
	return err;
}

/* The checksum is on disk under its name before the snapshot gets its own. */
static int write_sum(struct snapshot *s)
{
	int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, fd, err;
	uint8_t sum[SUM_LEN], *at = put_bytes(sum, sum_magic, sizeof(sum_magic));
	char name[FOLDER_NAME_MAX];
	uint32_t crc;

	err = sum_file(&s->size, &crc, s->fd);
	if (err)
		return err;
	at = put_u32(at, FORMAT);
	at = put_u32(at, s->generation);
	at = put_u64(at, s->size);
	at = put_u32(at, crc);
	put_u32(at, crc32c(0, sum, (size_t)(at - sum)));
	fd = s->io->openat(s->dir, folder_name(name, FILE_SUM, s->generation), flags, 0600);
	if (fd < 0)
		return -errno;
	err = io_write(s->io, fd, sum, sizeof(sum), 0);
	if (!err && (s->io->fsync(fd) || s->io->fsync(s->dir)))
		err = -errno;
	close(fd);
	return err;
}

int snapshot_finish(struct snapshot *s)
{
	int err = add_meta(s);

	if (!err && gdbm_sync(s->db))
		err = gdbm_failure(s->db);
	if (!err)
		err = close_db(s);
	if (!err && s->io->fsync(s->fd))
		err = -errno;
	return err ? err : write_sum(s);
}

int snapshot_publish(struct snapshot *s)
{
	char from[FOLDER_NAME_MAX], to[FOLDER_NAME_MAX];

	folder_name(from, FILE_NEW, s->generation);
	folder_name(to, FILE_SNAPSHOT, s->generation);
	if (s->io->renameat(s->dir, from, s->dir, to))
		return -errno;
	s->writing = false;
	return s->io->fsync(s->dir) ? -errno : 0;
}

uint64_t snapshot_size(const struct snapshot *s)
{
	return s->size;
}

uint64_t snapshot_bans(const struct snapshot *s)
{
	return s->unbans ? 0 : s->bans;
}

void snapshot_close(struct snapshot *s)
{
	if (!s)
		return;
	close_db(s);
	if (s->fd >= 0)
		close(s->fd);
	if (s->writing) {
		folder_remove(s->dir, FILE_NEW, s->generation);
		folder_remove(s->dir, FILE_SUM, s->generation);
	}
	free(s);
}

static int refuse(char *why, int err, const char *text)
{
	snprintf(why, SNAPSHOT_WHY, "%s", text);
	return err;
}

static int check_format(char *why, uint32_t format)
{
	if (format == FORMAT)
		return 0;
	snprintf(why, SNAPSHOT_WHY, "is of format %" PRIu32 ", this program reads format %u",
		 format, FORMAT);
	return -EPROTONOSUPPORT;
}

/* Magic and checksum of a small block whose checksum comes last. */
static bool block_valid(const uint8_t *block, size_t len, const char *magic)
{
	const uint8_t *at = block + len - 4;

	return !memcmp(block, magic, 8) && get_u32(&at) == crc32c(0, block, len - 4);
}

static int read_sum(uint64_t *size, uint32_t *crc, struct snapshot *s, char *why)
{
	uint8_t sum[SUM_LEN];
	const uint8_t *at = sum + sizeof(sum_magic);
	int fd = folder_open_file(s->dir, FILE_SUM, s->generation, false), err;
	ssize_t n;

	if (fd == -ENOENT)
		return refuse(why, -EBADMSG, "has no checksum file");
	if (fd < 0)
		return fd == -EINVAL ? refuse(why, -EBADMSG, "has a strange checksum file")
				     : fd;
	n = io_read(fd, sum, sizeof(sum), 0);
	close(fd);
	if (n != sizeof(sum) || !block_valid(sum, sizeof(sum), sum_magic))
		return refuse(why, -EBADMSG, "has a damaged checksum file");
	err = check_format(why, get_u32(&at));
	if (err)
		return err;
	if (get_u32(&at) != s->generation)
		return refuse(why, -EBADMSG, "has the checksum file of another");
	*size = get_u64(&at);
	*crc = get_u32(&at);
	return 0;
}

static int check_sum(struct snapshot *s, char *why)
{
	uint64_t size = 0;
	uint32_t crc = 0, seen = 0;
	struct stat st;
	int err;

	if (fstat(s->fd, &st))
		return -errno;
	if (!st.st_size)
		return refuse(why, -EBADMSG, "is empty");
	err = read_sum(&size, &crc, s, why);
	if (err)
		return err;
	if ((uint64_t)st.st_size != size)
		return refuse(why, -EBADMSG,
			      (uint64_t)st.st_size < size ? "is cut short" : "is too long");
	err = sum_file(&s->size, &seen, s->fd);
	if (err == -EIO)
		return refuse(why, -EBADMSG, "cannot be read: input/output error");
	if (!err && (s->size != size || seen != crc))
		return refuse(why, -EBADMSG, "does not have its checksum");
	return err;
}

static int read_meta(struct snapshot *s, char *why)
{
	datum meta = gdbm_fetch(s->db, meta_key());
	const uint8_t *at = (const uint8_t *)meta.dptr;
	int err = 0;

	if (!at || meta.dsize != META_LEN || !block_valid(at, META_LEN, meta_magic)) {
		free(meta.dptr);
		return refuse(why, -EBADMSG, "has no valid \"meta\"");
	}
	at += sizeof(meta_magic);
	err = check_format(why, get_u32(&at));
	if (!err && get_u32(&at) != s->generation)
		err = refuse(why, -EBADMSG, "is of another generation than its name");
	if (!err) {
		s->values = get_u32(&at);
		s->records = get_u64(&at);
	}
	free(meta.dptr);
	return err;
}

static bool value_valid(const struct snapshot *s, uint32_t number, datum value)
{
	const uint8_t *at = (const uint8_t *)value.dptr;

	if (!at || value.dsize < SNAPSHOT_SUM || value.dsize > SNAPSHOT_VALUE)
		return false;
	return get_u32(&at) == value_sum(s, number, at, (size_t)value.dsize - SNAPSHOT_SUM);
}

int snapshot_each(struct snapshot *s, int (*value)(void *arg, const uint8_t *at, size_t len),
		  void *arg)
{
	char room[KEY_LEN + 1];
	int err = 0;

	for (uint32_t i = 0; !err && i < s->values; i++) {
		datum content = gdbm_fetch(s->db, key_of(room, i));

		err = value_valid(s, i, content) ? 0 : -EBADMSG;
		if (!err)
			err = value(arg, (const uint8_t *)content.dptr + SNAPSHOT_SUM,
				    (size_t)content.dsize - SNAPSHOT_SUM);
		free(content.dptr);
	}
	return err;
}

static int count_bans(void *arg, const uint8_t *at, size_t len)
{
	struct snapshot *s = arg;

	while (len >= RECORD_HEAD && record_length(at) <= len) {
		s->bans += at[2] == RECORD_BAN;
		s->unbans += at[2] == RECORD_UNBAN;
		len -= record_length(at);
		at += record_length(at);
	}
	return 0;
}

static int open_db(struct snapshot *s, char *why)
{
	char name[FOLDER_NAME_MAX];
	int fd = fcntl(s->fd, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	folder_name(name, FILE_SNAPSHOT, s->generation);
	s->db = gdbm_fd_open(fd, name, 0, GDBM_READER | GDBM_FLAGS, NULL);
	return s->db ? 0 : refuse(why, -EBADMSG, "is not a GDBM file");
}

int snapshot_open(struct snapshot **out, char *why, int dir, uint32_t generation)
{
	struct snapshot *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	*s = (struct snapshot){.dir = dir, .generation = generation};
	s->fd = err = folder_open_file(dir, FILE_SNAPSHOT, generation, false);
	if (err == -EINVAL)
		err = refuse(why, -EBADMSG, "is not a regular file");
	err = err < 0 ? err : check_sum(s, why);
	err = err ? err : open_db(s, why);
	err = err ? err : read_meta(s, why);
	if (!err && snapshot_each(s, count_bans, s))
		err = refuse(why, -EBADMSG, "holds a damaged value");
	if (err) {
		snapshot_close(s);
		return err;
	}
	*out = s;
	return 0;
}
