/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The profile against programs that know the truth: shares of ten functions, and
 * the sum against the kernel's CPU time. usage: truth_test PRELOAD WORKLOAD CASE
 *
 * The error is given in standard deviations of a draw of as many ticks (z).
 * Three runs; the pooled z of each function must be at most 4. Where chance has
 * spoiled it the runs are made longer, not the bound wider; a systematic error
 * only grows by that.
 */
#include <math.h>

#include "support/profile.h"
#include "support/run.h"
#include "test.h"

#define FUNCTIONS 10
#define RUNS 3
#define Z_MAX 4.0
#define WEIGHT_OFF_MAX 0.02
#define UNSEEN_MAX_NS 150e3 /* of each thread, at its start and end in the kernel */
#define LONGER_MAX 16 /* times as long, then it has failed */

struct function {
    char name[32];
    unsigned long low, high;
    double truth_ns;
    double weight;
    unsigned ticks;
};

struct pool {
    double weight[FUNCTIONS], share[FUNCTIONS]; /* share: weighted by ticks */
    double total_weight;
    double ticks;
};

static void read_truth(struct function *function, double *process_ns)
{
    FILE *file = fopen(run_path("truth"), "r");

    CHECK(file != NULL);
    for (unsigned i = 0; i < FUNCTIONS; i++) {
        unsigned long long ns;

        CHECK_EQ(fscanf(file, "%31s %lx %lx %llu", function[i].name,
                        &function[i].low, &function[i].high, &ns),
                 4);
        function[i].truth_ns = (double)ns;
        function[i].weight = 0;
        function[i].ticks = 0;
    }
    CHECK_EQ(fscanf(file, " process 0 0 %lf", process_ns), 1);
    fclose(file);
}

static void count_leaves(const struct profile *profile,
                         struct function *function)
{
    for (uint32_t s = 0; s < profile->samples; s++) {
        const struct profile_sample *sample = &profile->sample[s];
        uint64_t pc = profile->node[sample->node].pc;

        for (unsigned i = 0; i < FUNCTIONS; i++)
            if (pc >= function[i].low && pc < function[i].high) {
                function[i].weight += sample->weight;
                function[i].ticks++;
            }
    }
}

struct shape {
    const char *name, *threads, *hz;
    double seconds; /* of CPU, each thread */
    bool brief;     /* many short threads */
};

static void run_shape(const struct shape *shape, double longer, char **argv,
                      struct profile *profile, struct run *run)
{
    char preload[600], out[600], hz[32], seconds[32], threads[32];
    const char *const environment[] = {preload, out, hz, NULL};
    char *command[] = {argv[2], threads, seconds,
                       (char *)(size_t)run_path("truth"),
                       shape->brief ? (char *)(size_t) "short" : NULL, NULL};

    snprintf(preload, sizeof preload, "LD_PRELOAD=%s", argv[1]);
    snprintf(out, sizeof out, "SIGPROF_OUT=%s", run_path("truth.sigprof"));
    snprintf(hz, sizeof hz, "SIGPROF_HZ=%s", shape->hz);
    snprintf(threads, sizeof threads, "%d",
             (int)(atoi(shape->threads) * (shape->brief ? longer : 1)));
    snprintf(seconds, sizeof seconds, "%g",
             shape->seconds * (shape->brief ? 1 : longer));
    *run = (struct run){.argv = command, .environment = environment,
                        .limit_seconds = 900};
    run_program(run);
    if (!WIFEXITED(run->status) || WEXITSTATUS(run->status) != 0)
        FAIL("status %#x: %s", (unsigned)run->status, run->err);
    CHECK_EQ(profile_read(profile, run_path("truth.sigprof")), 0);
    CHECK_EQ(profile->damaged, 0);
    CHECK_EQ(profile->ends, 1);
    CHECK_EQ(profile->samples, profile_sheet(profile, "taken"));
    CHECK_EQ(profile->periods, profile_sheet(profile, "taken") +
                                   profile_sheet(profile, "overrun"));
    run_free(run);
}

/* The sheet against itself, and against the kernel's own figure for the process
 * as its parent is told it (start-up and exit are in that one). */
static double check_sheet(const struct profile *profile, const struct run *run)
{
    double period = atof(profile_info(profile, "period_ns"));
    double due = (double)profile_sheet(profile, "due_ns");
    double kernel = 1e9 * run_cpu_seconds(run);
    double unseen = (double)profile_sheet(profile, "unsampled_unseen_ns");
    double imbalance = profile_imbalance(profile);

    printf("   due %.1f ms, the kernel says %.1f; taken+overrun %.1f, "
           "unsampled %.1f at exits, %.1f running, %.1f unseen, own %.1f; "
           "off by %.2g %%\n",
           1e-6 * due, 1e-6 * kernel, 1e-6 * period * (double)profile->periods,
           1e-6 * (double)profile_sheet(profile, "unsampled_exit_ns"),
           1e-6 * (double)profile_sheet(profile, "unsampled_running_ns"),
           1e-6 * unseen,
           1e-6 * (double)profile_sheet(profile, "own_ns"), 100 * imbalance);
    CHECK(fabs(imbalance) <= WEIGHT_OFF_MAX);
    CHECK(fabs(due - kernel) <= WEIGHT_OFF_MAX * kernel + 4e6);
    CHECK(fabs(unseen) <=
          WEIGHT_OFF_MAX * due +
              UNSEEN_MAX_NS * (double)profile_sheet(profile, "threads"));
    CHECK_EQ(profile->kernel_periods * (uint64_t)period,
             profile_sheet(profile, "unsampled_kernel_ns"));
    return period * (double)(profile->periods + profile->kernel_periods) / due;
}

