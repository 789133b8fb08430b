/* SPDX-License-Identifier: BSD-2-Clause */
/* Sorting, the index by hash, and the order of folded lines. */
#include "fold/fold.h"
#include "fold/view.h"
#include "fold_check.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t state = 1;

static uint64_t chance(uint64_t below)
{
    state =
        state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (state >> 33) % below;
}

/* ---- Sorting ------------------------------------------------------------- */

#define MOST_ITEMS 3000

static void sorted_is_by_key_and_equal_keys_keep_their_order(void)
{
    static const uint64_t masks[] = {0, 0xff, UINT64_C(0xff00000000000001),
                                     UINT32_MAX, UINT64_MAX};
    static struct sort_item items[MOST_ITEMS];

    for (size_t count = 0; count < MOST_ITEMS; count += 1 + count / 3)
        for (size_t m = 0; m < sizeof masks / sizeof *masks; m++) {
            uint64_t keys = 0, sorted_keys = 0;

            for (size_t i = 0; i < count; i++) {
                uint64_t key = chance(1u << 31) << 33 ^ chance(1u << 31) << 3;

                items[i] = (struct sort_item){key & masks[m], i};
                keys += items[i].key;
            }
            sigprof__sort(items, count);
            for (size_t i = 0; i < count; i++) {
                sorted_keys += items[i].key;
                if (i > 0)
                    CHECK(items[i - 1].key < items[i].key ||
                          (items[i - 1].key == items[i].key &&
                           items[i - 1].value < items[i].value));
            }
            CHECK(keys == sorted_keys);
        }
}

/* ---- The index ----------------------------------------------------------- */

static uint32_t find(const struct index *index, uint32_t hash, uint32_t id)
{
    for (size_t at = sigprof__index_at(index, hash); index->slots[at].id;
         at = sigprof__index_next(index, at))
        if (index->slots[at].id == id)
            return id;
    return 0;
}

static void room_that_is_reserved_is_there_and_loses_nothing(void)
{
    struct index index = {0};
    size_t mask;

    for (uint32_t id = 1; id <= 5000; id++) {
        uint32_t hash = sigprof__hash_mix(id % 50);
        size_t at;

        if (id % 500 == 1)
            sigprof__index_reserve(&index, 500);
        mask = index.mask;
        sigprof__index_room(&index);
        CHECK(index.mask == mask);
        for (at = sigprof__index_at(&index, hash); index.slots[at].id;)
            at = sigprof__index_next(&index, at);
        sigprof__index_put(&index, at, hash, id);
    }
    for (uint32_t id = 1; id <= 5000; id++)
        CHECK(find(&index, sigprof__hash_mix(id % 50), id) == id);
    free(index.slots);
}

/* ---- Folded lines -------------------------------------------------------- */

#define NODES 4000

/* Names that begin alike, and are the beginning of one another, with what
 * stands before and behind a semicolon and a blank in them. */
static uint32_t odd_name(struct model *model)
{
    static const char letters[] = "aaaaab !9~:<";
    char name[64] = "std::basic_";
    size_t size = chance(2) ? strlen(name) : 0, most = size + 1 + chance(30);

    while (size < most)
        name[size++] = letters[chance(sizeof letters - 1)];
    return sigprof__strings_add(&model->strings, (struct text){name, size});
}

static bool is_there(const struct fold_tree *tree, uint32_t parent,
                     uint32_t name)
{
    for (size_t i = 1; i < tree->count; i++)
        if (tree->nodes[i].parent == parent && tree->nodes[i].name == name)
            return true;
    return false;
}

static void make_tree(struct model *model, struct fold_tree *tree,
                      struct fold_node *nodes)
{
    *tree = (struct fold_tree){.nodes = nodes, .count = 1};
    nodes[0] = (struct fold_node){0};
    while (tree->count < NODES) {
        uint32_t parent = chance(3) ? 0 : (uint32_t)chance(tree->count);
        uint32_t name = odd_name(model);

        if (!is_there(tree, parent, name))
            nodes[tree->count++] = (struct fold_node){
                .name = name, .parent = parent, .self = chance(3)};
    }
}

static void folded_lines_are_in_bytewise_order(void)
{
    const struct model_options options = {0};
    static struct fold_node nodes[NODES];
    char *text = NULL, *line, *next, *last = NULL;
    struct model model;
    struct fold_tree tree;
    size_t size, lines = 0, weights = 0;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        abort();
    sigprof__model_init(&model, &options);
    make_tree(&model, &tree, nodes);
    sigprof__view_folded(&model, &tree, false, out);
    fclose(out);
    for (line = text; (next = strchr(line, '\n')) != NULL; line = next + 1) {
        *next = '\0';
        if (last)
            CHECK(strcmp(last, line) < 0);
        last = line;
        lines++;
    }
    for (size_t i = 1; i < tree.count; i++)
        weights += nodes[i].self != 0;
    CHECK(lines == weights && lines > NODES / 2);
    free(text);
    sigprof__model_free(&model);
}

/* ---- Memory -------------------------------------------------------------- */

static void a_forked_process_that_gets_no_memory_leaves_streams_alone(void)
{
    FILE *stream = tmpfile();
    char said[16] = "";
    size_t room = 0;
    int status = 0;
    pid_t child;

    CHECK(stream && fputs("once", stream) >= 0);
    child = fork();
    if (child == 0) {
        sigprof__store_quietly();
        sigprof__store_grow(NULL, &room, SIZE_MAX / 2, 1);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    CHECK(fflush(stream) == 0);
    rewind(stream);
    CHECK(fread(said, 1, sizeof said, stream) == 4);
    CHECK(strcmp(said, "once") == 0);
    fclose(stream);
}

int main(void)
{
    sorted_is_by_key_and_equal_keys_keep_their_order();
    room_that_is_reserved_is_there_and_loses_nothing();
    folded_lines_are_in_bytewise_order();
    a_forked_process_that_gets_no_memory_leaves_streams_alone();
    return CHECKED;
}
