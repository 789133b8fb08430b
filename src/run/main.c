/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sigprof-run: a program with libsigprof preloaded. What it means is in
 * sigprof-run(1).
 *
 * Options become the variables of libsigprof(7), and are judged by the library's
 * own reader of them (config.c), so that a word is accepted here if and only
 * if it is accepted there. What a name after -o stands for is asked of
 * sigprof-fold: it is run on an empty folder before the program is.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "arguments.h"
#include "folder.h"
#include "os/preload.h"
#include "places.h"
#include "tree.h"
#include "vm.h"

#define FOLDED_NOTHING 4 /* sigprof-fold: written, but there was no sample */

#define HZ_DEFAULT "99"

/* ---- The output ---------------------------------------------------------------- */

static bool ends_with(const char *text, const char *tail)
{
    size_t size = strlen(text), end = strlen(tail);

    return size >= end && strcmp(text + size - end, tail) == 0;
}

/* Names that the library takes; all others are for sigprof-fold to judge. */
static bool is_raw(const char *out)
{
    const char *base = strrchr(out, '/') ? strrchr(out, '/') + 1 : out;
    struct stat about;

    return ends_with(out, ".sigprof") || !strchr(base, '.') ||
           (stat(out, &about) == 0 && S_ISDIR(about.st_mode));
}

static void make_folder(struct run *run)
{
    const char *base = getenv("TMPDIR");
    int error;

    if (!base || base[0] != '/')
        base = "/tmp";
    folder_sweep(base);
    error = folder_make(base, run->folder, sizeof run->folder);
    if (error)
        fail(EXIT_OURS, "a temporary folder in %s: %s", base, strerror(error));
}

/* % in the folder's name is meant as such. */
static void send_raw_files(const char *folder)
{
    char pattern[2 * PATH_BYTES + 32], *to = pattern;

    for (const char *at = folder; *at; at++) {
        if (*at == '%')
            *to++ = '%';
        *to++ = *at;
    }
    strcpy(to, "/%e.%p.sigprof");
    variable_set("SIGPROF_OUT", pattern);
}

/* A child that is to fold, not to be profiled. */
static void prepare_fold(void *arg)
{
    int *said = arg;

    unsetenv("SIGPROF_HZ");
    if (said)
        dup2(*said, STDERR_FILENO);
}

static int run_fold(struct run *run, int *said)
{
    char *argv[] = {run->fold, "-o", (char *)(uintptr_t)run->out, "--",
                    run->folder, NULL};
    int status = 0, error;

    error = child_run(argv, &run->signals, prepare_fold, said, &status,
                      NULL);
    if (error)
        say("%s: %s", run->fold, strerror(error));
    return error ? EXIT_OURS
                 : WIFEXITED(status) ? WEXITSTATUS(status)
                                     : 128 + WTERMSIG(status);
}

static _Noreturn void refuse_name(const char *out)
{
    fail(EXIT_USAGE, "-o %s: want a name that ends in .sigprof, for the profile, or "
                     "in .html, .heatmap.html, .folded, .txt, .pb.gz, "
                     ".speedscope.json or .firefox.json, for a view; or one "
                     "without a dot", out);
}

/* What sigprof-fold says of an empty folder is only of interest if it could not
 * say so. That it is used wrongly can only be due to the name. */
static void ask_fold(struct run *run)
{
    FILE *said = tmpfile();
    char text[1024] = "";
    int fd = said ? fileno(said) : -1, code;

    if (fd < 0)
        fail(EXIT_OURS, "a temporary file: %s", strerror(errno));
    code = run_fold(run, &fd);
    if (code == EXIT_USAGE) {
        folder_remove(run->folder);
        refuse_name(run->out);
    }
    if (code >= EXIT_OURS) {
        if (pread(fd, text, sizeof text - 1, 0) > 0)
            fputs(text, stderr);
        folder_remove(run->folder);
        exit(code);
    }
    fclose(said);
}

/* what: the option or variable, with its value. A folder whose name has a % in it
 * is only known in the program. */
