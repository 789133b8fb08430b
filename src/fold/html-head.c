/* SPDX-License-Identifier: BSD-2-Clause */
/* The head of the page's profile. Contract: html_impl.h, html.c. */
#include "html_impl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#define MAX_NAME_BYTES 2000 /* more of a name is not read on a screen */

static uint64_t parts_of(uint64_t part, uint64_t whole)
{
    return whole ? (uint64_t)((double)part * 10000 / (double)whole + 0.5) : 0;
}

static void put_weight(struct bytes *bytes, const struct html *html,
                       uint64_t weight)
{
    if (html->chart->options->weigh_ns)
        sigprof__bytes_format(bytes, "%.3f s", (double)weight / 1e9);
    else
        sigprof__bytes_format(bytes, "%" PRIu64 " period%s", weight,
                              weight == 1 ? "" : "s");
}

/* What the user has run: the program that the first process became last, for a
 * wrapper executes it in its place. */
static uint32_t main_process(const struct html *html, bool base)
{
    const struct model *model = html->chart->model;
    uint32_t first = UINT32_MAX, last;

    for (uint32_t i = 0; i < model->process_count; i++)
        if (model->processes[i].base == base &&
            (first == UINT32_MAX || model->processes[i].start_real_ns <
                                        model->processes[first].start_real_ns))
            first = i;
    last = first;
    for (uint32_t i = 0; first != UINT32_MAX && i < model->process_count; i++)
        if (model->processes[i].base == base &&
            model->processes[i].pid == model->processes[first].pid &&
            model->processes[i].start_real_ns >
                model->processes[last].start_real_ns)
            last = i;
    return last;
}

/* "prog", or "prog and 3 more". */
static void put_processes(struct bytes *bytes, const struct html *html,
                          bool base)
{
    const struct model *model = html->chart->model;
    uint32_t chief = main_process(html, base);
    struct text comm;
    size_t count = 0;

    if (chief == UINT32_MAX)
        return;
    comm = sigprof__model_text(model, model->processes[chief].comm);
    sigprof__bytes_put(bytes, comm.at, comm.size);
    for (size_t i = 0; i < model->process_count; i++)
        count += model->processes[i].base == base;
    if (count > 1)
        sigprof__bytes_format(bytes, " and %zu more process%s", count - 1,
                              count > 2 ? "es" : "");
}

static void put_string(struct bytes *json, const char *key, struct bytes *value)
{
    sigprof__bytes_format(json, ",\n\"%s\":", key);
    sigprof__bytes_json(json,
                        (struct text){(const char *)value->at, value->size});
    value->size = 0;
}

static uint64_t side_weight(const struct html *html, bool base)
{
    const struct chart *chart = html->chart;
    uint64_t sum = 0;

    for (size_t i = 0; i < chart->row_count; i++)
        if (sigprof__chart_is_base(chart, chart->rows[i].thread) == base)
            sum += sigprof__chart_weight(chart, &chart->rows[i]);
    return sum;
}

