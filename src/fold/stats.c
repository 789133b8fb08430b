/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --stats: the balance sheet, summed over the files; one number a line, the
 * name in front, the unit in the name. --info: what a file says about itself.
 *
 *   due = taken + overrun + dropped + unsampled + own + overwritten
 *
 * Both sides are the recorder's; what is between them is `difference`.
 */
#include "view.h"

#include <inttypes.h>

enum account {
    DUE,
    TAKEN,
    OVERRUN,
    DROPPED_FULL,
    DROPPED_BUSY,
    DROPPED_SLOT,
    UNSAMPLED_EXIT,
    UNSAMPLED_RUNNING,
    UNSAMPLED_BLOCKED,
    UNSAMPLED_PAUSED,
    UNSAMPLED_KERNEL,
    UNSAMPLED_UNSEEN,
    OWN,
    OVERWRITTEN,
    ACCOUNTS
};

static const char *const account_names[ACCOUNTS] = {"due",
                                                    "taken",
                                                    "overrun",
                                                    "dropped_full",
                                                    "dropped_busy",
                                                    "dropped_slot",
                                                    "unsampled_exit",
                                                    "unsampled_running",
                                                    "unsampled_blocked",
                                                    "unsampled_paused",
                                                    "unsampled_kernel",
                                                    "unsampled_unseen",
                                                    "own",
                                                    "overwritten"};

struct totals {
    double periods[ACCOUNTS], ns[ACCOUNTS];
    double foreign, lost_events, threads, rotations_failed;
    uint64_t samples, sampled_periods, ended[MODEL_ENDS];
    uint64_t guessed, unknown_stack, salvaged;
    uint64_t late, late_ns, late_max_ns;
    uint64_t torn, damaged, missing, bad_records;
    uint64_t without_sheet, killed, running, unknown_cut;
    double after_sheet;
};

static void add_ns(struct totals *totals, enum account account, int64_t ns,
                   const struct model_process *process)
{
    totals->ns[account] += (double)ns;
    totals->periods[account] += (double)ns / (double)process->period_ns;
}

static void add_periods(struct totals *totals, enum account account,
                        int64_t periods, const struct model_process *process)
{
    totals->periods[account] += (double)periods;
    totals->ns[account] += (double)periods * (double)process->period_ns;
}

/* What is in the file and not in its last sheet, which is written once a second. */
static double after_sheet(const struct model_process *process)
{
    const struct model_sheet *sheet = &process->sheet;
    double told = (double)(sheet->taken + sheet->overrun) +
                  (double)sheet->unsampled_kernel_ns /
                      (double)process->period_ns;
    double more = (double)process->periods - told;

    return more >= 1 ? more : 0;
}

static void add_sheet(struct totals *totals,
                      const struct model_process *process)
{
    const struct model_sheet *sheet = &process->sheet;

    add_ns(totals, DUE, sheet->due_ns, process);
    add_periods(totals, TAKEN, sheet->taken, process);
    add_periods(totals, OVERRUN, sheet->overrun, process);
    add_periods(totals, DROPPED_FULL, sheet->dropped_full, process);
    add_periods(totals, DROPPED_BUSY, sheet->dropped_busy, process);
    add_periods(totals, DROPPED_SLOT, sheet->dropped_slot, process);
    add_ns(totals, UNSAMPLED_EXIT, sheet->unsampled_exit_ns, process);
    add_ns(totals, UNSAMPLED_RUNNING, sheet->unsampled_running_ns, process);
    add_ns(totals, UNSAMPLED_BLOCKED, sheet->unsampled_blocked_ns, process);
    add_ns(totals, UNSAMPLED_PAUSED, sheet->unsampled_paused_ns, process);
    add_ns(totals, UNSAMPLED_KERNEL, sheet->unsampled_kernel_ns, process);
    add_ns(totals, UNSAMPLED_UNSEEN, sheet->unsampled_unseen_ns, process);
    add_ns(totals, OWN, sheet->own_ns, process);
    add_periods(totals, OVERWRITTEN, sheet->overwritten, process);
    if (process->cut != CUT_NO)
        totals->after_sheet += after_sheet(process);
    totals->rotations_failed += (double)sheet->rotations_failed;
    totals->foreign += (double)sheet->foreign;
    totals->lost_events += (double)sheet->lost_events;
    totals->threads += (double)sheet->threads;
}

