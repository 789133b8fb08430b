/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_PORT_H
#define ABI_ILLUMOS_INCLUDE_PORT_H

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

typedef struct {
    int portev_events;
    unsigned short portev_source;
    unsigned short portev_pad;
    uintptr_t portev_object;
    void *portev_user;
} port_event_t;
int port_getn(int, port_event_t *, uint_t, uint_t *, struct timespec *);

#endif
