/* SPDX-License-Identifier: BSD-2-Clause */
/* What no sample stands for. Contract: fold.h. */
#include "fold_impl.h"

#include <stdlib.h>

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
    int64_t due_ns = account->reached_ns < account->sum_ns ? account->reached_ns
                                                           : account->sum_ns;
    uint64_t periods = due_ns > 0 ? (uint64_t)due_ns / account->period_ns : 0;

    if (periods <= account->periods &&
        (!periods || !losses->options->weigh_ns ||
         (uint64_t)due_ns <= account->ns))
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
    loss.what = sigprof__fold_word(losses->model, what);
    loss.root_count =
        sigprof__fold_roots(losses->model, losses->options, &context, true,
                            loss.roots, sizeof loss.roots / sizeof *loss.roots);
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
