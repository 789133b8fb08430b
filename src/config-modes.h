/* SPDX-License-Identifier: BSD-2-Clause */
/* Values with a grammar of their own. Ordinary code. */
#ifndef SIGPROF_CONFIG_MODES_H
#define SIGPROF_CONFIG_MODES_H

#include <stdbool.h>
#include <stdint.h>

#define ROTATE_BYTES_MIN ((uint64_t)256 << 10) /* room for two of its blocks */
#define ROTATE_BYTES_MAX ((uint64_t)1 << 40)
#define ROTATE_SECONDS_MAX (366u * 86400)
#define ROTATE_KEEP_MAX 1000u

/* When a new file is begun; 0: not for that reason. */
struct sigprof__rotate {
    uint64_t bytes;
    uint64_t age_ns;
    unsigned keep; /* files, the one being written included; 0: all */
};

/* "64M", "10m", "64M,10m,keep=8": a size with K, M or G, an age with s, m, h or d,
 * or both, and how many are kept. false: it is something else. */
bool sigprof__parse_rotate(const char *text, struct sigprof__rotate *rotate);

/* "USR2", "SIGUSR2", "RTMIN+1". false: not a signal that can be had. */
bool sigprof__parse_signal(const char *text, int *number);

#endif
