/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ring, ordinary code's side: making, opening, listing. Theory: ring.h.
 *
 * A ring's name is sigprof-UID-PID-ID, in a directory of memory-backed files.
 * The maker holds a lock (flock) on it, which ends with the process or with an
 * exec, so anybody can tell a dead process's ring from a live one, in any pid
 * namespace. The lock is the open file's, and Linux keeps that open as long as it
 * is mapped: the descriptor is closed, and the mapping holds the lock.
 */
#include "ring.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guard.h"
#include "os/os.h"
#include "sigprof/sigprof.h"

#define WORD_BITS (8 * sizeof(uintptr_t))
#define EVENTS_BYTES (128u << 10) /* the modules of a large program, 20 times */
#define EVENTS_SHARE 8 /* of a flight recorder's ring: nothing takes them out */
#define ALIVE_LOOKS 3

static uint32_t block_bytes_for(unsigned depth, size_t ring_bytes,
                                bool overwrites)
{
    /* Two of the deepest records, marks included, and the block's header. */
    size_t need = sizeof(struct ring_block) +
                  2 * (sizeof(struct ring_record) + 8 * ((size_t)depth + 10));
    uint32_t bytes = RING_BLOCK_BYTES_MIN;

    while (bytes < need ||
           (overwrites && ring_bytes / bytes > RING_FLIGHT_BLOCKS_MAX))
        bytes *= 2;
    return bytes;
}

static void lay_out(struct ring *ring, void *map)
{
    struct ring_head *head = map;

    ring->head = head;
    ring->events = (uint8_t *)map + RING_HEAD_BYTES;
    ring->first_block = ring->events + head->events_bytes;
    ring->blocks = head->blocks;
    ring->block_bytes = head->block_bytes;
    ring->room = head->block_bytes - (uint32_t)sizeof(struct ring_block);
}

/* The descriptor, or -1. Locked before it has a size: nobody takes it for dead. */
static int create_file(struct ring *ring, const struct ring_head *facts)
{
    char id[2 * FORMAT_ID_BYTES + 1];

    for (unsigned i = 0; i < FORMAT_ID_BYTES; i++)
        snprintf(id + 2 * i, 3, "%02x", facts->id[i]);
    snprintf(ring->path, sizeof ring->path, "%s/sigprof-%u-%u-%s",
             sigprof__os_ring_directory(), (unsigned)geteuid(),
             (unsigned)facts->pid, id);
    int descriptor = open(ring->path,
                          O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                          0600);

    if (descriptor >= 0)
        flock(descriptor, LOCK_SH);
    return descriptor;
}

static void *map_new(const struct ring *ring, int descriptor,
                     size_t events_bytes)
{
    if (ftruncate(descriptor, (off_t)ring->map_bytes) != 0) {
        sigprof__guard_forget(errno);
        return MAP_FAILED;
    }
    if (sigprof__os_allocate(descriptor, 0,
                             (off_t)(RING_HEAD_BYTES + events_bytes)))
        return MAP_FAILED;
    return mmap(NULL, ring->map_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
                descriptor, 0);
}

static void size_up(struct ring_head *head, size_t ring_bytes, unsigned depth)
{
    bool overwrites = head->overwrites != 0;

    memcpy(head->magic, "SIGPRING", 8);
    head->version = RING_VERSION;
    head->word_bits = (uint32_t)WORD_BITS;
    head->block_bytes = block_bytes_for(depth, ring_bytes, overwrites);
    head->blocks = (uint32_t)(ring_bytes / head->block_bytes);
    if (head->blocks == 0)
        head->blocks = 1;
    head->events_bytes = EVENTS_BYTES;
    if (overwrites && ring_bytes / EVENTS_SHARE > EVENTS_BYTES)
        head->events_bytes = (uint32_t)(ring_bytes / EVENTS_SHARE);
}

/* The handler's tables, in memory of this process. false: there is none. */
static bool make_tables(struct ring *ring, const struct ring_head *head)
{
    ring->free_words = (head->blocks + (uint32_t)WORD_BITS - 1) / WORD_BITS;
    ring->free_map = sigprof__os_map(ring->free_words * sizeof(uintptr_t));
    if (!ring->free_map || !head->overwrites)
        return ring->free_map != NULL;
    ring->last_ns = sigprof__os_map(head->blocks * sizeof *ring->last_ns);
    for (uint32_t i = 0; ring->last_ns && i < head->blocks; i++)
        atomic_init(&ring->last_ns[i], UINT64_MAX);
    return ring->last_ns != NULL;
}

static void drop_tables(struct ring *ring, uint32_t blocks)
{
    sigprof__os_unmap(ring->free_map, ring->free_words * sizeof(uintptr_t));
    sigprof__os_unmap(ring->last_ns, blocks * sizeof *ring->last_ns);
}

