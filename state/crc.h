/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BANISH_STATE_CRC_H
#define BANISH_STATE_CRC_H

#include <stddef.h>
#include <stdint.h>

/* CRC32C (Castagnoli; RFC 3720 appendix B.4). `crc` is 0, or what the bytes before gave:
 * crc32c(crc32c(0, a), b) is that of a and b in a row. */
uint32_t crc32c(uint32_t crc, const void *at, size_t len);
/* The same, as it is done where the processor has no instruction for it. */
uint32_t crc32c_by_table(uint32_t crc, const void *at, size_t len);

#endif
