/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Folding. Contract: fold.h.
 *
 * Counts are taken context by context. Within one, a node of the model that is
 * a caller has one node in the tree of names, looked up once and remembered;
 * only leaves, and frames that a signal interrupted, go by their exact address
 * and are looked up each. So the work is that of distinct nodes, not of
 * stacks times their depth.
 */
#include "fold_impl.h"

#include <stdlib.h>

bool sigprof__fold_matches(const regex_t *pattern, struct text text)
{
    char small[1024], *copy = small;
    size_t room = 0;
    bool matches;

    if (text.size >= sizeof small)
        copy = sigprof__store_grow(NULL, &room, text.size + 1, 1);
    memcpy(copy, text.at, text.size);
    copy[text.size] = '\0';
    matches = regexec(pattern, copy, 0, NULL, 0) == 0;
    if (copy != small)
        free(copy);
    return matches;
}

/* ---- The tree of names --------------------------------------------------- */

static uint32_t tree_child(struct fold_tree *tree, uint32_t parent,
                           uint32_t name, bool is_root_frame)
{
    struct index *index = &tree->index;
    uint32_t hash = sigprof__hash_mix((uint64_t)parent << 32 | name);
    size_t at;

    sigprof__index_room(index);
    for (at = sigprof__index_at(index, hash); index->slots[at].id;
         at = sigprof__index_next(index, at)) {
        const struct fold_node *other = &tree->nodes[index->slots[at].id];

        if (other->parent == parent && other->name == name &&
            other->is_root_frame == is_root_frame)
            return index->slots[at].id;
    }
    ARRAY_ROOM(tree->nodes, tree->count, tree->capacity);
    tree->nodes[tree->count] =
        (struct fold_node){name, parent, 0, 0, is_root_frame};
    sigprof__index_put(index, at, hash, (uint32_t)tree->count);
    return (uint32_t)tree->count++;
}

static void tree_charge(struct fold_tree *tree, uint32_t node, bool base,
                        uint64_t value)
{
    uint64_t *self = base ? &tree->nodes[node].base : &tree->nodes[node].self;

    *self = *self + value < *self ? UINT64_MAX : *self + value;
}

void sigprof__fold_free(struct fold_tree *tree)
{
    free(tree->nodes);
    free(tree->index.slots);
    *tree = (struct fold_tree){0};
}

/* ---- Samples ------------------------------------------------------------- */

struct folding {
    struct model *model;
    const struct fold_options *options;
    struct fold_tree *tree;
    uint32_t *known;       /* model node -> node of the tree, as a caller */
    uint32_t *known_under; /* … valid when this is the present group */
    uint32_t group;
    uint32_t base; /* the tree's node of root frames and end */
    bool is_base;  /* the group is of a profile of --diff */
};

/* The tree's node of the innermost function of a node, below `parent`. */
static uint32_t fold_node(struct folding *folding, uint32_t parent,
                          uint32_t node, bool exact)
{
    struct model_places places =
        sigprof__fold_places(folding->model, node, exact);

    for (uint32_t i = 0; i < places.count; i++) {
        uint32_t name = folding->model->places[places.first + i].name;
        const struct fold_node *above = &folding->tree->nodes[parent];

        if (!folding->options->fold_recursion || above->name != name ||
            above->is_root_frame)
            parent = tree_child(folding->tree, parent, name, false);
    }
    return parent;
}

static uint32_t fold_caller(struct folding *folding, uint32_t node)
{
    uint32_t path[READ_MAX_DEPTH];
    size_t depth = 0;
    uint32_t at = node, tree_node = folding->base;
    bool exact = false;

    for (; at; at = folding->model->nodes[at].parent) {
        if (!exact && folding->known_under[at] == folding->group) {
            tree_node = folding->known[at];
            break;
        }
        path[depth++] = at;
        exact = folding->model->nodes[at].frame == FRAME_SIGNAL;
    }
    while (depth--) {
        at = path[depth];
        exact = depth > 0 &&
                folding->model->nodes[path[depth - 1]].frame == FRAME_SIGNAL;
        tree_node = fold_node(folding, tree_node, at, exact);
        if (!exact) {
            folding->known[at] = tree_node;
            folding->known_under[at] = folding->group;
        }
    }
    return tree_node;
}

static void fold_count(struct folding *folding, uint32_t node, uint64_t value)
{
    uint32_t tree_node = folding->base;

    if (node) {
        tree_node = fold_caller(folding, folding->model->nodes[node].parent);
        tree_node = fold_node(folding, tree_node, node, true);
    }
    tree_charge(folding->tree, tree_node, folding->is_base, value);
}

bool sigprof__fold_thread_passes(struct model *model,
                                 const struct fold_options *options,
                                 uint32_t context)
{
    const struct model_context *in = &model->contexts[context];
    uint32_t name;

    if (!options->thread)
        return true;
    if (!in->thread)
        return false;
    name = sigprof__model_thread_name(model, &model->processes[in->process],
                                      in->thread);
    return sigprof__fold_matches(options->thread,
                                 sigprof__model_text(model, name));
}

/* Sets the tree's node under which the stacks of a context begin; for a sample
 * without a stack, its leaf. */
static void context_begin(struct folding *folding, uint32_t context,
                          bool has_stack)
{
    uint32_t names[FOLD_MAX_ROOTS], base = 0, end;
    const struct model_context *in = &folding->model->contexts[context];
    size_t count =
        sigprof__fold_roots(folding->model, folding->options, in, false, names,
                            sizeof names / sizeof *names);

    for (size_t i = 0; i < count; i++)
        base = tree_child(folding->tree, base, names[i], true);
    end = sigprof__fold_end(folding->model, in->end, has_stack);
    folding->base = end ? tree_child(folding->tree, base, end, false) : base;
    folding->is_base = folding->model->processes[in->process].base;
}

