/* SPDX-License-Identifier: BSD-2-Clause */
/* Modules side by side. Contract: name_impl.h. */
#include "name_impl.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

#define MOST_THREADS 16 /* reading is bound by memory before that */

struct crew {
    struct name_job *jobs;
    size_t count;
    const struct name_options *options;
    pthread_mutex_t lock; /* of next and done */
    pthread_cond_t all_done;
    size_t next, done;
};

static struct name_job *next_job(struct crew *crew, bool one_more)
{
    struct name_job *job = NULL;

    pthread_mutex_lock(&crew->lock);
    crew->done += one_more;
    if (crew->done == crew->count)
        pthread_cond_broadcast(&crew->all_done);
    if (crew->next < crew->count)
        job = &crew->jobs[crew->next++];
    pthread_mutex_unlock(&crew->lock);
    return job;
}

#define TICK_NS 250000000 /* as often as a person can read */

/* Says how far it is, from a thread of its own: one module can take long. */
static void *say_progress(void *arg)
{
    struct crew *crew = arg;
    struct timespec next;

    pthread_mutex_lock(&crew->lock);
    while (crew->done < crew->count) {
        clock_gettime(CLOCK_REALTIME, &next);
        next.tv_nsec += TICK_NS;
        next.tv_sec += next.tv_nsec / 1000000000;
        next.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&crew->all_done, &crew->lock, &next);
        crew->options->progress(crew->options->progress_arg, crew->done,
                                crew->count);
    }
    pthread_mutex_unlock(&crew->lock);
    return NULL;
}

static void *work(void *arg)
{
    struct crew *crew = arg;
    bool one_more = false;
    struct name_job *job;

    while ((job = next_job(crew, one_more)) != NULL) {
        sigprof__sym_resolve(&crew->options->places, &job->module,
                             job->addresses, job->count, job->answers,
                             &job->names, &job->report);
        one_more = true;
    }
    return NULL;
}

void sigprof__name_resolve(const struct name_options *options,
                           struct name_job *jobs, size_t count)
{
    struct crew crew = {.jobs = jobs, .count = count, .options = options};
    pthread_t threads[MOST_THREADS], speaker;
    bool speaks;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t others = 0;

    if (count == 0)
        return;
    pthread_mutex_init(&crew.lock, NULL);
    pthread_cond_init(&crew.all_done, NULL);
    speaks = options->progress &&
             pthread_create(&speaker, NULL, say_progress, &crew) == 0;
    while (others + 1 < (size_t)(processors > 0 ? processors : 1) &&
           others + 1 < count && others < MOST_THREADS &&
           pthread_create(&threads[others], NULL, work, &crew) == 0)
        others++;
    work(&crew);
    while (others)
        pthread_join(threads[--others], NULL);
    if (speaks)
        pthread_join(speaker, NULL);
    pthread_cond_destroy(&crew.all_done);
    pthread_mutex_destroy(&crew.lock);
}
