/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes profile files for tests from a text on standard input, one record a
 * line, numbers as in C:
 *
 *   info KEY VALUE…
 *   module ID LOW HIGH BIAS TIME FLAGS BUILDID|- PATH…
 *   unload ID TIME
 *   thread TID TIME START NAME…
 *   exit TID TIME CPU PERIODS CAUSE
 *   reset
 *   end TIME
 *   label ID PARENT KEY VALUE…
 *   sheet TIME NAME=VALUE…
 *   function NUMBER LINE FILE|- NAME…
 *   code SERIAL START BYTES TIME NAME…     generated code
 *   late NS                 how late the next sample is
 *   sample TID TIME WEIGHT LABEL END PC PC…   root first; s, gap, guess, busy: marks;
 *       g.NUMBER.LINE: a guest's frame
 *   state STATE             of the samples behind it, in this block
 *   unknown TYPE            a record of a type nobody knows
 *   block                   ends a block
 *   gap                     skips a block's number
 *   version MAJOR MINOR     of the header (first line only)
 *   id HEX                  recording id, 32 digits (first lines only)
 *   big SAMPLES STACKS DEPTH [WINDOW]   many samples, as a recorder would write
 *       them; each of one of WINDOW neighbours, which move on as time goes by
 *
 * In text, \n \t \0 \\ and \xNN stand for bytes. "sample" writes a PCS, a STACK
 * and a SAMPLES record of its own.
 */
#include "../../src/format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES 65536

static uint8_t block[FORMAT_BLOCK_HEADER_BYTES + FORMAT_PAYLOAD_MAX];
static struct format_out out;
static uint32_t sequence;
static uint8_t id[FORMAT_ID_BYTES] = {0x5e, 0xed};
static uint8_t header[FORMAT_FILE_HEADER_BYTES];
static int header_written;
/* of the generation */
static uint64_t pc_count, last_pc, node_count;
static uint64_t late_ns; /* of the next sample */

static uint8_t body_bytes[FORMAT_PAYLOAD_MAX];

static void fail(const char *line)
{
    fprintf(stderr, "make-profile: cannot read: %s\n", line);
    exit(2);
}

static uint8_t *payload(void)
{
    return block + FORMAT_BLOCK_HEADER_BYTES;
}

static void block_begin(void)
{
    out.at = payload();
    out.end = block + sizeof block;
    out.full = false;
}

static void block_end(void)
{
    size_t size = (size_t)(out.at - payload());

    if (!header_written)
        fwrite(header, 1, sizeof header, stdout);
    header_written = 1;
    sigprof__format_block_seal(block, size, sequence++, id);
    fwrite(block, 1, FORMAT_BLOCK_HEADER_BYTES + size, stdout);
    block_begin();
}

static struct format_out body(void)
{
    return (struct format_out){body_bytes, body_bytes + sizeof body_bytes,
                               false};
}

static void record(unsigned type, const struct format_out *in)
{
    size_t size = (size_t)(in->at - body_bytes);

    sigprof__put_varint(&out, type);
    sigprof__put_string(&out, body_bytes, size);
    if (in->full || out.full)
        fail("too much for a block");
}

/* ---- Words of a line ----------------------------------------------------- */

static char *rest; /* of the line */

static char *word(void)
{
    char *begin = rest + strspn(rest, " ");
    size_t size = strcspn(begin, " ");

    rest = begin + size;
    if (*rest)
        *rest++ = '\0';
    return begin;
}

static uint64_t number(void)
{
    char *text = word(), *end;
    uint64_t value = strtoull(text, &end, 0);

    if (*text == '\0' || *end)
        fail(text);
    return value;
}

static unsigned hex_digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c ? strchr(digits, c) : NULL;

    if (!at)
        fail("hexadecimal");
    return (unsigned)(at - digits);
}