/* The keys are the model's. */
static struct sort_item *sorted_counts(const struct model *model, size_t *count)
{
    size_t room = 0, slots = model->counts ? model->count_mask + 1 : 0;
    struct sort_item *counts =
        sigprof__store_grow(NULL, &room, model->count_used + 1, sizeof *counts);

    *count = 0;
    for (size_t i = 0; i < slots; i++)
        if (model->counts[i].value)
            counts[(*count)++] = (struct sort_item){model->counts[i].key,
                                                    model->counts[i].value};
    sigprof__sort(counts, *count);
    return counts;
}

static void fold_samples(struct folding *folding)
{
    size_t count;
    struct sort_item *counts = sorted_counts(folding->model, &count);
    uint32_t context = UINT32_MAX;
    bool passes = false;

    for (size_t i = 0; i < count; i++) {
        uint32_t its = (uint32_t)(counts[i].key >> 32);
        uint32_t node = (uint32_t)counts[i].key;

        if (its != context || node == 0) {
            passes = sigprof__fold_thread_passes(folding->model,
                                                 folding->options, its);
            if (passes)
                context_begin(folding, its, node != 0);
            context = node == 0 ? UINT32_MAX : its;
            folding->group++;
        }
        if (passes)
            fold_count(folding, node, counts[i].value);
    }
    free(counts);
}

/* ---- Filters ------------------------------------------------------------- */

enum seen { SEEN_FOCUS = 1, SEEN_IGNORE = 2 };

/* Names are many fewer than nodes: each is matched once. */
static uint8_t *match_names(const struct model *model,
                            const struct fold_options *options,
                            const struct fold_tree *tree)
{
    size_t room = 0;
    uint8_t *seen =
        sigprof__store_grow(NULL, &room, model->strings.count + 1, 1);

    memset(seen, 0xff, model->strings.count + 1);
    for (size_t i = 1; i < tree->count; i++) {
        uint32_t name = tree->nodes[i].name;
        struct text text = sigprof__model_text(model, name);

        if (seen[name] != 0xff || tree->nodes[i].is_root_frame)
            continue;
        seen[name] = 0;
        if (options->focus && sigprof__fold_matches(options->focus, text))
            seen[name] |= SEEN_FOCUS;
        if (options->ignore && sigprof__fold_matches(options->ignore, text))
            seen[name] |= SEEN_IGNORE;
    }
    return seen;
}

static void apply_filters(const struct model *model,
                          const struct fold_options *options,
                          struct fold_tree *tree)
{
    uint8_t *by_name, *by_node;
    size_t room = 0;

    if (!options->focus && !options->ignore)
        return;
    by_name = match_names(model, options, tree);
    by_node = sigprof__store_grow(NULL, &room, tree->count, 1);
    by_node[0] = 0;
    for (size_t i = 1; i < tree->count; i++) {
        struct fold_node *node = &tree->nodes[i];

        by_node[i] = by_node[node->parent];
        if (!node->is_root_frame)
            by_node[i] |= by_name[node->name];
        if ((options->focus && !(by_node[i] & SEEN_FOCUS)) ||
            (by_node[i] & SEEN_IGNORE))
            node->self = node->base = 0;
    }
    free(by_name);
    free(by_node);
}

/* ---- All of it ----------------------------------------------------------- */

static void fold_loss(void *arg, const struct fold_loss *loss)
{
    struct folding *folding = arg;
    uint32_t at = 0;

    for (size_t i = 0; i < loss->root_count; i++)
        at = tree_child(folding->tree, at, loss->roots[i], true);
    at = tree_child(folding->tree, at, loss->what, false);
    if (loss->below)
        at = tree_child(folding->tree, at, loss->below, false);
    tree_charge(folding->tree, at,
                folding->model->processes[loss->process].base,
                folding->options->weigh_ns ? loss->ns : loss->periods);
}

static uint64_t tree_total(const struct fold_tree *tree)
{
    uint64_t total = 0;

    for (size_t i = 0; i < tree->count; i++)
        total = total + tree->nodes[i].self < total
                    ? UINT64_MAX
                    : total + tree->nodes[i].self;
    return total;
}

static void to_microseconds(struct fold_tree *tree)
{
    for (size_t i = 0; i < tree->count; i++) {
        tree->nodes[i].self = (tree->nodes[i].self + 500) / 1000;
        tree->nodes[i].base = (tree->nodes[i].base + 500) / 1000;
    }
}

void sigprof__fold(struct model *model, const struct fold_options *options,
                   struct fold_tree *tree)
{
    struct folding folding = {.model = model, .options = options, .tree = tree};
    size_t room = 0;

    *tree = (struct fold_tree){0};
    for (size_t i = 0; i < model->process_count; i++)
        tree->compares |= model->processes[i].base;
    ARRAY_ROOM(tree->nodes, tree->count, tree->capacity);
    tree->nodes[tree->count++] = (struct fold_node){0};
    folding.known = sigprof__store_grow(NULL, &room, model->node_count,
                                        sizeof *folding.known);
    room = 0;
    folding.known_under = sigprof__store_grow(NULL, &room, model->node_count,
                                              sizeof *folding.known_under);
    memset(folding.known_under, 0,
           model->node_count * sizeof *folding.known_under);
    fold_samples(&folding);
    free(folding.known);
    free(folding.known_under);
    apply_filters(model, options, tree);
    tree->sampled = tree_total(tree);
    tree->hidden = sigprof__fold_losses(model, options, fold_loss, &folding);
    apply_filters(model, options, tree);
    if (options->weigh_ns)
        to_microseconds(tree);
    free(tree->index.slots); /* it is whole */
    tree->index = (struct index){0};
}