int sigprof__ring_make(struct ring *ring, size_t ring_bytes, unsigned depth,
                       const struct ring_head *facts)
{
    struct ring_head head = *facts;
    int descriptor;
    void *map;

    memset(ring, 0, sizeof *ring);
    size_up(&head, ring_bytes, depth);
    ring->map_bytes = RING_HEAD_BYTES + head.events_bytes +
                      (size_t)head.blocks * head.block_bytes;
    descriptor = make_tables(ring, &head) ? create_file(ring, &head) : -1;
    map = descriptor < 0 ? MAP_FAILED
                         : map_new(ring, descriptor, head.events_bytes);
    if (map == MAP_FAILED) {
        if (descriptor >= 0) {
            unlink(ring->path);
            close(descriptor);
        }
        drop_tables(ring, head.blocks);
        return SIGPROF_ENOMEM;
    }
    memcpy(map, &head, sizeof head);
    lay_out(ring, map);
    ring->descriptor = descriptor;
    return 0;
}

void sigprof__ring_close(struct ring *ring)
{
    if (ring->descriptor >= 0)
        close(ring->descriptor);
    ring->descriptor = -1;
}

/* Storage is promised first and touched then, so the handler meets no fault. */
static bool open_run(struct ring *ring, uint32_t index, uint32_t count)
{
    volatile uint8_t *at = (uint8_t *)ring_block(ring, index);
    off_t offset = (uint8_t *)at - (uint8_t *)ring->head;
    size_t bytes = (size_t)count * ring->block_bytes;
    int descriptor = open(ring->path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    int error;

    if (descriptor < 0)
        return false;
    error = sigprof__os_allocate(descriptor, offset, (off_t)bytes);
    close(descriptor);
    for (size_t i = 0; !error && i < bytes; i += 4096)
        at[i] = 0;
    return error == 0;
}

void sigprof__ring_free(struct ring *ring, uint32_t index)
{
    struct ring_block *block = ring_block(ring, index);

    uint32_t life =
        ring_life(atomic_load_explicit(&block->word, memory_order_relaxed));

    if (ring->last_ns)
        atomic_store_explicit(&ring->last_ns[index], UINT64_MAX,
                              memory_order_relaxed);
    atomic_store_explicit(&block->word, ring_state(life, RING_FREE),
                          memory_order_relaxed);
    atomic_fetch_or_explicit(&ring->free_map[index / WORD_BITS],
                             (uintptr_t)1 << index % WORD_BITS,
                             memory_order_release);
}

uint32_t sigprof__ring_free_blocks(const struct ring *ring)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < ring->free_words; i++)
        count += (uint32_t)__builtin_popcountll(atomic_load_explicit(
            &ring->free_map[i], memory_order_relaxed));
    return count;
}

uint32_t sigprof__ring_opened(const struct ring *ring)
{
    uint32_t opened =
        atomic_load_explicit(&ring->head->opened, memory_order_acquire);

    return opened < ring->blocks ? opened : ring->blocks;
}

/* Where there is not enough memory, there may be for less. */
static uint32_t open_some(struct ring *ring, uint32_t from, uint32_t count)
{
    if (count > ring->blocks - from)
        count = ring->blocks - from;
    while (count && !open_run(ring, from, count))
        count /= 2;
    return count;
}

/* One at a time: nothing that failed is to lie before what did not. */
void sigprof__ring_open_blocks(struct ring *ring, uint32_t spare)
{
    uint32_t from, count;

    if (sigprof__ring_free_blocks(ring) >= spare)
        return;
    while (atomic_exchange(&ring->opening, 1))
        sched_yield();
    if (sigprof__ring_free_blocks(ring) < spare) {
        from = sigprof__ring_opened(ring);
        count = open_some(ring, from, spare);
        atomic_store_explicit(&ring->head->opened, from + count,
                              memory_order_release);
        for (uint32_t i = 0; i < count; i++)
            sigprof__ring_free(ring, from + i);
    }
    atomic_store(&ring->opening, 0);
}

bool sigprof__ring_hold(struct ring *ring, uint32_t index)
{
    struct ring_block *block = ring_block(ring, index);
    uint32_t word = atomic_load(&block->word);

    return (ring_state_of(word) == RING_OWNED ||
            ring_state_of(word) == RING_SEALED) &&
           atomic_compare_exchange_strong(
               &block->word, &word, ring_state(ring_life(word), RING_WRITING));
}

/* Sealed: its owner, if it has one, finds another. */
void sigprof__ring_yield(struct ring *ring, uint32_t index)
{
    struct ring_block *block = ring_block(ring, index);

    atomic_store(&block->word,
                 ring_state(ring_life(atomic_load(&block->word)), RING_SEALED));
}

/* A block that is being overwritten may say a time too early or one too late; the
 * others' times stand. */
uint64_t sigprof__ring_oldest_ns(const struct ring *ring)
{
    uint64_t oldest_ns = UINT64_MAX;

    for (uint32_t i = 0; i < sigprof__ring_opened(ring); i++) {
        const struct ring_block *block;
        uint64_t first_ns;

        if (ring->last_ns && atomic_load(&ring->last_ns[i]) == UINT64_MAX)
            continue;
        block = ring_block(ring, i);
        if (ring_state_of(atomic_load(&block->word)) == RING_FREE ||
            atomic_load(&block->committed) == 0)
            continue;
        first_ns = ((const struct ring_record *)block->records)->time_ns;
        if (first_ns < oldest_ns)
            oldest_ns = first_ns;
    }
    return oldest_ns;
}

