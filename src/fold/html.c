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
#include "html_impl.h"

#include <stdlib.h>

#define MAX_NODES 500000 /* some megabytes; all are gone through in 10 ms */

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
    sigprof__html_head(&json, html, rows, compares);
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
