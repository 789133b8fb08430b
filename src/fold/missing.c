/* SPDX-License-Identifier: BSD-2-Clause */
/* What a result lacks. Contract: missing.h. */
#include "missing.h"

#include "load.h"

#include <stdio.h>

struct loss {
    const char *what; /* behind "3.2 s" */
    double ns;
};

/* The largest of what no sample stands for. */
static struct loss largest_loss(const struct model *model)
{
    struct loss losses[] = {{"was of threads that ended before a tick came", 0},
                            {"was in pieces too short for a tick", 0},
                            {"passed with SIGPROF blocked", 0},
                            {"passed while sampling was paused", 0},
                            {"was of threads that were not seen", 0},
                            {"was lost, as the ring was full", 0},
                            {"was lost, as a sample was being taken", 0},
                            {"was lost, as the thread table was full", 0}};
    size_t largest = 0;

    for (size_t i = 0; i < model->process_count; i++) {
        const struct model_sheet *sheet = &model->processes[i].sheet;
        double period_ns = (double)model->processes[i].period_ns;

        losses[0].ns += (double)sheet->unsampled_exit_ns;
        losses[1].ns += (double)sheet->unsampled_running_ns;
        losses[2].ns += (double)sheet->unsampled_blocked_ns;
        losses[3].ns += (double)sheet->unsampled_paused_ns;
        losses[4].ns += (double)sheet->unsampled_unseen_ns;
        losses[5].ns += (double)sheet->dropped_full * period_ns;
        losses[6].ns += (double)sheet->dropped_busy * period_ns;
        losses[7].ns += (double)sheet->dropped_slot * period_ns;
    }
    for (size_t i = 1; i < sizeof losses / sizeof *losses; i++)
        if (losses[i].ns > losses[largest].ns)
            largest = i;
    return losses[largest];
}

static double sum_due_ns(const struct model *model)
{
    double due_ns = 0;

    for (size_t i = 0; i < model->process_count; i++)
        due_ns += (double)model->processes[i].sheet.due_ns;
    return due_ns;
}

/* Three digits of it, in ms or s. */
static const char *time_text(double ns, char *to, size_t room)
{
    if (ns < 999.5e6)
        snprintf(to, room, "%.3g ms", ns / 1e6);
    else
        snprintf(to, room, "%.*f s", ns < 9.995e9 ? 2 : ns < 99.95e9 ? 1 : 0,
                 ns / 1e9);
    return to;
}

/* Were they all too short? */
static bool below_a_period(const struct model *model)
{
    for (size_t i = 0; i < model->process_count; i++) {
        const struct model_process *process = &model->processes[i];

        if (!process->sheet.present || process->sheet.due_ns < 0 ||
            (uint64_t)process->sheet.due_ns >= process->period_ns)
            return false;
    }
    return model->process_count > 0;
}

void sigprof__missing_all(const struct model *model)
{
    struct loss loss = largest_loss(model);
    char used[32], lost[32], period[32];
    const char *kind;

    if (!model->process_count) {
        sigprof__say("no sample in the profile");
        return;
    }
    kind = model->processes[0].by_wall ? "elapsed time" : "CPU time";
    time_text(sum_due_ns(model), used, sizeof used);
    time_text(loss.ns, lost, sizeof lost);
    time_text((double)model->processes[0].period_ns, period, sizeof period);
    if (below_a_period(model) && model->process_count == 1)
        sigprof__say("no sample: the program used %s of %s, less than one "
                     "period (%s)",
                     used, kind, period);
    else if (below_a_period(model))
        sigprof__say("no sample: none of the %zu processes used a period (%s) "
                     "of %s; all of them, %s",
                     model->process_count, period, kind, used);
    else if (loss.ns > 0)
        sigprof__say("no sample: the program used %s of %s, %s of it "
                     "%s",
                     used, kind, lost, loss.what);
    else
        sigprof__say("no sample in the profile");
}

void sigprof__missing_blocked(const struct model *model)
{
    double blocked_ns = 0, due_ns = sum_due_ns(model);
    char blocked[32], used[32];

    for (size_t i = 0; i < model->process_count; i++)
        blocked_ns += (double)model->processes[i].sheet.unsampled_blocked_ns;
    if (blocked_ns * 2 <= due_ns || blocked_ns <= 0)
        return;
    sigprof__say("%s of %s passed with SIGPROF blocked and could not be "
                 "sampled: [unsampled: blocked]",
                 time_text(blocked_ns, blocked, sizeof blocked),
                 time_text(due_ns, used, sizeof used));
}
