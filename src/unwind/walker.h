/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cfi engine's inside: one walk in progress, and the tiers that can step it
 * by one frame. Signal-safe, all of it. cfi.c has the theory.
 */
#ifndef SIGPROF_UNWIND_WALKER_H
#define SIGPROF_UNWIND_WALKER_H

#include "arch/arch.h"
#include "modules.h"
#include "os/regs.h"
#include "unwind/cfi.h"
#include "unwind/expression.h"
#include "unwind/memory.h"
#include "unwind/rules.h"

#define PULL_CIE_BYTES 128 /* the longest seen has 60 */
#ifdef ARCH_EXIDX
#define PULL_FDE_BYTES 2304 /* none; exidx.c's room */
#else
#define PULL_FDE_BYTES 896 /* longer ones are left to the next refresh */
#endif

/* A walk's bound is in steps of the cache: 10 to 50 ns, by how far its words are. The
 * others count for as many as they take at most. */
#define RULE_COST 8   /* finding an FDE by a table, and running a short one */
#define LINEAR_COST 1024 /* ... without one */
#define PROGRAM_COST_BYTES 32 /* of an FDE's instructions in a step */
#define GUESS_COST 2

/* What a walk needs in quantity; lies in the thread's struct unwind_window. */
struct cfi_state {
    struct registers now;   /* of the frame that is being stepped exactly */
    struct registers next;  /* of its caller, in the making */
    struct registers point; /* latest frame all of whose registers are known */
    struct registers trial; /* landing.c's */
    struct rules_unit unit; /* the FDE in use */
    struct rules rules;
    uint64_t operand[EXPRESSION_OPERANDS];
    uint8_t pulled[PULL_CIE_BYTES + PULL_FDE_BYTES];
};

_Static_assert(sizeof(struct cfi_state) <=
                   sizeof(((struct unwind_window *)0)->scratch),
               "the scratch area is too small");

/* A frame: enough to step it, where its rule is a packed one. */
struct place {
    uintptr_t pc;
    uintptr_t sp;
    uintptr_t fp;
    bool exact; /* pc was interrupted; else it is a return address */
    bool low;   /* sp lies at most that high: only fp is sure */
};

static inline bool place_is_low(const struct place *place)
{
    return ARCH_RECORD_IS_LOW && place->low;
}

struct walker {
    struct place at;
    struct memory memory;
    struct unwind_stack *stack;
    const struct module_snapshot *snapshot;
    struct unwind_frame *last; /* the frame at stands for, as pushed */
    uint16_t *fp_flags;        /* of the frame whose step restored at's fp */
    uint32_t count;            /* pushed so far */
    uint32_t old;              /* memo.c: of the last walk's frames the first */
    uint32_t tail;             /* ... that holds; as does all to the root; */
    uint32_t end;              /* ... behind the last that can be compared */
    uint32_t steps;            /* left */
    uintptr_t meet_sp;         /* no frame below may be one of the last walk's */
    bool has_point;            /* state->point is one of this walk's frames */
    bool guessed;
#ifdef ARCH_WINDOWS /* window.c */
    bool has_window;      /* the latest context has at's window */
    uintptr_t context;    /* by regs_offset(); 0: the walk's own */
    uintptr_t context_sp; /* of the code that it interrupted */
#endif
};

/* What came of a step. Values from 0 up are enum format_end: the walk is over. */
enum step {
    STEP_ON = -1,      /* w->at is the caller */
    STEP_SIGNAL = -2,  /* ... that was interrupted by a signal */
    STEP_GUESSED = -3, /* ... by a heuristic */
    STEP_NO_CFI = -4   /* there is no rule; nothing was changed */
};

/* Flags of struct unwind_frame. */
enum frame_flag {
    FRAME_STEPPED = 1, /* ra_at and fp_at say how its caller was found */
    FRAME_EXACT = 2,   /* its pc was interrupted */
    FRAME_ROOT = 4,    /* it has no caller: by rule, or since the word ra_at bytes
                          above its sp is 0 */
    FRAME_BESIDE = 8,  /* a mark between two frames that still verify */
    FRAME_BY_FP = 16,  /* its step began at fp */
    FRAME_LOW = 32,    /* its sp is a lower bound */
    FRAME_GUESSED = 64, /* its step was a guess */
    FRAME_FP_CHECKED = 128 /* a later step began at the fp that it restored */
};

enum cfi_found { CFI_FOUND, CFI_NO_RULE, CFI_NO_MODULE };

