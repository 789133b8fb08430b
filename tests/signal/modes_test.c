/* SPDX-License-Identifier: BSD-2-Clause */
/* Modes by calls: a flight recorder's flush, new files, pauses. */
#include <fcntl.h>

#include "sigprof/jit.h"
#include "sigprof/sigprof.h"
#include "support/profile.h"
#include "support/run.h"
#include "support/ticks.h"
#include "test.h"

static struct ticks_thread self;

/* Its own timer never ticks: samples are counted to the last one. */
static void start(unsigned mode, const char *out)
{
    struct sigprof_options options = {.size = sizeof options,
                                      .hz = 1,
                                      .mode = mode,
                                      .ring_bytes = 256 << 10,
                                      .clock = SIGPROF_CLOCK_THREAD,
                                      .out = out};

    CHECK_EQ(sigprof_start(&options), 0);
    CHECK(ticks_self(&self));
    ticks_silence();
}

static void raise_ticks(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        ticks_raise(&self);
}

static uint64_t samples_in(const char *path, uint32_t *ends)
{
    struct profile profile;
    uint64_t samples;

    CHECK_EQ(profile_read(&profile, path), 0);
    samples = profile.samples;
    *ends = profile.ends;
    for (uint32_t i = 1; i < profile.samples; i++)
        if (profile.sample[i].time_ns == profile.sample[i - 1].time_ns)
            FAIL("a sample is there twice");
    profile_free(&profile);
    return samples;
}

static unsigned descriptors(void)
{
    unsigned count = 0;

    for (int i = 0; i < 256; i++)
        count += fcntl(i, F_GETFD) >= 0;
    return count;
}

static void a_flight_recorder_writes_when_it_is_asked(void)
{
    const char *path = run_path("flight.sigprof");
    struct sigprof_stats stats = {.size = sizeof stats};
    unsigned before = descriptors();
    uint32_t ends;

    start(SIGPROF_MODE_FLIGHT, path);
    CHECK_EQ(descriptors(), before); /* and keeps none open */
    raise_ticks(100);
    CHECK_EQ(samples_in(path, &ends), 0);
    CHECK_EQ(sigprof_flush(), 0);
    CHECK_EQ(samples_in(path, &ends), 100);
    CHECK_EQ(ends, 0);
    CHECK_EQ(sigprof_flush(), 0);
    CHECK_EQ(samples_in(path, &ends), 100); /* none twice */
    raise_ticks(50);
    CHECK_EQ(sigprof_flush(), 0);
    CHECK_EQ(samples_in(path, &ends), 150);
    raise_ticks(40000);
    CHECK_EQ(sigprof_stats(&stats), 0);
    CHECK(stats.overwritten > 1000);
    CHECK_EQ(stats.taken + stats.overwritten, 40150);
    CHECK_EQ(sigprof_stop(), 0);
    CHECK_EQ(samples_in(path, &ends), stats.taken);
    CHECK_EQ(ends, 1);
    CHECK_EQ(descriptors(), before);
}

/* What is lost is what the whole ring had no room for, once the first bursts have
 * shown how much of it is needed. */
static void a_ring_that_was_too_small_grows_to_its_size(void)
{
    struct sigprof_options options = {.size = sizeof options,
                                      .hz = 1,
                                      .ring_bytes = 16 << 20,
                                      .clock = SIGPROF_CLOCK_THREAD,
                                      .out = run_path("burst.sigprof")};
    struct sigprof_stats stats = {.size = sizeof stats};
    uint64_t before = 0, lost = 0;

    CHECK_EQ(sigprof_start(&options), 0);
    CHECK(ticks_self(&self));
    ticks_silence();
    for (unsigned burst = 0; burst < 8; burst++) {
        raise_ticks(20000);
        CHECK_EQ(sigprof_flush(), 0);
        CHECK_EQ(sigprof_stats(&stats), 0);
        lost = stats.dropped_full - before;
        before = stats.dropped_full;
    }
    CHECK_EQ(lost, 0);
    CHECK_EQ(stats.taken + stats.dropped_full, 8 * 20000);
    CHECK_EQ(sigprof_stop(), 0);
}

static void a_rotation_by_call_has_a_seam_where_it_was_called(void)
{
    static const unsigned modes[] = {SIGPROF_MODE_RECORD, SIGPROF_MODE_FLIGHT};

    for (unsigned i = 0; i < 2; i++) {
        char first[512], second[600];
        uint32_t ends;

        snprintf(first, sizeof first, "%s", run_path(i ? "b.sigprof" : "a.sigprof"));
        snprintf(second, sizeof second, "%s.2", first);
        CHECK_EQ(sigprof_rotate(), SIGPROF_EOFF);
        start(modes[i], first);
        raise_ticks(30);
        CHECK_EQ(sigprof_rotate(), 0);
        CHECK_EQ(samples_in(first, &ends), 30);
        CHECK_EQ(ends, 1);
        raise_ticks(12);
        CHECK_EQ(sigprof_stop(), 0);
        CHECK_EQ(samples_in(first, &ends), 30);
        CHECK_EQ(samples_in(second, &ends), 12);
        CHECK_EQ(ends, 1);
    }
}

