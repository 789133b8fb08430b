/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a killed process left in its ring, as blocks of its profile file. Used by
 * sigprof-fold, and by the next start of the same user; ordinary code.
 */
#ifndef SIGPROF_SALVAGE_H
#define SIGPROF_SALVAGE_H

#include <stddef.h>
#include <stdint.h>

enum salvage_state {
    SALVAGE_NONE,  /* no ring, or it belongs to another recording */
    SALVAGE_PART,  /* the recording goes on in another file: nothing is missing */
    SALVAGE_ALIVE, /* the process still runs: its drain will write the rest */
    SALVAGE_TAIL   /* the process is dead; *tail holds what the file lacks */
};

/*
 * Looks at the ring at ring_path for the recording with this id. file and
 * file_bytes are the profile as it is on disk, NULL and 0 if it has none.
 * With SALVAGE_TAIL, *tail is malloc'ed and holds *tail_bytes bytes: the file's
 * header too when the file is empty, then whole blocks that continue it and
 * begin with a RESET. (The blocks do not hold an END: the end was not clean.)
 */
enum salvage_state sigprof__salvage(const char *ring_path, const uint8_t *id,
                                    const uint8_t *file, size_t file_bytes,
                                    uint8_t **tail, size_t *tail_bytes);

/* The same for the first file_bytes of an open file, read a piece at a time: files
 * can be larger than memory, and be cut while they are read. */
enum salvage_state sigprof__salvage_file(const char *ring_path,
                                         const uint8_t *id, int descriptor,
                                         uint64_t file_bytes, uint8_t **tail,
                                         size_t *tail_bytes);

/*
 * Appends the tail to the profile and, only when that has succeeded, removes the
 * ring. EXDEV: profile_path is a copy of the process's profile, which is still at
 * its place and is to have the tail. Returns 0 or an errno value; both files are untouched by a failure but
 * for a torn tail that readers skip.
 */
int sigprof__salvage_keep(const char *ring_path, const char *profile_path,
                          const uint8_t *tail, size_t tail_bytes);

/*
 * At a start: puts what the dead process's ring at ring_path holds into its
 * profile and removes the ring. A ring whose profile is gone or cannot be written
 * stays.
 */
void sigprof__salvage_sweep(const char *ring_path);

#endif
