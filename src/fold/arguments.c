/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line. Contract: arguments.h; what it means: sigprof-fold(1). */
#include "arguments.h"

#include "../sym/index.h"

#include <sigprof/sigprof.h>

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>

/* clang-format off */
static const char usage[] =
    "Usage: sigprof-fold [OPTIONS] FILE|DIR...\n"
    "Turn profiles of libsigprof into folded stacks, on standard output, and\n"
    "into other views.\n"
    "FILE may be -; of a DIR, every profile in it is merged.\n"
    "\n"
    "  -o, --output OUT       write to OUT (beside it, then renamed)\n"
    "  -f, --format FORMAT    folded, pprof, speedscope, firefox, html: a flame\n"
    "                         graph, heatmap: the same with a map of the time,\n"
    "                         top: functions by weight, raw: one line a sample;\n"
    "                         else by OUT: x.folded, .pb.gz, .speedscope.json,\n"
    "                         .firefox.json, .html, .heatmap.html; x, x.txt: folded\n"
    "      --weight WHAT      samples: sampling periods (default),\n"
    "                         cpu: microseconds of CPU time\n"
    "      --root WHAT        frame before the stack: comm (default), process,\n"
    "                         thread, state, label:KEY, none; may be repeated\n"
    "      --by WHAT          function (default), line or address\n"
    "      --no-inlines       leave inlined functions to those they are in\n"
    "      --fold-recursion   a function that calls itself is one frame\n"
    "      --merge-tiers      JavaScript however it was compiled is one function\n"
    "      --demangle HOW     full (default) or none\n"
    "      --modules          add `MODULE to each frame\n"
    "      --annotate         add _[k] to kernel frames, _[i] to inlined ones,\n"
    "                         _[j] to generated code, _[g] to interpreted\n"
    "      --time A-B         only from second A to second B of the run; A-, -B\n"
    "      --thread RE        only threads whose name matches\n"
    "      --focus RE         only stacks with a frame that matches\n"
    "      --ignore RE        no stacks with a frame that matches\n"
    "      --diff BASE        compare with the profile BASE: folded stacks of two\n"
    "                         weights, or html\n"
    "      --symfs DIR        look for programs and libraries below DIR\n"
    "      --debug-dir DIR    look for debug files here first; may be repeated\n"
    "      --cache DIR        keep names found in DIR (default: sigprof in the\n"
    "                         user's cache folder), or none: keep nothing\n"
    "      --follow FILE|PID  functions by weight while the program runs, until it\n"
    "                         ends; q to quit\n"
    "      --interval SECONDS between two tables of --follow (default: 1)\n"
    "      --info             say what the files are, instead\n"
    "      --stats            print the balance sheet, instead\n"
    "      --strict           exit with 3 when anything was lost or damaged\n"
    "      --help, --version\n"
    "\n"
    "RE is a POSIX extended regular expression. Exit status: 0 written, 1\n"
    "nothing could be read or written, 2 usage, 3 see --strict, 4 no sample\n"
    "passed the filters.\n";
/* clang-format on */

static _Noreturn void refuse(const char *option, const char *value,
                             const char *accepted)
{
    sigprof__say("%s: '%s' is not accepted; %s", option, value, accepted);
    exit(EXIT_USAGE);
}

/* ---- Values -------------------------------------------------------------- */

static const struct view *parse_format(const char *value)
{
    const struct view *view = sigprof__view_named(value);

    if (!view)
        refuse("--format", value,
               "it can be folded, pprof, speedscope, firefox, html, heatmap, "
               "top or raw");
    return view;
}

/* Folded text under the name of something else would only be found out late. */
static const struct view *view_of_name(const char *out)
{
    const struct view *view = sigprof__view_for_file(out);

    if (!view)
        refuse("--output", out,
               "names end in .folded, .txt, .html, .heatmap.html, .pb.gz, "
               ".speedscope.json or .firefox.json, or have no suffix; give "
               "--format to write here all the same");
    return view;
}

/* The format may have come from the name after -o. */
static void need_comparison(const struct view *view)
{
    if (sigprof__view_compares(view))
        return;
    sigprof__say("--diff: the format %s is not accepted; profiles are compared in "
                 "folded and html only", sigprof__view_name(view));
    exit(EXIT_USAGE);
}