/* The address whose rule is wanted: a return address may be the first byte
 * behind its function. */
static inline uintptr_t place_key(uintptr_t pc, bool exact)
{
    return exact ? pc : pc - 1;
}

/* What the last walk has of a frame. */
enum memo {
    MEMO_NOTHING,
    MEMO_PART, /* frames from there on: pushed, w->at is the last of them */
    MEMO_REST  /* all to the root, from number w->old on */
};

/* memo.c: looks what still holds of the last walk; anew behind a signal, or on
 * another stack. */
void sigprof__memo_begin(struct walker *w);
void sigprof__memo_beyond_signal(struct walker *w);
void sigprof__memo_other_stack(struct walker *w);

/* memo.c: w->at, whose sp is w->meet_sp or above, is it one of the last walk's? */
enum memo sigprof__memo_meet(struct walker *w);

/* memo.c: after the walk: how far from the root the first guess is. */
void sigprof__memo_keep(struct unwind_stack *stack, bool guessed);

/* memo.c: how many of the last walk's frames hold, up to the root, and are above. */
uint32_t sigprof__memo_root(const struct walker *w);

/* find.c: the FDE for address, from the tables of a module or of generated code.
 * cfi may be NULL. */
enum cfi_found sigprof__cfi_find(const struct module_cfi *cfi,
                                 uintptr_t address, struct rules_unit *unit);

/* generated.c: the rule for code that the program declared; PACKED_EXACT where
 * nobody did, or by tables. */
uint32_t sigprof__cfi_generated(struct walker *w, uintptr_t key);

/* pull.c: the same for an object that no snapshot has yet. */
enum cfi_found sigprof__cfi_pull(struct walker *w, uintptr_t address,
                                 struct rules_unit *unit);

/* exact.c: steps by rules of any kind, and over the end of a signal handler. */
int sigprof__cfi_exact(struct walker *w);

/* trampoline.c: does address lie where handlers return to? Then the ucontext_t is *at
 * bytes above sp. sp: 0, or what a word there has to confirm. */
bool sigprof__cfi_is_trampoline(struct walker *w, uintptr_t address,
                                uintptr_t sp, intptr_t *at);

/* How a guess was made, for the walk's memory of it. */
struct guess {
    bool certain;  /* it was none: the ABI says so */
    bool verifies; /* it depends on nothing but the words that it took */
    bool doubts;   /* fp leads behind another function's call: take it only if there
                      is nothing better */
    uint32_t rule; /* in: that prologue.c has read before; 0: none */
    int16_t ra_at; /* as in struct unwind_frame */
    int16_t fp_at;
};

/* guess.c: to where place, which has no rule, was probably called from. first:
 * place was interrupted by the tick. STEP_GUESSED; STEP_ON where frame pointers
 * are the rule (code that no module has); STEP_NO_CFI: no idea; or an end. */
int sigprof__cfi_guess(struct walker *w, struct place *place, bool first,
                       struct guess *guess);

/* prologue.c: the same by the code that makes frames, where compilers leave no
 * tables. first: place was interrupted by the tick. */
int sigprof__cfi_prologue(struct walker *w, struct place *place, bool first,
                          struct guess *guess);

/* prologue.c: the rule by which that begins, for w->at, which has called:
 * PACKED_SP_READ or PACKED_FP_READ; PACKED_NONE: none. */
uint32_t sigprof__prologue_rule(struct walker *w);

/* prologue.c: has pc's function, whose FDE is in state->unit and says nothing, made a
 * frame all the same? glibc's lazy binding for riscv64 does. */
bool sigprof__cfi_hides_frame(struct walker *w, uintptr_t pc);

/* scan.c: do the kernel's words for a new program begin there? */
bool sigprof__cfi_begins_program(struct walker *w, uintptr_t at);

/* scan.c: is pc behind a call that says that it is one of another function than the
 * one that function_pc is in? */
bool sigprof__cfi_calls_another(struct walker *w, uintptr_t function_pc,
                                uintptr_t pc);

/* scan.c: to where a function in a module, with neither rules nor a frame pointer, was
 * probably called from. STEP_GUESSED, STEP_NO_CFI: no idea, or nothing that is better
 * than a fp in doubt; or an end. */
int sigprof__cfi_scan(struct walker *w, struct place *place,
                      struct guess *guess);

/* cfi.c: the rule for w->at, remembered or looked up. */
uint32_t sigprof__cfi_rule(struct walker *w);

