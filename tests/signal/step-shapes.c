/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Workloads for the single-step oracle that call nothing outside this file, so
 * that each instruction has unwind information whatever the C library has. They
 * recur through many call sites, with input that differs each round: a parser of
 * expressions, a tree with callbacks, numbers of many digits, a packer, a matcher
 * of patterns, and frames of odd sizes.
 */
#include <alloca.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>

#include "step-work.h"

#define NOINLINE __attribute__((noinline))
#define TEXT_BYTES 640
#define NODES 96
#define DIGITS 64

static volatile long sink;
static uint32_t seed;

static uint32_t random_below(uint32_t limit)
{
    seed = seed * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)seed * limit) >> 32);
}

static void start(uint32_t salt)
{
    seed = salt * 2654435761u + step_round * 40503u + 1;
}

/* ---- Expressions ------------------------------------------------------- */

static char text[TEXT_BYTES];
static const char *cursor;

static char *write_expression(char *at, const char *end, unsigned depth)
{
    unsigned kind = depth == 0 || end - at < 40 ? 0 : random_below(6);

    switch (kind) {
    case 0:
        *at++ = (char)('0' + random_below(10));
        return at;
    case 1:
        *at++ = '(';
        at = write_expression(at, end, depth - 1);
        *at++ = ')';
        return at;
    case 2:
        *at++ = '-';
        return write_expression(at, end, depth - 1);
    default:
        at = write_expression(at, end, depth - 1);
        *at++ = "+*^"[kind - 3];
        return write_expression(at, end, depth - 1);
    }
}

static NOINLINE long parse_sum(void);

static NOINLINE long parse_atom(void)
{
    long value;

    switch (*cursor) {
    case '(':
        cursor++;
        value = parse_sum();
        cursor += *cursor == ')';
        return value;
    case '-':
        cursor++;
        return -parse_atom();
    default:
        return *cursor ? *cursor++ - '0' : 0;
    }
}

static NOINLINE long parse_power(void)
{
    long value = parse_atom();

    if (*cursor != '^')
        return value;
    cursor++;
    return value * value + parse_power();
}

static NOINLINE long parse_product(void)
{
    long value = parse_power();

    while (*cursor == '*') {
        cursor++;
        value = (long)((unsigned long)value * (unsigned long)parse_power());
    }
    return value;
}

static NOINLINE long parse_sum(void)
{
    long value = parse_product();

    while (*cursor == '+') {
        cursor++;
        value = (long)((unsigned long)value + (unsigned long)parse_product());
    }
    return value;
}

static void expressions(void)
{
    start(1);
    for (unsigned i = 0; i < 4; i++) {
        *write_expression(text, text + TEXT_BYTES - 1, 9) = '\0';
        cursor = text;
        sink = parse_sum();
    }
}

/* ---- Trees ------------------------------------------------------------- */

struct node {
    struct node *left, *right;
    unsigned key, level;
};
static struct node nodes[NODES];
static unsigned used;

typedef long visit(const struct node *node, long so_far);

static NOINLINE long visit_key(const struct node *node, long so_far)
{
    return so_far ^ (long)node->key;
}

static NOINLINE long visit_level(const struct node *node, long so_far)
{
    volatile long words[6];

    for (int i = 0; i < 6; i++)
        words[i] = so_far + i;
    return words[node->level % 6] + visit_key(node, so_far);
}

static NOINLINE struct node *skew(struct node *node)
{
    struct node *left = node->left;

    if (!left || left->level != node->level)
        return node;
    node->left = left->right;
    left->right = node;
    return left;
}

static NOINLINE struct node *split(struct node *node)
{
    struct node *right = node->right;

    if (!right || !right->right || right->right->level != node->level)
        return node;
    node->right = right->left;
    right->left = node;
    right->level++;
    return right;
}

static NOINLINE struct node *insert(struct node *node, unsigned key)
{
    if (!node) {
        node = &nodes[used++];
        node->left = node->right = 0;
        node->key = key;
        node->level = 1;
        return node;
    }
    if (key < node->key)
        node->left = insert(node->left, key);
    else
        node->right = insert(node->right, key);
    return split(skew(node));
}

static NOINLINE long walk(const struct node *node, visit *function, long so_far)
{
    if (!node)
        return so_far;
    so_far = walk(node->left, function, so_far);
    so_far = function(node, so_far);
    return walk(node->right, function, so_far) + 1;
}

static void trees(void)
{
    struct node *root = 0;

    start(2);
    used = 0;
    while (used < NODES)
        root = insert(root, random_below(10000));
    sink = walk(root, visit_key, 0) + walk(root, visit_level, 0);
}

/* ---- Numbers ----------------------------------------------------------- */

static NOINLINE uint32_t add_digits(uint32_t *to, const uint32_t *from, int count)
{
    uint64_t carry = 0;

    for (int i = 0; i < count; i++) {
        carry += (uint64_t)to[i] + from[i];
        to[i] = (uint32_t)carry;
        carry >>= 32;
    }
    return (uint32_t)carry;
}

static NOINLINE void multiply_short(uint32_t *to, const uint32_t *a,
                                    const uint32_t *b, int count)
{
    for (int i = 0; i < 2 * count; i++)
        to[i] = 0;
    for (int i = 0; i < count; i++) {
        uint64_t carry = 0;

        for (int j = 0; j < count; j++) {
            carry += (uint64_t)a[i] * b[j] + to[i + j];
            to[i + j] = (uint32_t)carry;
            carry >>= 32;
        }
        to[i + count] = (uint32_t)carry;
    }
}

