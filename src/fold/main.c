/* SPDX-License-Identifier: BSD-2-Clause */
/* sigprof-fold: what the command does. */
#include "arguments.h"
#include "follow.h"
#include "missing.h"
#include "output.h"

#include <errno.h>
#include <getopt.h>
#include <unistd.h>

static bool lost_any(const struct model *model)
{
    for (size_t i = 0; i < model->process_count; i++) {
        const struct model_sheet *sheet = &model->processes[i].sheet;

        if (sheet->dropped_full || sheet->dropped_busy || sheet->dropped_slot ||
            sheet->lost_events)
            return true;
    }
    return false;
}

/* Returns the weight written; 1 where there is nothing to weigh. */
static uint64_t write_out(const struct arguments *arguments, struct load *load,
                          struct model *model, FILE *out)
{
    if (arguments->info)
        sigprof__view_info(model, out);
    if (arguments->stats)
        sigprof__view_stats(model, out);
    if (arguments->info || arguments->stats)
        return 1;
    return sigprof__view_write(&(struct view_job){arguments->view, load, model,
                                                  &arguments->names,
                                                  &arguments->fold},
                               out);
}

static int fail_output(const struct arguments *arguments, int error)
{
    if (error != EPIPE)
        sigprof__say("%s: cannot write: %s",
                     arguments->out ? arguments->out : "standard output",
                     strerror(error));
    return EXIT_NOTHING;
}

static void say_no_sample(const struct arguments *arguments,
                          const struct model *model)
{
    if (arguments->fold.filtered || arguments->fold.thread ||
        arguments->fold.focus || arguments->fold.ignore)
        sigprof__say("no sample passed the filters");
    else
        sigprof__missing_all(model);
}

/* Profiles can be added and compared that do not count the same. */
static void say_mixture(const struct arguments *arguments,
                        const struct model *model)
{
    const struct model_process *first = model->processes;

    for (size_t i = 1; i < model->process_count; i++) {
        const struct model_process *process = &model->processes[i];

        if (process->by_wall != first->by_wall) {
            sigprof__say("some of these profiles are of elapsed time, others of "
                         "CPU time: their weights are not alike");
            return;
        }
        if (process->period_ns != first->period_ns && process->rate &&
            first->rate && !arguments->cpu) {
            sigprof__say("these profiles are of different rates, %.0f and "
                         "%.0f Hz: their samples do not stand for the same "
                         "time; --weight cpu puts them on one scale",
                         1e9 / (double)first->period_ns,
                         1e9 / (double)process->period_ns);
            return;
        }
    }
}

/* Is a program of the base among the others? */
static bool share_a_program(const struct model *model)
{
    const struct model_process *processes = model->processes;

    for (size_t i = 0; i < model->process_count; i++)
        for (size_t k = 0; processes[i].base && k < model->process_count; k++)
            if (!processes[k].base && processes[k].comm == processes[i].comm)
                return true;
    return false;
}

/* By default the name of the program is in front of each stack. */
static void say_apart(const struct arguments *arguments,
                      const struct model *model)
{
    if (arguments->base && !arguments->roots_given && !share_a_program(model))
        sigprof__say("the base is of programs of other names, so no stack is "
                     "in both; --root none leaves the names out");
}

static int run(const struct arguments *arguments, struct load *load,
               struct model *model)
{
    struct output output;
    uint64_t written;
    bool left;
    int error;

    sigprof__load_read(load, model);
    if (!sigprof__load_has(load, false))
        return EXIT_NOTHING;
    if (arguments->base && !sigprof__load_has(load, true)) {
        sigprof__say("--diff=%s: no profile could be read there, so there is "
                     "nothing to compare with", arguments->base);
        return EXIT_NOTHING;
    }
    if (!arguments->info && !arguments->stats) {
        say_mixture(arguments, model);
        say_apart(arguments, model);
    }
    error = sigprof__output_open(&output, arguments->out);
    if (error)
        return fail_output(arguments, error);
    written = write_out(arguments, load, model, output.stream);
    left = written == 0 && sigprof__output_leave(&output);
    error = left ? 0 : sigprof__output_close(&output);
    if (error)
        return fail_output(arguments, error);
    if (written == 0) {
        say_no_sample(arguments, model);
        if (left)
            sigprof__say("%s is left as it was", arguments->out);
        return load->missing ? EXIT_NOTHING : EXIT_NO_SAMPLE;
    }
    if (!arguments->info && !arguments->stats)
        sigprof__missing_blocked(model);
    if (load->missing)
        return EXIT_NOTHING;
    if (arguments->strict && (load->imperfect || lost_any(model)))
        return EXIT_IMPERFECT;
    return EXIT_WRITTEN;
}

static int follow(const struct arguments *arguments)
{
    const struct follow_options job = {
        .target = arguments->follow,
        .interval_s = arguments->interval_s > 0 ? arguments->interval_s : 1,
        .names = arguments->names,
        .fold = arguments->fold,
        .model = arguments->model};

    return sigprof__follow(&job) == 0 ? EXIT_WRITTEN : EXIT_NOTHING;
}

int main(int argc, char **argv)
{
    static struct arguments arguments;
    struct load load = {0};
    struct model model;
    int code;

    sigprof__store_begin();
    sigprof__sym_outlive_cuts();
    sigprof__arguments_parse(&arguments, argc, argv);
    if (arguments.follow)
        return follow(&arguments);
    for (int i = optind; i < argc; i++)
        sigprof__load_add(&load, argv[i], false);
    if (arguments.base)
        sigprof__load_add(&load, arguments.base, true);
    sigprof__model_init(&model, &arguments.model);
    if (isatty(STDERR_FILENO))
        arguments.names.progress = sigprof__load_naming;
    arguments.names.progress_arg = &load;
    code = run(&arguments, &load, &model);
    sigprof__model_free(&model);
    sigprof__load_free(&load);
    return code;
}
