/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames of guest programs. Theory: guest.h. Signal-safe, all of it. */
#include "jit/guest.h"

#include "arch/arch.h"
#include "jit/functions.h"
#include "os/os.h"
#include "os/regs.h"
#include "unwind/memory.h"

__thread struct sigprof_guest *sigprof__guest
    __attribute__((tls_model("initial-exec")));
_Atomic bool sigprof__guests_exist;
struct guest_loops sigprof__guest_loops;

/* ---- Collecting -------------------------------------------------------- */

static bool holds(const struct unwind_range *range, uintptr_t address)
{
    return address - range->low < range->high - range->low;
}

static void list_mark(struct sigprof_walk *walk, uint32_t mark)
{
    if (walk->count < walk->room + GUEST_MARKS_MAX)
        walk->frame[walk->count++] = (struct guest_frame){
            .sp = walk->last_sp, .function = mark, .is_mark = true};
}

/* false: no room. */
static bool list(struct sigprof_walk *walk, const struct guest_frame *frame)
{
    if (holds(&walk->dead, frame->sp))
        return true;
    if (walk->count >= walk->room)
        return false;
    walk->frame[walk->count++] = *frame;
    return true;
}

int sigprof_walk_frame(struct sigprof_walk *walk, uint32_t function,
                       uint32_t line, const void *sp, unsigned flags)
{
    struct guest_frame frame = {.sp = sp ? (uintptr_t)sp : walk->last_sp,
                                .function = function,
                                .line = line,
                                .is_entry = flags & SIGPROF_FRAME_ENTRY};

    walk->last_sp = frame.is_entry ? 0 : frame.sp;
    if (list(walk, &frame))
        return 1;
    walk->is_cut = true;
    return 0;
}

const void *sigprof_walk_context(const struct sigprof_walk *walk)
{
    return walk->ucontext;
}

uint32_t sigprof_walk_function(struct sigprof_walk *walk, const char *name,
                               const char *file, uint32_t line)
{
    (void)walk;
    return sigprof__function_number(name, file, line);
}

static struct guest_known *place_of(struct sigprof_walk *walk, uint64_t key)
{
    return &walk->window->known[(key * 0x9e3779b97f4a7c15u >> 32) %
                                GUEST_KNOWN];
}

uint32_t sigprof_walk_recall(struct sigprof_walk *walk, uint64_t key)
{
    const struct guest_known *known = place_of(walk, key);

    return known->key == key ? known->number : 0;
}

void sigprof_walk_remember(struct sigprof_walk *walk, uint64_t key,
                           uint32_t number)
{
    struct guest_known *known = place_of(walk, key);

    known->key = key;
    known->number = number;
}

/* The page that begins there, or NULL. */
static const uint8_t *look_at(struct sigprof_walk *walk, uintptr_t low)
{
    uint32_t index;

    for (index = 0; index < GUEST_PAGES; index++)
        if (walk->page_at[index] == low)
            return walk->window->page[index];
    if (!walk->may_call_system || walk->reads_left == 0)
        return 0;
    walk->reads_left--;
    index = walk->next_page % GUEST_PAGES;
    walk->page_at[index] = 1; /* no page begins there */
    if (sigprof__os_read_memory(low, walk->window->page[index],
                                UNWIND_PAGE_BYTES) != UNWIND_PAGE_BYTES)
        return 0;
    walk->page_at[index] = low;
    walk->next_page++;
    return walk->window->page[index];
}

typedef uint64_t copied_word __attribute__((aligned(1), may_alias));

/* Not by memcpy, which is a call, also for a word on CPUs that align them; but a
 * word at a time. */
static void copy(uint8_t *to, const uint8_t *from, size_t bytes)
{
    for (; bytes >= sizeof(copied_word); bytes -= sizeof(copied_word)) {
        *(copied_word *)(void *)to = *(const copied_word *)(const void *)from;
        to += sizeof(copied_word);
        from += sizeof(copied_word);
    }
    while (bytes--)
        *to++ = *from++;
}

int sigprof_walk_read(struct sigprof_walk *walk, void *to, const void *from,
                      size_t bytes)
{
    uintptr_t address = (uintptr_t)from;
    uint8_t *out = to;

    while (bytes) {
        uintptr_t in_page = address & (UNWIND_PAGE_BYTES - 1);
        const uint8_t *page = look_at(walk, address - in_page);
        size_t part = UNWIND_PAGE_BYTES - in_page;

        if (!page)
            return 0;
        part = part < bytes ? part : bytes;
        copy(out, page + in_page, part);
        out += part;
        address += part;
        bytes -= part;
    }
    return 1;
}

