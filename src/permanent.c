/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects that are never unloaded. Contract: permanent.h. */
#include "permanent.h"

#include <string.h>

#include "os/os.h"

struct candidate {
    uintptr_t id;
    bool permanent;
    bool expanded;
    struct object_needs needs;
};

static int count_object(const struct object *object,
                        const struct object_changes *changes, void *arg)
{
    (void)object;
    (void)changes;
    ++*(uint32_t *)arg;
    return 0;
}

static int collect_needs(const struct object *object,
                         const struct object_changes *changes, void *arg)
{
    struct permanent *permanent = arg;
    struct candidate *candidate;

    (void)changes;
    if (permanent->count == permanent->room)
        return 1;
    candidate = &permanent->candidate[permanent->count++];
    sigprof__object_needs(object, &candidate->needs);
    candidate->id = object->id;
    if (permanent->count == 1)
        permanent->interpreter = sigprof__object_interpreter(object);
    candidate->permanent =
        permanent->count == 1 ||
        (permanent->interpreter &&
         strcmp(object->name, permanent->interpreter) == 0);
    return 0;
}

/* The first of that name is the one that was loaded for it. */
static void make_permanent(struct permanent *permanent, uint32_t name)
{
    for (uint32_t i = 0; i < permanent->count; i++) {
        if (permanent->candidate[i].needs.name == name) {
            permanent->candidate[i].permanent = true;
            return;
        }
    }
}

static void close_over_needs(struct permanent *permanent)
{
    bool again = true;

    while (again) {
        again = false;
        for (uint32_t i = 0; i < permanent->count; i++) {
            struct candidate *candidate = &permanent->candidate[i];

            if (!candidate->permanent || candidate->expanded)
                continue;
            candidate->expanded = true;
            again = true;
            for (uint32_t n = 0; n < candidate->needs.count; n++)
                make_permanent(permanent, candidate->needs.needed[n]);
        }
    }
}

void sigprof__permanent_make(struct permanent *permanent)
{
    uint32_t count = 0;

    memset(permanent, 0, sizeof *permanent);
    sigprof__objects_visit(count_object, &count);
    permanent->candidate = sigprof__os_map(count * sizeof *permanent->candidate);
    if (!permanent->candidate)
        return; /* benign: everything is copied */
    permanent->room = count;
    sigprof__objects_visit(collect_needs, permanent);
    close_over_needs(permanent);
}

void sigprof__permanent_drop(struct permanent *permanent)
{
    if (permanent->candidate)
        sigprof__os_unmap(permanent->candidate,
                          permanent->room * sizeof *permanent->candidate);
}

static bool is_needed(const struct permanent *permanent, uintptr_t id)
{
    for (uint32_t i = 0; i < permanent->count; i++) {
        if (permanent->candidate[i].id == id)
            return permanent->candidate[i].permanent;
    }
    return false;
}

bool sigprof__permanent_has(const struct permanent *permanent,
                            const struct object *object)
{
    struct object_needs needs;

    if (is_needed(permanent, object->id))
        return true;
    sigprof__object_needs(object, &needs);
    return needs.never_unloaded;
}
