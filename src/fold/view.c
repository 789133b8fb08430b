/* SPDX-License-Identifier: BSD-2-Clause */
/* The views, and what has to be read and named for each. Contracts: view.h. */
#include "view.h"

#include <stdlib.h>

enum making {
    FROM_TREE, /* names with weights */
    FROM_SAMPLES /* each sample by itself */,
    FROM_CHART
};

struct view {
    const char *name, *suffix; /* suffix NULL: only by name */
    enum making making;
    bool addresses, timed; /* of the chart */
    bool exchange;         /* has processes of its own, so no comm in front */
    bool labels;           /* keeps them apart */
    bool compares;         /* takes --diff */
    bool javascript;       /* its reader has no exact numbers above 2^53 */
    bool always_ns;        /* weights are time, whatever --weight says */
    void (*put_chart)(const struct chart *chart, FILE *out);
    void (*put_tree)(const struct model *model, const struct fold_tree *tree,
                     bool weigh_ns, FILE *out);
};

/* Suffixes in this order: the longer of two that both fit comes first. */
static const struct view views[] = {
    {.name = "folded",
     .suffix = ".folded",
     .compares = true,
     .put_tree = sigprof__view_folded},
    {.name = "top", .put_tree = sigprof__view_top},
    {.name = "raw", .making = FROM_SAMPLES},
    {.name = "pprof",
     .suffix = ".pb.gz",
     .making = FROM_CHART,
     .addresses = true,
     .exchange = true,
     .labels = true,
     .put_chart = sigprof__view_pprof},
    {.name = "speedscope",
     .suffix = ".speedscope.json",
     .making = FROM_CHART,
     .timed = true,
     .exchange = true,
     .javascript = true,
     .always_ns = true,
     .put_chart = sigprof__view_speedscope},
    {.name = "firefox",
     .suffix = ".firefox.json",
     .making = FROM_CHART,
     .addresses = true,
     .timed = true,
     .exchange = true,
     .javascript = true,
     .put_chart = sigprof__view_firefox},
    {.name = "heatmap",
     .suffix = ".heatmap.html",
     .making = FROM_CHART,
     .timed = true,
     .javascript = true,
     .put_chart = sigprof__view_html},
    {.name = "html",
     .suffix = ".html",
     .making = FROM_CHART,
     .compares = true,
     .javascript = true,
     .put_chart = sigprof__view_html}};

static bool ends_with(const char *string, const char *suffix)
{
    size_t size = strlen(string), tail = strlen(suffix);

    return size > tail && strcmp(string + size - tail, suffix) == 0;
}

const struct view *sigprof__view_named(const char *name)
{
    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        if (strcmp(views[i].name, name) == 0)
            return &views[i];
    return NULL;
}

const struct view *sigprof__view_for_file(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path, *dot = strrchr(base, '.');

    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        if (views[i].suffix && ends_with(path, views[i].suffix))
            return &views[i];
    if (dot && dot != base && strcmp(dot, ".txt") != 0)
        return NULL;
    return &views[0];
}

const char *sigprof__view_name(const struct view *view)
{
    return view->name;
}

bool sigprof__view_compares(const struct view *view)
{
    return view->compares;
}

bool sigprof__view_has_processes(const struct view *view)
{
    return view->exchange;
}

void sigprof__view_ask(const struct view *view, struct model_options *options)
{
    options->by_process |= view->making != FROM_TREE;
    options->all_states |= view->making == FROM_SAMPLES; /* it says which */
    if (view->making != FROM_CHART)
        return;
    options->by_thread = true;
    options->by_label |= view->labels;
    options->weigh_ns = false; /* a chart has both, from the periods */
}

/* ---- Making -------------------------------------------------------------- */

static void skip_sample(void *arg, const struct read_sample *sample,
                        uint32_t context, uint32_t node)
{
    (void)arg, (void)sample, (void)context, (void)node;
}