static double share_error(double got, double want, double ticks)
{
    return (got - want) / sqrt(want * (1 - want) / ticks);
}

/* Returns the largest |z| of the pool. */
static double report(const struct pool *pool, const struct function *function)
{
    double worst = 0, chi_square = 0;

    for (unsigned i = 0; i < FUNCTIONS; i++) {
        double want = pool->share[i] / pool->ticks;
        double got = pool->weight[i] / pool->total_weight;
        double z = share_error(got, want, pool->ticks);

        chi_square += pool->ticks * (got - want) * (got - want) / want;
        printf("   %s: %6.2f %% of %6.2f %%, z %+.2f\n", function[i].name,
               100 * got, 100 * want, z);
        worst = fmax(worst, fabs(z));
    }
    printf("   %.0f ticks; chi-square %.1f with 9 degrees of freedom; "
           "largest z %.2f\n",
           pool->ticks, chi_square, worst);
    return worst;
}

static void add(struct pool *pool, const struct function *function)
{
    double truth = 0, weight = 0, ticks = 0;

    for (unsigned i = 0; i < FUNCTIONS; i++) {
        truth += function[i].truth_ns;
        weight += function[i].weight;
        ticks += function[i].ticks;
    }
    for (unsigned i = 0; i < FUNCTIONS; i++) {
        pool->weight[i] += function[i].weight / weight * ticks;
        pool->share[i] += function[i].truth_ns / truth * ticks;
    }
    pool->total_weight += ticks;
    pool->ticks += ticks;
}

static void shares_are_the_truth(const struct shape *shape, char **argv)
{
    struct function function[FUNCTIONS];
    double worst = 0, weight_off = 1;

    for (double longer = 1; longer <= LONGER_MAX; longer *= 2) {
        struct pool pool;

        memset(&pool, 0, sizeof pool);
        weight_off = 0;
        for (unsigned i = 0; i < RUNS; i++) {
            struct profile profile;
            struct run run;
            double process_ns, weight;

            run_shape(shape, longer, argv, &profile, &run);
            read_truth(function, &process_ns);
            count_leaves(&profile, function);
            weight = check_sheet(&profile, &run);
            weight_off = fmax(weight_off, fabs(weight - 1));
            add(&pool, function);
            profile_free(&profile);
        }
        worst = report(&pool, function);
        printf("   weight is off by %.2f %% at most\n", 100 * weight_off);
        if (worst <= Z_MAX && weight_off <= WEIGHT_OFF_MAX)
            return;
        printf("   again, twice as long\n");
    }
    FAIL("z %.2f (at most %.0f), weight off by %.2f %% (at most 2)", worst,
         Z_MAX, 100 * weight_off);
}

/* Nearly all of these live shorter than a period, some between two ticks. */
static void short_threads_are_accounted_for(const struct shape *shape,
                                            char **argv)
{
    for (double longer = 1; longer <= LONGER_MAX; longer *= 2) {
        struct function function[FUNCTIONS];
        struct profile profile;
        struct run run;
        double process_ns;
        unsigned missing = 0, exits = 0;

        run_shape(shape, longer, argv, &profile, &run);
        read_truth(function, &process_ns);
        count_leaves(&profile, function);
        printf("   sampled: %.1f %% of the CPU time\n",
               100 * check_sheet(&profile, &run));
        CHECK(profile_sheet(&profile, "threads") >=
              (int64_t)(atoi(shape->threads) * longer));
        for (uint32_t i = 0; i < profile.threads; i++)
            exits += profile.thread[i].is_exit;
        CHECK_EQ(exits, profile_sheet(&profile, "threads"));
        for (unsigned i = 0; i < FUNCTIONS; i++)
            missing += function[i].ticks == 0;
        profile_free(&profile);
        if (!missing)
            return;
        printf("   %u functions were not seen; again, twice as many\n", missing);
    }
    FAIL("a function never appears");
}

int main(int argc, char **argv)
{
    static const struct shape shapes[] = {
        {"1", "1", "997", 1.5, false},
        {"1-at-99", "1", "99", 1.5, false},
        {"8", "8", "997", 0.6, false},
        {"400-short", "400", "997", 0.005, true},
        {"400-short-at-99", "400", "99", 0.005, true}};

    CHECK_EQ(argc, 4);
    for (unsigned i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        if (strcmp(shapes[i].name, argv[3]) != 0)
            continue;
        if (shapes[i].brief)
            short_threads_are_accounted_for(&shapes[i], argv);
        else
            shares_are_the_truth(&shapes[i], argv);
        return 0;
    }
    return 2;
}
