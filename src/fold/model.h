/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the profiles say, merged: the sink of the reader.
 *
 *   module   a file that was mapped, the same for every process that mapped it
 *   frame    (module, link address), or one of a few marks; unique
 *   node     (parent node, frame): the calling-context tree of all processes
 *   context  what a sample has beside its stack: process, comm, thread, label,
 *            state, why its walk ended; only what the options ask for is kept apart
 *   count    (context, leaf node) -> weight
 *
 * Samples are added up as they are read, so memory is bounded by the distinct
 * stacks and not by the samples. Symbols come later, once for each frame.
 *
 * Modules by time. Within a process, address ranges change hands only where a
 * module ends (unloaded, or overlapped by a later one). These moments cut the
 * run into spans; within a span every module that is mapped in any part of it
 * owns its range, so a sample taken just before the recorder noticed a dlopen
 * is named too. Local nodes remember the span they were mapped in.
 */
#ifndef SIGPROF_FOLD_MODEL_H
#define SIGPROF_FOLD_MODEL_H

#include "code.h"
#include "read.h"
#include "store.h"

#include <stdbool.h>
#include <stdint.h>

/* Frames below are not addresses; the file's marks keep their numbers. */
enum model_frame_special {
    FRAME_NONE = 0,
    FRAME_GAP = FORMAT_MARK_GAP,
    FRAME_SIGNAL = FORMAT_MARK_SIGNAL,
    FRAME_KERNEL = FORMAT_MARK_KERNEL,
    FRAME_BUSY = FORMAT_MARK_BUSY,
    FRAME_DEFERRED = FORMAT_MARK_DEFERRED,
    FRAME_FIRST = FORMAT_FIRST_PC
};

#define MODEL_NO_MODULE UINT32_MAX
#define MODEL_CODE (UINT32_MAX - 1) /* generated, and the program said so */
#define MODEL_GUEST (UINT32_MAX - 2) /* a frame of an interpreter's program */

struct model_module {
    uint32_t path, build_id; /* strings; build_id is raw bytes */
    uint32_t flags;          /* enum format_module_flag */
    uint64_t seen_ns;        /* first seen, since 1970; 0: not known */
    bool illumos;            /* of that system */
};

enum model_use { USED_EXACT = 1, USED_CALL = 2 };

/* A function at an address, or one that was inlined into the one before it. */
struct model_place {
    uint32_t name;     /* string: as shown, safe in a folded line */
    uint32_t function; /* string: the function for people, any bytes; 0: none is
                          known, name is an offset or a mark */
    uint32_t symbol;   /* string: … as its file has it */
    uint32_t file;     /* string: path of the source; 0: not known */
    uint32_t line; /* that runs here, or that calls the next; 0: not known */
    bool inlined;
};

/* model->places[first…first + count), the outermost function first. */
struct model_places {
    uint32_t first, count;
};

struct model_frame {
    uint64_t address;   /* link address; as seen, if there is no module */
    uint32_t module;    /* or MODEL_NO_MODULE, MODEL_CODE, MODEL_GUEST */
    uint32_t process;   /* of a frame without module, else 0 */
    uint64_t span_from; /* … beginning of the span it was first seen in; of
                           MODEL_CODE: number of the code, address: in it;
                           of MODEL_GUEST: 0, address: as the file has it */
    struct model_places exact; /* … to show where the address was executed */
    struct model_places call;  /* … where it is a return address */
};

struct model_node {
    uint32_t parent, frame;
    uint32_t hash; /* of the frames from the root to here */
};

/* How much of a stack is known: a sample's end, and what can befall it. */
enum model_end {
    MODEL_COMPLETE = FORMAT_END_COMPLETE, /* …to FORMAT_END_FOREIGN_STACK */
    MODEL_OTHER = FORMAT_END_FOREIGN_STACK + 1, /* a reason we do not know */
    MODEL_DAMAGED,
    MODEL_ENDS
};

struct model_context {
    /* Where processes are not kept apart, the first on its side of --diff. */
    uint32_t process, comm, thread, label, state, end;
};

struct model_count {
    uint64_t key; /* context << 32 | node; node 0: no stack */
    uint64_t value;
};