static void add_process(struct totals *totals,
                        const struct model_process *process)
{
    if (process->sheet.present)
        add_sheet(totals, process);
    else
        totals->without_sheet++;
    totals->samples += process->samples;
    totals->sampled_periods += process->periods;
    for (size_t i = 0; i < MODEL_ENDS; i++)
        totals->ended[i] += process->ended[i];
    totals->guessed += process->guessed;
    totals->unknown_stack += process->unknown_stack;
    totals->salvaged += process->salvaged;
    totals->late += process->late;
    totals->late_ns += process->late_ns;
    if (process->late_max_ns > totals->late_max_ns)
        totals->late_max_ns = process->late_max_ns;
    totals->torn += process->torn_bytes;
    totals->damaged += process->damaged_bytes;
    totals->missing += process->missing_blocks;
    totals->bad_records += process->bad_records;
    totals->killed += process->cut == CUT_KILLED;
    totals->running += process->cut == CUT_ALIVE;
    totals->unknown_cut += process->cut == CUT_UNKNOWN;
}

static void put(FILE *out, const char *name, const char *unit, int digits,
                double value)
{
    char whole[64];

    snprintf(whole, sizeof whole, "%s%s", name, unit);
    if (value == 0)
        value = 0; /* not "-0.0" */
    fprintf(out, "%-28s %.*f\n", whole, digits, value);
}

static void put_balance(const struct totals *totals, FILE *out)
{
    double periods = -totals->periods[DUE], ns = -totals->ns[DUE];

    for (size_t i = 0; i < ACCOUNTS; i++) {
        bool counted = (i >= TAKEN && i <= DROPPED_SLOT) || i == OVERWRITTEN;

        put(out, account_names[i], "_periods", counted ? 0 : 1,
            totals->periods[i]);
        put(out, account_names[i], "_seconds", 6, totals->ns[i] / 1e9);
        if (i != DUE) {
            periods += totals->periods[i];
            ns += totals->ns[i];
        }
    }
    put(out, "difference", "_periods", 1, periods);
    put(out, "difference", "_seconds", 6, ns / 1e9);
    put(out, "difference", "_percent", 2,
        totals->ns[DUE] > 0 ? ns / totals->ns[DUE] * 100 : 0);
    if (totals->after_sheet > 0)
        put(out, "after_sheet", "_periods", 0, totals->after_sheet);
    put(out, "foreign_signals", "", 0, totals->foreign);
    put(out, "lost_events", "", 0, totals->lost_events);
    put(out, "threads", "", 0, totals->threads);
    put(out, "rotations_failed", "", 0, totals->rotations_failed);
}

static void put_walks(const struct totals *totals, FILE *out)
{
    static const char *const names[MODEL_ENDS] = {
        "walk_complete",     "walk_depth",         "walk_no_rule",
        "walk_bad_address",  "walk_foreign_stack", "walk_other",
        "walk_damaged_block"};

    put(out, "samples", "", 0, (double)totals->samples);
    put(out, "samples", "_periods", 0, (double)totals->sampled_periods);
    for (size_t i = 0; i < MODEL_ENDS; i++)
        put(out, names[i], "", 0, (double)totals->ended[i]);
    put(out, "complete", "_percent", 2,
        totals->samples ? 100.0 * (double)totals->ended[MODEL_COMPLETE] /
                              (double)totals->samples
                        : 0);
    put(out, "walk_guessed", "", 0, (double)totals->guessed);
    put(out, "walk_unknown_stack", "", 0, (double)totals->unknown_stack);
    if (!totals->late)
        return;
    put(out, "late", "_samples", 0, (double)totals->late);
    put(out, "late_mean", "_seconds", 6,
        (double)totals->late_ns / 1e9 / (double)totals->late);
    put(out, "late_max", "_seconds", 6, (double)totals->late_max_ns / 1e9);
}

