/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One line a sample, in the order of the file:
 *
 *   SECONDS.NANOSECONDS pid=N tid=N weight=N end=WORD steps=guessed state=WORD late=NS labels=K:V,… FRAMES
 *
 * steps is there where one was a guess, state where the clock tells it, late where the sample had to wait for the
 * program. The fields have no blanks in them; FRAMES are as in a folded line and run to
 * the end of the line.
 */
#include "view.h"

#include "name.h"

#include <inttypes.h>

/* A field's words: blanks, and what separates fields' parts, become _. */
static void put_word(FILE *out, struct text text)
{
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.at[i];

        fputc(c <= ' ' || c == 0x7f || c == ',' || c == ';' ? '_' : c, out);
    }
}

static void put_labels(struct view_raw *view,
                       const struct model_process *process, uint32_t label)
{
    const struct model_label *at;
    const char *separator = "";

    fputs(" labels=", view->out);
    if (!label)
        fputc('-', view->out);
    while (label && (at = sigprof__model_label(process, label)) != NULL) {
        fputs(separator, view->out);
        put_word(view->out, sigprof__model_text(view->model, at->key));
        fputc(':', view->out);
        put_word(view->out, sigprof__model_text(view->model, at->value));
        separator = ",";
        label = at->parent < label ? at->parent : 0;
    }
}

/* Puts them into view->frames. */
static size_t frames_of(struct view_raw *view, uint32_t context, uint32_t node,
                        size_t *roots)
{
    size_t count;

    while ((count = sigprof__fold_frames(view->model, view->options, context,
                                         node, view->frames, view->room,
                                         roots)) > view->room)
        view->frames = sigprof__store_grow(
            view->frames, &view->room, view->room + 1024, sizeof *view->frames);
    return count;
}

void sigprof__view_raw(void *view_raw, const struct read_sample *sample,
                       uint32_t context, uint32_t node)
{
    struct view_raw *view = view_raw;
    const struct model_context *in = &view->model->contexts[context];
    const struct model_process *process = &view->model->processes[in->process];
    uint64_t time_ns = sample->time_ns + process->shift_ns;
    const struct fold_frame *frames;
    size_t roots, count;
    bool focus = view->options->focus == NULL;

    if (!sigprof__fold_thread_passes(view->model, view->options, context))
        return;
    count = frames_of(view, context, node, &roots);
    frames = view->frames;
    for (size_t i = roots; i < count; i++) {
        struct text name = sigprof__model_text(view->model, frames[i].name);

        if (view->options->ignore &&
            sigprof__fold_matches(view->options->ignore, name))
            return;
        focus = focus || sigprof__fold_matches(view->options->focus, name);
    }
    if (!focus)
        return;
    view->lines++;
    fprintf(view->out,
            "%" PRIu64 ".%09" PRIu64 " pid=%" PRIu64 " tid=%u weight=%" PRIu64
            " end=",
            time_ns / 1000000000, time_ns % 1000000000, process->pid,
            sample->tid, sample->weight);
    put_word(view->out, sigprof__text(sigprof__fold_end_name(in->end)));
    if (sample->end & FORMAT_END_GUESSED)
        fputs(" steps=guessed", view->out);
    if (sample->state) {
        fputs(" state=", view->out);
        put_word(view->out,
                 sigprof__text(sigprof__fold_state_name(sample->state)));
    }
    if (sample->lag_ns)
        fprintf(view->out, " late=%" PRIu64, sample->lag_ns);
    put_labels(view, process, sample->label);
    for (size_t i = 0; i < count; i++) {
        struct text name = sigprof__model_text(view->model, frames[i].name);

        fputc(i ? ';' : ' ', view->out);
        fwrite(name.at, 1, name.size, view->out);
    }
    fputc('\n', view->out);
}
