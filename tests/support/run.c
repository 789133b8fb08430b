/* SPDX-License-Identifier: BSD-2-Clause */
/* Running a program from a test. Contract: run.h. */
#include "support/run.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

static char folder[256];
static pid_t folder_owner;

static int remove_one(const char *path, const struct stat *status, int type,
                      struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

static void remove_folder(void)
{
    const char *keep = getenv("SIGPROF_TEST_KEEP");

    if (getpid() == folder_owner && !keep)
        nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *run_folder(void)
{
    if (!folder[0]) {
        const char *tmp = getenv("TMPDIR");

        snprintf(folder, sizeof folder, "%s/sigprof-test-XXXXXX",
                 tmp && tmp[0] ? tmp : "/tmp");
        CHECK(mkdtemp(folder) != NULL);
        folder_owner = getpid();
        atexit(remove_folder);
    }
    return folder;
}

const char *run_path(const char *name)
{
    static char paths[8][512];
    static unsigned next;
    char *path = paths[next++ % 8];

    snprintf(path, sizeof paths[0], "%s/%s", run_folder(), name);
    return path;
}

static char *out_path(const char *what)
{
    static unsigned number;
    char *path;

    CHECK(asprintf(&path, "%s/.%s.%u", run_folder(), what, number++) > 0);
    return path;
}

static char *read_and_remove(char *path, size_t *bytes)
{
    FILE *file = fopen(path, "rb");
    char *text;
    long size;

    CHECK(file != NULL);
    fseek(file, 0, SEEK_END);
    size = ftell(file);
    rewind(file);
    text = malloc((size_t)size + 1);
    CHECK(text != NULL);
    *bytes = fread(text, 1, (size_t)size, file);
    text[*bytes] = '\0';
    fclose(file);
    unlink(path);
    free(path);
    return text;
}

/* The loader's variables, which an emulator would obey itself. */
static bool is_of_loader(const char *change)
{
    return strncmp(change, "LD_", 3) == 0;
}

static void put_environment(const char *const *changes, bool loader_too)
{
    for (; changes && *changes; changes++) {
        if (is_of_loader(*changes) && !loader_too)
            continue;
        if (strchr(*changes, '='))
            putenv((char *)(size_t)*changes);
        else
            unsetenv(*changes);
    }
}

/*
 * Programs for another CPU: by the emulator that runs this test. What is preloaded is
 * theirs, not its own: that it gets as an option, which could hold no comma.
 */
static void execute_emulated(const char *emulator, const struct run *run)
{
    char *argv[64], *words = strdup(emulator), *end;
    unsigned count = 0;

    for (char *word = strtok_r(words, " ", &end); word && count < 8;
         word = strtok_r(NULL, " ", &end))
        argv[count++] = word;
    for (const char *const *change = run->environment;
         change && *change && count < 40; change++) {
        if (!is_of_loader(*change))
            continue;
        argv[count++] = strchr(*change, '=') ? "-E" : "-U";
        argv[count++] = (char *)(size_t)*change;
    }
    for (unsigned i = 0; run->argv[i] && count < 63; i++)
        argv[count++] = run->argv[i];
    argv[count] = NULL;
    execvp(argv[0], argv);
}

/* An ELF file for the CPU that this test is for? */
static bool is_own_format(const char *path)
{
    unsigned char own[20] = {0}, other[20] = {0};
    FILE *self = fopen("/proc/self/exe", "rb");
    FILE *file = fopen(path, "rb");
    bool same = self && file && fread(own, 20, 1, self) == 1 &&
                fread(other, 20, 1, file) == 1 &&
                memcmp(own, other, 6) == 0 && /* but not what extensions it uses */
                memcmp(own + 18, other + 18, 2) == 0;

    if (self)
        fclose(self);
    if (file)
        fclose(file);
    return same;
}

/* out and err hold the paths until the end. */
void run_begin(struct run *run)
{
    sigset_t none;

    run->out = out_path("out");
    run->err = out_path("err");
    fflush(NULL);
    run->pid = fork();
    CHECK(run->pid >= 0);
    if (run->pid > 0)
        return;
    int in = open(run->input ? run->input : "/dev/null", O_RDONLY);
    int out = open(run->out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    int err = open(run->err, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    if (in < 0 || out < 0 || err < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 ||
        dup2(err, 2) < 0)
        _exit(126);
    syscall(SYS_close_range, 3u, ~0u, 0u);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (test_is_emulated() && is_own_format(run->argv[0])) {
        put_environment(run->environment, false);
        execute_emulated(getenv("SIGPROF_TEST_EMULATOR"), run);
    }
    put_environment(run->environment, true);
    execvp(run->argv[0], run->argv);
    _exit(127);
}

void run_end(struct run *run)
{
    unsigned limit = run->limit_seconds ? run->limit_seconds : 300;
    struct timespec nap = {0, 2000000};
    time_t until = time(NULL) + (time_t)limit;
    char *out = run->out, *err = run->err;
    pid_t got;

    while ((got = wait4(run->pid, &run->status, WNOHANG, &run->usage)) == 0) {
        if (time(NULL) > until) {
            kill(run->pid, SIGABRT);
            fprintf(stderr, "%s (pid %d) did not end in %u seconds\n",
                    run->argv[0], (int)run->pid, limit);
            kill(run->pid, SIGKILL);
            exit(TEST_FAILED);
        }
        nanosleep(&nap, NULL);
    }
    CHECK_EQ(got, run->pid);
    run->out = read_and_remove(out, &run->out_bytes);
    run->err = read_and_remove(err, &run->err_bytes);
}

void run_program(struct run *run)
{
    run_begin(run);
    run_end(run);
}

void run_free(struct run *run)
{
    free(run->out);
    free(run->err);
    run->out = run->err = NULL;
}

static double seconds(struct timeval at)
{
    return (double)at.tv_sec + 1e-6 * (double)at.tv_usec;
}

double run_cpu_seconds(const struct run *run)
{
    return seconds(run->usage.ru_utime) + seconds(run->usage.ru_stime);
}

static int compare(const void *left, const void *right)
{
    return strcmp(left, right);
}

static unsigned find(const char *directory, const char *prefix,
                     const char *suffix, char (*paths)[512], unsigned room)
{
    DIR *open_directory = opendir(directory);
    struct dirent *entry;
    unsigned count = 0;

    CHECK(open_directory != NULL);
    while ((entry = readdir(open_directory))) {
        size_t length = strlen(entry->d_name), end = strlen(suffix);

        if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0 ||
            length < end || strcmp(entry->d_name + length - end, suffix) != 0 ||
            entry->d_name[0] == '.')
            continue;
        CHECK(count < room);
        snprintf(paths[count++], 512, "%s/%s", directory, entry->d_name);
    }
    closedir(open_directory);
    qsort(paths, count, sizeof *paths, compare);
    return count;
}

unsigned run_find(const char *suffix, char (*paths)[512], unsigned room)
{
    return find(run_folder(), "", suffix, paths, room);
}

static time_t began;

__attribute__((constructor)) static void begin(void)
{
    began = time(NULL);
}

/* Of an earlier process with this pid, which was killed? */
static bool is_old(const char *path)
{
    struct stat ring;

    return stat(path, &ring) == 0 && ring.st_mtime < began - 1;
}

unsigned run_rings_of(pid_t pid, char (*paths)[512], unsigned room)
{
    unsigned count, kept = 0;
    char prefix[64];

    snprintf(prefix, sizeof prefix, "sigprof-%u-%d-", (unsigned)geteuid(),
             (int)pid);
    count = find("/dev/shm", prefix, "", paths, room);
    for (unsigned i = 0; i < count; i++)
        if (!is_old(paths[i]))
            memmove(paths[kept++], paths[i], sizeof paths[i]);
    return kept;
}
