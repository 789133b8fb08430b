/* SPDX-License-Identifier: BSD-2-Clause */
/* For scripts: how many samples a profile holds, with its ring, and whether it ended cleanly.
 * usage: profile-samples FILE; prints "SAMPLES whole" or "SAMPLES cut". */
#include "support/profile.h"
#include "test.h"

int main(int argc, char **argv)
{
    struct profile profile;

    if (argc != 2 || profile_read_salvaged(&profile, argv[1]) != 0)
        return 1;
    printf("%u %s\n", profile.samples, profile.ends ? "whole" : "cut");
    return 0;
}
