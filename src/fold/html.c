/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page: view.html with the profile in it. Formats html and, with times,
 * heatmap.
 *
 * In place of @PROFILE@ stands base64 of a zlib stream of:
 *
 *   4 bytes       size of the head, little-endian
 *   head          JSON: words, strings, places (six numbers each: name, module
 *                 and file by their numbers in strings, first and last line,
 *                 kind, + 16 if inlined)
 *   nodes         for each but node 0, depth first, children by name: varint
 *                 how many nodes are left behind to get to its parent from
 *                 the node before it, varint place
 *   rows          for each thread: varint side (1: the base of a comparison),
 *                 varint thread, varint count; then for each row, with times
 *                 varint microseconds since the row before, svarint node
 *                 less the node before, varint weight
 *
 * The page stays small and quick whatever the profile: of more than MAX_NODES
 * nodes the lightest are left out; what they weighed is in a frame that says
 * so, below the frame they were called from.
 */
#include "asset.h"
#include "bytes.h"
#include "view.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#define MAX_NODES 500000    /* some megabytes; all are gone through in 10 ms */
#define MAX_NAME_BYTES 2000 /* more of a name is not read on a screen */

/* The place of frames that stand for what was left out is behind the chart's.
 */
#define REST_PLACE(html) ((uint32_t)(html)->chart->place_count)

struct html {
    const struct chart *chart;
    FILE *out;
    struct zip zip;
    struct bytes bytes;
    uint8_t carry[3]; /* of base64: what is not yet three bytes */
    size_t carry_size;
    struct numbering strings, places;
    uint64_t *totals; /* by node of the chart, both sides */
    uint64_t least;   /* nodes below this total are left out */
    uint64_t left_out, left_out_weight;
    uint32_t *first, *children; /* of i: children[first[i]…first[i + 1]) */
    uint32_t *numbers;          /* node of the chart -> of the page */
    uint32_t *rests;   /* … -> its child for what was left out; 0: none */
    size_t node_count; /* of the page */
};

/* ---- Base64 -------------------------------------------------------------- */

static void put_quad(FILE *out, const uint8_t *in, size_t size)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz0123456789+/";
    char quad[4];

    quad[0] = letters[in[0] >> 2];
    quad[1] = letters[(in[0] & 3) << 4 | (size > 1 ? in[1] >> 4 : 0)];
    quad[2] = size > 1
                  ? letters[(in[1] & 15) << 2 | (size > 2 ? in[2] >> 6 : 0)]
                  : '=';
    quad[3] = size > 2 ? letters[in[2] & 63] : '=';
    fwrite(quad, 1, 4, out);
}

static void put_base64(void *arg, const uint8_t *bytes, size_t size)
{
    struct html *html = arg;

    while (size--) {
        html->carry[html->carry_size++] = *bytes++;
        if (html->carry_size == 3) {
            put_quad(html->out, html->carry, 3);
            html->carry_size = 0;
        }
    }
}

/* ---- Which nodes, and in which order ------------------------------------- */

static void *array(size_t count, size_t item)
{
    size_t room = 0;
    void *at = sigprof__store_grow(NULL, &room, count + 1, item);

    memset(at, 0, (count + 1) * item);
    return at;
}

static void add_totals(struct html *html)
{
    const struct chart *chart = html->chart;

    html->totals = array(chart->node_count, sizeof *html->totals);
    for (size_t i = 0; i < chart->row_count; i++)
        html->totals[chart->rows[i].node] +=
            sigprof__chart_weight(chart, &chart->rows[i]);
    for (size_t i = chart->node_count; i-- > 1;)
        html->totals[chart->nodes[i].parent] += html->totals[i];
}

static int descending(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return (*x < *y) - (*x > *y);
}

/* No parent weighs less than its child, so what is kept is a tree. */
static void choose_least(struct html *html)
{
    size_t count = html->chart->node_count;
    uint64_t *sorted;

    html->least = 1;
    if (count <= MAX_NODES)
        return;
    sorted = array(count, sizeof *sorted);
    memcpy(sorted, html->totals, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, descending);
    if (sorted[MAX_NODES])
        html->least = sorted[MAX_NODES] + 1;
    free(sorted);
}

static bool is_kept(const struct html *html, uint32_t node)
{
    return html->totals[node] >= html->least;
}

static const struct chart *sorted_chart; /* qsort has no argument for it */

static int by_name(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    struct text s =
        sigprof__chart_text(sorted_chart, sorted_chart->places[*x].name);
    struct text t =
        sigprof__chart_text(sorted_chart, sorted_chart->places[*y].name);
    int order = memcmp(s.at, t.at, s.size < t.size ? s.size : t.size);

    if (order)
        return order;
    if (s.size != t.size)
        return s.size < t.size ? -1 : 1;
    return (*x > *y) - (*x < *y);
}

