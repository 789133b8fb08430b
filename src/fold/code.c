/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Generated code by address and time. Contract: code.h.
 *
 * Code of up to 2^k bytes, and more than half of that, is in class k, in a chain
 * that begins at (k, low >> k); so an address is looked for in two chains of each
 * class, whatever the sizes are.
 *
 * A machine that uses its memory again makes long chains. They are nearly in the
 * order of time: what came behind a sample is jumped over, by pointers as those of
 * a skew-binary list, in a number of steps that grows with the logarithm of the
 * chain; and nothing older is looked at than what was found. Where records are out
 * of order the same is right, and takes more steps.
 */
#include "code.h"

#include "../format.h"

#include <stdlib.h>

#define CLASS_MIN 6u
#define CLASS_MAX 63u

static unsigned class_of(uint64_t bytes)
{
    unsigned k = CLASS_MIN;

    while (k < CLASS_MAX && (UINT64_C(1) << k) < bytes)
        k++;
    return k;
}

static uint32_t bucket_hash(unsigned k, uint64_t bucket)
{
    return sigprof__hash_mix(bucket ^ (uint64_t)k << 58);
}

static bool is_in(const struct model_code *code, unsigned k, uint64_t bucket)
{
    return class_of(code->high - code->low) == k && code->low >> k == bucket;
}

/* The slot of a bucket's chain; its id is 0 where there is none yet. */
static size_t bucket_at(const struct model_codes *codes, unsigned k,
                        uint64_t bucket)
{
    const struct index *index = &codes->buckets;
    size_t at = sigprof__index_at(index, bucket_hash(k, bucket));

    while (index->slots[at].id &&
           !is_in(&codes->code[index->slots[at].id], k, bucket))
        at = sigprof__index_next(index, at);
    return at;
}

static size_t serial_at(const struct model_codes *codes, uint64_t serial)
{
    const struct index *index = &codes->serials;
    size_t at = sigprof__index_at(index, sigprof__hash_mix(serial));

    while (index->slots[at].id &&
           codes->code[index->slots[at].id].serial != serial)
        at = sigprof__index_next(index, at);
    return at;
}

static struct model_code *latest(const struct model_codes *codes,
                                 uint64_t serial)
{
    uint32_t number;

    if (!codes->serials.slots)
        return NULL;
    number = codes->serials.slots[serial_at(codes, serial)].id;
    return number ? &codes->code[number] : NULL;
}

