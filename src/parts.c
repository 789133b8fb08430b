/* SPDX-License-Identifier: BSD-2-Clause */
/* The files of a recording. Theory and contracts: parts.h. */
#include "parts.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "catalogue.h"
#include "header.h"
#include "os/os.h"
#include "sigprof_impl.h"

/* What one more block of the ring, a sheet and an END can add to a file. */
#define PART_RESERVE_BYTES (ENCODE_PAYLOAD_BYTES + (64u << 10))
#define RETRY_NS 10000000000u /* a full disk is not asked at every pass */
#define CATALOGUE_BYTES (256u << 10) /* is compacted when it has grown by this */

/* A part that is finished and still there. */
struct kept {
    dev_t device;
    ino_t inode;
    unsigned suffix;
};

static struct {
    struct profile_name name;
    char comm[64];
    struct profile_file file;
    unsigned number; /* of the part; 0: none yet */
    uint64_t begun_ns;
    uint64_t begun_samples; /* in all parts before */
    off_t full_bytes;
    struct catalogue catalogue;
    size_t catalogue_compacted; /* bytes */
    int64_t told[SHEET_LINES];    /* by sheets of the parts before */
    int64_t telling[SHEET_LINES]; /* ... and by the last sheet of this one */
    uint64_t retry_ns;            /* no turn before, since one failed */
    struct kept kept[ROTATE_KEEP_MAX]; /* a queue, the oldest first */
    unsigned kept_first, kept_count;
} parts;

static _Atomic uint64_t failed;

struct profile_file *sigprof__parts_file(void)
{
    return &parts.file;
}

uint64_t sigprof__parts_failed(void)
{
    return atomic_load(&failed);
}

void sigprof__parts_begin(const struct profile_name *name)
{
    memset(&parts, 0, sizeof parts);
    atomic_store(&failed, 0);
    parts.file.descriptor = -1;
    snprintf(parts.comm, sizeof parts.comm, "%s", name->comm);
    parts.name = *name;
    parts.name.comm = parts.comm;
}

void sigprof__parts_end(void)
{
    sigprof__catalogue_drop(&parts.catalogue);
}

/* The file's header goes with the first block, so that no file is without one. */
bool sigprof__parts_sink(void *arg, uint8_t *bytes, size_t size)
{
    (void)arg;
    if (parts.file.good == 0) {
        bytes -= FORMAT_FILE_HEADER_BYTES;
        size += FORMAT_FILE_HEADER_BYTES;
        sigprof__format_file_header(bytes);
    }
    return parts.file.descriptor >= 0 &&
           sigprof__profile_write(&parts.file, bytes, size);
}

void sigprof__parts_told(const uint8_t *records, size_t size,
                         uint64_t ended_before_ns)
{
    struct catalogue *catalogue = &parts.catalogue;

    sigprof__catalogue_add(catalogue, records, size);
    if (catalogue->size < 2 * parts.catalogue_compacted + CATALOGUE_BYTES)
        return;
    sigprof__catalogue_compact(catalogue, ended_before_ns);
    parts.catalogue_compacted = catalogue->size;
}

/* ---- Beginnings ---------------------------------------------------------- */

static bool write_header(struct encoder *encoder)
{
    uint8_t *records = encoder->samples_buffer; /* not in use now */
    size_t size = sigprof__header_records(records, ENCODE_SAMPLES_BYTES,
                                          parts.number + 1);

    return size && sigprof__encode_records(encoder, records, size) &&
           sigprof__encode_flush(encoder);
}

/* Even a part that begins with more than was asked for has room for samples. */
static void begin_part(const struct encoder *encoder)
{
    off_t bytes = (off_t)sigprof__session.config.rotate.bytes;

    parts.number++;
    parts.begun_ns = sigprof__os_now_ns();
    parts.begun_samples = encoder->samples;
    parts.full_bytes = bytes - (off_t)PART_RESERVE_BYTES;
    if (parts.full_bytes < parts.file.good + bytes / 4)
        parts.full_bytes = parts.file.good + bytes / 4;
}

