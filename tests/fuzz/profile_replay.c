/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs a fuzz target on files, and on the files of folders: the corpus, without
 * libFuzzer. Says how many there were; none is a failure. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned replayed;

static void replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    static uint8_t bytes[1u << 20];
    size_t size;

    if (!file)
        return;
    size = fread(bytes, 1, sizeof bytes, file);
    if (!ferror(file)) {
        LLVMFuzzerTestOneInput(bytes, size);
        replayed++;
    }
    fclose(file);
}

static void replay(const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    char name[4096];

    if (!folder) {
        replay_file(path);
        return;
    }
    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        replay_file(name);
    }
    closedir(folder);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        replay(argv[i]);
    printf("%u inputs replayed\n", replayed);
    return replayed == 0;
}
