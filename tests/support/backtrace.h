/* SPDX-License-Identifier: BSD-2-Clause */
/* The C library's backtrace; where it has none, the frame pointers of the test,
 * which is compiled with them. */
#ifndef TEST_BACKTRACE_H
#define TEST_BACKTRACE_H

#if defined(__has_include) && __has_include(<execinfo.h>)
#include <execinfo.h>
#define test_backtrace(to, room) backtrace(to, room)
#else
#include <stddef.h>
#include <stdint.h>

/* From the caller of this to the program's first function, and where that returns
 * to: its frame pointer is the C library's, which has none. */
static inline __attribute__((always_inline)) int test_backtrace(void **to,
                                                                int room)
{
    void **frame = __builtin_frame_address(0);
    int count = 0;

    to[count++] = NULL; /* backtrace's own place in it */
    while (count < room && frame) {
        void **next = (void **)frame[0];

        to[count++] = frame[1];
        if (next <= frame || (uintptr_t)next - (uintptr_t)frame > 65536)
            break;
        frame = next;
    }
    return count;
}
#endif

#endif
