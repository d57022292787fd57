/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A state folder that goes away with its test, and what was loaded from it as text. */
#ifndef BANISH_TESTS_STATE_FIXTURE_H
#define BANISH_TESTS_STATE_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "state/io.h"
#include "state/store.h"

struct heard {
	char *records, *notes; /* a line each; never NULL */
	size_t records_len, notes_len;
	size_t count;
};

extern const struct store_load hear; /* its argument is a struct heard */
void heard_clear(struct heard *heard);

char *folder_make(void); /* the path; folder_drop() frees it */
void folder_drop(char *dir);
char *path_in(const char *dir, const char *name); /* to be freed */
bool file_exists(const char *dir, const char *name);
/* The whole file, to be freed. */
uint8_t *file_get(size_t *len, const char *dir, const char *name);
void file_put(const char *dir, const char *name, const void *at, size_t len);
/* Change a byte in place. */
void file_flip(const char *dir, const char *name, size_t at, uint8_t bits);

struct prefix prefix_of(const char *text);
struct record ban_of(const char *prefix, uint32_t jail);
struct record name_of(uint32_t number, const char *text);
struct record offence_of(const char *prefix, uint32_t jail);
struct record position_of(uint32_t source, uint64_t offset);
struct record evidence_of(const char *prefix, const char *line);

/* Opened for writing with what it holds in *heard; fails the test when it cannot. */
struct store *store_at(const char *dir, struct heard *heard);
/* What a fresh load of the folder says; with `mode` as given. */
void load_at(const char *dir, enum store_mode mode, struct heard *heard);
void put_and_wait(struct store *store, const struct record *record);
void wait_durable(struct store *store, uint64_t ticket);
void wait_snapshot(struct store *store);
/* A whole snapshot of these records. */
void snapshot_of(struct store *store, const struct record *records, size_t count);
bool poll_store(struct store *store); /* wait for its fd, 120 s at most: a disk can be busy */

#endif