static uint32_t *rank_places(const struct chart *chart)
{
    uint32_t *sorted = array(chart->place_count, sizeof *sorted);
    uint32_t *ranks = array(chart->place_count, sizeof *ranks);

    for (uint32_t i = 0; i < chart->place_count; i++)
        sorted[i] = i;
    sorted_chart = chart;
    qsort(sorted, chart->place_count, sizeof *sorted, by_name);
    for (uint32_t i = 0; i < chart->place_count; i++)
        ranks[sorted[i]] = i;
    free(sorted);
    return ranks;
}

struct ranked {
    uint32_t parent, rank, node;
};

static int by_rank(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->parent != y->parent)
        return x->parent < y->parent ? -1 : 1;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

static void list_children(struct html *html)
{
    const struct chart *chart = html->chart;
    uint32_t *ranks = rank_places(chart);
    struct ranked *list = array(chart->node_count, sizeof *list);
    size_t kept = 0;

    html->first = array(chart->node_count + 1, sizeof *html->first);
    html->children = array(chart->node_count, sizeof *html->children);
    for (uint32_t i = 1; i < chart->node_count; i++)
        if (is_kept(html, i)) {
            const struct chart_node *node = &chart->nodes[i];

            list[kept++] = (struct ranked){node->parent, ranks[node->place], i};
            html->first[node->parent + 1]++;
        }
    if (kept)
        qsort(list, kept, sizeof *list, by_rank);
    for (size_t i = 1; i <= chart->node_count; i++)
        html->first[i] += html->first[i - 1];
    for (size_t i = 0; i < kept; i++)
        html->children[i] = list[i].node;
    free(list);
    free(ranks);
}

/* Marks the nodes below which something is left out. */
static void mark_rests(struct html *html)
{
    const struct chart *chart = html->chart;

    html->rests = array(chart->node_count, sizeof *html->rests);
    for (size_t i = 1; i < chart->node_count; i++) {
        uint32_t parent = chart->nodes[i].parent;

        if (!html->totals[i] || is_kept(html, (uint32_t)i))
            continue;
        html->left_out++;
        if (is_kept(html, parent) || !parent) {
            html->rests[parent] = UINT32_MAX;
            html->left_out_weight += html->totals[i];
        }
    }
}

/* ---- Nodes --------------------------------------------------------------- */

static uint32_t put_node(struct html *html, uint32_t up, uint32_t place)
{
    sigprof__bytes_varint(&html->bytes, up);
    sigprof__bytes_varint(&html->bytes,
                          sigprof__numbering_of(&html->places, place));
    return (uint32_t)html->node_count++;
}

/* Depth first, without recursion: next[i] is the child of path[i] to go to. */
static void put_nodes(struct html *html)
{
    const struct chart *chart = html->chart;
    uint32_t *path = NULL, *next = NULL, up = 0;
    size_t depth = 0, path_room = 0, next_room = 0;

    html->node_count = 1;
    ARRAY_ROOM(path, depth, path_room);
    ARRAY_ROOM(next, depth, next_room);
    path[0] = 0;
    next[0] = html->first[0];
    for (depth = 1; depth;) {
        uint32_t node = path[depth - 1], child;

        if (next[depth - 1] == html->first[node + 1]) {
            if (html->rests[node] == UINT32_MAX) {
                html->rests[node] = put_node(html, up, REST_PLACE(html));
                up = 1;
            }
            up++;
            depth--;
            continue;
        }
        child = html->children[next[depth - 1]++];
        html->numbers[child] = put_node(html, up, chart->nodes[child].place);
        up = 0;
        ARRAY_ROOM(path, depth, path_room);
        ARRAY_ROOM(next, depth, next_room);
        path[depth] = child;
        next[depth++] = html->first[child];
    }
    free(path);
    free(next);
}

static uint32_t page_node(const struct html *html, uint32_t node)
{
    if (is_kept(html, node))
        return html->numbers[node];
    while (node && !is_kept(html, node))
        node = html->chart->nodes[node].parent;
    return html->rests[node];
}

/* ---- Rows ---------------------------------------------------------------- */

struct page_row {
    uint64_t time_us;
    uint64_t weight;
    uint32_t node;
};

static int row_order(const void *a, const void *b)
{
    const struct page_row *x = a, *y = b;

    if (x->time_us != y->time_us)
        return x->time_us < y->time_us ? -1 : 1;
    return (x->node > y->node) - (x->node < y->node);
}

static size_t merge(struct page_row *rows, size_t count)
{
    size_t kept = 0;

    qsort(rows, count, sizeof *rows, row_order);
    for (size_t i = 0; i < count; i++)
        if (kept && row_order(&rows[kept - 1], &rows[i]) == 0)
            rows[kept - 1].weight += rows[i].weight;
        else
            rows[kept++] = rows[i];
    return kept;
}

static size_t put_thread(struct html *html, size_t from, size_t to,
                         struct page_row *rows)
{
    const struct chart *chart = html->chart;
    uint32_t thread = chart->rows[from].thread;
    uint64_t time_us = 0;
    uint32_t node = 0;
    size_t count;