static size_t unescape(char *text)
{
    size_t size = 0;

    for (; *text; text++) {
        char c = *text;

        if (c == '\\') {
            c = *++text;
            if (c == 'x') {
                c = (char)(hex_digit(text[1]) << 4 | hex_digit(text[2]));
                text += 2;
            } else {
                c = c == 'n' ? '\n' : c == 't' ? '\t' : c == '0' ? '\0' : c;
            }
        }
        rest[size++] = c;
    }
    return size;
}

static void put_rest(struct format_out *to)
{
    char *begin = rest;
    size_t size = unescape(rest);

    sigprof__put_string(to, begin, size);
    rest = begin + strlen(begin);
}

static void put_hex(struct format_out *to, const char *text)
{
    uint8_t bytes[64];
    size_t size = strcmp(text, "-") == 0 ? 0 : strlen(text) / 2;

    for (size_t i = 0; i < size && i < sizeof bytes; i++)
        bytes[i] =
            (uint8_t)(hex_digit(text[2 * i]) << 4 | hex_digit(text[2 * i + 1]));
    sigprof__put_string(to, bytes, size);
}

static void put_numbers(struct format_out *to, unsigned count)
{
    while (count--)
        sigprof__put_varint(to, number());
}

/* ---- Records ------------------------------------------------------------- */

static void put_pc(uint64_t pc)
{
    struct format_out in = body();

    sigprof__put_varint(&in, 1);
    sigprof__put_svarint(&in, (int64_t)(pc - last_pc));
    last_pc = pc;
    pc_count++;
    record(FORMAT_PCS, &in);
}

static uint64_t mark_or_pc(const char *text)
{
    char *end;
    uint64_t pc;

    if (strcmp(text, "s") == 0)
        return FORMAT_MARK_SIGNAL;
    if (strcmp(text, "gap") == 0)
        return FORMAT_MARK_GAP;
    if (strcmp(text, "guess") == 0)
        return FORMAT_MARK_GUESS;
    if (strcmp(text, "busy") == 0)
        return FORMAT_MARK_BUSY;
    if (strncmp(text, "g.", 2) == 0) {
        uint32_t function = (uint32_t)strtoul(text + 2, &end, 0);

        pc = format_guest(function, (uint32_t)strtoul(end + 1, &end, 0));
    } else {
        pc = strtoull(text, &end, 0);
    }
    if (*end)
        fail(text);
    put_pc(pc);
    return FORMAT_FIRST_PC + pc_count - 1;
}

static void make_sample(void)
{
    uint64_t tid = number(), time = number(), weight = number();
    uint64_t label = number(), end = number(), count = 0;
    uint64_t numbers[1024];
    struct format_out in;

    while (rest[strspn(rest, " ")] && count < 1024)
        numbers[count++] = mark_or_pc(word());
    if (count) {
        in = body();
        sigprof__put_varint(&in, 0);
        sigprof__put_varint(&in, count);
        for (uint64_t i = 0; i < count; i++)
            sigprof__put_varint(&in, numbers[i]);
        record(FORMAT_STACK, &in);
        node_count += count;
    }
    in = body();
    sigprof__put_varint(&in, tid);
    sigprof__put_varint(&in, time);
    sigprof__put_byte(&in, FORMAT_SAMPLE_WEIGHT | FORMAT_SAMPLE_LABEL |
                               FORMAT_SAMPLE_END |
                               (late_ns ? FORMAT_SAMPLE_LAG : 0));
    sigprof__put_varint(&in, 0);
    sigprof__put_svarint(&in, count ? (int64_t)node_count : 0);
    sigprof__put_varint(&in, weight);
    sigprof__put_varint(&in, label);
    sigprof__put_byte(&in, (uint8_t)end);
    if (late_ns)
        sigprof__put_varint(&in, late_ns);
    late_ns = 0;
    record(FORMAT_SAMPLES, &in);
}

static void make_reset(void)
{
    struct format_out in = body();

    record(FORMAT_RESET, &in);
    pc_count = last_pc = node_count = 0;
}