static void put_facts(struct bytes *json, const struct html *html,
                      bool compares)
{
    struct chart_times times = sigprof__chart_times(html->chart);
    struct bytes words = {0};
    time_t start = (time_t)(times.start_real_ns / 1000000000);
    struct tm broken;
    char date[64];

    put_weight(&words, html, side_weight(html, false));
    if (compares) {
        sigprof__bytes_format(&words, " against ");
        put_weight(&words, html, side_weight(html, true));
    }
    sigprof__bytes_format(&words, " in %.3f s",
                          (double)times.duration_ns / 1e9);
    if (times.period_ns)
        sigprof__bytes_format(&words, " at %.0f Hz",
                              1e9 / (double)times.period_ns);
    if (html->chart->model->process_count &&
        html->chart->model->processes[0].by_wall)
        sigprof__bytes_format(&words, " of elapsed time");
    if (times.start_real_ns && gmtime_r(&start, &broken) &&
        strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S UTC", &broken))
        sigprof__bytes_format(&words, ", %s", date);
    if (html->chart->model->process_count) {
        uint32_t chief = main_process(html, false);
        uint32_t command =
            sigprof__chart_command(html->chart, chief == UINT32_MAX ? 0 : chief);
        struct text line = sigprof__chart_text(html->chart, command);

        if (line.size)
            sigprof__bytes_format(&words, ", %.*s", (int)line.size, line.at);
    }
    put_string(json, "facts", &words);
    sigprof__bytes_free(&words);
}

static uint64_t lost_weight(const struct html *html)
{
    const struct chart *chart = html->chart;
    uint64_t lost = 0;

    for (size_t i = 0; i < chart->row_count; i++)
        if (!chart->threads[chart->rows[i].thread].thread)
            lost += sigprof__chart_weight(chart, &chart->rows[i]);
    return lost;
}

static void put_note(struct bytes *json, struct bytes *words)
{
    if (json->at[json->size - 1] != '[')
        sigprof__bytes_put(json, ",", 1);
    sigprof__bytes_json(json,
                        (struct text){(const char *)words->at, words->size});
    words->size = 0;
}

static bool is_filtered(const struct html *html)
{
    const struct fold_words *words = &html->chart->options->words;

    return words->time || words->thread || words->focus || words->ignore;
}

/* A whole stack may lack a frame then, or have a wrong one. They are counted where
 * samples are read, before any filter. */
static void note_guesses(struct bytes *json, const struct html *html)
{
    const struct model *model = html->chart->model;
    uint64_t guessed = 0, samples = 0, parts;
    struct bytes words = {0};

    for (size_t i = 0; i < model->process_count; i++) {
        guessed += model->processes[i].guessed;
        samples += model->processes[i].samples;
    }
    if (guessed && html->totals[0]) {
        parts = parts_of(guessed, samples);
        sigprof__bytes_format(&words,
                              "%" PRIu64 ".%02u %% of the %ssamples have a "
                              "guessed step in their stack, through code without "
                              "unwind tables: usual and mostly right in a virtual "
                              "machine's; sigprof-fold(1), GUESSES, has more",
                              parts / 100, (unsigned)(parts % 100),
                              is_filtered(html) ? "profile's " : "");
        put_note(json, &words);
    }
    sigprof__bytes_free(&words);
}

static void note_filter(struct bytes *json, const char *what, const char *value,
                        const char *option)
{
    struct bytes words = {0};

    if (!value)
        return;
    sigprof__bytes_format(&words, "%s %s (%s)", what, value, option);
    put_note(json, &words);
    sigprof__bytes_free(&words);
}

static void note_nothing(struct bytes *json, bool filtered)
{
    struct bytes words = {0};

    sigprof__bytes_format(&words, "there is nothing to be shown: %s",
                          filtered ? "no sample passed these filters"
                                   : "the profile has no sample");
    put_note(json, &words);
    sigprof__bytes_free(&words);
}

/* A page is read by others than who made it, and later. */
static void note_filters(struct bytes *json, const struct html *html)
{
    const struct fold_words *words = &html->chart->options->words;

    note_filter(json, "only this time of the run, in seconds:", words->time, "--time");
    note_filter(json, "only threads whose name matches", words->thread,
                "--thread");
    note_filter(json, "only stacks in which a frame matches", words->focus,
                "--focus");
    note_filter(json, "no stacks in which a frame matches", words->ignore,
                "--ignore");
    if (html->totals[0] == 0)
        note_nothing(json, is_filtered(html));
}

static void put_notes(struct bytes *json, const struct html *html)
{
    uint64_t lost = lost_weight(html), whole = html->totals[0];
    uint64_t parts = parts_of(lost, whole);
    struct bytes words = {0};

    sigprof__bytes_format(json, ",\n\"notes\":[");
    note_filters(json, html);
    if (lost) {
        put_weight(&words, html, lost);
        sigprof__bytes_format(&words,
                              " (%" PRIu64 ".%02u %%) were lost or not sampled",
                              parts / 100, (unsigned)(parts % 100));
        put_note(json, &words);
    }
    if (html->chart->hidden) {
        sigprof__bytes_format(&words,
                              "%" PRIu64 " periods were lost or not sampled; "
                              "with this filter they have no place",
                              html->chart->hidden);
        put_note(json, &words);
    }
    if (html->left_out) {
        parts = parts_of(html->left_out_weight, whole);
        sigprof__bytes_format(&words,
                              "%" PRIu64 " frames below %" PRIu64
                              " %s each are left out: %" PRIu64
                              ".%02u %% are in [smaller frames]",
                              html->left_out, html->least,
                              html->chart->options->weigh_ns ? "ns" : "periods",
                              parts / 100, (unsigned)(parts % 100));
        put_note(json, &words);
    }
    note_guesses(json, html);
    sigprof__bytes_format(json, "]");
    sigprof__bytes_free(&words);
}

/* Rows of the heat map. A clock that ticks evenly fills every row alike only if
 * the rows divide its rate; where that cannot be, 50 will do. */
static unsigned heat_rows(uint64_t period_ns)
{
    uint64_t hz = period_ns ? (1000000000 + period_ns / 2) / period_ns : 0;

    for (uint64_t rows = 60; rows >= 25; rows--)
        if (hz && hz % rows == 0)
            return (unsigned)rows;
    return hz > 60 && hz <= 100 ? (unsigned)hz : 50;
}

static void put_threads(struct bytes *json, const struct html *html)
{
    const struct chart *chart = html->chart;
    const char *separator = "";

    sigprof__bytes_format(json, ",\n\"threads\":[");
    for (size_t i = 0; i < chart->thread_count; i++) {
        sigprof__bytes_format(json, i ? "," : "");
        sigprof__bytes_json(json,
                            sigprof__chart_text(chart, chart->threads[i].name));
    }
    sigprof__bytes_format(json, "],\n\"timeless\":[");
    for (size_t i = 0; i < chart->thread_count; i++)
        if (!chart->threads[i].thread) {
            sigprof__bytes_format(json, "%s%zu", separator, i);
            separator = ",";
        }
    sigprof__bytes_format(json, "]");
}

static void put_places(struct bytes *json, struct html *html)
{
    const struct chart *chart = html->chart;
    struct chart_place rest = {
        .name = sigprof__strings_add(&chart->model->strings,
                                     sigprof__text("[smaller frames]")),
        .module = MODEL_NO_MODULE,
        .kind = KIND_LOST};

    sigprof__bytes_format(json, ",\n\"places\":[");
    for (size_t i = 0; i < html->places.count; i++) {
        const struct chart_place *place =
            html->places.ids[i] == REST_PLACE(html)
                ? &rest
                : &chart->places[html->places.ids[i]];
        uint32_t module = place->module == MODEL_NO_MODULE
                              ? 0
                              : chart->model->modules[place->module].path;
        /* Numbered one by one: a call's arguments are evaluated in any order. */
        uint32_t name = sigprof__numbering_of(&html->strings, place->name);
        uint32_t path = sigprof__numbering_of(&html->strings, module);
        uint32_t file = sigprof__numbering_of(&html->strings, place->file);

        sigprof__bytes_format(
            json, "%s%u,%u,%u,%u,%u,%u", i ? "," : "", name, path, file,
            place->line, place->max_line,
            (unsigned)place->kind + (place->inlined ? 16 : 0));
    }
    sigprof__bytes_format(json, "]");
}

static void put_strings(struct bytes *json, const struct html *html)
{
    sigprof__bytes_format(json, ",\n\"strings\":[");
    for (size_t i = 0; i < html->strings.count; i++) {
        struct text text =
            sigprof__chart_text(html->chart, html->strings.ids[i]);

        if (text.size > MAX_NAME_BYTES) {
            text.size = MAX_NAME_BYTES;
            while (((uint8_t)text.at[text.size] & 0xc0) == 0x80)
                text.size--;
        }
        sigprof__bytes_format(json, i ? "," : "");
        sigprof__bytes_json(json, text);
    }
    sigprof__bytes_format(json, "]");
}

void sigprof__html_head(struct bytes *json, struct html *html, size_t rows,
                        bool compares)
{
    struct chart_times times = sigprof__chart_times(html->chart);
    struct bytes words = {0};

    sigprof__bytes_format(json, "{\"unit\":\"%s\"",
                          html->chart->options->weigh_ns ? "ns" : "periods");
    put_processes(&words, html, false);
    if (compares) {
        sigprof__bytes_format(&words, " against ");
        put_processes(&words, html, true);
    }
    put_string(json, "title", &words);
    put_facts(json, html, compares);
    put_notes(json, html);
    sigprof__bytes_format(json,
                          ",\n\"everything\":\"all\",\"timed\":%s,\"diff\":%s,"
                          "\"duration\":%" PRIu64
                          ",\"heatRows\":%u,\"nodes\":%zu,\"rows\":%zu",
                          html->chart->timed ? "true" : "false",
                          compares ? "true" : "false", times.duration_ns / 1000,
                          heat_rows(times.period_ns), html->node_count, rows);
    put_threads(json, html);
    put_places(json, html);
    put_strings(json, html);
    sigprof__bytes_format(json, "}\n");
    sigprof__bytes_free(&words);
}
