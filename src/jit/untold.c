/* SPDX-License-Identifier: BSD-2-Clause */
/* What the event log has no room for. Theory and contract: untold.h. */
#include "jit/untold.h"

#include <stddef.h>

#include "events-code.h"
#include "jit/retired.h"

#define GIVEN_UP_BYTES ((size_t)4 << 20) /* of code that nobody has heard of */

static struct code_region *first;
static struct code_region **last = &first;
static uint32_t count;
static size_t unheard_bytes; /* of those that came and went meanwhile */

static bool is_unheard(const struct code_region *region)
{
    return !region->is_told && region->end_ns;
}

static enum event_fate put_begin(const struct code_region *region)
{
    const struct event_code event = {.serial = region->serial,
                                     .start = region->start,
                                     .bytes = region->bytes,
                                     .time_ns = region->time_ns,
                                     .tail = region->tail,
                                     .tail_bytes = region->tail_bytes};

    return sigprof__event_code(&event);
}

static void wait(struct code_region *region)
{
    region->next = NULL;
    region->is_waiting = true;
    *last = region;
    last = &region->next;
    count++;
    sigprof__event_lost(1);
}

static void count_unheard(const struct code_region *region, int sign)
{
    if (is_unheard(region))
        unheard_bytes += (size_t)sign * sigprof__region_room(region);
}

/* The first one waits no more. */
static void let_go(void)
{
    struct code_region *region = first;

    first = region->next;
    if (!first)
        last = &first;
    region->is_waiting = false;
    count--;
    count_unheard(region, -1);
    if (region->end_ns)
        sigprof__retire(region);
}

static void give_up_unheard(void)
{
    struct code_region **at = &first;

    while (*at) {
        struct code_region *region = *at;

        if (!is_unheard(region)) {
            at = &region->next;
            continue;
        }
        *at = region->next;
        count--;
        sigprof__retire(region);
    }
    last = at;
    unheard_bytes = 0;
}

void sigprof__tell_begin(struct code_region *region)
{
    enum event_fate fate = put_begin(region);

    region->is_told = fate == EVENT_PUT;
    if (fate == EVENT_NO_ROOM)
        wait(region);
}

void sigprof__tell_end(struct code_region *region, uint64_t time_ns)
{
    region->end_ns = time_ns;
    if (region->is_waiting) {
        count_unheard(region, 1);
        if (unheard_bytes > GIVEN_UP_BYTES)
            give_up_unheard();
    } else if (sigprof__event_code_free(region->serial, time_ns) ==
               EVENT_NO_ROOM) {
        wait(region);
    } else {
        sigprof__retire(region);
    }
}

bool sigprof__tell_move(struct code_region *region, uintptr_t start,
                        uint64_t time_ns)
{
    if (region->is_waiting ||
        sigprof__event_code_move(region->serial, start, time_ns) ==
            EVENT_NO_ROOM)
        return false;
    region->start = start;
    region->time_ns = time_ns;
    return true;
}

static bool tell_begin(struct code_region *region)
{
    if (region->is_told)
        return true;
    if (put_begin(region) != EVENT_PUT)
        return false;
    count_unheard(region, -1);
    region->is_told = true;
    return true;
}

static bool tell(struct code_region *region)
{
    return tell_begin(region) &&
           (!region->end_ns ||
            sigprof__event_code_free(region->serial, region->end_ns) ==
                EVENT_PUT);
}

bool sigprof__tell_untold(uint32_t most)
{
    for (; first && most; most--) {
        if (!tell(first))
            return false;
        let_go();
        sigprof__event_lost(-1);
    }
    return true;
}

uint32_t sigprof__untold_count(void)
{
    return count;
}

void sigprof__untold_forget(void)
{
    while (first)
        let_go();
}
