/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * damage FOLD FILE: cuts FILE at every byte, and flips bits of every byte, and
 * runs FOLD on each. It must end by itself with status 0, 1 or 4, and a cut or
 * flipped file must be complained about. In several processes, for thousands of
 * runs one behind the other mostly wait.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECONDS 20 /* a hang, whatever else the machine does */
#define WORKERS 4

static unsigned failures;
static char damaged[32], said[32]; /* of this worker */

static int run(const char *fold, int *complained)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        int out = open("/dev/null", O_WRONLY);
        int err = open(said, O_WRONLY | O_CREAT | O_TRUNC, 0600);

        dup2(out, 1);
        dup2(err, 2);
        alarm(SECONDS);
        execl(fold, fold, damaged, (char *)NULL);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0)
        exit(2);
    FILE *err = fopen(said, "r");
    *complained = err && fgetc(err) != EOF;
    if (err)
        fclose(err);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void check(const char *fold, const char *what, size_t at,
                  const unsigned char *bytes, size_t size)
{
    FILE *file = fopen(damaged, "w");
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

static unsigned char bytes[65536], copy[65536];

static int work(const char *fold, size_t size, unsigned number)
{
    snprintf(damaged, sizeof damaged, "damaged.%u.sigprof", number);
    snprintf(said, sizeof said, "damage.%u.err", number);
    for (size_t i = number; i < size; i += WORKERS)
        check(fold, "cut", i, bytes, i);
    for (size_t i = number; i < size; i += WORKERS) {
        if (i >= 10 && i < 12)
            continue; /* the minor version is no damage */
        memcpy(copy, bytes, size);
        copy[i] ^= 0x41;
        check(fold, "flipped", i, copy, size);
    }
    fflush(stdout);
    return failures != 0;
}

int main(int argc, char **argv)
{
    FILE *file = argc == 3 ? fopen(argv[2], "r") : NULL;
    int status, failed = 0;
    size_t size;

    if (!file)
        return 2;
    size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    for (unsigned i = 0; i < WORKERS; i++)
        if (fork() == 0)
            _exit(work(argv[1], size, i));
    for (unsigned i = 0; i < WORKERS; i++)
        failed |= wait(&status) < 0 || status != 0;
    printf("%zu bytes%s\n", size, failed ? ", failed" : "");
    return failed;
}
