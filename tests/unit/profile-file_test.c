/* SPDX-License-Identifier: BSD-2-Clause */
/* The profile's name: what a pattern gives, and whose file is never replaced. */
#include "profile-file.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format.h"
#include "support/run.h"
#include "test.h"

static struct profile_file file;

static int create(const char *pattern, bool of_tree)
{
    struct profile_name name = {.pattern = pattern,
                                .comm = "pro/gram",
                                .start_real_ns = 0,
                                .of_tree = of_tree};

    return sigprof__profile_create(&file, &name);
}

/* The path of a file created by a pattern in the test's folder. */
static const char *path_of(const char *pattern, bool of_tree)
{
    CHECK_EQ(create(run_path(pattern), of_tree), 0);
    CHECK(access(file.path, F_OK) == 0);
    sigprof__profile_close(&file);
    return file.path;
}

static const char *with_pid(const char *before, const char *after)
{
    static char text[4][600];
    static unsigned next;
    char *at = text[next++ % 4];

    snprintf(at, sizeof text[0], "%s%d%s", run_path(before), (int)getpid(),
             after);
    return at;
}

static void a_pattern_is_spelled_out(void)
{
    char host[256];

    CHECK_STR(path_of("a-%p.sp", false), with_pid("a-", ".sp"));
    CHECK_STR(path_of("b-%e", false), run_path("b-pro_gram"));
    CHECK_STR(path_of("c-%%-%%p", false), run_path("c-%-%p"));
    CHECK_EQ(gethostname(host, sizeof host), 0);
    CHECK_HAS(path_of("d-%h-", false), host);
    setenv("TZ", "UTC", 1);
    CHECK_STR(path_of("e-%t", false), run_path("e-19700101T000000"));
}

static void a_folder_gets_program_and_pid(void)
{
    CHECK_EQ(mkdir(run_path("folder"), 0700), 0);
    CHECK_STR(path_of("folder", false),
              with_pid("folder/pro_gram.", ".sigprof"));
}

static void a_second_run_of_the_same_pid_gets_a_number(void)
{
    CHECK_STR(path_of("g-%p", false), with_pid("g-", ""));
    CHECK_STR(path_of("g-%p", false), with_pid("g-", ".2"));
    CHECK_STR(path_of("g-%p", false), with_pid("g-", ".3"));
}

static void write_text(const char *path, const char *text)
{
    FILE *out = fopen(path, "w");

    CHECK(out != NULL);
    fputs(text, out);
    fclose(out);
}

static void a_fixed_name_replaces_an_earlier_run_by_rename(void)
{
    struct stat before, after;
    char paths[16][512];

    write_text(run_path("fixed.x"), "\x89SIGPROF of an earlier run");
    CHECK_EQ(stat(run_path("fixed.x"), &before), 0);
    CHECK_STR(path_of("fixed.x", false), run_path("fixed.x"));
    CHECK_EQ(stat(run_path("fixed.x"), &after), 0);
    CHECK(before.st_ino != after.st_ino);
    CHECK_EQ(after.st_size, 0);
    CHECK_EQ(run_find(".x", paths, 16), 1);
}

static void what_is_no_profile_is_not_replaced(void)
{
    struct stat before, after;
    char link[600];

    write_text(run_path("notes.x"), "precious");
    CHECK_EQ(stat(run_path("notes.x"), &before), 0);
    CHECK_EQ(create(run_path("notes.x"), false), EEXIST);
    CHECK_EQ(stat(run_path("notes.x"), &after), 0);
    CHECK(before.st_ino == after.st_ino && after.st_size == 8);
    snprintf(link, sizeof link, "%s", run_path("link.x"));
    CHECK_EQ(symlink(run_path("notes.x"), link), 0);
    CHECK_EQ(create(link, false), EEXIST);
    CHECK_EQ(lstat(link, &after), 0);
    CHECK(S_ISLNK(after.st_mode));
}

static void through_a_link_its_target_is_replaced(void)
{
    struct stat status;
    char link[600];

    write_text(run_path("target.x"), "\x89SIGPROF of an earlier run");
    snprintf(link, sizeof link, "%s", run_path("to-target.x"));
    CHECK_EQ(symlink(run_path("target.x"), link), 0);
    CHECK_STR(path_of("to-target.x", false), run_path("target.x"));
    CHECK_EQ(lstat(link, &status), 0);
    CHECK(S_ISLNK(status.st_mode));
}

static void a_file_made_for_it_is_taken(void)
{
    write_text(run_path("made.x"), "");
    CHECK_STR(path_of("made.x", false), run_path("made.x"));
}

static void a_child_appends_its_pid_to_a_fixed_name(void)
{
    write_text(run_path("tree.y"), "the parent's");
    CHECK_STR(path_of("tree.y", true), with_pid("tree.y.", ""));
    CHECK_STR(path_of("tree.y", true), with_pid("tree.y.", ".2"));
}