    for (size_t i = from; i < to; i++)
        rows[i - from] =
            (struct page_row){chart->rows[i].time_ns / 1000,
                              sigprof__chart_weight(chart, &chart->rows[i]),
                              page_node(html, chart->rows[i].node)};
    count = merge(rows, to - from);
    sigprof__bytes_varint(&html->bytes, sigprof__chart_is_base(chart, thread));
    sigprof__bytes_varint(&html->bytes, thread);
    sigprof__bytes_varint(&html->bytes, count);
    for (size_t i = 0; i < count; i++) {
        if (chart->timed)
            sigprof__bytes_varint(&html->bytes, rows[i].time_us - time_us);
        sigprof__bytes_svarint(&html->bytes, (int64_t)rows[i].node - node);
        sigprof__bytes_varint(&html->bytes, rows[i].weight);
        time_us = rows[i].time_us;
        node = rows[i].node;
    }
    return count;
}

/* Rows go to a buffer: their number stands in the head, before them. */
static size_t put_rows(struct html *html)
{
    const struct chart *chart = html->chart;
    struct page_row *rows = array(chart->row_count, sizeof *rows);
    size_t count = 0;

    for (size_t i = 0, next; i < chart->row_count; i = next) {
        for (next = i; next < chart->row_count; next++)
            if (chart->rows[next].thread != chart->rows[i].thread)
                break;
        count += put_thread(html, i, next, rows);
    }
    free(rows);
    return count;
}

/* ---- The head ------------------------------------------------------------ */

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

/* "prog", or "prog and 3 more". */
static void put_processes(struct bytes *bytes, const struct html *html,
                          bool base)
{
    const struct model *model = html->chart->model;
    size_t count = 0;

    for (size_t i = 0; i < model->process_count; i++) {
        const struct model_process *process = &model->processes[i];
        struct text comm = sigprof__model_text(model, process->comm);

        if (process->base == base && count++ == 0)
            sigprof__bytes_put(bytes, comm.at, comm.size);
    }
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
        uint32_t command = sigprof__chart_command(html->chart, 0);
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

static void put_notes(struct bytes *json, const struct html *html)
{
    uint64_t lost = lost_weight(html), whole = html->totals[0];
    uint64_t parts = parts_of(lost, whole);
    struct bytes words = {0};

    sigprof__bytes_format(json, ",\n\"notes\":[");
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

        sigprof__bytes_format(
            json, "%s%u,%u,%u,%u,%u,%u", i ? "," : "",
            sigprof__numbering_of(&html->strings, place->name),
            sigprof__numbering_of(&html->strings, module),
            sigprof__numbering_of(&html->strings, place->file), place->line,
            place->max_line, (unsigned)place->kind + (place->inlined ? 16 : 0));
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

static void put_head(struct bytes *json, struct html *html, size_t rows,
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

/* ---- The page ------------------------------------------------------------ */

static void put_profile(struct html *html, bool compares)
{
    struct bytes json = {0}, nodes, size = {0};
    size_t rows;

    sigprof__numbering_of(&html->strings, 0); /* 0 is no string */
    put_nodes(html);
    nodes = html->bytes;
    html->bytes = (struct bytes){0};
    rows = put_rows(html);
    put_head(&json, html, rows, compares);
    for (unsigned i = 0; i < 4; i++) {
        uint8_t byte = (uint8_t)(json.size >> 8 * i);

        sigprof__bytes_put(&size, &byte, 1);
    }
    sigprof__zip_begin(&html->zip, false, put_base64, html);
    sigprof__zip_put(&html->zip, &size);
    sigprof__zip_put(&html->zip, &json);
    sigprof__zip_put(&html->zip, &nodes);
    sigprof__zip_put(&html->zip, &html->bytes);
    sigprof__zip_end(&html->zip);
    if (html->carry_size)
        put_quad(html->out, html->carry, html->carry_size);
    sigprof__bytes_free(&size);
    sigprof__bytes_free(&json);
    sigprof__bytes_free(&nodes);
}

static bool has_base(const struct model *model)
{
    for (size_t i = 0; i < model->process_count; i++)
        if (model->processes[i].base)
            return true;
    return false;
}

void sigprof__view_html(const struct chart *chart, FILE *out)
{
    static const char mark[] = "@PROFILE@";
    struct html html = {.chart = chart, .out = out};
    const char *page = (const char *)sigprof__view_asset;
    size_t size = sigprof__view_asset_size, at = 0;

    while (at + sizeof mark - 1 < size &&
           memcmp(page + at, mark, sizeof mark - 1) != 0)
        at++;
    add_totals(&html);
    choose_least(&html);
    list_children(&html);
    mark_rests(&html);
    html.numbers = array(chart->node_count, sizeof *html.numbers);
    fwrite(page, 1, at, out);
    put_profile(&html, has_base(chart->model));
    at += sizeof mark - 1;
    fwrite(page + at, 1, size - at, out);
    free(html.totals);
    free(html.first);
    free(html.children);
    free(html.numbers);
    free(html.rests);
    sigprof__numbering_free(&html.strings);
    sigprof__numbering_free(&html.places);
    sigprof__bytes_free(&html.bytes);
}