static void add_root(struct arguments *arguments, const char *value)
{
    struct fold_root *root = &arguments->roots[arguments->root_count];

    arguments->roots_given = true;
    if (strcmp(value, "none") == 0)
        return;
    if (arguments->root_count == MAX_ROOTS)
        refuse("--root", value, "it can be given 16 times");
    arguments->root_count++;
    if (strcmp(value, "comm") == 0) {
        root->kind = ROOT_COMM;
    } else if (strcmp(value, "process") == 0) {
        root->kind = ROOT_PROCESS;
        arguments->model.by_process = true;
    } else if (strcmp(value, "thread") == 0) {
        root->kind = ROOT_THREAD;
        arguments->model.by_thread = true;
    } else if (strcmp(value, "state") == 0) {
        root->kind = ROOT_STATE;
        arguments->model.by_state = true;
        arguments->model.all_states = true;
    } else if (strncmp(value, "label:", 6) == 0 && value[6] != '\0') {
        root->kind = ROOT_LABEL;
        root->key = sigprof__text(value + 6);
        arguments->model.by_label = true;
    } else {
        refuse("--root", value,
               "it can be comm, process, thread, state, label:KEY or none");
    }
}

/* Seconds, with a fraction; false if there is no number. */
static bool parse_seconds(const char *from, const char *to, uint64_t *ns)
{
    uint64_t value = 0, unit = 1000000000;
    bool fraction = false;

    if (from == to || to - from > 20)
        return false;
    for (; from < to; from++) {
        if (*from == '.' && !fraction) {
            fraction = true;
        } else if (*from < '0' || *from > '9') {
            return false;
        } else if (!fraction) {
            value = value * 10 + (uint64_t)(*from - '0') * 1000000000;
            if (value > UINT64_MAX / 20)
                return false;
        } else {
            unit /= 10;
            value += (uint64_t)(*from - '0') * unit;
        }
    }
    *ns = value;
    return true;
}

static void parse_time(struct arguments *arguments, const char *value)
{
    struct model_options *model = &arguments->model;
    const char *dash = strchr(value, '-'), *end = value + strlen(value);

    model->time_limits = true;
    model->from_ns = 0;
    model->to_ns = UINT64_MAX;
    if (!dash || (dash == value && dash + 1 == end) ||
        (dash != value && !parse_seconds(value, dash, &model->from_ns)) ||
        (dash + 1 != end && !parse_seconds(dash + 1, end, &model->to_ns)) ||
        model->from_ns >= model->to_ns)
        refuse("--time", value,
               "it can be A-B, A- or -B, in seconds from the start, A below B");
    arguments->fold.filtered = true;
    arguments->fold.words.time = value;
}

static const regex_t *parse_regex(const char *option, const char *value,
                                  regex_t *regex)
{
    char reason[256];
    int error = regcomp(regex, value, REG_EXTENDED | REG_NOSUB);

    if (error) {
        regerror(error, regex, reason, sizeof reason);
        refuse(option, value, reason);
    }
    return regex;
}

static double parse_interval(const char *value)
{
    uint64_t ns;

    if (!parse_seconds(value, value + strlen(value), &ns) || ns < 100000000 ||
        ns > 3600000000000u)
        refuse("--interval", value, "it can be 0.1 to 3600, in seconds");
    return (double)ns / 1e9;
}

static bool parse_choice(const char *option, const char *value,
                         const char *first, const char *second)
{
    char accepted[128];

    if (strcmp(value, first) == 0)
        return false;
    if (strcmp(value, second) == 0)
        return true;
    snprintf(accepted, sizeof accepted, "it can be %s or %s", first, second);
    refuse(option, value, accepted);
}

static enum name_by parse_by(const char *value)
{
    if (strcmp(value, "function") == 0)
        return BY_FUNCTION;
    if (strcmp(value, "line") == 0)
        return BY_LINE;
    if (strcmp(value, "address") == 0)
        return BY_ADDRESS;
    refuse("--by", value, "it can be function, line or address");
}

static void add_debug_dir(struct arguments *arguments, const char *value)
{
    struct sym_places *places = &arguments->names.places;

    if (places->debug_dir_count == MAX_DEBUG_DIRS)
        refuse("--debug-dir", value, "it can be given 16 times");
    arguments->debug_dirs[places->debug_dir_count++] = value;
}

/* ---- Options ------------------------------------------------------------- */

