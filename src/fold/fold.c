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
#include "fold.h"
#include "name.h"

#include <stdlib.h>

static const char *const end_names[MODEL_ENDS] = {
    "complete",      "depth", "no rule", "bad address",
    "foreign stack", "other", "damaged"};

const char *sigprof__fold_end_name(unsigned end)
{
    return end < MODEL_ENDS ? end_names[end] : "other";
}

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

/* ---- What stands in front of a stack ------------------------------------- */

/* A CPU clock does not say more than that the thread ran. */
static const char *const state_names[FORMAT_STATES] = {
    "running", "running",  "sleeping",         "waiting for cpu", "user",
    "system",  "faulting", "waiting for lock", "stopped"};

const char *sigprof__fold_state_name(unsigned state)
{
    return state_names[state < FORMAT_STATES ? state : FORMAT_STATE_UNKNOWN];
}

static uint32_t root_name(struct model *model, const struct fold_root *root,
                          const struct model_process *process,
                          const struct model_context *context)
{
    struct strings *strings = &model->strings;
    uint32_t comm = context->comm ? context->comm : process->comm;
    struct text name = sigprof__model_text(model, comm), key;
    uint32_t value;

    switch (root->kind) {
    case ROOT_COMM:
        break;
    case ROOT_PROCESS:
        value =
            sigprof__strings_format(strings, "%.*s-%llu", (int)name.size,
                                    name.at, (unsigned long long)process->pid);
        name = sigprof__model_text(model, value);
        break;
    case ROOT_THREAD:
        if (!context->thread)
            return 0;
        value = sigprof__model_thread_name(model, process, context->thread);
        name = sigprof__model_text(model, value);
        if (process->threads[context->thread].name) {
            value = sigprof__strings_format(
                strings, "%.*s-%u", (int)name.size, name.at,
                process->threads[context->thread].tid);
            name = sigprof__model_text(model, value);
        }
        break;
    case ROOT_STATE:
        return sigprof__strings_format(
            strings, "[%s]", sigprof__fold_state_name(context->state));
    case ROOT_LABEL:
        value = sigprof__model_label_value(model, process, context->label,
                                           root->key);
        key = root->key;
        if (!value)
            value = sigprof__strings_format(strings, "[no %.*s]", (int)key.size,
                                            key.at);
        name = sigprof__model_text(model, value);
        break;
    }
    return sigprof__name_safe(strings, name);
}

/* The frames in front of the stacks of a context; a known-lost thing (loss) has
 * no thread, no state and no label. */
static size_t root_frames(struct model *model,
                          const struct fold_options *options,
                          const struct model_context *context, bool loss,
                          uint32_t *names, size_t room)
{
    const struct model_process *process = &model->processes[context->process];
    size_t count = 0;

    for (size_t i = 0; i < options->root_count && count < room; i++) {
        const struct fold_root *root = &options->roots[i];

        if (loss && (root->kind == ROOT_THREAD || root->kind == ROOT_STATE ||
                     root->kind == ROOT_LABEL))
            continue;
        names[count++] = root_name(model, root, process, context);
    }
    return count;
}

static uint32_t plain_name(struct model *model, const char *name)
{
    return sigprof__strings_add(&model->strings, sigprof__text(name));
}

/* 0: the stack is whole and speaks for itself. */
static uint32_t end_frame(struct model *model, unsigned end, bool has_stack)
{
    if (end == MODEL_DAMAGED)
        return plain_name(model, "[damaged]");
    if (end != MODEL_COMPLETE)
        return sigprof__strings_format(&model->strings, "[truncated: %s]",
                                       sigprof__fold_end_name(end));
    return has_stack ? 0 : plain_name(model, "[no stack]");
}

/* ---- Names of a node ----------------------------------------------------- */

static bool below_signal(const struct model *model, uint32_t node)
{
    uint32_t parent = model->nodes[node].parent;

    return parent && model->nodes[parent].frame == FRAME_SIGNAL;
}

static bool is_named(const struct model *model, struct model_places places)
{
    return places.count && model->places[places.first].function;
}

/*
 * What a node shows: exact says that it is a leaf or was interrupted. What a
 * signal handler returns to is the trampoline's first byte, so that is exact
 * too; libc's has no symbol of its own in a stripped system.
 */
