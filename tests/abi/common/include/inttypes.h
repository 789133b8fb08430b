/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_COMMON_INCLUDE_INTTYPES_H
#define ABI_COMMON_INCLUDE_INTTYPES_H

#include <stdint.h>

#if defined(__LP64__) && !defined(__OpenBSD__)
#define ABI_64 "l"
#else
#define ABI_64 "ll"
#endif
#define PRId64 ABI_64 "d"
#define PRIi64 ABI_64 "i"
#define PRIu64 ABI_64 "u"
#define PRIx64 ABI_64 "x"
#define SCNd64 ABI_64 "d"
#define SCNu64 ABI_64 "u"
#define SCNx64 ABI_64 "x"

#endif
