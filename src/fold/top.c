/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Functions by weight: self is what its own code took, total what it and all it
 * called took. A function that is in a stack twice has the stack's weight once.
 */
#include "view.h"

#include <inttypes.h>
#include <stdlib.h>

struct row {
    struct text name;
    uint64_t self, total;
};

static int row_order(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    size_t size = x->name.size < y->name.size ? x->name.size : y->name.size;
    int order;

    if (x->self != y->self)
        return x->self > y->self ? -1 : 1;
    if (x->total != y->total)
        return x->total > y->total ? -1 : 1;
    order = size ? memcmp(x->name.at, y->name.at, size) : 0;
    if (order)
        return order;
    return (x->name.size > y->name.size) - (x->name.size < y->name.size);
}

/* Does a node's name stand above it too? */
static bool repeats(const struct fold_tree *tree, size_t node)
{
    uint32_t name = tree->nodes[node].name;

    for (uint32_t at = tree->nodes[node].parent; at;
         at = tree->nodes[at].parent)
        if (tree->nodes[at].name == name && !tree->nodes[at].is_root_frame)
            return true;
    return false;
}

static uint64_t add_up(const struct model *model, const struct fold_tree *tree,
                       struct row *rows)
{
    size_t room = 0;
    uint64_t *below =
        sigprof__store_grow(NULL, &room, tree->count, sizeof *below);
    uint64_t total;

    for (size_t i = 0; i < tree->count; i++)
        below[i] = tree->nodes[i].self;
    for (size_t i = tree->count; i-- > 1;)
        below[tree->nodes[i].parent] += below[i];
    for (size_t i = 1; i < tree->count; i++) {
        const struct fold_node *node = &tree->nodes[i];
        struct row *row = &rows[node->name];

        if (node->is_root_frame)
            continue;
        row->name = sigprof__model_text(model, node->name);
        row->self += node->self;
        if (below[i] && !repeats(tree, i))
            row->total += below[i];
    }
    total = below[0];
    free(below);
    return total;
}

void sigprof__view_top(const struct model *model, const struct fold_tree *tree,
                       bool weigh_ns, FILE *out)
{
    size_t room = 0, count = model->strings.count;
    struct row *rows =
        sigprof__store_grow(NULL, &room, count + 1, sizeof *rows);
    uint64_t total;

    memset(rows, 0, (count + 1) * sizeof *rows);
    total = add_up(model, tree, rows);
    qsort(rows, count, sizeof *rows, row_order);
    fprintf(out, "%12s %7s %12s %7s  %s\n", weigh_ns ? "self us" : "self", "%",
            weigh_ns ? "total us" : "total", "%", "function");
    for (size_t i = 0; i < count; i++) {
        const struct row *row = &rows[i];
        double percent = total ? 100.0 / (double)total : 0;

        if (!row->self && !row->total)
            continue;
        fprintf(out, "%12" PRIu64 " %7.2f %12" PRIu64 " %7.2f  %.*s\n",
                row->self, (double)row->self * percent, row->total,
                (double)row->total * percent, (int)row->name.size,
                row->name.at);
    }
    free(rows);
}