static void make_sheet(void)
{
    struct format_out in = body(), list;
    static uint8_t lines[4096];
    uint64_t count = 0;

    put_numbers(&in, 1);
    list = (struct format_out){lines, lines + sizeof lines, false};
    while (rest[strspn(rest, " ")]) {
        char *name = word(), *equals = strchr(name, '=');

        if (!equals)
            fail(name);
        sigprof__put_string(&list, name, (size_t)(equals - name));
        sigprof__put_svarint(&list, strtoll(equals + 1, NULL, 0));
        count++;
    }
    sigprof__put_varint(&in, count);
    sigprof__put_bytes(&in, lines, (size_t)(list.at - lines));
    record(FORMAT_SHEET, &in);
}

static uint64_t random_state = 88172645463325252u; /* xorshift64's usual seed */

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* Frame `level` of stack s: the deeper, the more the stacks differ. */
static uint64_t big_pc(uint64_t stack, uint64_t level, uint64_t depth)
{
    uint64_t shift = (depth - 1 - level) * 20 / depth;

    return 0x401000 +
           (((stack >> shift) * 2654435761u + level * 977) & 0xffff0);
}

/* What a generation has said: (parent, pc) -> node, pc -> number. */
#define KNOWN_SLOTS (1u << 20) /* four times what a generation can hold */

struct known {
    uint64_t parent, pc; /* parent UINT64_MAX: a pc's number */
    uint64_t value;      /* 0: free */
};
static struct known known[KNOWN_SLOTS];

static struct known *known_find(uint64_t parent, uint64_t pc)
{
    uint64_t hash = (parent * 0x9e3779b97f4a7c15u ^ pc) * 0xd6e8feb86659fd93u;
    size_t at = (size_t)(hash >> 40) % KNOWN_SLOTS;

    while (known[at].value &&
           (known[at].parent != parent || known[at].pc != pc))
        at = (at + 1) % KNOWN_SLOTS;
    known[at].parent = parent;
    known[at].pc = pc;
    return &known[at];
}

static uint64_t big_node(uint64_t parent, uint64_t pc)
{
    struct known *number = known_find(UINT64_MAX, pc), *node;
    struct format_out in;

    if (!number->value) {
        put_pc(pc);
        number->value = FORMAT_FIRST_PC + pc_count - 1;
    }
    node = known_find(parent, pc);
    if (node->value)
        return node->value;
    in = body();
    sigprof__put_varint(&in, parent);
    sigprof__put_varint(&in, 1);
    sigprof__put_varint(&in, number->value);
    record(FORMAT_STACK, &in);
    node->value = ++node_count;
    return node->value;
}

/* Sample number `at` of make_big. Some stacks are hot, as they are in programs. */
static uint64_t big_stack(uint64_t at, uint64_t samples, uint64_t stacks,
                          uint64_t window)
{
    uint64_t stack = next_random() % window;
    uint64_t moved = samples > 1 ? at * (stacks - window) / (samples - 1) : 0;

    return moved + next_random() % (stack + 1);
}

/* A thousand samples a batch; a generation when the last has become large. */
static void make_big(void)
{
    uint64_t samples = number(), stacks = number(), depth = number();
    uint64_t window = rest[strspn(rest, " ")] ? number() : stacks;
    uint64_t time = 0, done = 0, all = samples;
    static uint64_t leaf[1000];
    struct format_out in;

    for (uint64_t batch; samples; samples -= batch, done += batch) {
        batch = samples < 1000 ? samples : 1000;
        if (node_count > 200000 || node_count == 0) {
            make_reset();
            memset(known, 0, sizeof known);
        }
        for (uint64_t i = 0; i < batch; i++) {
            uint64_t stack = big_stack(done + i, all, stacks, window);

            leaf[i] = 0;
            for (uint64_t j = 0; j < depth; j++)
                leaf[i] = big_node(leaf[i], big_pc(stack, j, depth));
        }
        in = body();
        sigprof__put_varint(&in, 4242);
        sigprof__put_varint(&in, time);
        for (uint64_t i = 0; i < batch; i++) {
            sigprof__put_byte(&in, 0);
            sigprof__put_varint(&in, 10101010);
            sigprof__put_svarint(&in,
                                 (int64_t)(leaf[i] - (i ? leaf[i - 1] : 0)));
            time += 10101010;
        }
        record(FORMAT_SAMPLES, &in);
        block_end();
    }
}