static struct model_places node_places(const struct model *model, uint32_t node,
                                       bool exact)
{
    const struct model_frame *frame = &model->frames[model->nodes[node].frame];

    if (model->nodes[node].frame == FRAME_SIGNAL)
        return (struct model_places){0, 0};
    if (below_signal(model, node))
        return is_named(model, frame->exact)
                   ? frame->exact
                   : model->frames[FRAME_SIGNAL].exact;
    return exact ? frame->exact : frame->call;
}

/* The places of a node, innermost first, behind what is there; false: no room.
 */
static bool push_places(const struct model *model, uint32_t node, bool exact,
                        struct fold_frame *frames, size_t room, size_t *count)
{
    struct model_places places = node_places(model, node, exact);
    bool at_call = !exact && !below_signal(model, node);

    if (places.count > room - *count)
        return false;
    while (places.count) {
        uint32_t place = places.first + --places.count;

        frames[(*count)++] =
            (struct fold_frame){model->places[place].name, place,
                                model->nodes[node].frame, at_call};
    }
    return true;
}

/* Of frames with one name that follow each other, the innermost stays: it tells
 * what ran. */
static size_t without_repeats(struct fold_frame *frames, size_t first,
                              size_t count)
{
    size_t kept = first;

    for (size_t i = first; i < count; i++) {
        if (kept > first && frames[kept - 1].name == frames[i].name)
            kept--;
        frames[kept++] = frames[i];
    }
    return kept;
}

