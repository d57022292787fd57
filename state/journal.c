/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "state/bytes.h"
#include "state/crc.h"
#include "state/folder.h"
#include "state/journal.h"
#include "state/record.h"

#define HEAD_COPY (JOURNAL_HEAD / 2)
#define FLAG_GAP 1u
#define FLAG_START 2u

static const char magic[8] = "banish-j";

static void pack_head(uint8_t *out, const struct journal *journal)
{
	uint8_t *at = put_bytes(out, magic, sizeof(magic));

	at = put_u32(at, JOURNAL_FORMAT);
	at = put_u32(at, (journal->gap ? FLAG_GAP : 0) | (journal->start ? FLAG_START : 0));
	at = put_u32(at, journal->generation);
	at = put_u32(at, journal->seed);
	at = put_u32(at, 0);
	put_u32(at, crc32c(0, out, (size_t)(at - out)));
	memcpy(out + HEAD_COPY, out, HEAD_COPY);
}

static int unpack_head(struct journal *out, const uint8_t *head)
{
	const uint8_t *at = head + sizeof(magic), *sum = head + HEAD_COPY - 4;
	uint32_t format, flags, generation, seed;

	if (memcmp(head, magic, sizeof(magic)) != 0 ||
	    get_u32(&sum) != crc32c(0, head, HEAD_COPY - 4))
		return -EBADMSG;
	format = get_u32(&at);
	flags = get_u32(&at);
	generation = get_u32(&at);
	seed = get_u32(&at);
	if (format != JOURNAL_FORMAT)
		return -EPROTONOSUPPORT;
	if (generation != out->generation)
		return -EBADMSG;
	out->gap = flags & FLAG_GAP;
	out->start = flags & FLAG_START;
	out->seed = seed;
	return 0;
}

/* A try that failed may have left a head that could not be deleted, as on a disk that became
 * read-only in the midst of it. Nobody has written more. */
static void remove_bare(int dir, uint32_t generation)
{
	int fd = folder_open_file(dir, FILE_JOURNAL, generation, false);
	struct stat st;

	if (fd < 0)
		return;
	if (!fstat(fd, &st) && st.st_size <= JOURNAL_HEAD)
		folder_remove(dir, FILE_JOURNAL, generation);
	close(fd);
}

int journal_create(struct journal *journal, const struct io *io, int dir)
{
	int flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
	char name[FOLDER_NAME_MAX];
	uint8_t head[JOURNAL_HEAD];
	int fd, err;

	folder_name(name, FILE_JOURNAL, journal->generation);
	fd = io->openat(dir, name, flags, 0600);
	if (fd < 0 && errno == EEXIST) {
		remove_bare(dir, journal->generation);
		fd = io->openat(dir, name, flags, 0600);
	}
	if (fd < 0)
		return -errno;
	journal->seed = (uint32_t)hash_key_random().k0;
	pack_head(head, journal);
	err = io_write(io, fd, head, sizeof(head), 0);
	if (!err && (io->fdatasync(fd) || io->fsync(dir)))
		err = -errno;
	if (err) {
		close(fd);
		folder_remove(dir, FILE_JOURNAL, journal->generation);
		return err;
	}
	journal->fd = fd;
	journal->end = JOURNAL_HEAD;
	return 0;
}

uint32_t journal_frame_sum(uint32_t seed, uint64_t offset, const uint8_t *record, size_t len)
{
	uint8_t place[8];

	put_u64(place, offset);
	return crc32c(crc32c(seed, place, sizeof(place)), record, len + 1);
}

/*
 * Everything is written again after an error, also what an earlier try has written: after a
 * failed fdatasync(2) Linux takes the pages for clean, and the next one would succeed over
 * data that never reached the disk.
 */
int journal_append(struct journal *journal, const struct io *io, uint8_t *frames, size_t len)
{
	int err;

	for (size_t at = 0; at < len;) {
		uint8_t *record = frames + at;
		size_t length = record_length(record);

		put_u32(record + length + 1,
			journal_frame_sum(journal->seed, journal->end + at, record, length));
		at += length + FRAME_TAIL;
	}
	err = io_write(io, journal->fd, frames, len, journal->end);
	if (!err && io->fdatasync(journal->fd))
		err = -errno;
	if (!err)
		journal->end += len;
	return err;
}

void journal_close(struct journal *journal)
{
	if (journal->fd >= 0)
		close(journal->fd);
	journal->fd = -1;
}

int journal_read_head(struct journal *journal, int fd)
{
	uint8_t head[JOURNAL_HEAD] = {0};
	ssize_t n = io_read(fd, head, sizeof(head), 0);
	int err;

	if (n < 0)
		return (int)n;
	err = unpack_head(journal, head);
	return err == -EBADMSG ? unpack_head(journal, head + HEAD_COPY) : err;
}