enum option_id {
    OPTION_OUTPUT = 'o',
    OPTION_FORMAT = 'f',
    OPTION_WEIGHT = 256,
    OPTION_ROOT,
    OPTION_BY,
    OPTION_NO_INLINES,
    OPTION_FOLD_RECURSION,
    OPTION_MERGE_TIERS,
    OPTION_DEMANGLE,
    OPTION_MODULES,
    OPTION_ANNOTATE,
    OPTION_TIME,
    OPTION_THREAD,
    OPTION_FOCUS,
    OPTION_IGNORE,
    OPTION_DIFF,
    OPTION_SYMFS,
    OPTION_DEBUG_DIR,
    OPTION_CACHE,
    OPTION_FOLLOW,
    OPTION_INTERVAL,
    OPTION_INFO,
    OPTION_STATS,
    OPTION_STRICT,
    OPTION_HELP,
    OPTION_VERSION
};

static const struct option options[] = {
    {"output", required_argument, NULL, OPTION_OUTPUT},
    {"format", required_argument, NULL, OPTION_FORMAT},
    {"weight", required_argument, NULL, OPTION_WEIGHT},
    {"root", required_argument, NULL, OPTION_ROOT},
    {"by", required_argument, NULL, OPTION_BY},
    {"no-inlines", no_argument, NULL, OPTION_NO_INLINES},
    {"fold-recursion", no_argument, NULL, OPTION_FOLD_RECURSION},
    {"merge-tiers", no_argument, NULL, OPTION_MERGE_TIERS},
    {"demangle", required_argument, NULL, OPTION_DEMANGLE},
    {"modules", no_argument, NULL, OPTION_MODULES},
    {"annotate", no_argument, NULL, OPTION_ANNOTATE},
    {"time", required_argument, NULL, OPTION_TIME},
    {"thread", required_argument, NULL, OPTION_THREAD},
    {"focus", required_argument, NULL, OPTION_FOCUS},
    {"ignore", required_argument, NULL, OPTION_IGNORE},
    {"diff", required_argument, NULL, OPTION_DIFF},
    {"symfs", required_argument, NULL, OPTION_SYMFS},
    {"debug-dir", required_argument, NULL, OPTION_DEBUG_DIR},
    {"cache", required_argument, NULL, OPTION_CACHE},
    {"follow", required_argument, NULL, OPTION_FOLLOW},
    {"interval", required_argument, NULL, OPTION_INTERVAL},
    {"info", no_argument, NULL, OPTION_INFO},
    {"stats", no_argument, NULL, OPTION_STATS},
    {"strict", no_argument, NULL, OPTION_STRICT},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0}};

static _Noreturn void print_and_exit(const char *text)
{
    fputs(text, stdout);
    exit(fflush(stdout) == 0 ? EXIT_WRITTEN : EXIT_NOTHING);
}

static void take_option(struct arguments *arguments, int option,
                        const char *value)
{
    static char version[64];

    switch (option) {
    case OPTION_OUTPUT:
        if (*value == '\0')
            refuse("--output", value, "it is the name of a file");
        arguments->out = value;
        break;
    case OPTION_FORMAT:
        arguments->view = parse_format(value);
        arguments->format_given = true;
        break;
    case OPTION_WEIGHT:
        arguments->cpu = parse_choice("--weight", value, "samples", "cpu");
        break;
    case OPTION_ROOT:
        add_root(arguments, value);
        break;
    case OPTION_BY:
        arguments->names.by = parse_by(value);
        break;
    case OPTION_NO_INLINES:
        arguments->names.no_inlines = true;
        break;
    case OPTION_MERGE_TIERS:
        arguments->names.merge_tiers = true;
        break;
    case OPTION_FOLD_RECURSION:
        arguments->fold.fold_recursion = true;
        break;
    case OPTION_DEMANGLE:
        arguments->names.raw =
            parse_choice("--demangle", value, "full", "none");
        break;
    case OPTION_MODULES:
        arguments->names.modules = true;
        break;
    case OPTION_ANNOTATE:
        arguments->names.annotate = true;
        break;
    case OPTION_TIME:
        parse_time(arguments, value);
        break;
    case OPTION_THREAD:
        arguments->fold.words.thread = value;
        arguments->fold.thread =
            parse_regex("--thread", value, &arguments->thread);
        arguments->model.by_thread = true;
        break;
    case OPTION_FOCUS:
        arguments->fold.words.focus = value;
        arguments->fold.focus =
            parse_regex("--focus", value, &arguments->focus);
        break;
    case OPTION_IGNORE:
        arguments->fold.words.ignore = value;
        arguments->fold.ignore =
            parse_regex("--ignore", value, &arguments->ignore);
        break;
    case OPTION_DIFF:
        arguments->base = value;
        break;
    case OPTION_SYMFS:
        arguments->names.places.symfs = value;
        break;
    case OPTION_DEBUG_DIR:
        add_debug_dir(arguments, value);
        break;
    case OPTION_CACHE:
        if (*value == '\0')
            refuse("--cache", value, "it is the name of a folder, or none");
        arguments->cache = value;
        break;
    case OPTION_FOLLOW:
        arguments->follow = value;
        break;
    case OPTION_INTERVAL:
        arguments->interval_s = parse_interval(value);
        break;
    case OPTION_INFO:
        arguments->info = true;
        break;
    case OPTION_STATS:
        arguments->stats = true;
        break;
    case OPTION_STRICT:
        arguments->strict = true;
        break;
    case OPTION_HELP:
        print_and_exit(usage);
    case OPTION_VERSION:
        snprintf(version, sizeof version, "sigprof-fold %d.%d.%d\n",
                 SIGPROF_VERSION_MAJOR, SIGPROF_VERSION_MINOR,
                 SIGPROF_VERSION_PATCH);
        print_and_exit(version);
    default:
        fputs("Try 'sigprof-fold --help'.\n", stderr);
        exit(EXIT_USAGE);
    }
}