size_t sigprof__fold_frames(struct model *model,
                            const struct fold_options *options,
                            uint32_t context, uint32_t node,
                            struct fold_frame *frames, size_t room,
                            size_t *roots)
{
    const struct model_context *in = &model->contexts[context];
    uint32_t names[FOLD_MAX_ROOTS];
    size_t count = root_frames(model, options, in, false, names,
                               sizeof names / sizeof *names);
    uint32_t end = end_frame(model, in->end, node != 0);
    bool exact = true;
    size_t first;

    *roots = count;
    if (count + 1 > room)
        return room + 1;
    for (size_t i = 0; i < count; i++)
        frames[i] = (struct fold_frame){.name = names[i]};
    if (end)
        frames[count++] = (struct fold_frame){.name = end};
    first = count;
    for (; node; node = model->nodes[node].parent) {
        if (!push_places(model, node, exact, frames, room, &count))
            return room + 1;
        exact = model->nodes[node].frame == FRAME_SIGNAL;
    }
    for (size_t i = first, j = count; i + 1 < j; i++) {
        struct fold_frame swap = frames[i];

        frames[i] = frames[--j];
        frames[j] = swap;
    }
    return options->fold_recursion ? without_repeats(frames, first, count)
                                   : count;
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
    struct model_places places = node_places(folding->model, node, exact);

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
    size_t count = root_frames(folding->model, folding->options, in, false,
                               names, sizeof names / sizeof *names);

    for (size_t i = 0; i < count; i++)
        base = tree_child(folding->tree, base, names[i], true);
    end = end_frame(folding->model, in->end, has_stack);
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

/* ---- What no sample stands for ------------------------------------------- */

/*
 * What processes lost by the same cause, under the same frames, is one account,
 * or a thousand short processes of half a period each would have lost nothing.
 * The accounts are summed first. Then each process is charged what has been due
 * of the account up to it, in whole periods, and never more than the sum.
 */
struct account {
    struct fold_loss key; /* of the process that opened it */
    uint64_t period_ns;
    int64_t sum_ns, reached_ns; /* reached_ns: up to the process in turn */
    uint64_t periods, ns;       /* charged */
};

struct losses {
    struct model *model;
    const struct fold_options *options;
    void (*lost)(void *arg, const struct fold_loss *loss);
    void *arg;
    uint64_t hidden;
    bool summing;
    struct account *accounts; /* [0] is none */
    size_t count, capacity;
    struct index index;
};

static bool is_base(const struct losses *losses, uint32_t process)
{
    return losses->model->processes[process].base;
}

static bool is_account_of(const struct losses *losses,
                          const struct account *account,
                          const struct fold_loss *loss)
{
    const struct fold_loss *key = &account->key;

    return key->what == loss->what && key->below == loss->below &&
           is_base(losses, key->process) == is_base(losses, loss->process) &&
           account->period_ns ==
               losses->model->processes[loss->process].period_ns &&
           key->root_count == loss->root_count &&
           memcmp(key->roots, loss->roots,
                  loss->root_count * sizeof *loss->roots) == 0;
}

static struct account *account_of(struct losses *losses,
                                  const struct fold_loss *loss)
{
    struct index *index = &losses->index;
    uint32_t hash = sigprof__hash_mix((uint64_t)loss->what << 32 | loss->below);
    size_t at;

    for (size_t i = 0; i < loss->root_count; i++)
        hash = sigprof__hash_mix((uint64_t)hash << 32 | loss->roots[i]);
    sigprof__index_room(index);
    for (at = sigprof__index_at(index, hash); index->slots[at].id;
         at = sigprof__index_next(index, at))
        if (is_account_of(losses, &losses->accounts[index->slots[at].id], loss))
            return &losses->accounts[index->slots[at].id];
    if (!losses->count)
        losses->count = 1; /* ids are above 0 */
    if (losses->count >= losses->capacity)
        losses->accounts =
            sigprof__store_grow(losses->accounts, &losses->capacity,
                                losses->count + 1, sizeof *losses->accounts);
    losses->accounts[losses->count] = (struct account){
        .key = *loss,
        .period_ns = losses->model->processes[loss->process].period_ns};
    sigprof__index_put(index, at, hash, (uint32_t)losses->count);
    return &losses->accounts[losses->count++];
}

/* A file may hold any figure; a sum that overflows is none of a recorder's. */
static void add_ns(int64_t *sum, int64_t ns)
{
    if (__builtin_add_overflow(*sum, ns, sum))
        *sum = 0;
}

static void charge_account(struct losses *losses, struct account *account,
                           struct fold_loss *loss)
{
    int64_t due_ns = account->reached_ns < account->sum_ns
                         ? account->reached_ns
                         : account->sum_ns;
    uint64_t periods =
        due_ns > 0 ? (uint64_t)due_ns / account->period_ns : 0;

    if (periods <= account->periods &&
        (!periods || !losses->options->weigh_ns || (uint64_t)due_ns <= account->ns))
        return;
    loss->periods = periods - account->periods;
    loss->ns = (uint64_t)due_ns - account->ns;
    account->periods = periods;
    account->ns = (uint64_t)due_ns;
    if (losses->options->filtered || losses->options->thread)
        losses->hidden += loss->periods;
    else
        losses->lost(losses->arg, loss);
}

static void charge_loss(struct losses *losses, uint32_t process,
                        const char *what, uint32_t below, int64_t ns)
{
    struct model_context context = {.process = process};
    struct fold_loss loss = {.process = process, .below = below};
    struct account *account;

    if (ns == 0)
        return;
    loss.what = plain_name(losses->model, what);
    loss.root_count =
        root_frames(losses->model, losses->options, &context, true, loss.roots,
                    sizeof loss.roots / sizeof *loss.roots);
    account = account_of(losses, &loss);
    if (losses->summing) {
        add_ns(&account->sum_ns, ns);
    } else {
        add_ns(&account->reached_ns, ns);
        charge_account(losses, account, &loss);
    }
}

static int64_t periods_to_ns(const struct model_process *process,
                             int64_t periods)
{
    if (periods <= 0 || (uint64_t)periods > INT64_MAX / process->period_ns)
        return 0;
    return periods * (int64_t)process->period_ns;
}

struct unsampled {
    uint32_t cause, name;
    int64_t ns;
};

static int by_cause(const void *a, const void *b)
{
    const struct unsampled *x = a, *y = b;

    if (x->cause != y->cause)
        return x->cause < y->cause ? -1 : 1;
    return (x->name > y->name) - (x->name < y->name);
}

static const char *cause_name(uint32_t cause)
{
    switch (cause) {
    case FORMAT_EXIT_ENDED:
        return "[unsampled: thread exit]";
    case FORMAT_EXIT_BLOCKED:
        return "[unsampled: blocked]";
    default:
        return "[unsampled: running]";
    }
}

static uint32_t start_name(const struct model *model, uint32_t frame)
{
    struct model_places places = model->frames[frame].exact;

    return frame && places.count ? model->places[places.first].name : 0;
}

/* Processes of which the files are parts of one recording: next[i] is the part
 * after process i, or i is the last one; is_first[i]: no part is before it.
 * What is compared (--diff) is apart, be it the same recording. */
struct parts {
    uint32_t *next;
    bool *is_first;
};

static void parts_make(const struct model *model, struct parts *parts)
{
    size_t count = model->process_count, room = 0, strings_room = 0;
    uint32_t *latest = sigprof__store_grow(
        NULL, &strings_room, 2 * model->strings.count + 2, sizeof *latest);

    parts->next =
        sigprof__store_grow(NULL, &room, count + 1, sizeof *parts->next);
    room = 0;
    parts->is_first =
        sigprof__store_grow(NULL, &room, count + 1, sizeof *parts->is_first);
    memset(latest, 0xff, (2 * model->strings.count + 2) * sizeof *latest);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t recording = model->processes[i].recording;
        size_t side = 2 * (size_t)recording + model->processes[i].base;

        parts->next[i] = i;
        parts->is_first[i] = !recording || latest[side] == UINT32_MAX;
        if (!parts->is_first[i])
            parts->next[latest[side]] = i;
        if (recording)
            latest[side] = i;
    }
    free(latest);
}

