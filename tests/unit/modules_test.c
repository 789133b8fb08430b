/* SPDX-License-Identifier: BSD-2-Clause */
/* modules.h: what is told, what is published, what is freed when. */
#include "modules.h"

#include <dlfcn.h>
#include <unistd.h>

#include "format.h"
#include "library-alone.h"
#include "test.h"
#include "unwind/cfi.h"

static const char *module_path; /* of a module that can be loaded */

static const struct module *find(const void *address)
{
    return sigprof__module_find(sigprof__modules(), (uintptr_t)address);
}

static const struct module *find_flag(uint32_t flag)
{
    const struct module_snapshot *snapshot = sigprof__modules();

    for (uint32_t i = 0; i < snapshot->count; i++) {
        if (snapshot->module[i].flags & flag)
            return &snapshot->module[i];
    }
    return NULL;
}

static void before_the_first_refresh_there_is_no_snapshot(void)
{
    CHECK(!sigprof__modules());
    CHECK(!find(module_path));
    sigprof__modules_repeat(); /* says nothing */
    CHECK_EQ(library_alone.modules, 0);
}

static void the_first_refresh_tells_every_module(void)
{
    CHECK_EQ(sigprof__modules_refresh(), 0);
    CHECK(sigprof__modules());
    CHECK_EQ(library_alone.modules, sigprof__modules()->count);
    CHECK_EQ(library_alone.unloads, 0);
    CHECK(sigprof__modules()->count >= 3);
}

static void the_snapshot_is_sorted_and_does_not_overlap(void)
{
    const struct module_snapshot *snapshot = sigprof__modules();

    for (uint32_t i = 0; i < snapshot->count; i++) {
        const struct module *module = &snapshot->module[i];

        CHECK(module->low < module->high);
        CHECK(i == 0 || module->low >= module[-1].high);
        CHECK(sigprof__module_find(snapshot, module->low) == module);
        CHECK(sigprof__module_find(snapshot, module->high - 1) == module);
        CHECK(sigprof__module_find(snapshot, module->high) != module);
        CHECK(sigprof__module_find(snapshot, module->low - 1) != module);
    }
    CHECK(!sigprof__module_find(snapshot, 0));
    CHECK(!sigprof__module_find(snapshot, ~(uintptr_t)0));
}

/* Of either kind. */
static bool has_tables(const struct module_cfi *cfi)
{
    return (cfi->frames && cfi->rows) || cfi->exidx;
}

/* A byte of them. */
static unsigned first_of_tables(const struct module_cfi *cfi)
{
    const void *tables = cfi->exidx ? (const void *)cfi->exidx : cfi->frames;

    return tables ? *(const volatile uint8_t *)tables : 0;
}

static void the_main_program_and_what_it_needs_are_permanent(void)
{
    void *code = (void *)(uintptr_t)find;

    CHECK(find(code));
    CHECK(find(code)->flags & FORMAT_MODULE_MAIN);
    CHECK(find(code)->flags & FORMAT_MODULE_PERMANENT);
    CHECK(find(dlsym(RTLD_DEFAULT, "getppid"))->flags &
          FORMAT_MODULE_PERMANENT);
    /* its tables were found */
    CHECK(has_tables(find(code)->cfi));
}

static void the_vdso_has_no_file(void)
{
    const struct module *vdso = find_flag(FORMAT_MODULE_NO_FILE);

    if (!vdso) {
        puts("skipped: the vdso, which this system has not");
        return;
    }
    CHECK(vdso->flags & FORMAT_MODULE_PERMANENT);
    CHECK(!(vdso->flags & FORMAT_MODULE_MAIN));
}

static void without_news_nothing_is_published_or_told(void)
{
    const struct module_snapshot *before = sigprof__modules();
    unsigned told = library_alone.modules;

    for (int i = 0; i < 10; i++)
        CHECK_EQ(sigprof__modules_refresh(), 0);
    CHECK(sigprof__modules() == before);
    CHECK_EQ(library_alone.modules, told);
}

static void a_loaded_module_is_told_with_its_absolute_path(void)
{
    uint32_t epoch = sigprof__modules()->epoch;
    uint32_t unloads = sigprof__modules()->unloads;
    unsigned told = library_alone.modules;
    void *module = dlopen(module_path, RTLD_NOW);
    char want[4096];
    void *code;

    if (!module)
        FAIL("%s", dlerror());
    code = dlsym(module, "step_module_work");
    CHECK(!find(code));
    CHECK_EQ(sigprof__modules_refresh(), 0);
    CHECK_EQ(library_alone.modules, told + 1);
    CHECK_EQ(sigprof__modules()->epoch, epoch + 1);
    CHECK_EQ(sigprof__modules()->unloads, unloads);
    CHECK(find(code));
    CHECK_EQ(find(code)->id, library_alone.last_id);
    CHECK_EQ(find(code)->flags, 0);
    CHECK_EQ(find(code)->low, library_alone.last_low);
    CHECK(library_alone.last_path[0] == '/');
    CHECK(realpath(module_path, want));
    CHECK_HAS(library_alone.last_path, strrchr(want, '/'));
    CHECK(access(library_alone.last_path, R_OK) == 0);
    CHECK(dlclose(module) == 0);
}

