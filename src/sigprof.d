/* SPDX-License-Identifier: BSD-2-Clause */
/* The provider, for `dtrace -G`. What the probes say: probes.h. */
provider sigprof {
    probe sample(int, uintptr_t, unsigned int);
    probe drop(int, unsigned int);
    probe start(unsigned int, int);
    probe stop(int);
};
