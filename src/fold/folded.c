/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Folded stacks, sorted as `LC_ALL=C sort` would sort the lines.
 *
 * A child gives up to two items: its own line, "name WEIGHT", and the lines
 * below it, which all begin with "name;". Lines that share a beginning are
 * neighbours in any bytewise order, so sorting the items of each node sorts the
 * lines, and only one path is in memory.
 */
#include "view.h"

#include <inttypes.h>
#include <stdlib.h>

struct item {
    struct text name;
    uint32_t node;
    bool below; /* the lines below; else the node's own */
    char weight[48]; /* " WEIGHT\n", or two of them; "" where below */
};

struct writer {
    const struct model *model;
    const struct fold_tree *tree;
    FILE *out;
    uint32_t *first, *children; /* of i: children[first[i]…first[i + 1]) */
    uint8_t *alive;             /* has a weight somewhere below */
    char *path;
    size_t path_capacity;
};

/* Byte i of what an item's lines begin with, behind its name. */
static int tail_byte(const struct item *item, size_t at)
{
    if (at < item->name.size)
        return (uint8_t)item->name.at[at];
    at -= item->name.size;
    if (item->below)
        return at == 0 ? ';' : -1;
    return at < strlen(item->weight) ? item->weight[at] : -1;
}

static int item_order(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    size_t size = x->name.size < y->name.size ? x->name.size : y->name.size;
    int order = memcmp(x->name.at, y->name.at, size);

    for (size_t i = size; order == 0; i++) {
        int p = tail_byte(x, i), q = tail_byte(y, i);

        order = p - q;
        if (p < 0)
            break;
    }
    return order;
}

/* Counting sort of nodes by parent. */
static void list_children(struct writer *writer)
{
    const struct fold_tree *tree = writer->tree;
    size_t room = 0, room2 = 0, room3 = 0;

    writer->first = sigprof__store_grow(NULL, &room, tree->count + 2,
                                        sizeof *writer->first);
    writer->children = sigprof__store_grow(NULL, &room2, tree->count + 1,
                                           sizeof *writer->children);
    writer->alive = sigprof__store_grow(NULL, &room3, tree->count + 1, 1);
    memset(writer->first, 0, (tree->count + 2) * sizeof *writer->first);
    memset(writer->alive, 0, tree->count + 1);
    for (size_t i = tree->count; i-- > 1;) {
        if (tree->nodes[i].self || tree->nodes[i].base)
            writer->alive[i] = 1;
        if (writer->alive[i]) {
            writer->alive[tree->nodes[i].parent] = 1;
            writer->first[tree->nodes[i].parent + 2]++;
        }
    }
    for (size_t i = 2; i < tree->count + 2; i++)
        writer->first[i] += writer->first[i - 1];
    for (size_t i = 1; i < tree->count; i++)
        if (writer->alive[i])
            writer->children[writer->first[tree->nodes[i].parent + 1]++] =
                (uint32_t)i;
}

static size_t path_push(struct writer *writer, size_t size, struct text name)
{
    if (size + name.size + 1 > writer->path_capacity)
        writer->path = sigprof__store_grow(writer->path, &writer->path_capacity,
                                           size + name.size + 1, 1);
    memcpy(writer->path + size, name.at, name.size);
    return size + name.size;
}

static void put_weights(const struct writer *writer,
                        const struct fold_node *node, char *out, size_t size)
{
    if (writer->tree->compares)
        snprintf(out, size, " %" PRIu64 " %" PRIu64 "\n", node->base,
                 node->self);
    else
        snprintf(out, size, " %" PRIu64 "\n", node->self);
}

static struct item *list_items(struct writer *writer, uint32_t node,
                               size_t *count)
{
    uint32_t from = writer->first[node], to = writer->first[node + 1];
    struct item *items;
    size_t room = 0;

    items = sigprof__store_grow(NULL, &room, 2 * (size_t)(to - from) + 1,
                                sizeof *items);
    *count = 0;
    for (uint32_t i = from; i < to; i++) {
        uint32_t child = writer->children[i];
        const struct fold_node *in = &writer->tree->nodes[child];
        struct item item = {.name =
                                sigprof__model_text(writer->model, in->name),
                            .node = child};

        if (in->self || in->base) {
            put_weights(writer, in, item.weight, sizeof item.weight);
            items[(*count)++] = item;
        }
        item.weight[0] = '\0';
        item.below = true;
        if (writer->first[child] != writer->first[child + 1])
            items[(*count)++] = item;
    }
    if (*count > 1)
        qsort(items, *count, sizeof *items, item_order);
    return items;
}

/* Recursion as deep as a stack: READ_MAX_DEPTH and the roots, at most. */
static void write_below(struct writer *writer, uint32_t node, size_t size)
{
    size_t count;
    struct item *items = list_items(writer, node, &count);

    for (size_t i = 0; i < count; i++) {
        size_t end = path_push(writer, size, items[i].name);

        if (items[i].below) {
            writer->path[end] = ';';
            write_below(writer, items[i].node, end + 1);
        } else {
            fwrite(writer->path, 1, end, writer->out);
            fputs(items[i].weight, writer->out);
        }
    }
    free(items);
}

void sigprof__view_folded(const struct model *model,
                          const struct fold_tree *tree, bool weigh_ns,
                          FILE *out)
{
    struct writer writer = {.model = model, .tree = tree, .out = out};

    (void)weigh_ns; /* the weights have their unit already */
    list_children(&writer);
    write_below(&writer, 0, 0);
    free(writer.first);
    free(writer.children);
    free(writer.alive);
    free(writer.path);
}