/* Numbers from - 1 down to `to`. */
static void list_frames(struct sigprof_walk *walk,
                        const struct sigprof_shadow *shadow, uint32_t from,
                        uint32_t to)
{
    while (from > to) {
        const struct sigprof_shadow_frame *in = &shadow->frame[--from];
        struct guest_frame frame = {.sp = in->sp ? (uintptr_t)in->sp
                                                 : walk->last_sp,
                                    .function = in->function,
                                    .line = in->line};

        walk->last_sp = frame.sp;
        list(walk, &frame);
    }
}

/* Of a deep one both ends: half of what room there is for each. */
static void list_shadow(struct sigprof_walk *walk,
                        const struct sigprof_shadow *shadow)
{
    uint32_t depth = shadow->depth; /* marks may have taken more than the room */
    uint32_t room = walk->count < walk->room ? walk->room - walk->count : 0;
    uint32_t stored = depth < shadow->room ? depth : shadow->room;
    uint32_t inner = room / 2;

    atomic_signal_fence(memory_order_seq_cst);
    if (depth > stored)
        list_mark(walk, FORMAT_MARK_GAP);
    if (stored <= room) {
        list_frames(walk, shadow, stored, 0);
        return;
    }
    list_frames(walk, shadow, stored, stored - inner);
    list_mark(walk, FORMAT_MARK_GAP);
    list_frames(walk, shadow, room > inner ? room - inner - 1 : 0, 0);
}

/* A function of its own: the only one that calls the host. */
static __attribute__((noinline)) void list_walk(struct sigprof_walk *walk, struct sigprof_guest *guest)
{
    uint32_t before = walk->count;

    walk->is_cut = false;
    if (guest->walk(guest, walk) != 0) {
        walk->count = before;
        walk->last_sp = 0;
        list_mark(walk, FORMAT_MARK_BUSY);
    } else if (walk->is_cut) {
        list_mark(walk, FORMAT_MARK_GAP);
    }
}

/* Where frames that are gone had their sps: below the leaf, on its stack. */
static struct unwind_range dead_of(const struct unwind_walk *native)
{
    uintptr_t sp = regs_sp(native->ucontext);
    struct unwind_range dead = {native->thread.low, sp - ARCH_RED_ZONE};

    if (!holds(&native->thread, sp) || dead.high < dead.low)
        dead.high = dead.low;
    return dead;
}

static void collect(struct guest_account *account,
                    const struct unwind_walk *native)
{
    struct sigprof_walk *walk = &account->walk;
    struct sigprof_guest *guest = sigprof__guest;

    walk->ucontext = native->ucontext;
    walk->may_call_system = native->may_call_system;
    walk->reads_left = GUEST_READS_MAX;
    walk->count = 0;
    walk->next_page = 0;
    walk->dead = dead_of(native);
    for (uint32_t i = 0; i < GUEST_PAGES; i++)
        walk->page_at[i] = 1;
    for (uint32_t i = 0; guest && i < GUEST_CHAIN_MAX; i++) {
        walk->last_sp = 0;
        if (guest->walk)
            list_walk(walk, guest);
        else
            list_shadow(walk, (const struct sigprof_shadow *)(void *)guest);
        guest = guest->outer;
    }
}

/* ---- Merging ----------------------------------------------------------- */

struct merge {
    const struct guest_frame *guest; /* the next; up to end */
    const struct guest_frame *end;
    struct unwind_stack *out;
    uint32_t count; /* pushed */
    uint32_t loops; /* native frames of loops that are still to come */
    uintptr_t low;  /* sps of the present stack begin there */
    uintptr_t high; /* ... and of the last one end there */
};

static bool is_loop(uintptr_t pc)
{
    uint32_t count = atomic_load_explicit(&sigprof__guest_loops.count,
                                          memory_order_acquire);

    for (uint32_t i = 0; i < count; i++)
        if (holds(&sigprof__guest_loops.range[i], pc))
            return true;
    return false;
}

static bool is_mark(const struct unwind_frame *frame)
{
    return frame->pc < FORMAT_FIRST_PC;
}

/* A return address may be the first byte behind its function. */
static bool is_of_loop(const struct unwind_frame *frame)
{
    return !is_mark(frame) && (is_loop(frame->pc) || is_loop(frame->pc - 1));
}

static uint32_t count_loops(const struct unwind_stack *native)
{
    uint32_t count = 0;

    for (uint32_t i = native->top; i < native->capacity; i++)
        count += is_of_loop(&native->frame[i]);
    return count;
}