/* The path first, then the number that makes it count. */
static void tell_ring(void)
{
    struct ring_head *head = sigprof__state.ring.head;
    char *path = head->profile[parts.number % 2];

    snprintf(path, sizeof head->profile[0], "%s", parts.file.path);
    atomic_store_explicit(&head->part, parts.number, memory_order_release);
}

int sigprof__parts_first(struct encoder *encoder)
{
    int error = sigprof__profile_create(&parts.file, &parts.name);

    if (error)
        return error;
    if (!write_header(encoder)) {
        sigprof__profile_remove(&parts.file);
        return ENOSPC;
    }
    begin_part(encoder);
    tell_ring();
    return 0;
}

/* ---- The balance sheet, and ends ----------------------------------------- */

bool sigprof__parts_put_sheet(struct encoder *encoder)
{
    struct sigprof__sheet_line lines[SHEET_LINES];
    uint8_t record[1024], body[1000];
    struct format_out out = {record, record + sizeof record, false};
    struct format_out in = {body, body + sizeof body, false};
    unsigned count = sigprof__sheet_lines(lines);

    sigprof__put_varint(&in, sigprof__os_now_ns() -
                                 sigprof__session.start_mono_ns);
    sigprof__put_varint(&in, count);
    for (unsigned i = 0; i < count; i++) {
        sigprof__put_string(&in, lines[i].name, strlen(lines[i].name));
        sigprof__put_svarint(&in, lines[i].value - parts.told[i]);
        parts.telling[i] = lines[i].is_whole ? 0 : lines[i].value;
    }
    sigprof__put_varint(&out, FORMAT_SHEET);
    sigprof__put_string(&out, body, (size_t)(in.at - body));
    return sigprof__encode_records(encoder, record, (size_t)(out.at - record));
}

/* The old part's last sheet has told; also whoever will salvage is to know. */
static void settle_sheet(void)
{
    struct ring_head *head = sigprof__state.ring.head;

    memcpy(parts.told, parts.telling, sizeof parts.told);
    for (unsigned i = 0; i < RING_DROPS; i++)
        atomic_store(&head->dropped_before[i],
                     (uint64_t)parts.told[SHEET_DROPPED + i]);
    atomic_store(&head->overwritten_before,
                 (uint64_t)parts.told[SHEET_OVERWRITTEN]);
    atomic_store(&head->first_drop_ns, 0);
    atomic_store(&head->last_drop_ns, 0);
}

static size_t make_end(uint8_t record[24], bool goes_on)
{
    uint8_t body[20];
    struct format_out out = {record, record + 24, false};
    struct format_out in = {body, body + sizeof body, false};

    sigprof__put_varint(&in, sigprof__os_now_ns() -
                                 sigprof__session.start_mono_ns);
    if (goes_on)
        sigprof__put_varint(&in, FORMAT_END_GOES_ON);
    sigprof__put_varint(&out, FORMAT_END);
    sigprof__put_string(&out, body, (size_t)(in.at - body));
    return (size_t)(out.at - record);
}

bool sigprof__parts_put_end(struct encoder *encoder)
{
    uint8_t record[24];

    return sigprof__encode_records(encoder, record, make_end(record, false));
}

/* ---- The turn ------------------------------------------------------------ */

bool sigprof__parts_is_full(void)
{
    return sigprof__session.config.rotate.bytes && parts.number &&
           parts.file.regular && parts.file.good >= parts.full_bytes &&
           sigprof__os_now_ns() >= parts.retry_ns;
}

