/* SPDX-License-Identifier: BSD-2-Clause */
/* What records say. Contract: read_impl.h; layout: docs/file-format.md. */
#include "read_impl.h"

static struct text get_text(struct format_in *in)
{
    struct text text;

    text.at = (const char *)sigprof__get_string(in, &text.size);
    return text;
}

/* Ids and thread ids: larger than 32 bits is nobody's. */
static uint32_t get_id(struct format_in *in)
{
    uint64_t value = sigprof__get_varint(in);

    if (value > UINT32_MAX)
        in->bad = true;
    return (uint32_t)value;
}

/* ---- Records that say something once ------------------------------------- */

static void read_info(struct reader *reader, struct format_in *in)
{
    struct text key = get_text(in);
    struct text value = get_text(in);

    if (!in->bad && reader->sink->info)
        reader->sink->info(reader->sink->arg, key, value);
}

static void read_module(struct reader *reader, struct format_in *in)
{
    struct read_module module;

    module.id = get_id(in);
    module.low = sigprof__get_varint(in);
    module.high = sigprof__get_varint(in);
    module.bias = sigprof__get_varint(in);
    module.time_ns = sigprof__get_varint(in);
    module.build_id = get_text(in);
    module.path = get_text(in);
    module.flags = get_id(in);
    if (!in->bad && reader->sink->module)
        reader->sink->module(reader->sink->arg, &module);
}

static void read_unload(struct reader *reader, struct format_in *in)
{
    uint32_t id = get_id(in);
    uint64_t time_ns = sigprof__get_varint(in);

    if (!in->bad && reader->sink->unload)
        reader->sink->unload(reader->sink->arg, id, time_ns);
}

static void read_code(struct reader *reader, struct format_in *in)
{
    struct read_code code;

    code.serial = sigprof__get_varint(in);
    code.start = sigprof__get_varint(in);
    code.bytes = sigprof__get_varint(in);
    code.time_ns = sigprof__get_varint(in);
    code.name = get_text(in);
    code.file = get_text(in);
    code.line = get_id(in);
    code.lines = get_text(in);
    code.source = in->at < in->end ? get_id(in) : FORMAT_CODE_DECLARED;
    if (!in->bad && reader->sink->code)
        reader->sink->code(reader->sink->arg, &code);
}

static void read_code_move(struct reader *reader, struct format_in *in)
{
    uint64_t serial = sigprof__get_varint(in);
    uint64_t start = sigprof__get_varint(in);
    uint64_t time_ns = sigprof__get_varint(in);

    if (!in->bad && reader->sink->code_move)
        reader->sink->code_move(reader->sink->arg, serial, start, time_ns);
}

static void read_code_free(struct reader *reader, struct format_in *in)
{
    uint64_t serial = sigprof__get_varint(in);
    uint64_t time_ns = sigprof__get_varint(in);

    if (!in->bad && reader->sink->code_free)
        reader->sink->code_free(reader->sink->arg, serial, time_ns);
}

static void read_function(struct reader *reader, struct format_in *in)
{
    struct read_function function;

    function.number = get_id(in);
    function.name = get_text(in);
    function.file = get_text(in);
    function.line = get_id(in);
    if (!in->bad && reader->sink->function)
        reader->sink->function(reader->sink->arg, &function);
}

static void read_thread(struct reader *reader, struct format_in *in)
{
    uint32_t tid = get_id(in);
    uint64_t time_ns = sigprof__get_varint(in);
    uint64_t start_routine = sigprof__get_varint(in);
    struct text name = get_text(in);

    if (!in->bad && reader->sink->thread)
        reader->sink->thread(reader->sink->arg, tid, time_ns, start_routine,
                             name);
}

static void read_exit(struct reader *reader, struct format_in *in)
{
    struct read_exit record;

    record.tid = get_id(in);
    record.time_ns = sigprof__get_varint(in);
    record.cpu_ns = sigprof__get_varint(in);
    record.periods = sigprof__get_varint(in);
    record.cause = get_id(in);
    if (!in->bad && reader->sink->exited)
        reader->sink->exited(reader->sink->arg, &record);
}

static void read_label(struct reader *reader, struct format_in *in)
{
    uint32_t id = get_id(in);
    uint32_t parent = get_id(in);
    struct text key = get_text(in);
    struct text value = get_text(in);

    if (!in->bad && reader->sink->label)
        reader->sink->label(reader->sink->arg, id, parent, key, value);
}

static void read_sheet(struct reader *reader, struct format_in *in)
{
    uint64_t count;

    sigprof__get_varint(in); /* its time: the latest in the file counts */
    count = sigprof__get_varint(in);
    if (in->bad || !reader->sink->sheet)
        return;
    reader->sink->sheet(reader->sink->arg, (struct text){"", 0}, 0);
    while (count--) {
        struct text name = get_text(in);
        int64_t value = sigprof__get_svarint(in);

        if (in->bad)
            return;
        if (name.size)
            reader->sink->sheet(reader->sink->arg, name, value);
    }
}

/* ---- Stacks and samples -------------------------------------------------- */