/* By halves, in a buffer as large as each needs. */
static NOINLINE void multiply(uint32_t *to, const uint32_t *a, const uint32_t *b,
                              int count)
{
    int half = count / 2;
    uint32_t *product;

    if (count <= 4) {
        multiply_short(to, a, b, count);
        return;
    }
    product = alloca((size_t)count * sizeof *product);
    multiply(to, a, b, half);
    multiply(to + count, a + half, b + half, half);
    multiply(product, a, b + half, half);
    add_digits(to + half, product, count);
    multiply(product, a + half, b, half);
    add_digits(to + half, product, count);
}

static void numbers(void)
{
    uint32_t a[DIGITS], b[DIGITS], product[2 * DIGITS];

    start(3);
    for (int i = 0; i < DIGITS; i++) {
        a[i] = random_below(UINT32_MAX);
        b[i] = random_below(UINT32_MAX);
    }
    multiply(product, a, b, DIGITS);
    sink = (long)product[DIGITS];
}

/* ---- Packing and matching ---------------------------------------------- */

static NOINLINE unsigned match_length(const char *a, const char *b,
                                      const char *end)
{
    unsigned length = 0;

    while (b + length < end && a[length] == b[length] && length < 18)
        length++;
    return length;
}

static NOINLINE unsigned emit(unsigned bits, unsigned count, uint8_t *to,
                              unsigned at)
{
    for (unsigned i = 0; i < count; i++, at++)
        to[at / 8 % TEXT_BYTES] ^= (uint8_t)((bits >> i & 1) << at % 8);
    return at;
}

static void packing(void)
{
    static uint8_t packed[TEXT_BYTES];
    const char *end = text + TEXT_BYTES / 2;
    unsigned at = 0;

    start(4);
    for (unsigned i = 0; i < TEXT_BYTES; i++)
        text[i] = "etaoin "[random_below(7)];
    for (const char *now = text; now < end;) {
        unsigned best = 0, back = 0;

        for (const char *from = now > text + 24 ? now - 24 : text; from < now;
             from++) {
            unsigned length = match_length(from, now, end);

            if (length > best) {
                best = length;
                back = (unsigned)(now - from);
            }
        }
        at = best > 2 ? emit(best << 6 | back, 11, packed, at)
                      : emit((unsigned char)*now, 9, packed, at);
        now += best > 2 ? best : 1;
    }
    sink = packed[at % TEXT_BYTES];
}

static NOINLINE int matches(const char *pattern, const char *from)
{
    switch (*pattern) {
    case '\0':
        return *from == '\0';
    case '*':
        return matches(pattern + 1, from) ||
               (*from != '\0' && matches(pattern, from + 1));
    case '?':
        return *from != '\0' && matches(pattern + 1, from + 1);
    default:
        return *pattern == *from && matches(pattern + 1, from + 1);
    }
}

static void matching(void)
{
    char word[14], pattern[8];

    start(5);
    for (unsigned tries = 0; tries < 12; tries++) {
        for (unsigned i = 0; i < sizeof word - 1; i++)
            word[i] = "ab"[random_below(2)];
        for (unsigned i = 0; i < sizeof pattern - 1; i++)
            pattern[i] = "ab?a*b"[random_below(6)];
        word[sizeof word - 1] = pattern[sizeof pattern - 1] = '\0';
        sink += matches(pattern, word);
    }
}

/* ---- Frames ------------------------------------------------------------ */

static NOINLINE long sum(int count, ...)
{
    va_list list;
    long total = 0;

    va_start(list, count);
    for (int i = 0; i < count; i++)
        total += va_arg(list, int);
    va_end(list);
    return total;
}

static NOINLINE double mixed(double a, long b, float c, int d, double e,
                             double (*function)(double))
{
    double x = function(a), y = function(e);

    return d > 0 ? x * (double)c + mixed(y, b + 1, c, d - 1, a, function)
                 : x + (double)b;
}

static NOINLINE double half_of(double x)
{
    return x * 0.5 + 1;
}

static NOINLINE long aligned_to_64(int depth);

static NOINLINE long grown_by(int bytes, int depth)
{
    volatile char *grown = alloca((size_t)bytes);

    grown[0] = grown[bytes - 1] = (char)depth;
    if (depth == 0)
        return sum(9, 1, 2, 3, 4, 5, 6, 7, 8, bytes);
    return grown[0] + (depth & 1 ? aligned_to_64(depth - 1)
                                 : grown_by(bytes * 2, depth - 1));
}

static NOINLINE long aligned_to_64(int depth)
{
    alignas(64) volatile char line[64];

    line[depth] = 1;
    return line[depth] + (depth == 0 ? sum(2, 3, 4)
                                     : grown_by(17 + depth, depth - 1) +
                                           aligned_to_64(depth / 2));
}

static NOINLINE long wide(int depth)
{
    volatile char bytes[9000];

    bytes[depth] = 1;
    bytes[8000 + depth] = 2;
    return bytes[depth] + (depth == 0 ? 0 : wide(depth - 1) + sum(1, depth));
}

static void frame_sizes(void)
{
    start(6);
    sink = aligned_to_64(8 + (int)random_below(6));
    sink += grown_by(40, 6 + (int)random_below(6));
    sink += wide(3 + (int)(step_round % 5));
    sink += (long)mixed(1.5, 2, 0.25f, 5 + (int)random_below(4), 2.5, half_of);
}

const struct step_work step_shapes[] = {
    {"expressions", 0, expressions, 40},
    {"trees", 0, trees, 24},
    {"numbers", 0, numbers, 1},
    {"packing", 0, packing, 1},
    {"matching", 0, matching, 4},
    {"frame_sizes", 0, frame_sizes, 12},
    {0, 0, 0, 0}};