/* A program that does nothing does not fill the disk with headers. */
bool sigprof__parts_is_old(const struct encoder *encoder)
{
    uint64_t age_ns = sigprof__session.config.rotate.age_ns;
    uint64_t now_ns = sigprof__os_now_ns(); /* this part may just have begun */

    return age_ns && parts.number && parts.file.regular &&
           now_ns - parts.begun_ns >= age_ns && now_ns >= parts.retry_ns &&
           encoder->samples != parts.begun_samples;
}

/* In chunks that the encoder takes. An EXIT stands in the part before. */
static bool put_catalogue(struct encoder *encoder, uint64_t ended_before_ns)
{
    struct catalogue *catalogue = &parts.catalogue;
    const uint8_t *start = catalogue->bytes;
    struct format_in in = {start, start, false}, body;
    unsigned type;

    sigprof__catalogue_compact(catalogue, ended_before_ns);
    in.end = start + catalogue->size;
    while ((type = sigprof__get_record(&in, &body))) {
        if (type != FORMAT_EXIT && type != FORMAT_EXEC &&
            !sigprof__encode_records(encoder, start, (size_t)(in.at - start)))
            return false;
        start = in.at;
    }
    return true;
}

/* A block for the old part; the encoder is at the new one. */
static void end_old(struct profile_file *old, uint32_t sequence)
{
    uint8_t block[FORMAT_BLOCK_HEADER_BYTES + 24];
    size_t size = make_end(block + FORMAT_BLOCK_HEADER_BYTES, true);

    sigprof__format_block_seal(block, size, sequence, sigprof__session.id);
    sigprof__profile_write(old, block, FORMAT_BLOCK_HEADER_BYTES + size);
    sigprof__profile_close(old);
}

static void forget_oldest(void)
{
    static struct profile_file file; /* a path is long */
    const struct kept *oldest = &parts.kept[parts.kept_first];

    file = parts.file;
    file.path[file.stem] = '\0';
    if (oldest->suffix >= 2)
        snprintf(file.path + file.stem, sizeof file.path - file.stem, ".%u",
                 oldest->suffix);
    file.device = oldest->device;
    file.inode = oldest->inode;
    sigprof__profile_forget(&file);
    parts.kept_first = (parts.kept_first + 1) % ROTATE_KEEP_MAX;
    parts.kept_count--;
}

static void keep_old(const struct profile_file *old)
{
    unsigned keep = sigprof__session.config.rotate.keep;

    if (!keep)
        return;
    parts.kept[(parts.kept_first + parts.kept_count++) % ROTATE_KEEP_MAX] =
        (struct kept){old->device, old->inode, old->suffix};
    while (parts.kept_count + 1 > keep)
        forget_oldest();
}

static int count_failure(int code)
{
    atomic_fetch_add(&failed, 1);
    parts.retry_ns = sigprof__os_now_ns() + RETRY_NS;
    return code;
}

int sigprof__parts_turn(struct encoder *encoder, uint64_t ended_before_ns)
{
    static struct profile_file old, next; /* paths are long */
    uint32_t sequence;
    int error;

    if (!parts.number || !sigprof__parts_put_sheet(encoder) ||
        !sigprof__encode_flush(encoder))
        return count_failure(SIGPROF_EFILE);
    error = sigprof__profile_next(&next, &parts.file);
    if (error)
        return count_failure(error == ENOTSUP ? SIGPROF_ENOTSUP
                                              : SIGPROF_EFILE);
    sequence = encoder->sequence;
    old = parts.file;
    parts.file = next;
    sigprof__encode_turn(encoder);
    if (!write_header(encoder) || !put_catalogue(encoder, ended_before_ns) ||
        !sigprof__encode_say_marks(encoder) ||
        !sigprof__encode_flush(encoder)) {
        sigprof__profile_remove(&parts.file);
        parts.file = old;
        sigprof__encode_turn_back(encoder, sequence);
        return count_failure(SIGPROF_EFILE);
    }
    begin_part(encoder);
    tell_ring();
    settle_sheet();
    end_old(&old, sequence);
    keep_old(&old);
    return 0;
}
