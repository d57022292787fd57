/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stream socket that is listened on, and its name in the file system. */
#ifndef BANISH_CONTROL_LISTENER_H
#define BANISH_CONTROL_LISTENER_H

#include <stdbool.h>
#include <sys/types.h>

struct listener {
	int fd;	    /* -1: none */
	char *path; /* of a unix socket, else NULL */
	dev_t dev;  /* of its file, to remove no other */
	ino_t ino;
	bool made_folder;
};

/*
 * Listen at NAME: an absolute path, or ADDRESS:PORT with IPv6 in brackets. The folder of a path
 * is made when missing, the file has `mode`; a file that a daemon which is gone has left is
 * replaced. 0; -EADDRINUSE: another listens there; -EINVAL: no such name; -ENOTSOCK: another
 * kind of file is there; or -errno. What failed is to be closed, too.
 */
int listener_open(struct listener *out, const char *name, mode_t mode);
void listener_close(struct listener *listener); /* removes the file */
/* The file is gone, or somebody else's: nobody can connect any more. */
bool listener_is_lost(const struct listener *listener);
/* Give the file to this user, and its folder when that was made for it. 0 or -errno. */
int listener_chown(struct listener *listener, uid_t uid, gid_t gid);

#endif
