/* SPDX-License-Identifier: BSD-2-Clause */
/* sigprof-run's command line, most of which is variables for the library, and what it
 * says. Contract: arguments.h. */
#include "arguments.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "sigprof/sigprof.h"

#define OURS "SIGPROF_"
#define PARENT OURS "PARENT" /* the library's own, for children */

extern char **environ;

static const char usage[] =
    "Usage: sigprof-run [OPTIONS] [--] PROGRAM [ARGUMENT...]\n"
    "Runs PROGRAM with libsigprof preloaded and exits as PROGRAM does.\n"
    "\n"
    "  -F, --hz HZ          samples a second of a thread's CPU time (99)\n"
    "  -o, --output FILE    x.sigprof: the profile; % as in SIGPROF_OUT\n"
    "                       x.html: a flame graph, x.folded, x.pb.gz and all\n"
    "                       that sigprof-fold writes, made by it at the end;\n"
    "                       a folder: a profile for each process\n"
    "      --clock CLOCK    auto, thread, itimer, perf, wall or polled\n"
    "                       (illumos: realprof)\n"
    "      --unwind HOW     cfi, fp or libunwind\n"
    "      --depth FRAMES   frames kept of a stack, 1 to 1024 (256)\n"
    "      --ring SIZE      64K to 1G (4M)\n"
    "      --follow WHICH   children profiled too: all, fork or none\n"
    "      --vm NAME        add what a virtual machine needs to name its functions,\n"
    "                       and say so: java, node, ... (by the program's name)\n"
    "  -v, --verbose        say what is sampled, and the balance sheet\n"
    "      --help, --version\n"
    "\n"
    "Without -o each process leaves PROGRAM.PID.sigprof in this folder, to be\n"
    "read by sigprof-fold. Exit status: PROGRAM's; 2 usage, 125 sigprof-run\n"
    "failed, 126 PROGRAM could not be executed, 127 it was not found.\n";

static void say_list(const char *format, va_list list)
{
    fputs("sigprof-run: ", stderr);
    vfprintf(stderr, format, list);
    fputc('\n', stderr);
}

void say(const char *format, ...)
{
    va_list rest;

    va_start(rest, format);
    say_list(format, rest);
    va_end(rest);
}

_Noreturn void fail(int code, const char *format, ...)
{
    va_list rest;

    va_start(rest, format);
    say_list(format, rest);
    va_end(rest);
    exit(code);
}

enum option_id {
    OPTION_HZ = 'F',
    OPTION_OUTPUT = ARGUMENT_OUTPUT,
    OPTION_VERBOSE = 'v',
    OPTION_CLOCK = 256,
    OPTION_UNWIND,
    OPTION_DEPTH,
    OPTION_RING,
    OPTION_FOLLOW,
    OPTION_VM,
    OPTION_HELP,
    OPTION_VERSION
};

static const struct option options[] = {
    {"hz", required_argument, NULL, OPTION_HZ},
    {"output", required_argument, NULL, OPTION_OUTPUT},
    {"vm", required_argument, NULL, OPTION_VM},
    {"verbose", no_argument, NULL, OPTION_VERBOSE},
    {"clock", required_argument, NULL, OPTION_CLOCK},
    {"unwind", required_argument, NULL, OPTION_UNWIND},
    {"depth", required_argument, NULL, OPTION_DEPTH},
    {"ring", required_argument, NULL, OPTION_RING},
    {"follow", required_argument, NULL, OPTION_FOLLOW},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0}};

/* The variable that an option sets; NULL: there is no such option. */
static const char *variable_of(int option)
{
    switch (option) {
    case OPTION_HZ:
        return "SIGPROF_HZ";
    case OPTION_CLOCK:
        return "SIGPROF_CLOCK";
    case OPTION_UNWIND:
        return "SIGPROF_UNWIND";
    case OPTION_DEPTH:
        return "SIGPROF_DEPTH";
    case OPTION_RING:
        return "SIGPROF_RING";
    case OPTION_FOLLOW:
        return "SIGPROF_FOLLOW";
    case OPTION_VERBOSE:
        return "SIGPROF_VERBOSE";
    case OPTION_OUTPUT:
        return "SIGPROF_OUT";
    default:
        return NULL;
    }
}

void variable_set(const char *name, const char *value)
{
    if (setenv(name, value, 1) != 0)
        fail(EXIT_OURS, "%s: %s", name, strerror(errno));
}

static const char *long_name(int option)
{
    const struct option *at = options;

    while (at->name && at->val != option)
        at++;
    return at->name;
}

/* message is "SIGPROF_HZ=abc: want …": of the option just taken, it is told as
 * "--hz=abc: want …". */
static _Noreturn void refuse_value(int option, const char *message)
{
    const char *name = variable_of(option), *rest = strchr(message, '=');

    if (name && rest && strlen(name) == (size_t)(rest - message) &&
        strncmp(name, message, strlen(name)) == 0)
        fail(EXIT_USAGE, "--%s%s", long_name(option), rest);
    fail(EXIT_USAGE, "%s", message);
}

void variables_check(int option)
{
    struct sigprof__config config;
    char message[512];

    if (sigprof__config_from_environment(&config, message, sizeof message) < 0)
        refuse_value(option, message);
}

/* A library says nothing in somebody else's program, so a slip is told here. */
static bool is_known(const char *entry, size_t size)
{
    const char *name;

    for (unsigned i = 0; (name = sigprof__config_name(i)); i++)
        if (strlen(name) == size && strncmp(name, entry, size) == 0)
            return true;
    return size == strlen(PARENT) && strncmp(PARENT, entry, size) == 0;
}

void variables_look(void)
{
    char names[512] = "";
    size_t used = 0;

    for (unsigned i = 0; sigprof__config_name(i) && used < sizeof names; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s",
                                 i ? ", " : "", sigprof__config_name(i));
    for (char **at = environ; at && *at; at++) {
        size_t size = strcspn(*at, "=");

        if (strncmp(*at, OURS, strlen(OURS)) == 0 && !is_known(*at, size))
            say("%.*s is not a variable of the library's and does nothing; these "
                "are: %s", (int)(size < 100 ? size : 100), *at, names);
    }
}

static void take_value(int option, const char *value)
{
    const char *name = variable_of(option);

    if (!name)
        exit(EXIT_USAGE); /* getopt has said why */
    variable_set(name, value ? value : "1");
    variables_check(option);
}

static _Noreturn void print_and_exit(const char *text)
{
    fputs(text, stdout);
    exit(fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_OURS);
}

void arguments_parse(struct run *run, int argc, char **argv)
{
    static char version[64];
    int option;

    snprintf(version, sizeof version, "sigprof-run %d.%d.%d\n",
             SIGPROF_VERSION_MAJOR, SIGPROF_VERSION_MINOR,
             SIGPROF_VERSION_PATCH);
    while ((option = getopt_long(argc, argv, "+F:o:v", options, NULL)) != -1) {
        if (option == OPTION_HELP)
            print_and_exit(usage);
        else if (option == OPTION_VERSION)
            print_and_exit(version);
        else if (option == OPTION_OUTPUT)
            run->out = optarg;
        else if (option == OPTION_VM)
            run->vm = optarg;
        else
            take_value(option, optarg);
    }
    run->argv = argv + optind;
    if (!*run->argv)
        fail(EXIT_USAGE, "no program named; try 'sigprof-run --help'");
}
