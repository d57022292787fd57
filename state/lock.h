/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BANISH_STATE_LOCK_H
#define BANISH_STATE_LOCK_H

#include "state/store.h"

/* The folder's lock for `mode`: an fd that holds it, -1 when there is none to take (only in
 * STORE_READ, where no file "lock" is no lock, and on a disk that takes none: the folder is
 * locked for writing as well, through `dir`). 0; -EBUSY: somebody else has it; or -errno. */
int lock_take(int *out, int dir, enum store_mode mode);

#endif
