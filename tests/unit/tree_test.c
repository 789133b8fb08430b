/* SPDX-License-Identifier: BSD-2-Clause */
/* CPU time that is in no profile: what is allowed for, on hand-made profiles. */
#include "fold_check.h"
#include "format.h"
#include "run/tree.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)

struct made {
    unsigned pid, part, threads;
    uint64_t cpu_ns;
    bool ended;
};

static void put(struct format_out *out, unsigned type,
                const struct format_out *body, const uint8_t *start)
{
    sigprof__put_varint(out, type);
    sigprof__put_string(out, start, (size_t)(body->at - start));
}

static void put_info(struct format_out *out, const char *key, unsigned value)
{
    uint8_t bytes[64];
    struct format_out body = {bytes, bytes + sizeof bytes, false};
    char text[16];

    snprintf(text, sizeof text, "%u", value);
    sigprof__put_string(&body, key, strlen(key));
    sigprof__put_string(&body, text, strlen(text));
    put(out, FORMAT_INFO, &body, bytes);
}

static void put_sheet(struct format_out *out, const struct made *made)
{
    uint8_t bytes[128];
    struct format_out body = {bytes, bytes + sizeof bytes, false};

    sigprof__put_varint(&body, 1); /* its time */
    sigprof__put_varint(&body, 2);
    sigprof__put_string(&body, "threads", 7);
    sigprof__put_svarint(&body, made->threads);
    sigprof__put_string(&body, "process_cpu_ns", 14);
    sigprof__put_svarint(&body, (int64_t)made->cpu_ns);
    put(out, FORMAT_SHEET, &body, bytes);
}

/* fill: bytes between its first block and the one of the sheet. */
static void add_filled(struct tree *tree, const struct made *made, size_t fill)
{
    static const uint8_t id[FORMAT_ID_BYTES] = {9}, end[] = {FORMAT_END, 1, 1};
    uint8_t file[1024] = {0};
    uint8_t *block = file + FORMAT_FILE_HEADER_BYTES;
    uint8_t *payload = block + FORMAT_BLOCK_HEADER_BYTES;
    struct format_out out = {payload, file + sizeof file, false};
    FILE *profile = tmpfile();
    size_t head;

    CHECK(profile != NULL);
    if (!profile)
        return;
    sigprof__format_file_header(file);
    put_info(&out, "pid", made->pid);
    put_info(&out, "part", made->part);
    sigprof__format_block_seal(block, (size_t)(out.at - payload), 0, id);
    head = (size_t)(out.at - file);
    CHECK(pwrite(fileno(profile), file, head, 0) == (ssize_t)head);

    out = (struct format_out){payload, file + sizeof file, false};
    put_sheet(&out, made);
    if (made->ended) {
        memcpy(out.at, end, sizeof end);
        out.at += sizeof end;
    }
    sigprof__format_block_seal(block, (size_t)(out.at - payload), 1, id);
    CHECK(pwrite(fileno(profile), block, (size_t)(out.at - block),
                 (off_t)(head + fill)) == out.at - block);
    tree_add(tree, "a", fileno(profile));
    fclose(profile);
}

static void add(struct tree *tree, const struct made *made)
{
    add_filled(tree, made, 0);
}

static bool lacks(const struct tree *tree, uint64_t cpu_ns)
{
    return tree_lacks(tree, (struct tree_use){.cpu_ns = cpu_ns});
}

static void memory_is_freed_behind_the_sheet(void)
{
    const struct made made = {1, 1, 1, 14 * SECOND / 10, true};
    struct tree_use use = {.cpu_ns = 17 * SECOND / 10};
    struct tree tree = {.count = 0};

    add(&tree, &made);
    CHECK(!tree.is_unknown && tree.known_ns == made.cpu_ns);
    CHECK(tree_lacks(&tree, use));
    use.largest_bytes = UINT64_C(4) << 30;
    CHECK(!tree_lacks(&tree, use));
    use.cpu_ns = 3 * SECOND;
    CHECK(tree_lacks(&tree, use));
    tree_free(&tree);
}

/* What a part tells of threads is how many there are more. */
static void threads_are_those_of_all_parts(void)
{
    static const struct made parts[] = {
        {1, 1, 7, 1 * SECOND, true}, {1, 2, 1, 2 * SECOND, true},
        {1, 3, 0, 3 * SECOND, false}};
    static const unsigned orders[][3] = {{0, 1, 2}, {2, 1, 0}, {1, 2, 0}};

    for (unsigned order = 0; order < 3; order++) {
        struct tree tree = {.count = 0};

        for (unsigned i = 0; i < 3; i++)
            add(&tree, &parts[orders[order][i]]);
        CHECK(tree.count == 1 && tree.known_ns == 3 * SECOND);
        CHECK(!lacks(&tree, 18 * SECOND));
        CHECK(lacks(&tree, 22 * SECOND));
        tree_free(&tree);
    }
}

static void of_parts_that_are_gone_nothing_is_told(void)
{
    static const struct made last = {1, 3, 0, 3 * SECOND, false},
                             ended = {1, 3, 0, 3 * SECOND, true};
    struct tree tree = {.count = 0}, other = {.count = 0};

    add(&tree, &last);
    CHECK(!tree.is_unknown && !lacks(&tree, 100 * SECOND));
    tree_free(&tree);
    add(&other, &ended);
    CHECK(lacks(&other, 4 * SECOND));
    tree_free(&other);
}

static void of_a_large_file_the_tail_is_read(void)
{
    static const struct made made = {1, 1, 2, 3 * SECOND, true};

    for (size_t fill = 1 << 20; fill <= 16 << 20; fill *= 4) {
        struct tree tree = {.count = 0};

        add_filled(&tree, &made, fill);
        CHECK(!tree.is_unknown && tree.known_ns == made.cpu_ns);
        CHECK(lacks(&tree, 4 * SECOND));
        tree_free(&tree);
    }
}

static void what_is_no_profile_is_unknown(void)
{
    struct tree tree = {.count = 0};
    FILE *empty = tmpfile();

    CHECK(empty != NULL);
    if (!empty)
        return;
    tree_add(&tree, "a", fileno(empty));
    CHECK(tree.is_unknown && tree.count == 0);
    CHECK(!lacks(&tree, 100 * SECOND));
    fclose(empty);
    tree_free(&tree);
}

int main(void)
{
    memory_is_freed_behind_the_sheet();
    threads_are_those_of_all_parts();
    of_parts_that_are_gone_nothing_is_told();
    of_a_large_file_the_tail_is_read();
    what_is_no_profile_is_unknown();
    return CHECKED;
}
