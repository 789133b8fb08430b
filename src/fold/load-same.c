/* SPDX-License-Identifier: BSD-2-Clause */
/* A recording that was named twice would count double. Contract: load_impl.h. */
#include "load_impl.h"

static bool is_same_file(const struct load_input *a, const struct load_input *b)
{
    return a->inode && a->inode == b->inode && a->device == b->device;
}

/* A copy: no two recordings have one id, and no two of its files one part. */
static bool is_same_part(const struct load_input *a, const struct load_input *b)
{
    static const uint8_t none[FORMAT_ID_BYTES];

    return memcmp(a->id, none, sizeof none) != 0 &&
           memcmp(a->id, b->id, sizeof a->id) == 0 && a->part == b->part;
}

/* The first input before this one that has the same samples; or this one. */
static size_t find_same(const struct load *load, size_t number)
{
    const struct load_input *input = &load->inputs[number];
    size_t i = 0;

    while (i < number && (load->inputs[i].base != input->base ||
                          (!is_same_file(&load->inputs[i], input) &&
                           !is_same_part(&load->inputs[i], input))))
        i++;
    return i;
}

void sigprof__load_once(struct load *load)
{
    for (size_t i = 0; i < load->count; i++) {
        size_t same = find_same(load, i), less, more;

        if (same == i)
            continue;
        /* One of them may have been copied before its process had ended. */
        less = load->inputs[i].size > load->inputs[same].size ? same : i;
        more = less == i ? same : i;
        sigprof__say("%s: the same recording as %s, which is counted once",
                     load->inputs[less].path, load->inputs[more].path);
        sigprof__load_drop(load, less);
        i--;
    }
}