/* A mapping, in time; to_ns is UINT64_MAX while it lasts. */
struct model_mapping {
    uint64_t low, high, bias, from_ns, to_ns;
    uint32_t id, module;
};

struct model_thread {
    uint32_t tid, name; /* name 0: not known */
    uint64_t from_ns, start_routine;
    uint32_t start_frame; /* 0: not known */
    bool placeholder;     /* a sample came before any THREAD record */
    bool ended;           /* its EXIT came: the next THREAD is another thread */
};

struct model_label {
    uint32_t id, parent, key, value;
};

/* Of a guest program. */
struct model_function {
    uint32_t number, name, file, line;
};

struct model_exit {
    uint32_t thread; /* index into threads, of the process */
    uint32_t cause;
    int64_t unsampled_ns;
};

/* The names of SHEET, in the order of --stats. */
/* clang-format off */
#define MODEL_SHEET_MAP(X)                                                     \
    X(due_ns) X(taken) X(overrun) X(dropped_full) X(dropped_busy)              \
    X(dropped_slot) X(foreign) X(lost_events) X(unsampled_exit_ns)             \
    X(unsampled_running_ns) X(unsampled_blocked_ns) X(unsampled_paused_ns)     \
    X(unsampled_kernel_ns) X(unsampled_unseen_ns) X(own_ns) X(threads)         \
    X(overwritten)                                                             \
    X(rotations_failed) X(first_drop_ns) X(last_drop_ns)
/* clang-format on */

struct model_sheet {
    bool present;
#define X(name) int64_t name;
    MODEL_SHEET_MAP(X)
#undef X
};

enum model_cut { CUT_NO, CUT_KILLED, CUT_ALIVE, CUT_UNKNOWN };

/* Where a process's period is from. */
enum model_rate { RATE_UNKNOWN, RATE_GRANTED, RATE_TOLD };

struct model_process {
    uint32_t file; /* string: as the user named it */
    uint32_t recording; /* string: its id, the same in all parts; 0: none */
    uint32_t comm, comm_first;
    enum model_rate rate; /* GRANTED: the file's period_ns is lost, hz_granted
                             is not; UNKNOWN: both are */
    uint64_t pid, period_ns, start_mono_ns, shift_ns; /* shift: --time base */
    uint64_t start_real_ns; /* since 1970; 0: not known */
    bool base; /* of --diff: what the others are compared with */
    bool illumos;     /* the system */
    bool by_realprof; /* the clock: time on no CPU stands beside CPU time */
    bool by_wall; /* periods are of elapsed time */
    struct text *info; /* key, value, key, value; interned */
    size_t info_count, info_capacity;
    struct model_mapping *mappings;
    size_t mapping_count, mapping_capacity;
    struct model_thread *threads; /* [0] is none */
    size_t thread_count, thread_capacity;
    uint32_t stand_in; /* the process of its samples' contexts */
    struct index thread_index; /* tid -> latest thread of it */
    struct model_label *labels;
    size_t label_count, label_capacity;
    struct model_function *functions;
    size_t function_count, function_capacity;
    struct index function_index; /* number -> place of it, plus 1 */
    struct model_exit *exits;
    size_t exit_count, exit_capacity;
    struct model_sheet sheet;
    enum model_cut cut;
    uint64_t samples, periods, ended[MODEL_ENDS], guessed, unknown_stack;
    uint64_t salvaged, last_ns, ended_ns; /* ended_ns: by its END; or 0 */
    uint64_t late, late_ns, late_max_ns; /* samples that were taken at a hook */
    /* what the reader found out */
    uint64_t torn_bytes, damaged_bytes, missing_blocks, foreign_blocks;
    uint64_t bad_records, unknown_records, blocks;
    /* spans, see above */
    uint64_t *bounds;   /* sorted; span i is [bounds[i-1], bounds[i]) */
    uint32_t *span_ids; /* one more than bounds; unique, never 0 */
    size_t bound_count, bound_capacity, span_capacity;
    uint32_t last_span_id;
    /* mappings of the span in use, sorted by low */
    struct model_mapping *view;
    size_t view_count, view_capacity;
    uint64_t view_from, view_to, view_time;
    bool view_valid;
    uint32_t view_span, view_id; /* of the modules' span; and of the code in it */
    struct model_codes codes;
    size_t view_code, view_changes;
    uint64_t wild_low, wild_high; /* pcs of no module lie from … to */
    bool late_code; /* some may name samples that were read before it */
    bool late_rate; /* samples were weighed before it was known */
};

