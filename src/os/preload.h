/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a system's loader is told to preload. illumos has a variable for each width,
 * which hides the one for both; an object of the other width in its list kills the
 * program, so we name ours in the one of our width.
 */
#ifndef SIGPROF_OS_PRELOAD_H
#define SIGPROF_OS_PRELOAD_H

#define OS_PRELOAD_OF_ALL "LD_PRELOAD"
#if !defined(__sun)
#define OS_PRELOAD OS_PRELOAD_OF_ALL
#define OS_PRELOAD_BETWEEN ":"
#elif defined(_LP64)
#define OS_PRELOAD "LD_PRELOAD_64"
#define OS_PRELOAD_BETWEEN " "
#else
#define OS_PRELOAD "LD_PRELOAD_32"
#define OS_PRELOAD_BETWEEN " "
#endif

#endif
