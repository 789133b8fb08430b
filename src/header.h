/* SPDX-License-Identifier: BSD-2-Clause */
/* The INFO records a profile begins with. Ordinary code. */
#ifndef SIGPROF_HEADER_H
#define SIGPROF_HEADER_H

#include <stddef.h>
#include <stdint.h>

/* Facts of this process and session, as records; part: of the recording, from 1
 * on. Returns their size; 0 if they do not fit (a long command line is cut
 * first). */
size_t sigprof__header_records(uint8_t *records, size_t size, unsigned part);

/* id as 32 hexadecimal digits and a NUL. */
void sigprof__id_text(const uint8_t *id, char text[33]);

#endif