/* lost.c: w->at, which ends at frame_end, has called, and its return address is lost:
 * w->at becomes its caller's caller. false: none was found. */
bool sigprof__cfi_lost(struct walker *w, uintptr_t frame_end);

/* guess.c: pc's rule says that the return address is on top of the stack. Has a word
 * been pushed all the same? glibc's swapcontext for i386 does so around its system call;
 * behind a call a function pops what it has pushed, and never its return address. */
bool sigprof__cfi_hides_push(struct walker *w, uintptr_t pc, bool exact);

/* guess.c: reads code; plainly, where that cannot fault. */
bool sigprof__cfi_read_code(struct walker *w, uintptr_t from, uint8_t *code,
                            unsigned bytes);

/* guess.c: glibc's oldest string functions save registers and do not tell. So if *pc,
 * which should be the interrupted function's return address and lies at ra_at, is none,
 * but one of the words above is, that is put there. The bytes between; 0: it is not so. */
uintptr_t sigprof__cfi_untold_pushes(struct walker *w, uintptr_t ra_at,
                                     uintptr_t *pc);

/* guess.c: is that a return address that no call can have pushed, since a function
 * begins there and no code is before it? makecontext puts one at the bottom of a stack. */
bool sigprof__cfi_is_put_there(struct walker *w, const struct place *place);

/* guess.c: could pc be a return address? */
bool sigprof__cfi_follows_call(struct walker *w, uintptr_t pc);

/* guess.c: is pc's code known to be where stacks begin, with no rule that says so? */
bool sigprof__cfi_is_root(struct walker *w, uintptr_t pc);

/* landing.c: state->now is what state->rules.row has for its caller, as the result
 * of step. If that function makes an exception land, and its caller has become the
 * landing's frame, the sp is put right. state->trial and the rules are changed. Returns step. */
int sigprof__cfi_land(struct walker *w, int step);

/* What has been done took as long as that many steps. */
static inline void walker_charge(struct walker *w, uint32_t steps)
{
    w->steps -= w->steps < steps ? w->steps : steps;
}

static inline struct cfi_state *walker_state(const struct walker *w)
{
    return (struct cfi_state *)(void *)w->stack->window->scratch;
}

/* The FDE for address, into state->unit, at what it and its rules cost. */
static inline enum cfi_found walker_find(struct walker *w,
                                         const struct module_cfi *cfi,
                                         uintptr_t address)
{
    const struct dwarf_in *program = &walker_state(w)->unit.program;
    enum cfi_found found =
        sigprof__cfi_find(cfi, address, &walker_state(w)->unit);

    if (cfi && cfi->frames && cfi->row_count == 0)
        walker_charge(w, LINEAR_COST);
    else
        walker_charge(w, RULE_COST);
    if (found == CFI_FOUND)
        walker_charge(w, (uint32_t)((size_t)(program->end - program->at) /
                                    PROGRAM_COST_BYTES));
    return found;
}

static inline bool walker_has_window(const struct walker *w)
{
#ifdef ARCH_WINDOWS
    return w->has_window;
#else
    (void)w;
    return false;
#endif
}

/* The step from w->last can be verified. by_fp: it began at fp; sets_fp: its caller
 * has another. */
static inline void walker_note_step(struct walker *w, bool by_fp, bool sets_fp)
{
    uint16_t *flags = &w->last->flags;

    *w->fp_flags |= by_fp ? FRAME_FP_CHECKED : 0;
    *flags |= by_fp ? FRAME_STEPPED | FRAME_BY_FP : FRAME_STEPPED;
    w->fp_flags = sets_fp ? flags : w->fp_flags;
}

/* Not by "=", which may become a call of memcpy. */
static inline void registers_copy(struct registers *to,
                                  const struct registers *from)
{
    for (unsigned i = 0; i < RULES_COLUMNS; i++)
        to->value[i] = from->value[i];
    to->known = from->known;
    to->exact = from->exact;
}

/* May a caller's sp be that? It lies above; where a call leaves nothing on the
 * stack, an interrupted function may have nothing there either. */
static inline bool walker_is_above(uintptr_t caller_sp, uintptr_t sp,
                                   bool interrupted)
{
    return caller_sp > sp || (ARCH_LINK && interrupted && caller_sp == sp);
}

/* Reads from the stack; why not, as enum format_end, if that fails. */
static inline int walker_unreadable(const struct walker *w)
{
    return w->memory.now.high == 0 ? FORMAT_END_FOREIGN_STACK
                                   : FORMAT_END_BAD_ADDRESS;
}

#endif