static void check_writable(const char *what, const char *out)
{
    const char *slash = strrchr(out, '/');
    char folder[PATH_BYTES] = ".";
    struct stat about;

    if (stat(out, &about) == 0 && S_ISDIR(about.st_mode))
        snprintf(folder, sizeof folder, "%s", out);
    else if (slash)
        snprintf(folder, sizeof folder, "%.*s",
                 slash == out ? 1 : (int)(slash - out), out);
    if (!strchr(folder, '%') && access(folder, W_OK | X_OK) != 0)
        fail(EXIT_OURS, "%s%s: %s: %s", what, out, folder, strerror(errno));
}

static void check_working_directory(void)
{
    char here[PATH_BYTES];

    if (!getcwd(here, sizeof here) || access(".", W_OK | X_OK) != 0)
        fail(EXIT_OURS, "the working directory, where profiles are written: %s; -o "
                        "names another place", strerror(errno));
}

static void plan_folding(struct run *run)
{
    if (strchr(run->out, '%'))
        fail(EXIT_USAGE, "-o %s: want a name without %%, or one that ends in "
                         ".sigprof", run->out);
    check_writable("-o ", run->out);
    if (!place_fold(run->fold, sizeof run->fold))
        fail(EXIT_OURS, "sigprof-fold is not beside this command");
    make_folder(run);
    ask_fold(run);
    send_raw_files(run->folder);
}

static void plan_output(struct run *run)
{
    const char *out = getenv("SIGPROF_OUT");

    if (!run->out && out && *out) {
        check_writable("SIGPROF_OUT=", out);
    } else if (run->out && !run->out[0]) {
        fail(EXIT_USAGE, "-o: want the name of a file or a folder");
    } else if (run->out && strcmp(run->out, "-") == 0) {
        fail(EXIT_USAGE, "-o -: standard output is the program's; want the name "
                         "of a file or a folder");
    } else if (run->out && is_raw(run->out)) {
        check_writable("-o ", run->out);
        variable_set("SIGPROF_OUT", run->out);
    } else if (run->out) {
        plan_folding(run);
    } else {
        check_working_directory();
    }
}

/* ---- The run -------------------------------------------------------------------- */

static void prepare_program(void *arg)
{
    const struct run *run = arg;
    const char *others = getenv(OS_PRELOAD);
    char *list;
    size_t size;

    if (!others)
        others = getenv(OS_PRELOAD_OF_ALL);
    size = strlen(run->preload) + (others ? strlen(others) : 0) + 2;
    list = malloc(size);
    if (!list)
        return;
    snprintf(list, size, "%s%s%s", run->preload,
             others && *others ? OS_PRELOAD_BETWEEN : "", others ? others : "");
    setenv(OS_PRELOAD, list, 1);
}

static void find_preload(struct run *run)
{
    if (!place_preload(run->preload, sizeof run->preload))
        fail(EXIT_OURS, "libsigprof-preload.so is not in ../lib from here");
    if (strpbrk(run->preload, ": "))
        fail(EXIT_OURS, "%s: " OS_PRELOAD " takes no path with a space or a colon",
             run->preload);
}

static void prepare_vm(struct run *run)
{
    char added[2 * PATH_BYTES];

    switch (vm_prepare(run->vm, run->preload, &run->argv, added, sizeof added)) {
    case VM_UNKNOWN:
        fail(EXIT_USAGE, "--vm=%s: want %s", run->vm, vm_names());
    case VM_NO_WAY:
        fail(EXIT_USAGE, "--vm=%s: %s takes its options only from its command",
             run->vm, run->vm);
    case VM_NO_MEMORY:
        fail(EXIT_OURS, "what %s needs: out of memory",
             run->vm ? run->vm : run->argv[0]);
    case VM_NO_MODULE:
        say("--vm=%s: this build of the library does not know its frames (there was "
            "no Python.h of CPython 3.11): functions of C only", run->vm);
        break;
    case VM_OK:
        break;
    }
    if (added[0])
        say("added: %s", added);
}

/* Now, as a file system may note it: by a clock that moves once a kernel tick. */
static struct timespec file_time(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    now.tv_nsec -= 20000000;
    if (now.tv_nsec < 0) {
        now.tv_nsec += 1000000000;
        now.tv_sec--;
    }
    return now;
}

