/* SPDX-License-Identifier: BSD-2-Clause */
/* What --help and --version print. */
#include "arguments.h"

#include <sigprof/sigprof.h>

/* clang-format off */
const char sigprof__fold_usage[] =
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

#define TEXT(number) TEXT_OF(number)
#define TEXT_OF(number) #number
const char sigprof__fold_version[] =
    "sigprof-fold " TEXT(SIGPROF_VERSION_MAJOR) "." TEXT(SIGPROF_VERSION_MINOR)
    "." TEXT(SIGPROF_VERSION_PATCH) "\n";