static void name_all(const struct view_job *job)
{
    struct name_options names = *job->names;
    struct name_report report;

    names.symbols = job->view->making == FROM_CHART;
    names.every_use = job->view->making == FROM_SAMPLES || job->view->timed;
    sigprof__name_frames(job->model, &names, sigprof__say, &report);
    job->load->imperfect |= report.mismatched > 0 || report.unverified > 0;
}

/* Where samples are read again, it is with every module known: once more before
 * that, so that all frames have names. */
static void name_for_samples(const struct view_job *job)
{
    job->model->visit = skip_sample;
    sigprof__load_again(job->load, job->model);
    name_all(job);
}

static uint64_t write_samples(const struct view_job *job, FILE *out)
{
    struct view_raw raw = {
        .model = job->model, .options = job->fold, .out = out};

    name_for_samples(job);
    job->model->visit = sigprof__view_raw;
    job->model->visit_arg = &raw;
    sigprof__load_again(job->load, job->model);
    free(raw.frames);
    return raw.lines;
}

static void say_hidden(uint64_t periods)
{
    if (periods)
        sigprof__say("%llu periods were lost or not sampled; with this filter "
                     "they have no place",
                     (unsigned long long)periods);
}

static uint64_t write_tree(const struct view_job *job, FILE *out)
{
    struct fold_tree tree;
    uint64_t sampled;

    sigprof__model_settle(job->model);
    name_all(job);
    sigprof__fold(job->model, job->fold, &tree);
    say_hidden(tree.hidden);
    job->view->put_tree(job->model, &tree, job->fold->weigh_ns, out);
    sampled = tree.sampled;
    sigprof__fold_free(&tree);
    return sampled;
}

/* Reads all samples into the chart; false if they are too many. */
static bool chart_by_time(const struct view_job *job, struct chart *chart)
{
    sigprof__chart_begin(chart, job->model, job->fold, job->view->addresses,
                         true);
    job->model->visit = sigprof__chart_add_sample;
    job->model->visit_arg = chart;
    sigprof__load_again(job->load, job->model);
    job->model->visit = NULL;
    if (chart->too_many == 0)
        return true;
    sigprof__say("%llu samples are more than can be shown by time (%u); they "
                 "are merged. --time chooses a part of the run",
                 (unsigned long long)(chart->too_many + CHART_MAX_TIMED_ROWS),
                 CHART_MAX_TIMED_ROWS);
    sigprof__chart_free(chart);
    return false;
}

static void say_rounded(const struct view_job *job, const struct chart *chart)
{
    const uint64_t exact = UINT64_C(1) << 53;
    uint64_t total = 0;

    for (size_t i = 0; i < chart->row_count && total <= exact; i++) {
        uint64_t weight = job->view->always_ns
                              ? chart->rows[i].cpu_ns
                              : sigprof__chart_weight(chart, &chart->rows[i]);

        total = total + weight < total ? UINT64_MAX : total + weight;
    }
    if (total > exact)
        sigprof__say("weights are above 2^53 in sum: programs that read this "
                     "format round them; folded and pprof are exact");
}

static uint64_t write_chart(const struct view_job *job, FILE *out)
{
    struct chart chart;
    uint64_t sampled;

    if (job->view->timed)
        name_for_samples(job);
    else
        name_all(job);
    if (!job->view->timed || !chart_by_time(job, &chart)) {
        sigprof__chart_begin(&chart, job->model, job->fold,
                             job->view->addresses, false);
        sigprof__chart_add_counts(&chart);
    }
    sigprof__chart_end(&chart);
    say_hidden(chart.hidden);
    if (job->view->javascript)
        say_rounded(job, &chart);
    job->view->put_chart(&chart, out);
    sampled = chart.sampled;
    sigprof__chart_free(&chart);
    return sampled;
}

uint64_t sigprof__view_write(const struct view_job *job, FILE *out)
{
    switch (job->view->making) {
    case FROM_SAMPLES:
        return write_samples(job, out);
    case FROM_CHART:
        return write_chart(job, out);
    default:
        return write_tree(job, out);
    }
}