static int run_program(struct run *run)
{
    int status = 0, error;

    run->began = file_time();
    error = child_run(run->argv, &run->signals, prepare_program, run, &status,
                      &run->pid);
    if (!error)
        return status;
    if (run->folder[0])
        folder_remove(run->folder);
    fail(error == ENOENT || error == ENOTDIR ? EXIT_NOT_FOUND : EXIT_NOT_RUN,
         "%s: %s", run->argv[0], strerror(error));
}

/* The folder that SIGPROF_OUT names; NULL where that is not known from here. */
static const char *raw_folder(const struct run *run, char *buffer, size_t size)
{
    const char *out = getenv("SIGPROF_OUT"), *slash;
    struct stat about;

    if (run->folder[0])
        return run->folder;
    if (!out)
        return ".";
    if (stat(out, &about) == 0 && S_ISDIR(about.st_mode))
        return out;
    slash = strrchr(out, '/');
    if (!slash)
        return ".";
    snprintf(buffer, size, "%.*s", slash == out ? 1 : (int)(slash - out), out);
    return strchr(buffer, '%') ? NULL : buffer;
}

/* What is in no profile is told where all programs of the run were to have one. */
static void say_unprofiled(const struct tree *tree, struct tree_use use)
{
    const char *follow = getenv("SIGPROF_FOLLOW");

    if ((!follow || strcmp(follow, "all") == 0) && tree_lacks(tree, use))
        say("%.1f s of %.1f s of CPU time are in no profile: there may be programs "
            "that the library was not loaded into (static, set-id, of another word "
            "size or C library, or started without its variables), or that used "
            "it at their end, behind their profile's",
            (double)(use.cpu_ns - tree->known_ns) / 1e9,
            (double)use.cpu_ns / 1e9);
}

/* True if the run left a profile, as far as can be seen. use: what it used. */
static bool look_for_profiles(const struct run *run, struct tree_use use)
{
    struct tree tree = {.count = 0};
    char buffer[PATH_BYTES];
    const char *why, *folder = raw_folder(run, buffer, sizeof buffer);
    size_t count;

    if (!folder)
        return true;
    count = place_profiles(folder, run->began, tree_add, &tree);
    if (count == 0) {
        why = place_obstacle(run->argv[0]);
        say("%s wrote no profile%s%s", run->argv[0], why ? ": " : "",
            why ? why : "");
    } else if (!run->folder[0] && isatty(STDERR_FILENO)) {
        say("profile: %s/%s%s", folder, tree.name, count > 1 ? " and others" : "");
    }
    if (count > 0)
        say_unprofiled(&tree, use);
    tree_free(&tree);
    return count > 0;
}

/* false: the profiles are still there, to be folded. */
static bool fold(struct run *run)
{
    int code = run_fold(run, NULL);

    if (code != 0 && code != FOLDED_NOTHING) {
        folder_keep(run->folder);
        say("%s was not written; the profiles are in %s", run->out, run->folder);
        return false;
    }
    if (folder_remove(run->folder) != 0)
        say("%s could not be removed", run->folder);
    return true;
}

int main(int argc, char **argv)
{
    static struct run run;
    bool profiled, is_told; /* ... is in a profile what machines have written */
    struct tree_use others, use;
    int status;

    if (!getenv("SIGPROF_HZ"))
        variable_set("SIGPROF_HZ", HZ_DEFAULT);
    arguments_parse(&run, argc, argv);
    variables_check(0);
    variables_look();
    find_preload(&run);
    prepare_vm(&run);
    child_begin(&run.signals);
    plan_output(&run);
    variables_check(ARGUMENT_OUTPUT);
    others = tree_use();
    status = run_program(&run);
    use = tree_use();
    use.cpu_ns -= others.cpu_ns;
    profiled = look_for_profiles(&run, use);
    is_told = WIFEXITED(status);
    if (run.folder[0] && profiled)
        is_told = fold(&run);
    else if (run.folder[0])
        folder_remove(run.folder);
    if (is_told)
        vm_clean(run.pid, run.began);
    child_end_alike(status);
}
