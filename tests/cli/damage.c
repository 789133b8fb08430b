/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * damage FOLD FILE: cuts FILE at every byte, and flips bits of every byte, and
 * runs FOLD on each. It must end by itself with status 0, 1 or 4, and a cut or
 * flipped file must be complained about.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECONDS 20 /* a hang, whatever else the machine does */

static unsigned failures;

static int run(const char *fold, int *complained)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        int out = open("/dev/null", O_WRONLY);
        int err = open("damage.err", O_WRONLY | O_CREAT | O_TRUNC, 0600);

        dup2(out, 1);
        dup2(err, 2);
        alarm(SECONDS);
        execl(fold, fold, "damaged.sigprof", (char *)NULL);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0)
        exit(2);
    FILE *err = fopen("damage.err", "r");
    *complained = err && fgetc(err) != EOF;
    if (err)
        fclose(err);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void check(const char *fold, const char *what, size_t at,
                  const unsigned char *bytes, size_t size)
{
    FILE *file = fopen("damaged.sigprof", "w");
    int complained, code;

    fwrite(bytes, 1, size, file);
    fclose(file);
    code = run(fold, &complained);
    if ((code == 0 || code == 1 || code == 4) && complained)
        return;
    printf("%s at %zu: status %d, %s\n", what, at, code,
           complained ? "a message" : "no message");
    failures++;
}

int main(int argc, char **argv)
{
    static unsigned char bytes[65536], copy[65536];
    FILE *file = argc == 3 ? fopen(argv[2], "r") : NULL;
    size_t size;

    if (!file)
        return 2;
    size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    for (size_t i = 0; i < size; i++)
        check(argv[1], "cut", i, bytes, i);
    for (size_t i = 0; i < size; i++) {
        if (i >= 10 && i < 12)
            continue; /* the minor version is no damage */
        memcpy(copy, bytes, size);
        copy[i] ^= 0x41;
        check(argv[1], "flipped", i, copy, size);
    }
    printf("%zu bytes, %u failures\n", size, failures);
    return failures != 0;
}