static void begin_generation(struct reader *reader)
{
    reader->pc_count = FORMAT_FIRST_PC;
    reader->last_pc = 0;
    reader->node_count = 1;
    reader->stacks_known = true;
}

static void read_pcs(struct reader *reader, struct format_in *in)
{
    uint64_t count = sigprof__get_varint(in);
    uint64_t pc = reader->last_pc;

    if (count > (uint64_t)(in->end - in->at))
        in->bad = true;
    while (count-- && !in->bad) {
        pc += (uint64_t)sigprof__get_svarint(in);
        if (in->bad || reader->pc_count == UINT32_MAX) {
            in->bad = true;
            return;
        }
        ARRAY_ROOM(reader->pcs, reader->pc_count, reader->pc_capacity);
        /* No code is so low; and it would be taken for a mark. */
        reader->pcs[reader->pc_count++] = (struct read_pc){
            .pc = pc < FORMAT_FIRST_PC ? (uint64_t)FORMAT_FIRST_PC : pc};
        reader->last_pc = pc;
    }
}

static void read_stack(struct reader *reader, struct format_in *in)
{
    uint64_t parent = sigprof__get_varint(in);
    uint64_t count = sigprof__get_varint(in);

    if (parent >= reader->node_count || count > (uint64_t)(in->end - in->at))
        in->bad = true;
    while (count-- && !in->bad) {
        uint64_t number = sigprof__get_varint(in);
        struct read_node node = {.pc = (uint32_t)number,
                                 .parent = (uint32_t)parent,
                                 .depth = reader->nodes[parent].depth + 1};

        if (in->bad || number >= reader->pc_count ||
            node.depth > READ_MAX_DEPTH || reader->node_count == UINT32_MAX) {
            in->bad = true;
            return;
        }
        ARRAY_ROOM(reader->nodes, reader->node_count, reader->node_capacity);
        parent = reader->node_count;
        reader->nodes[reader->node_count++] = node;
    }
}

static void read_samples(struct reader *reader, struct format_in *in)
{
    struct read_sample sample = {.tid = get_id(in), .state = reader->state};
    uint64_t node = 0;

    sample.time_ns = sigprof__get_varint(in);
    while (!in->bad && in->at != in->end) {
        uint8_t flags = sigprof__get_byte(in);

        sample.time_ns += sigprof__get_varint(in);
        node += (uint64_t)sigprof__get_svarint(in);
        sample.weight =
            flags & FORMAT_SAMPLE_WEIGHT ? sigprof__get_varint(in) : 1;
        if (flags & FORMAT_SAMPLE_LABEL)
            sample.label = get_id(in);
        sample.end = flags & FORMAT_SAMPLE_END ? sigprof__get_byte(in) : 0;
        sample.lag_ns = flags & FORMAT_SAMPLE_LAG ? sigprof__get_varint(in) : 0;
        if (in->bad)
            return;
        sample.damaged =
            node != 0 && (!reader->stacks_known || node >= reader->node_count);
        sample.node = sample.damaged ? 0 : (uint32_t)node;
        reader->lost_stacks += sample.damaged;
        reader->samples++;
        if (reader->sink->sample)
            reader->sink->sample(reader->sink->arg, reader, &sample);
    }
}

static void read_state(struct reader *reader, struct format_in *in)
{
    uint64_t state = sigprof__get_varint(in);

    reader->state =
        state < FORMAT_STATES ? (uint8_t)state : (uint8_t)FORMAT_STATE_UNKNOWN;
}

/* ---- All of them ----------------------------------------------------------- */

void sigprof__read_record(struct reader *reader, unsigned type,
                          struct format_in *in)
{
    switch (type) {
    case FORMAT_INFO:
        read_info(reader, in);
        break;
    case FORMAT_MODULE:
        read_module(reader, in);
        break;
    case FORMAT_UNLOAD:
        read_unload(reader, in);
        break;
    case FORMAT_THREAD:
        read_thread(reader, in);
        break;
    case FORMAT_EXIT:
        read_exit(reader, in);
        break;
    case FORMAT_RESET:
        begin_generation(reader);
        break;
    case FORMAT_PCS:
        read_pcs(reader, in);
        break;
    case FORMAT_STACK:
        read_stack(reader, in);
        break;
    case FORMAT_SAMPLES:
        read_samples(reader, in);
        break;
    case FORMAT_STATE:
        read_state(reader, in);
        break;
    case FORMAT_LABEL:
        read_label(reader, in);
        break;
    case FORMAT_CODE:
        read_code(reader, in);
        break;
    case FORMAT_CODE_MOVE:
        read_code_move(reader, in);
        break;
    case FORMAT_CODE_FREE:
        read_code_free(reader, in);
        break;
    case FORMAT_FUNCTION:
        read_function(reader, in);
        break;
    case FORMAT_SHEET:
        read_sheet(reader, in);
        break;
    case FORMAT_END:
        reader->ended = true;
        reader->ended_ns = sigprof__get_varint(in);
        reader->goes_on = in->at < in->end &&
                          sigprof__get_varint(in) & FORMAT_END_GOES_ON;
        break;
    case FORMAT_EXEC:
    case FORMAT_MARKS:
        break; /* for other readers */
    default:
        reader->unknown_records++;
    }
}