struct model_options {
    /* Contexts keep these apart; the first two within processes only. */
    bool by_thread, by_label, by_state, by_process;
    bool all_states; /* else the clock realprof has CPU time only */
    bool weigh_ns;            /* values are CPU ns, not periods */
    bool time_limits;
    uint64_t from_ns, to_ns;
};

struct model {
    struct model_options options;
    struct strings strings;
    struct model_module *modules;
    size_t module_count, module_capacity;
    struct model_frame *frames; /* [0..FRAME_FIRST) are not addresses */
    size_t frame_count, frame_capacity;
    struct model_place *places; /* filled in by name.h */
    size_t place_count, place_capacity;
    struct model_node *nodes; /* [0] is none */
    size_t node_count, node_capacity;
    struct model_context *contexts;
    size_t context_count, context_capacity;
    struct model_count *counts; /* open addressing; value 0 is free */
    size_t count_mask, count_used;
    struct model_count *earlier; /* of the files before the one that is read */
    size_t earlier_mask, earlier_used;
    bool recounts; /* the samples of a file, for the second time */
    struct index module_index, frame_index, node_index, context_index;
    struct model_process *processes;
    size_t process_count, process_capacity;
    /* of the process being read */
    struct model_process *process;
    struct model_context context;
    uint32_t context_id; /* of `context`; UINT32_MAX: not looked up */
    uint32_t cached_tid, cached_thread;
    /* Set for a second reading: called with each sample instead of counting. */
    void (*visit)(void *arg, const struct read_sample *sample, uint32_t context,
                  uint32_t node);
    void *visit_arg;
    void (*progress)(void *arg, size_t done);
    void *progress_arg;
};

void sigprof__model_init(struct model *model,
                         const struct model_options *options);
void sigprof__model_free(struct model *model);

/* The sink for one more file; records go to a new process. */
struct read_sink sigprof__model_begin(struct model *model, struct text file);
/* Forgets the process again: its file could not be read at all. */
void sigprof__model_drop(struct model *model);
/* After the file's last byte: what came too late is applied. */
void sigprof__model_end(struct model *model, const struct reader *reader);

/* The sink for reading file number `process` again, for model->visit. */
struct read_sink sigprof__model_again(struct model *model, size_t process);

/*
 * Generated code is named by time, and its records may come after its samples: as
 * late as a virtual machine flushes its files; where the header is lost, so may the
 * rate. Has that happened? Then, before _end, the sink for counting the samples of
 * the file again, with all of it known.
 */
bool sigprof__model_wants_again(const struct model *model);
struct read_sink sigprof__model_recount(struct model *model);

/* Generated code that no record tells of; its serial is made up. */
void sigprof__model_code(struct model *model, const struct read_code *code);
void sigprof__model_code_move(struct model *model, uint64_t from, uint64_t to,
                              uint64_t time_ns);

/* No sample comes any more, nor again: frees what is needed for that only. */
void sigprof__model_settle(struct model *model);

/* The value of an INFO; size 0 if there is none. */
struct text sigprof__model_info(const struct model_process *process,
                                const char *key);
/* A string of the model. */
static inline struct text sigprof__model_text(const struct model *model,
                                              uint32_t id)
{
    return model->strings.text[id];
}

/* The name to show for a thread ("tid N" if none); the string's number. */
uint32_t sigprof__model_thread_name(struct model *model,
                                    const struct model_process *process,
                                    uint32_t thread);
/* The value of a label's key, or 0. */
uint32_t sigprof__model_label_value(const struct model *model,
                                    const struct model_process *process,
                                    uint32_t label, struct text key);
/* The FUNCTION with this number, or NULL. */
const struct model_function *
sigprof__model_function(const struct model_process *process, uint32_t number);
/* The LABEL with this id, or NULL. */
const struct model_label *
sigprof__model_label(const struct model_process *process, uint32_t id);

#endif