size_t sigprof__code_span(const struct model_codes *codes, uint64_t time_ns)
{
    size_t low = 0, high = codes->time_count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (codes->times[middle] <= time_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Records come nearly in the order of their times. */
static void changed(struct model_codes *codes, uint64_t time_ns)
{
    size_t at;

    codes->changes++;
    ARRAY_ROOM(codes->times, codes->time_count, codes->time_capacity);
    for (at = codes->time_count++; at > 0 && codes->times[at - 1] > time_ns;
         at--)
        codes->times[at] = codes->times[at - 1];
    codes->times[at] = time_ns;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Puts it in front of a chain. */
static void link(const struct model_codes *codes, struct model_code *code,
                 uint32_t older)
{
    const struct model_code *next = &codes->code[older];
    const struct model_code *far = &codes->code[next->jump];

    code->older = code->jump = older;
    code->depth = next->depth + 1;
    code->latest_ns = code->jump_ns = code->from_ns;
    if (!older)
        return;
    if (next->latest_ns > code->latest_ns)
        code->latest_ns = next->latest_ns;
    if (next->depth - far->depth == far->depth - codes->code[far->jump].depth) {
        code->jump = far->jump;
        code->jump_ns =
            earlier(code->from_ns, earlier(next->jump_ns, far->jump_ns));
    }
}

static void put(struct model_codes *codes, const struct model_code *code)
{
    unsigned k = class_of(code->high - code->low);
    uint32_t number;
    size_t at;

    if (codes->count == 0) {
        ARRAY_ROOM(codes->code, 0, codes->capacity);
        codes->code[codes->count++] = (struct model_code){0};
    }
    ARRAY_ROOM(codes->code, codes->count, codes->capacity);
    number = (uint32_t)codes->count++;
    codes->code[number] = *code;
    codes->classes |= UINT64_C(1) << k;
    sigprof__index_room(&codes->buckets);
    at = bucket_at(codes, k, code->low >> k);
    link(codes, &codes->code[number], codes->buckets.slots[at].id);
    if (codes->buckets.slots[at].id)
        codes->buckets.slots[at].id = number;
    else
        sigprof__index_put(&codes->buckets, at,
                           bucket_hash(k, code->low >> k), number);
    sigprof__index_room(&codes->serials);
    at = serial_at(codes, code->serial);
    if (codes->serials.slots[at].id)
        codes->serials.slots[at].id = number;
    else
        sigprof__index_put(&codes->serials, at,
                           sigprof__hash_mix(code->serial), number);
    changed(codes, code->from_ns);
}

void sigprof__code_add(struct model_codes *codes, const struct read_code *in,
                       const struct model_code_names *names)
{
    const struct model_code code = {.low = in->start,
                                    .high = in->start + in->bytes,
                                    .from_ns = in->time_ns,
                                    .to_ns = UINT64_MAX,
                                    .serial = in->serial,
                                    .name = names->name,
                                    .file = names->file,
                                    .line = in->line,
                                    .lines = names->lines,
                                    .is_declared =
                                        in->source == FORMAT_CODE_DECLARED,
                                    .since_before =
                                        in->source == FORMAT_CODE_MAP};

    if (code.high <= code.low || latest(codes, in->serial))
        return; /* of no size, or said again, for a new file */
    codes->some_since_before |= code.since_before;
    put(codes, &code);
}

static void end(struct model_codes *codes, struct model_code *code,
                uint64_t time_ns)
{
    if (code->to_ns != UINT64_MAX)
        return;
    code->to_ns = time_ns;
    changed(codes, time_ns);
}

void sigprof__code_move(struct model_codes *codes, uint64_t serial,
                        uint64_t start, uint64_t time_ns)
{
    struct model_code *old = latest(codes, serial);
    struct model_code code;

    if (!old || start > UINT64_MAX - (old->high - old->low))
        return;
    end(codes, old, time_ns);
    code = *old;
    code.high = start + (old->high - old->low);
    code.low = start;
    code.from_ns = time_ns;
    code.to_ns = UINT64_MAX;
    put(codes, &code);
}

void sigprof__code_free(struct model_codes *codes, uint64_t serial,
                        uint64_t time_ns)
{
    struct model_code *code = latest(codes, serial);

    if (code)
        end(codes, code, time_ns);
}

static uint32_t find_in(const struct model_codes *codes, uint32_t number,
                        uint64_t pc, uint64_t time_ns, uint32_t best)
{
    while (number) {
        const struct model_code *code = &codes->code[number];

        if (best && code->latest_ns < codes->code[best].from_ns)
            break;
        if (code->jump_ns > time_ns) {
            number = code->jump;
            continue;
        }
        if (pc >= code->low && pc < code->high && code->from_ns <= time_ns &&
            (!best || code->from_ns > codes->code[best].from_ns ||
             (code->from_ns == codes->code[best].from_ns && number > best)))
            best = number;
        number = code->older;
    }
    return best;
}

/* The first that came after that time, of those without a time of their own. */
static uint32_t find_later_in(const struct model_codes *codes, uint32_t number,
                              uint64_t pc, uint64_t time_ns, uint32_t best)
{
    for (; number; number = codes->code[number].older) {
        const struct model_code *code = &codes->code[number];

        if (code->latest_ns <= time_ns)
            break;
        if (pc >= code->low && pc < code->high && code->since_before &&
            code->from_ns > time_ns &&
            (!best || code->from_ns < codes->code[best].from_ns ||
             (code->from_ns == codes->code[best].from_ns && number > best)))
            best = number;
    }
    return best;
}

typedef uint32_t look_in(const struct model_codes *codes, uint32_t number,
                         uint64_t pc, uint64_t time_ns, uint32_t best);

static uint32_t look(const struct model_codes *codes, look_in *in, uint64_t pc,
                     uint64_t time_ns)
{
    const struct index *index = &codes->buckets;
    uint32_t best = 0;

    for (uint64_t left = codes->classes; left; left &= left - 1) {
        unsigned k = (unsigned)__builtin_ctzll(left);
        uint64_t bucket = pc >> k;

        best = in(codes, index->slots[bucket_at(codes, k, bucket)].id, pc,
                  time_ns, best);
        if (bucket)
            best = in(codes, index->slots[bucket_at(codes, k, bucket - 1)].id,
                      pc, time_ns, best);
    }
    return best;
}

uint32_t sigprof__code_find(const struct model_codes *codes, uint64_t pc,
                            uint64_t time_ns)
{
    uint32_t best = look(codes, find_in, pc, time_ns);

    if (best && time_ns < codes->code[best].to_ns)
        return best;
    return codes->some_since_before ? look(codes, find_later_in, pc, time_ns)
                                    : 0;
}

uint32_t sigprof__code_line(const struct model_code *code, uint64_t offset)
{
    struct format_in in = {(const uint8_t *)code->lines.at,
                           (const uint8_t *)code->lines.at + code->lines.size,
                           false};
    uint64_t at = 0;
    uint32_t line = code->line, found = code->line;

    while (in.at < in.end) {
        at += sigprof__get_varint(&in);
        line += (uint32_t)sigprof__get_svarint(&in);
        if (in.bad || at > offset)
            break;
        found = line;
    }
    return found;
}

void sigprof__code_forget(struct model_codes *codes)
{
    free(codes->code);
    free(codes->buckets.slots);
    free(codes->serials.slots);
    free(codes->times);
    *codes = (struct model_codes){0};
}
