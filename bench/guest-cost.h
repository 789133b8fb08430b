/* SPDX-License-Identifier: BSD-2-Clause */
/* The time that the handler spends on a guest's frames: listed, and put among 30
 * native ones. Says it, with how many guest frames there were, and as a multiple of
 * what a page costs that is read by a system call. */
#ifndef SIGPROF_GUEST_COST_H
#define SIGPROF_GUEST_COST_H

struct sigprof_guest;

void guest_cost(const char *what, struct sigprof_guest *guest);

#endif
