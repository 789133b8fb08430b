/* SPDX-License-Identifier: BSD-2-Clause */
/* Which generated code an address held at a time: by the search, and the slow way. */
#include "fold/code.h"
#include "fold_check.h"

#include <stdlib.h>
#include <string.h>

#define EVENTS 1500
#define LOOKS 40 /* after each event */

static uint64_t state = 1;

static uint64_t chance(uint64_t below)
{
    state =
        state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (state >> 33) % below;
}

/* The latest that came over it, if it is still there; else the first to come of
 * those whose time is only when they were found. */
static uint32_t slow_find(const struct model_codes *codes, uint64_t pc,
                          uint64_t time_ns)
{
    uint32_t best = 0, later = 0;

    for (uint32_t i = 1; i < codes->count; i++) {
        const struct model_code *code = &codes->code[i];

        if (pc < code->low || pc >= code->high)
            continue;
        if (code->from_ns <= time_ns &&
            (!best || code->from_ns >= codes->code[best].from_ns))
            best = i;
        if (code->from_ns > time_ns && code->since_before &&
            (!later || code->from_ns <= codes->code[later].from_ns))
            later = i;
    }
    if (best && time_ns < codes->code[best].to_ns)
        return best;
    return later;
}

/* Addresses are used again, sizes are of several classes, and some records come
 * late. */
static void event(struct model_codes *codes, uint64_t serial, uint64_t time_ns,
                  bool maps)
{
    const struct model_code_names names = {.name = 1};
    struct read_code code = {
        .serial = serial,
        .start = 0x1000 + 64 * chance(40),
        .bytes = 1 + chance(chance(4) ? 100 : 600),
        .time_ns = time_ns,
        .source = maps && chance(2) ? FORMAT_CODE_MAP : FORMAT_CODE_DECLARED};
    uint64_t other = 1 + chance(serial);

    if (chance(8) == 0)
        code.time_ns -= chance(code.time_ns < 500 ? code.time_ns : 500);
    switch (chance(6)) {
    case 0:
        sigprof__code_free(codes, other, time_ns);
        break;
    case 1:
        sigprof__code_move(codes, other, code.start, time_ns);
        break;
    default:
        sigprof__code_add(codes, &code, &names);
    }
}

static void found_is_what_was_there_then(bool maps)
{
    struct model_codes codes = {0};
    unsigned found = 0;

    for (uint64_t i = 1; i <= EVENTS; i++) {
        event(&codes, i, 10 * i, maps);
        for (unsigned look = 0; codes.count && look < LOOKS; look++) {
            uint64_t pc = 0x1000 + chance(64 * 44), time_ns = chance(11 * i);
            uint32_t number = sigprof__code_find(&codes, pc, time_ns);

            CHECK(number == slow_find(&codes, pc, time_ns));
            found += number != 0;
        }
    }
    CHECK(found > EVENTS * LOOKS / 4);
    sigprof__code_forget(&codes);
}

int main(void)
{
    found_is_what_was_there_then(false);
    found_is_what_was_there_then(true);
    return CHECKED;
}
