/* SPDX-License-Identifier: BSD-2-Clause */
/* Codes to sentences; the list is SIGPROF_ERROR_MAP in sigprof.h. */
#include "sigprof/sigprof.h"

const char *sigprof_strerror(int code)
{
    switch (code) {
    case SIGPROF_OK:
        return "no error";
#define SIGPROF_X(name, value, sentence)                                       \
    case name:                                                                 \
        return sentence;
        SIGPROF_ERROR_MAP(SIGPROF_X)
#undef SIGPROF_X
    }
    return "unknown code";
}