void sigprof__view_stats(const struct model *model, FILE *out)
{
    struct totals totals = {0};

    for (size_t i = 0; i < model->process_count; i++)
        add_process(&totals, &model->processes[i]);
    put(out, "files", "", 0, (double)model->process_count);
    put(out, "files_without_sheet", "", 0, (double)totals.without_sheet);
    put_balance(&totals, out);
    put_walks(&totals, out);
    put(out, "cut_killed", "", 0, (double)totals.killed);
    put(out, "cut_still_running", "", 0, (double)totals.running);
    put(out, "cut_no_end", "", 0, (double)totals.unknown_cut);
    put(out, "salvaged_samples", "", 0, (double)totals.salvaged);
    put(out, "torn_bytes", "", 0, (double)totals.torn);
    put(out, "damaged_bytes", "", 0, (double)totals.damaged);
    put(out, "missing_blocks", "", 0, (double)totals.missing);
    put(out, "bad_records", "", 0, (double)totals.bad_records);
}

/* ---- --info -------------------------------------------------------------- */

/* Values may hold anything; the arguments of cmdline are joined by NUL. */
static void put_value(FILE *out, struct text value)
{
    for (size_t i = 0; i < value.size; i++) {
        unsigned char c = (unsigned char)value.at[i];

        if (c == 0)
            fputc(' ', out);
        else if (c < ' ' || c == 0x7f)
            fputc('?', out);
        else
            fputc(c, out);
    }
}

static void put_hex(FILE *out, struct text bytes)
{
    for (size_t i = 0; i < bytes.size; i++)
        fprintf(out, "%02x", (unsigned char)bytes.at[i]);
    if (bytes.size == 0)
        fputc('-', out);
}

static void put_modules(const struct model *model,
                        const struct model_process *process, FILE *out)
{
    for (size_t i = 0; i < process->mapping_count; i++) {
        const struct model_mapping *in = &process->mappings[i];
        const struct model_module *module = &model->modules[in->module];

        fprintf(out, "module %#" PRIx64 "-%#" PRIx64 " bias %#" PRIx64 " from ",
                in->low, in->high, in->bias);
        fprintf(out, "%.3f to ", (double)in->from_ns / 1e9);
        if (in->to_ns == UINT64_MAX)
            fputs("end ", out);
        else
            fprintf(out, "%.3f ", (double)in->to_ns / 1e9);
        put_hex(out, sigprof__model_text(model, module->build_id));
        fputc(' ', out);
        put_value(out, sigprof__model_text(model, module->path));
        fputc('\n', out);
    }
}

static void put_threads(struct model *model,
                        const struct model_process *process, FILE *out)
{
    for (uint32_t i = 1; i < process->thread_count; i++) {
        uint32_t name = sigprof__model_thread_name(model, process, i);

        fprintf(out, "thread %u from %.3f ", process->threads[i].tid,
                (double)process->threads[i].from_ns / 1e9);
        put_value(out, sigprof__model_text(model, name));
        fputc('\n', out);
    }
}

static void put_found(const struct model_process *process, FILE *out)
{
    static const char *const cuts[] = {"no", "killed", "still running",
                                       "no end, ring gone"};

    fprintf(out,
            "samples %" PRIu64 "\nperiods %" PRIu64 "\nblocks %" PRIu64
            "\nlast_sample_s %.9f\ncut %s\n",
            process->samples, process->periods, process->blocks,
            (double)process->last_ns / 1e9, cuts[process->cut]);
#define X(name)                                                                \
    if (process->sheet.present)                                                \
        fprintf(out, "sheet.%s %" PRId64 "\n", #name, process->sheet.name);
    MODEL_SHEET_MAP(X)
#undef X
}

void sigprof__view_info(struct model *model, FILE *out)
{
    for (size_t i = 0; i < model->process_count; i++) {
        const struct model_process *process = &model->processes[i];

        fputs(i ? "\nfile " : "file ", out);
        put_value(out, sigprof__model_text(model, process->file));
        fputc('\n', out);
        for (size_t j = 0; j < process->info_count; j += 2) {
            put_value(out, process->info[j]);
            fputc(' ', out);
            put_value(out, process->info[j + 1]);
            fputc('\n', out);
        }
        put_found(process, out);
        put_threads(model, process, out);
        put_modules(model, process, out);
    }
}