static void a_device_is_not_rotated(void)
{
    start(SIGPROF_MODE_RECORD, "/dev/null");
    raise_ticks(3);
    CHECK_EQ(sigprof_rotate(), SIGPROF_ENOTSUP);
    raise_ticks(3);
    CHECK_EQ(sigprof_flush(), 0);
    CHECK_EQ(sigprof_stop(), 0);
}

static void ticks_while_paused_are_no_samples(void)
{
    const char *path = run_path("paused.sigprof");
    uint32_t ends;

    start(SIGPROF_MODE_RECORD, path);
    raise_ticks(10);
    CHECK_EQ(sigprof_pause(), 0);
    raise_ticks(10);
    CHECK_EQ(sigprof_flush(), 0);
    CHECK_EQ(samples_in(path, &ends), 10);
    CHECK_EQ(sigprof_resume(), 0);
    ticks_silence();
    raise_ticks(5);
    CHECK_EQ(sigprof_stop(), 0);
    CHECK_EQ(samples_in(path, &ends), 15);
}

static void a_name_that_the_program_gives_stays(void)
{
    const char *path = run_path("named.sigprof"), *last = "";
    struct profile profile;

    start(SIGPROF_MODE_RECORD, path);
    CHECK_EQ(sigprof_thread_attach("of its own"), 0);
    raise_ticks(10);
    CHECK_EQ(sigprof_stop(), 0); /* asks the system for names */
    CHECK_EQ(profile_read(&profile, path), 0);
    for (uint32_t i = 0; i < profile.threads; i++)
        if (!profile.thread[i].is_exit)
            last = profile.thread[i].name;
    CHECK_STR(last, "of its own");
    profile_free(&profile);
}

static const char *label_of(const struct profile *profile, uint32_t id)
{
    return id && id <= profile->labels ? profile->label[id - 1].value : "";
}

/* However many threads have come and gone since, the log says what the samples
 * need, and has not lost anything. */
static void *lives_shortly(void *arg)
{
    return arg;
}

static void labels_and_names_outlive_a_full_log(void)
{
    const char *path = run_path("log.sigprof");
    struct sigprof_options options = {.size = sizeof options, .hz = 1,
                                      .mode = SIGPROF_MODE_FLIGHT,
                                      .ring_bytes = 64 << 10,
                                      .clock = SIGPROF_CLOCK_THREAD,
                                      .out = path};
    struct profile profile;
    bool labelled = false;

    CHECK_EQ(sigprof_start(&options), 0);
    CHECK(ticks_self(&self));
    sigprof_label_set(sigprof_label_intern("request", "the only one", 0));
    for (unsigned i = 0; i < 6000; i++) {
        pthread_t thread;
        char name[32];

        CHECK_EQ(pthread_create(&thread, NULL, lives_shortly, NULL), 0);
        CHECK_EQ(pthread_join(thread, NULL), 0);
        snprintf(name, sizeof name, "name number %u", i);
        CHECK_EQ(sigprof_thread_attach(name), 0); /* a record in the log */
        CHECK_EQ(sigprof_thread_detach(), 0);
        if (i % 10)
            continue;
        CHECK_EQ(sigprof_thread_attach(name), 0);
        CHECK(ticks_self(&self));
        raise_ticks(1);
        CHECK_EQ(sigprof_thread_detach(), 0);
    }
    sigprof_label_set(0);
    CHECK_EQ(sigprof_stop(), 0);
    CHECK_EQ(profile_read(&profile, path), 0);
    CHECK_EQ(profile_sheet(&profile, "lost_events"), 0);
    CHECK(profile.samples > 5);
    for (uint32_t i = 0; i < profile.samples; i++)
        labelled |= strcmp(label_of(&profile, profile.sample[i].label),
                           "the only one") == 0;
    CHECK(labelled);
    CHECK(profile.modules >= 2);
    CHECK(profile.threads > 0);
    profile_free(&profile);
}

/* No call ends what is overwritten; a flight recorder's log forgets it all the same. */
static void code_over_code_does_not_fill_the_log(void)
{
    const char *path = run_path("code.sigprof");
    struct sigprof_code code = {.size = sizeof code,
                                .start = (const void *)0x10000,
                                .bytes = 64,
                                .name = "made again and again"};
    struct profile profile;

    start(SIGPROF_MODE_FLIGHT, path);
    CHECK_EQ(sigprof_pause(), 0); /* a sample would need what came behind it */
    for (unsigned i = 0; i < 20000; i++)
        CHECK_EQ(sigprof_code_register(&code), 0);
    CHECK_EQ(sigprof_code_free(code.start), 0);
    CHECK_EQ(sigprof_stop(), 0);
    CHECK_EQ(profile_read(&profile, path), 0);
    CHECK_EQ(profile_sheet(&profile, "lost_events"), 0);
    profile_free(&profile);
}

int main(void)
{
    RUN(a_flight_recorder_writes_when_it_is_asked);
    RUN(a_ring_that_was_too_small_grows_to_its_size);
    RUN(a_rotation_by_call_has_a_seam_where_it_was_called);
    RUN(a_device_is_not_rotated);
    RUN(ticks_while_paused_are_no_samples);
    RUN(a_name_that_the_program_gives_stays);
    RUN(labels_and_names_outlive_a_full_log);
    RUN(code_over_code_does_not_fill_the_log);
    return 0;
}
