/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_ZONE_H
#define ABI_ILLUMOS_INCLUDE_ZONE_H

typedef int zoneid_t;
zoneid_t getzoneid(void);

#endif