static void make_record(char *line)
{
    struct format_out in = body();
    char *name;

    rest = line;
    name = word();
    if (strcmp(name, "info") == 0) {
        char *key = word();

        sigprof__put_string(&in, key, strlen(key));
        put_rest(&in);
        record(FORMAT_INFO, &in);
    } else if (strcmp(name, "module") == 0) {
        uint64_t flags;

        put_numbers(&in, 5);
        flags = number();
        put_hex(&in, word());
        put_rest(&in);
        sigprof__put_varint(&in, flags);
        record(FORMAT_MODULE, &in);
    } else if (strcmp(name, "unload") == 0) {
        put_numbers(&in, 2);
        record(FORMAT_UNLOAD, &in);
    } else if (strcmp(name, "thread") == 0) {
        put_numbers(&in, 3);
        put_rest(&in);
        record(FORMAT_THREAD, &in);
    } else if (strcmp(name, "exit") == 0) {
        put_numbers(&in, 5);
        record(FORMAT_EXIT, &in);
    } else if (strcmp(name, "label") == 0) {
        char *key;

        put_numbers(&in, 2);
        key = word();
        sigprof__put_string(&in, key, strlen(key));
        put_rest(&in);
        record(FORMAT_LABEL, &in);
    } else if (strcmp(name, "state") == 0) {
        put_numbers(&in, 1);
        record(FORMAT_STATE, &in);
    } else if (strcmp(name, "end") == 0) {
        put_numbers(&in, 1);
        record(FORMAT_END, &in);
    } else if (strcmp(name, "unknown") == 0) {
        unsigned type = (unsigned)number();

        sigprof__put_bytes(&in, "?", 1);
        record(type, &in);
    } else if (strcmp(name, "sheet") == 0) {
        make_sheet();
    } else if (strcmp(name, "function") == 0) {
        uint64_t begins;
        char *file;

        put_numbers(&in, 1);
        begins = number();
        file = word();
        put_rest(&in);
        sigprof__put_string(&in, file, *file == '-' ? 0 : strlen(file));
        sigprof__put_varint(&in, begins);
        record(FORMAT_FUNCTION, &in);
    } else if (strcmp(name, "code") == 0) {
        put_numbers(&in, 4);
        put_rest(&in);
        sigprof__put_string(&in, "", 0); /* no file, no lines */
        sigprof__put_varint(&in, 0);
        sigprof__put_string(&in, "", 0);
        record(FORMAT_CODE, &in);
    } else if (strcmp(name, "late") == 0) {
        late_ns = number();
    } else if (strcmp(name, "sample") == 0) {
        make_sample();
    } else if (strcmp(name, "reset") == 0) {
        make_reset();
    } else if (strcmp(name, "big") == 0) {
        make_big();
    } else if (strcmp(name, "block") == 0) {
        block_end();
    } else if (strcmp(name, "gap") == 0) {
        sequence++;
    } else if (strcmp(name, "version") == 0) {
        header[8] = (uint8_t)number();
        header[10] = (uint8_t)number();
    } else if (strcmp(name, "id") == 0) {
        char *hex = word();

        for (size_t i = 0; i < FORMAT_ID_BYTES; i++)
            id[i] = (uint8_t)(hex_digit(hex[2 * i]) << 4 |
                              hex_digit(hex[2 * i + 1]));
    } else {
        fail(name);
    }
}

int main(void)
{
    static char line[LINE_BYTES];

    sigprof__format_file_header(header);
    block_begin();
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '\0' && line[0] != '#')
            make_record(line);
    }
    if (out.at != payload() || sequence == 0)
        block_end();
    return fflush(stdout) == 0 ? 0 : 1;
}