static void push_guest(struct merge *m)
{
    struct unwind_frame *to = unwind_push(m->out, &m->count);
    const struct guest_frame *guest = m->guest++;

    to->pc = guest->is_mark ? guest->function : UNWIND_GUEST;
    to->sp = guest->function;
    to->fp = guest->line;
    to->flags = 0;
}

/* The first byte above the native frame; of the fp engine's, which knows no sp, the
 * words that it follows are the last. */
static uintptr_t end_of(const struct merge *m,
                        const struct unwind_stack *native, uint32_t index)
{
    const struct unwind_frame *frame = &native->frame[index];

    if (frame->flags == UNWIND_ELEMENT) {
        if (index == native->top && !is_of_loop(frame))
            return 0; /* a leaf may have no frame, and its fp be its caller's */
        return frame->fp ? frame->fp + 2 * ARCH_WORD : m->high;
    }
    while (++index < native->capacity)
        if (!is_mark(&native->frame[index]))
            return native->frame[index].sp;
    return m->high;
}

/* Where the stack ends that the walk ended on. */
static uintptr_t high_of(const struct unwind_walk *walk)
{
    const struct unwind_frame *last =
        &walk->stack->frame[walk->stack->capacity - 1];
    struct memory memory;

    if (last->flags == UNWIND_ELEMENT) /* it has no sp, and has not left ours */
        return UINTPTR_MAX;
    sigprof__memory_enter(&memory, walk, last->sp);
    return memory.now.high ? memory.now.high : UINTPTR_MAX;
}

/* Up to the end of the activation, or as long as nothing says whose they are. */
static void take_activation(struct merge *m)
{
    bool is_last = m->loops == 1;

    while (m->guest < m->end && !m->guest->sp) {
        bool is_entry = m->guest->is_entry;

        push_guest(m);
        if (is_entry && !is_last)
            break;
    }
}

/* What the native frame runs comes in front of it; is there any? */
static bool take(struct merge *m, const struct unwind_stack *native,
                 uint32_t index, bool of_loop)
{
    const struct guest_frame *first = m->guest;
    uintptr_t end = m->guest < m->end ? end_of(m, native, index) : 0;

    while (m->guest < m->end && m->guest->sp && m->guest->sp >= m->low &&
           m->guest->sp < end)
        push_guest(m);
    if (of_loop && m->guest == first)
        take_activation(m);
    return m->guest != first;
}

static void merge_frame(struct merge *m, const struct unwind_stack *native,
                        uint32_t index)
{
    const struct unwind_frame *frame = &native->frame[index];
    bool of_loop = m->loops && is_of_loop(frame);
    bool took = take(m, native, index, of_loop);

    m->loops -= of_loop;
    if (!took || !of_loop)
        *unwind_push(m->out, &m->count) = *frame;
}

/* Under a signal another stack may begin. */
static void merge_mark(struct merge *m, const struct unwind_stack *native,
                       uint32_t index)
{
    const struct unwind_frame *frame = &native->frame[index];

    if (frame->pc == FORMAT_MARK_SIGNAL && index + 1 < native->capacity)
        m->low = frame[1].sp;
    else if (frame->pc == FORMAT_MARK_GAP)
        take(m, native, index, false); /* of frames that were left out */
    *unwind_push(m->out, &m->count) = *frame;
}

static void merge(struct merge *m, const struct unwind_stack *native)
{
    m->loops = count_loops(native);
    while (m->loops == 0 && m->guest < m->end && !m->guest->sp)
        push_guest(m);
    for (uint32_t i = native->top; i < native->capacity; i++)
        if (is_mark(&native->frame[i]))
            merge_mark(m, native, i);
        else
            merge_frame(m, native, i);
    while (m->guest < m->end) /* of a stack that the walk did not come to */
        push_guest(m);
}

struct unwind_stack *sigprof__guest_stack(struct guest_account *account,
                                          const struct unwind_walk *walk)
{
    struct unwind_stack *native = walk->stack;
    struct merge m = {.out = &account->merged};

    if (!sigprof__guest)
        return native;
    m.low = regs_sp(walk->ucontext) - ARCH_RED_ZONE;
    m.high = high_of(walk);
    collect(account, walk);
    m.guest = account->walk.frame;
    m.end = m.guest + account->walk.count;
    merge(&m, native);
    account->merged.end = native->end;
    sigprof__unwind_store(&account->merged, m.count);
    return &account->merged;
}
