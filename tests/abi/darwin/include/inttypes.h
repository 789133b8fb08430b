/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_DARWIN_INCLUDE_INTTYPES_H
#define ABI_DARWIN_INCLUDE_INTTYPES_H

#include <stdint.h>

#define PRId64 __INT64_FMTd__
#define PRIi64 __INT64_FMTi__
#define PRIu64 __UINT64_FMTu__
#define PRIx64 __UINT64_FMTx__
#define SCNd64 __INT64_FMTd__
#define SCNu64 __UINT64_FMTu__
#define SCNx64 __UINT64_FMTx__

#endif
