/* SPDX-License-Identifier: BSD-2-Clause */
/* FreeBSD and DragonFly: what they tell of a process by the same names. */
#include "os/bsd.h"

#include <errno.h>
#include <pthread_np.h>
#include <sys/sysctl.h>
#include <unistd.h>

#include "os/os.h"

int sigprof__bsd_ask_process(pid_t pid, int what, size_t least,
                             struct bsd_answer *answer)
{
    const int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PID | what, pid};
    int error = sigprof__bsd_ask(name, 4, answer);

    if (!error && answer->size < least) {
        sigprof__bsd_forget(answer);
        error = ESRCH;
    }
    return error;
}

int sigprof__bsd_attributes(pthread_attr_t *attributes)
{
    return pthread_attr_get_np(pthread_self(), attributes);
}

int sigprof__bsd_stack_top(uintptr_t *top)
{
    static const int name[] = {CTL_KERN, KERN_USRSTACK};
    size_t size = sizeof *top;

    return sysctl(name, 2, top, &size, NULL, 0) == 0 ? 0 : errno;
}

void sigprof__bsd_program(char *path, size_t size)
{
    static const int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PATHNAME, -1};

    if (sysctl(name, 4, path, &size, NULL, 0) != 0)
        path[0] = '\0';
}

size_t sigprof__os_command_line(char *line, size_t size)
{
    const int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_ARGS, getpid()};

    return sysctl(name, 4, line, &size, NULL, 0) == 0 ? size : 0;
}