static void an_own_file_is_never_replaced(void)
{
    uint8_t bytes[600], body[300], pair[100];
    uint64_t start = 0;
    char text[32];
    struct format_out out = {bytes + FORMAT_FILE_HEADER_BYTES +
                                 FORMAT_BLOCK_HEADER_BYTES,
                             bytes + sizeof bytes, false};
    FILE *to = fopen(run_path("own.z"), "w");

    (void)body;
    CHECK(to != NULL);
    /* Field 22 of /proc/self/stat. */
    FILE *stat_file = fopen("/proc/self/stat", "r");
    char line[1024];
    CHECK(stat_file && fgets(line, sizeof line, stat_file));
    fclose(stat_file);
    char *at = strrchr(line, ')') + 2;
    for (unsigned i = 3; i < 22; i++)
        at = strchr(at, ' ') + 1;
    start = strtoull(at, NULL, 10);

    for (unsigned i = 0; i < 2; i++) {
        struct format_out in = {pair, pair + sizeof pair, false};
        const char *key = i ? "process_start" : "pid";

        snprintf(text, sizeof text, "%llu",
                 i ? (unsigned long long)start : (unsigned long long)getpid());
        sigprof__put_string(&in, key, strlen(key));
        sigprof__put_string(&in, text, strlen(text));
        sigprof__put_varint(&out, FORMAT_INFO);
        sigprof__put_string(&out, pair, (size_t)(in.at - pair));
    }
    sigprof__format_file_header(bytes);
    sigprof__format_block_seal(
        bytes + FORMAT_FILE_HEADER_BYTES,
        (size_t)(out.at - bytes) - FORMAT_FILE_HEADER_BYTES -
            FORMAT_BLOCK_HEADER_BYTES,
        0, (const uint8_t *)"0123456789abcdef");
    fwrite(bytes, 1, (size_t)(out.at - bytes), to);
    fclose(to);
    CHECK_STR(path_of("own.z", false), run_path("own.z.2"));
}

static void a_device_is_written_to_and_not_removed(void)
{
    CHECK_EQ(create("/dev/null", false), 0);
    CHECK(!file.regular);
    CHECK(sigprof__profile_write(&file, (const uint8_t *)"x", 1));
    sigprof__profile_remove(&file);
    CHECK(access("/dev/null", F_OK) == 0);
}

static void a_full_device_takes_nothing(void)
{
    if (access("/dev/full", W_OK) != 0)
        return;
    CHECK_EQ(create("/dev/full", false), 0);
    CHECK(!sigprof__profile_write(&file, (const uint8_t *)"x", 1));
    sigprof__profile_close(&file);
}

static void a_name_that_cannot_be_is_an_error(void)
{
    char longest[3000];

    CHECK_EQ(create("/no/such/folder/x", false), ENOENT);
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    longest[0] = '/';
    CHECK(create(longest, false) != 0);
}

static void a_link_in_the_way_is_not_followed(void)
{
    write_text(run_path("victim"), "precious");
    CHECK_EQ(symlink(run_path("victim"), with_pid("link-", "")), 0);
    CHECK_STR(path_of("link-%p", false), with_pid("link-", ".2"));
    FILE *in = fopen(run_path("victim"), "r");
    char text[16] = "";
    CHECK(in && fgets(text, sizeof text, in));
    fclose(in);
    CHECK_STR(text, "precious");
}

static void a_file_that_was_swapped_is_not_written_to(void)
{
    CHECK_EQ(create(run_path("swap-%p"), false), 0);
    CHECK_EQ(sigprof__profile_reopen(&file), 0);
    sigprof__profile_close(&file);
    CHECK_EQ(rename(file.path, run_path("swapped")), 0);
    write_text(file.path, "somebody else's");
    CHECK_EQ(sigprof__profile_reopen(&file), ESTALE);
    CHECK_EQ(file.descriptor, -1);
}

int main(void)
{
    RUN(a_pattern_is_spelled_out);
    RUN(a_folder_gets_program_and_pid);
    RUN(a_second_run_of_the_same_pid_gets_a_number);
    RUN(a_fixed_name_replaces_an_earlier_run_by_rename);
    RUN(what_is_no_profile_is_not_replaced);
    RUN(through_a_link_its_target_is_replaced);
    RUN(a_file_made_for_it_is_taken);
    RUN(a_child_appends_its_pid_to_a_fixed_name);
    RUN(an_own_file_is_never_replaced);
    RUN(a_device_is_written_to_and_not_removed);
    RUN(a_full_device_takes_nothing);
    RUN(a_name_that_cannot_be_is_an_error);
    RUN(a_link_in_the_way_is_not_followed);
    RUN(a_file_that_was_swapped_is_not_written_to);
    return 0;
}
