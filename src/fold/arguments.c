/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line. Contract: arguments.h; what it means: sigprof-fold(1). */
#include "arguments.h"

#include "../sym/index.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>

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

/* One that is not there is no reason to fold nothing: names may come from elsewhere. */
static void add_debug_dir(struct arguments *arguments, const char *value)
{
    struct sym_places *places = &arguments->names.places;
    struct stat about;

    if (stat(value, &about) != 0)
        sigprof__say("--debug-dir %s: %s", value, strerror(errno));
    else if (!S_ISDIR(about.st_mode))
        sigprof__say("--debug-dir %s: it is not a folder", value);

    if (places->debug_dir_count == MAX_DEBUG_DIRS)
        refuse("--debug-dir", value, "it can be given 16 times");
    arguments->debug_dirs[places->debug_dir_count++] = value;
}

/* ---- Options ------------------------------------------------------------- */

static _Noreturn void print_and_exit(const char *text)
{
    fputs(text, stdout);
    exit(fflush(stdout) == 0 ? EXIT_WRITTEN : EXIT_NOTHING);
}

static void take_output(struct arguments *arguments, const char *value)
{
    if (*value == '\0')
        refuse("--output", value, "it is the name of a file");
    arguments->out = value;
}

static void take_format(struct arguments *arguments, const char *value)
{
    arguments->view = parse_format(value);
    arguments->format_given = true;
}

static void take_weight(struct arguments *arguments, const char *value)
{
    arguments->cpu = parse_choice("--weight", value, "samples", "cpu");
}

static void take_by(struct arguments *arguments, const char *value)
{
    arguments->names.by = parse_by(value);
}

static void take_demangle(struct arguments *arguments, const char *value)
{
    arguments->names.raw = parse_choice("--demangle", value, "full", "none");
}

static void take_thread(struct arguments *arguments, const char *value)
{
    arguments->fold.words.thread = value;
    arguments->fold.thread = parse_regex("--thread", value, &arguments->thread);
    arguments->model.by_thread = true;
}

static void take_focus(struct arguments *arguments, const char *value)
{
    arguments->fold.words.focus = value;
    arguments->fold.focus = parse_regex("--focus", value, &arguments->focus);
}

static void take_ignore(struct arguments *arguments, const char *value)
{
    arguments->fold.words.ignore = value;
    arguments->fold.ignore = parse_regex("--ignore", value, &arguments->ignore);
}

static void take_base(struct arguments *arguments, const char *value)
{
    arguments->base = value;
}

static void take_symfs(struct arguments *arguments, const char *value)
{
    arguments->names.places.symfs = value;
}

static void take_cache(struct arguments *arguments, const char *value)
{
    if (*value == '\0')
        refuse("--cache", value, "it is the name of a folder, or none");
    arguments->cache = value;
}

static void take_follow(struct arguments *arguments, const char *value)
{
    arguments->follow = value;
}

static void take_interval(struct arguments *arguments, const char *value)
{
    arguments->interval_s = parse_interval(value);
}

/* An option with a value is taken by a function, one without sets a bool. */
struct known_option {
    const char *name;
    void (*take)(struct arguments *arguments, const char *value);
    size_t flag; /* offset in struct arguments; of one without a value */
    char letter;
};

#define VALUE(name, take) {name, take, 0, 0}
#define FLAG(name, member) {name, NULL, offsetof(struct arguments, member), 0}

static const struct known_option known_options[] = {
    {"output", take_output, 0, 'o'},
    {"format", take_format, 0, 'f'},
    VALUE("weight", take_weight),
    VALUE("root", add_root),
    VALUE("by", take_by),
    FLAG("no-inlines", names.no_inlines),
    FLAG("fold-recursion", fold.fold_recursion),
    FLAG("merge-tiers", names.merge_tiers),
    VALUE("demangle", take_demangle),
    FLAG("modules", names.modules),
    FLAG("annotate", names.annotate),
    VALUE("time", parse_time),
    VALUE("thread", take_thread),
    VALUE("focus", take_focus),
    VALUE("ignore", take_ignore),
    VALUE("diff", take_base),
    VALUE("symfs", take_symfs),
    VALUE("debug-dir", add_debug_dir),
    VALUE("cache", take_cache),
    VALUE("follow", take_follow),
    VALUE("interval", take_interval),
    FLAG("info", info),
    FLAG("stats", stats),
    FLAG("strict", strict),
    FLAG("help", help),
    FLAG("version", version),
};

#define OPTION_COUNT (sizeof known_options / sizeof *known_options)
#define LONG_OPTION 256 /* and the number in the table; below are letters */

/* As getopt_long wants them; all zeros at the end. */
static const struct option *long_options(void)
{
    static struct option options[OPTION_COUNT + 1];

    for (size_t i = 0; i < OPTION_COUNT; i++)
        options[i] = (struct option){known_options[i].name,
                                     known_options[i].take ? required_argument
                                                           : no_argument,
                                     NULL, LONG_OPTION + (int)i};
    return options;
}

/* NULL: getopt_long knew none, and has said so. */
static const struct known_option *option_of(int found)
{
    if (found >= LONG_OPTION)
        return &known_options[found - LONG_OPTION];
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (known_options[i].letter == found)
            return &known_options[i];
    return NULL;
}

static void take_option(struct arguments *arguments, int found,
                        const char *value)
{
    const struct known_option *option = option_of(found);

    if (!option) {
        fputs("Try 'sigprof-fold --help'.\n", stderr);
        exit(EXIT_USAGE);
    }
    if (option->take)
        option->take(arguments, value);
    else
        *(bool *)((char *)arguments + option->flag) = true;
    if (arguments->help)
        print_and_exit(sigprof__fold_usage);
    if (arguments->version)
        print_and_exit(sigprof__fold_version);
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
    const struct option *options = long_options();
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
        arguments->roots[arguments->root_count++].kind = ROOT_COMM;
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
