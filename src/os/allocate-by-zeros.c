/* SPDX-License-Identifier: BSD-2-Clause */
/* Systems of which not all file systems promise space by posix_fallocate(3): illumos'
 * tmpfs, FreeBSD's ZFS. */
#include <errno.h>
#include <unistd.h>

#include "os/os.h"

int sigprof__os_allocate(int descriptor, off_t offset, off_t size)
{
    static const char zeros[4096];

    while (size > 0) {
        size_t bytes = size < (off_t)sizeof zeros ? (size_t)size : sizeof zeros;
        ssize_t put = pwrite(descriptor, zeros, bytes, offset);

        if (put <= 0)
            return put < 0 ? errno : ENOSPC;
        offset += put;
        size -= put;
    }
    return 0;
}
