/* SPDX-License-Identifier: BSD-2-Clause */
/* What is said on standard error of a result that lacks much. */
#ifndef SIGPROF_FOLD_MISSING_H
#define SIGPROF_FOLD_MISSING_H

#include "model.h"

/* There is no sample: why. */
void sigprof__missing_all(const struct model *model);

/* There are samples, but most of the time passed while SIGPROF was blocked. */
void sigprof__missing_blocked(const struct model *model);

#endif