static void an_unloaded_module_is_told_and_its_id_is_not_used_again(void)
{
    uint32_t gone = library_alone.last_id;
    uint32_t unloads = sigprof__modules()->unloads;
    void *module;

    CHECK_EQ(sigprof__modules_refresh(), 0);
    CHECK_EQ(library_alone.unloads, 1);
    CHECK_EQ(library_alone.last_unload, gone);
    CHECK_EQ(sigprof__modules()->unloads, unloads + 1);
    module = dlopen(module_path, RTLD_NOW);
    CHECK(module);
    CHECK_EQ(sigprof__modules_refresh(), 0);
    CHECK(library_alone.last_id > gone);
    CHECK(dlclose(module) == 0);
    CHECK_EQ(sigprof__modules_refresh(), 0);
}

static void tables_of_what_can_go_are_copies(void)
{
    void *module = dlopen(module_path, RTLD_NOW);
    const struct module *found;
    Dl_info info;

    CHECK(module);
    CHECK_EQ(sigprof__modules_refresh(), 0);
    found = find(dlsym(module, "step_module_work"));
    CHECK(found && has_tables(found->cfi));
    CHECK(!dladdr(found->cfi->exidx ? (const void *)found->cfi->exidx
                                    : found->cfi->frames,
                  &info));
    CHECK((found->cfi->exidx ? found->cfi->exidx_delta : found->cfi->delta) !=
          0);
    CHECK_EQ(found->cfi->code_high, 0); /* nor is its code read */
    CHECK(dlclose(module) == 0);
    CHECK_EQ(sigprof__modules_refresh(), 0);
}

static void a_handler_inside_keeps_the_old_snapshot_mapped(void)
{
    const struct module_snapshot *old;
    const struct module *module_of_old = NULL;
    void *module = dlopen(module_path, RTLD_NOW);
    uint32_t sum = 0;

    CHECK(module);
    CHECK_EQ(sigprof__modules_refresh(), 0);
    old = sigprof__modules();
    module_of_old = find(dlsym(module, "step_module_work"));
    library_alone.busy = true;
    CHECK(dlclose(module) == 0);
    CHECK_EQ(sigprof__modules_refresh(), 0);
    CHECK(sigprof__modules() != old);
    for (uint32_t i = 0; i < old->count; i++) /* faults if it was unmapped */
        sum += old->module[i].id + first_of_tables(old->module[i].cfi);
    CHECK(sum > 0);
    CHECK(first_of_tables(module_of_old->cfi) <= 255);
    library_alone.busy = false;
    CHECK_EQ(sigprof__modules_refresh(), 0);
}

static void a_new_file_gets_all_modules_again(void)
{
    unsigned told = library_alone.modules;

    sigprof__modules_repeat();
    CHECK_EQ(library_alone.modules, told + sigprof__modules()->count);
    told = library_alone.modules;
    sigprof__modules_after_fork(false);
    CHECK_EQ(library_alone.modules, told);
    CHECK_EQ(sigprof__modules_refresh(), 0);
    CHECK_EQ(library_alone.modules, told + sigprof__modules()->count);
}

#ifndef __SANITIZE_ADDRESS__ /* which keeps what the loader has freed */
static void loading_a_thousand_times_leaks_nothing(void)
{
    unsigned long before = 0, after = 0;
    FILE *statm;

    for (int i = 0; i < 1000; i++) {
        void *module = dlopen(module_path, RTLD_NOW);

        CHECK(module);
        CHECK_EQ(sigprof__modules_refresh(), 0);
        CHECK(dlclose(module) == 0);
        CHECK_EQ(sigprof__modules_refresh(), 0);
        if (i != 100 && i != 999)
            continue;
        statm = fopen("/proc/self/statm", "r");
        if (!statm)
            test_skip("no /proc/self/statm");
        CHECK(fscanf(statm, "%lu", i == 100 ? &before : &after) == 1);
        fclose(statm);
    }
    if (getenv("SIGPROF_TEST_EMULATOR") && *getenv("SIGPROF_TEST_EMULATOR"))
        puts("skipped: the process's pages, which are the emulator's");
    else
        CHECK(after <= before + 64); /* pages */
}
#endif

/* musl's dlclose does nothing. */
static bool loader_keeps(const char *path)
{
    void *module = dlopen(path, RTLD_NOW | RTLD_NOLOAD);

    if (module)
        dlclose(module);
    return module != NULL;
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    module_path = argv[1];
    RUN(before_the_first_refresh_there_is_no_snapshot);
    RUN(the_first_refresh_tells_every_module);
    RUN(the_snapshot_is_sorted_and_does_not_overlap);
    RUN(the_main_program_and_what_it_needs_are_permanent);
    RUN(the_vdso_has_no_file);
    RUN(without_news_nothing_is_published_or_told);
    RUN(a_loaded_module_is_told_with_its_absolute_path);
    if (loader_keeps(module_path)) {
        puts("skipped: modules that go, which this C library keeps");
        return 0;
    }
    RUN(an_unloaded_module_is_told_and_its_id_is_not_used_again);
    RUN(tables_of_what_can_go_are_copies);
    RUN(a_handler_inside_keeps_the_old_snapshot_mapped);
    RUN(a_new_file_gets_all_modules_again);
#ifndef __SANITIZE_ADDRESS__
    RUN(loading_a_thousand_times_leaks_nothing);
#endif
    return 0;
}
