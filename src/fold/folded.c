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

#include <stdlib.h>

#define WEIGHT_BYTES 48 /* " WEIGHT\n", or two of them */

struct item {
    const char *name;
    uint32_t size, node;
    bool below;   /* the lines below; else the node's own */
    uint64_t key; /* eight bytes of the line, as a number */
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

/* A blank and the number; returns where it ends. */
static char *put_number(char *out, uint64_t number)
{
    char digits[20];
    size_t count = 0;

    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    *out++ = ' ';
    while (count)
        *out++ = digits[--count];
    return out;
}

/* " WEIGHT\n" or " BASE WEIGHT\n"; returns its size. */
static size_t put_weights(const struct writer *writer, uint32_t node, char *out)
{
    const struct fold_node *in = &writer->tree->nodes[node];
    char *end = out;

    if (writer->tree->compares)
        end = put_number(end, in->base);
    end = put_number(end, in->self);
    *end++ = '\n';
    return (size_t)(end - out);
}

/* ---- Order of items ------------------------------------------------------ */

/* What stands behind the name, as far as it is the same in all lines. */
static size_t tail_of(const struct writer *writer, const struct item *item,
                      char tail[WEIGHT_BYTES])
{
    if (!item->below)
        return put_weights(writer, item->node, tail);
    tail[0] = ';';
    return 1;
}

static uint64_t first_byte_highest(const uint8_t *at)
{
    return (uint64_t)at[0] << 56 | (uint64_t)at[1] << 48 |
           (uint64_t)at[2] << 40 | (uint64_t)at[3] << 32 |
           (uint64_t)at[4] << 24 | (uint64_t)at[5] << 16 |
           (uint64_t)at[6] << 8 | (uint64_t)at[7];
}

/* Bytes at `depth` of the line; those behind its end are 0. */
static uint64_t key_at(const struct writer *writer, const struct item *item,
                       size_t depth)
{
    uint8_t bytes[8] = {0};
    char tail[WEIGHT_BYTES];
    size_t at = 0, tail_size;

    if (depth + 8 <= item->size)
        return first_byte_highest((const uint8_t *)item->name + depth);
    for (; depth + at < item->size && at < 8; at++)
        bytes[at] = (uint8_t)item->name[depth + at];
    tail_size = tail_of(writer, item, tail);
    for (size_t i = depth + at - item->size; i < tail_size && at < 8; i++, at++)
        bytes[at] = (uint8_t)tail[i];
    return first_byte_highest(bytes);
}

static void swap(struct item *a, struct item *b)
{
    struct item item = *a;

    *a = *b;
    *b = item;
}

static uint64_t middle_key(const struct item *items, size_t count)
{
    uint64_t a = items[0].key, b = items[count / 2].key;
    uint64_t c = items[count - 1].key;

    if (a > b) {
        uint64_t other = a;

        a = b;
        b = other;
    }
    return c <= a ? a : c >= b ? b : c;
}

/* Parts the items into less, equal and more than the pivot; the equal ones are
 * [*low, *high). */
static void part(struct item *items, size_t count, uint64_t pivot, size_t *low,
                 size_t *high)
{
    *low = 0;
    *high = count;
    for (size_t i = 0; i < *high;) {
        if (items[i].key < pivot)
            swap(&items[(*low)++], &items[i++]);
        else if (items[i].key > pivot)
            swap(&items[i], &items[--*high]);
        else
            i++;
    }
}

/* The lines are the same before `depth`, which may be behind a name's end. */
static bool is_before(const struct writer *writer, const struct item *a,
                      const struct item *b, size_t depth)
{
    size_t size = a->size < b->size ? a->size : b->size;
    int order = 0;

    if (depth < size)
        order = memcmp(a->name + depth, b->name + depth, size - depth);
    else
        size = depth;
    for (uint64_t p = 1, q = 1; order == 0 && (p & 0xff); size += 8) {
        p = key_at(writer, a, size);
        q = key_at(writer, b, size);
        if (p != q)
            order = p < q ? -1 : 1;
    }
    return order < 0;
}

static void sort_few(const struct writer *writer, struct item *items,
                     size_t count, size_t depth)
{
    for (size_t i = 1; i < count; i++) {
        struct item item = items[i];
        size_t at = i;

        for (;
             at > 0 && (item.key < items[at - 1].key ||
                        (item.key == items[at - 1].key &&
                         is_before(writer, &item, &items[at - 1], depth + 8)));
             at--)
            items[at] = items[at - 1];
        items[at] = item;
    }
}

#define FEW_ITEMS 12 /* comparing them costs less than keys of each depth */

/*
 * Quicksort by eight bytes of the lines at a time: names of one program begin
 * alike, and what is alike is looked at once. The keys are those at `depth`.
 */
static void sort_items(const struct writer *writer, struct item *items,
                       size_t count, size_t depth)
{
    while (count > FEW_ITEMS) {
        uint64_t pivot = middle_key(items, count);
        size_t low, high;

        part(items, count, pivot, &low, &high);

        struct {
            size_t from, count, depth;
        } parts[3] = {{0, low, depth},
                      {high, count - high, depth},
                      {low, high - low, depth + 8}};
        unsigned largest = 0;

        if ((pivot & 0xff) == 0)
            parts[2].count = 0; /* these lines end here: they are equal */
        for (size_t i = 0; parts[2].count > 1 && i < parts[2].count; i++)
            items[low + i].key = key_at(writer, &items[low + i], depth + 8);
        for (unsigned i = 1; i < 3; i++)
            if (parts[i].count > parts[largest].count)
                largest = i;
        for (unsigned i = 0; i < 3; i++) /* of half as many: not deep */
            if (i != largest)
                sort_items(writer, items + parts[i].from, parts[i].count,
                           parts[i].depth);
        items += parts[largest].from;
        count = parts[largest].count;
        depth = parts[largest].depth;
    }
    sort_few(writer, items, count, depth);
}

/* ---- The tree ------------------------------------------------------------ */

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

static size_t path_push(struct writer *writer, size_t size,
                        const struct item *item)
{
    size_t need = size + item->size + WEIGHT_BYTES;

    if (need > writer->path_capacity)
        writer->path =
            sigprof__store_grow(writer->path, &writer->path_capacity, need, 1);
    memcpy(writer->path + size, item->name, item->size);
    return size + item->size;
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
        struct text name = sigprof__model_text(writer->model, in->name);
        struct item item = {name.at, (uint32_t)name.size, child, false, 0};

        if (in->self || in->base)
            items[(*count)++] = item;
        item.below = true;
        if (writer->first[child] != writer->first[child + 1])
            items[(*count)++] = item;
    }
    for (size_t i = 0; *count > 1 && i < *count; i++)
        items[i].key = key_at(writer, &items[i], 0);
    sort_items(writer, items, *count, 0);
    return items;
}

/* Recursion as deep as a stack: READ_MAX_DEPTH and the roots, at most. */
static void write_below(struct writer *writer, uint32_t node, size_t size)
{
    size_t count;
    struct item *items = list_items(writer, node, &count);

    for (size_t i = 0; i < count; i++) {
        size_t end = path_push(writer, size, &items[i]);

        if (items[i].below) {
            writer->path[end] = ';';
            write_below(writer, items[i].node, end + 1);
        } else {
            end += put_weights(writer, items[i].node, writer->path + end);
            fwrite(writer->path, 1, end, writer->out);
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