bool sigprof__ring_seal_idle(struct ring *ring, uint32_t index,
                             uint32_t committed)
{
    struct ring_block *block = ring_block(ring, index);
    uint32_t life = ring_life(atomic_load(&block->word));
    uint32_t owned = ring_state(life, RING_OWNED);

    if (!atomic_compare_exchange_strong(&block->word, &owned,
                                        ring_state(life, RING_SEALED)))
        return false;
    return atomic_load(&block->committed) == committed;
}

void sigprof__ring_drop(struct ring *ring, bool remove)
{
    if (!ring->head)
        return;
    if (remove && ring->path[0])
        unlink(ring->path);
    munmap(ring->head, ring->map_bytes);
    sigprof__ring_close(ring);
    drop_tables(ring, ring->blocks);
    memset(ring, 0, sizeof *ring);
}

static bool head_is_sane(const struct ring_head *head, size_t bytes)
{
    return memcmp(head->magic, "SIGPRING", 8) == 0 &&
           head->version == RING_VERSION && head->word_bits == WORD_BITS &&
           head->block_bytes >= RING_BLOCK_BYTES_MIN &&
           head->block_bytes % 4096 == 0 && head->events_bytes > 0 &&
           head->events_bytes < bytes && head->blocks > 0 &&
           head->blocks <= RING_BLOCKS_MAX &&
           RING_HEAD_BYTES + head->events_bytes +
                   (uint64_t)head->blocks * head->block_bytes ==
               bytes;
}

/* In a folder that everybody writes to: only a file, and only our user's; with
 * foreign, root reads anybody's. The descriptor, or -1 and errno. */
static int open_own(const char *path, bool foreign, struct stat *status)
{
    int descriptor =
        open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

    if (descriptor < 0)
        return -1;
    if (fstat(descriptor, status) == 0 && S_ISREG(status->st_mode) &&
        (status->st_uid == geteuid() || (foreign && geteuid() == 0)))
        return descriptor;
    close(descriptor);
    errno = EPERM;
    return -1;
}

int sigprof__ring_open(struct ring *ring, const char *path, bool foreign)
{
    struct stat status;
    void *map = MAP_FAILED;
    int error = 0;

    memset(ring, 0, sizeof *ring);
    ring->descriptor = -1;
    int descriptor = open_own(path, foreign, &status);
    if (descriptor < 0)
        return errno;
    if (status.st_size < RING_HEAD_BYTES)
        error = EINVAL;
    else if ((map = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED,
                         descriptor, 0)) == MAP_FAILED)
        error = errno;
    close(descriptor);
    if (error)
        return error;
    if (!head_is_sane(map, (size_t)status.st_size)) {
        munmap(map, (size_t)status.st_size);
        return EINVAL;
    }
    ring->map_bytes = (size_t)status.st_size;
    snprintf(ring->path, sizeof ring->path, "%s", path);
    lay_out(ring, map);
    return 0;
}

void sigprof__ring_copy_events(const struct ring *ring, uint64_t at,
                               uint8_t *bytes, size_t size)
{
    size_t area = ring->head->events_bytes;
    size_t offset = (size_t)(at % area);
    size_t first = size < area - offset ? size : area - offset;

    memcpy(bytes, ring->events + offset, first);
    memcpy(bytes + first, ring->events, size - first);
}

/* Who looks, or adds the tail to its file, has the lock alone, and so the maker has it
 * no more. Two who look at once can each take the other's for the maker's, which it is
 * not again and again. */
bool sigprof__ring_alive(const char *path)
{
    struct stat status;
    int descriptor = open_own(path, true, &status);
    bool alive = descriptor >= 0;

    for (unsigned looks = 0; looks < ALIVE_LOOKS && alive; looks++)
        alive = flock(descriptor, LOCK_EX | LOCK_NB) != 0 &&
                errno == EWOULDBLOCK &&
                flock(descriptor, LOCK_SH | LOCK_NB) == 0;
    if (descriptor >= 0)
        close(descriptor);
    return alive;
}

void sigprof__ring_each(void (*visit)(const char *path, int pid, void *arg),
                        void *arg)
{
    const char *directory = sigprof__os_ring_directory();
    DIR *rings = opendir(directory);
    struct dirent *entry;
    unsigned uid, pid;
    struct stat status;
    char path[512];
    int length;

    if (!rings)
        return;
    while ((entry = readdir(rings))) {
        length = 0;
        if (sscanf(entry->d_name, "sigprof-%u-%u-%n", &uid, &pid, &length) != 2 ||
            length == 0 || uid != (unsigned)geteuid())
            continue;
        snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        if (stat(path, &status) == 0 && status.st_uid == geteuid())
            visit(path, (int)pid, arg);
    }
    closedir(rings);
}