static void parts_free(struct parts *parts)
{
    free(parts->next);
    free(parts->is_first);
}

static size_t list_exits(const struct model *model, uint32_t number,
                         struct unsampled *list)
{
    const struct model_process *process = &model->processes[number];

    for (size_t i = 0; i < process->exit_count; i++) {
        const struct model_exit *in = &process->exits[i];
        uint32_t frame = process->threads[in->thread].start_frame;

        list[i] = (struct unsampled){in->cause, start_name(model, frame),
                                     in->unsampled_ns};
    }
    return process->exit_count;
}

/* Threads of one start routine are one account: what one was charged too much
 * makes up for what another was charged too little. */
static void charge_exits(struct losses *losses, const struct parts *parts,
                         uint32_t first)
{
    struct model *model = losses->model;
    size_t count = model->processes[first].exit_count, room = 0;
    struct unsampled *list;

    for (uint32_t i = first; parts->next[i] != i; i = parts->next[i])
        count += model->processes[parts->next[i]].exit_count;
    list = sigprof__store_grow(NULL, &room, count + 1, sizeof *list);
    count = list_exits(model, first, list);
    for (uint32_t i = first; parts->next[i] != i; i = parts->next[i])
        count += list_exits(model, parts->next[i], list + count);
    if (count)
        qsort(list, count, sizeof *list, by_cause);
    for (size_t i = 0, next; i < count; i = next) {
        int64_t ns = 0;

        for (next = i; next < count && by_cause(&list[i], &list[next]) == 0;
             next++)
            add_ns(&ns, list[next].ns);
        charge_loss(losses, first, cause_name(list[i].cause), list[i].name, ns);
    }
    free(list);
}

static void sheet_add(struct model_sheet *sum, const struct model_sheet *more)
{
#define X(name) add_ns(&sum->name, more->name);
    MODEL_SHEET_MAP(X)
#undef X
}

static void charge_recording(struct losses *losses, const struct parts *parts,
                             uint32_t first)
{
    const struct model_process *process = &losses->model->processes[first];
    struct model_sheet sheet = process->sheet;

    for (uint32_t i = first; parts->next[i] != i; i = parts->next[i])
        sheet_add(&sheet, &losses->model->processes[parts->next[i]].sheet);
    charge_loss(losses, first, "[lost: ring full]", 0,
                periods_to_ns(process, sheet.dropped_full));
    charge_loss(losses, first, "[lost: busy]", 0,
                periods_to_ns(process, sheet.dropped_busy));
    charge_loss(losses, first, "[lost: thread table full]", 0,
                periods_to_ns(process, sheet.dropped_slot));
    charge_loss(losses, first, "[unsampled: paused]", 0,
                sheet.unsampled_paused_ns);
    charge_loss(losses, first, "[unsampled: not seen]", 0,
                sheet.unsampled_unseen_ns);
    charge_exits(losses, parts, first);
}

uint64_t
sigprof__fold_losses(struct model *model, const struct fold_options *options,
                     void (*lost)(void *arg, const struct fold_loss *loss),
                     void *arg)
{
    struct losses losses = {
        .model = model, .options = options, .lost = lost, .arg = arg};
    struct parts parts;

    parts_make(model, &parts);
    for (int pass = 0; pass < 2; pass++) {
        losses.summing = pass == 0;
        for (uint32_t i = 0; i < model->process_count; i++)
            if (parts.is_first[i])
                charge_recording(&losses, &parts, i);
    }
    parts_free(&parts);
    free(losses.accounts);
    free(losses.index.slots);
    return losses.hidden;
}

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

/* ---- All of it ----------------------------------------------------------- */

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