static void choose_cache(struct arguments *arguments)
{
    static char folder[4096];
    const char *asked = arguments->cache;

    if (asked && strcmp(asked, "none") == 0)
        return;
    arguments->names.places.cache =
        sigprof__sym_index_folder(asked, folder, sizeof folder);
    if (asked && !arguments->names.places.cache)
        sigprof__say("%s: %s; names are not kept", asked, strerror(errno));
}

/* ---- Together ------------------------------------------------------------ */

static _Noreturn void refuse_both(const char *one, const char *other,
                                  const char *why)
{
    sigprof__say("%s and %s do not go together: %s", one, other, why);
    exit(EXIT_USAGE);
}

static void check_follow(const struct arguments *arguments)
{
    static const char tables[] = "it prints tables of functions, to standard output";

    if (arguments->out)
        refuse_both("--follow", "--output", tables);
    if (arguments->format_given && arguments->view != sigprof__view_named("top"))
        refuse_both("--follow", "--format", tables);
    if (arguments->info)
        refuse_both("--follow", "--info", tables);
    if (arguments->stats)
        refuse_both("--follow", "--stats", tables);
    if (arguments->base)
        refuse_both("--follow", "--diff", "one profile is followed at a time");
    if (arguments->strict)
        refuse_both("--follow", "--strict", "what is still written is not whole");
}

/* What would be left out without a word. */
static void check_together(const struct arguments *arguments)
{
    const char *text = arguments->stats ? "--stats" : "--info";
    const struct view *view;
    const char *suffix;

    if (arguments->follow)
        check_follow(arguments);
    else if (arguments->interval_s > 0)
        refuse_both("--interval", "a profile without --follow",
                    "it is the time between two tables of --follow");
    if (!arguments->info && !arguments->stats)
        return;
    if (arguments->format_given)
        refuse_both(text, "--format", "it is printed instead of a view");
    if (!arguments->out)
        return;
    view = sigprof__view_for_file(arguments->out);
    suffix = strrchr(arguments->out, '.');
    if (view && (view != sigprof__view_named("folded") ||
                 (suffix && strcmp(suffix, ".folded") == 0)))
        refuse_both(text, "an --output of that name",
                    "it is plain text, in a file .txt or without a suffix");
}

void sigprof__arguments_parse(struct arguments *arguments, int argc, char **argv)
{
    int option;

    while ((option = getopt_long(argc, argv, "o:f:", options, NULL)) != -1)
        take_option(arguments, option, optarg);
    if (arguments->follow && optind != argc)
        refuse("--follow", argv[optind], "one profile is followed at a time");
    check_together(arguments);
    if (optind == argc && !arguments->follow) {
        sigprof__say("no profile named; try 'sigprof-fold --help'");
        exit(EXIT_USAGE);
    }
    if (!arguments->view)
        arguments->view =
            arguments->out && !arguments->info && !arguments->stats
                ? view_of_name(arguments->out)
                : sigprof__view_named("folded");
    if (!arguments->roots_given &&
        !sigprof__view_has_processes(arguments->view))
        add_root(arguments, "comm");
    if (arguments->base)
        need_comparison(arguments->view);
    arguments->model.weigh_ns = arguments->cpu;
    sigprof__view_ask(arguments->view, &arguments->model);
    arguments->fold.weigh_ns = arguments->cpu;
    arguments->fold.roots = arguments->roots;
    arguments->fold.root_count = arguments->root_count;
    arguments->names.places.debug_dirs = arguments->debug_dirs;
    choose_cache(arguments);
}
