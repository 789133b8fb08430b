/* SPDX-License-Identifier: BSD-2-Clause */
/* The header of the profile. Keys: docs/file-format.md, INFO. */
#include "header.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "children.h"
#include "clock/clock.h"
#include "format.h"
#include "os/os.h"
#include "sigprof_impl.h"

#define COMMAND_LINE_MAX 4096 /* enough to tell one run from another */

static void put(struct format_out *out, const char *key, const void *value,
                size_t size)
{
    uint8_t body[COMMAND_LINE_MAX + 256];
    struct format_out in = {body, body + sizeof body, false};

    sigprof__put_string(&in, key, strlen(key));
    sigprof__put_string(&in, value, size);
    sigprof__put_varint(out, FORMAT_INFO);
    sigprof__put_string(out, body, (size_t)(in.at - body));
}

static void put_text(struct format_out *out, const char *key, const char *text)
{
    put(out, key, text, strlen(text));
}

static void put_number(struct format_out *out, const char *key, uint64_t number)
{
    char text[24];

    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    put_text(out, key, text);
}

void sigprof__id_text(const uint8_t *id, char text[33])
{
    for (unsigned i = 0; i < FORMAT_ID_BYTES; i++)
        snprintf(text + 2 * i, 3, "%02x", id[i]);
}

static void put_machine(struct format_out *out)
{
    const uint16_t one = 1;
    char host[256] = "";

    gethostname(host, sizeof host - 1);
    put_text(out, "host", host);
    put_number(out, "word_bits", 8 * sizeof(void *));
    put_text(out, "byte_order",
             *(const uint8_t *)&one ? "little" : "big");
}

static void put_process(struct format_out *out)
{
    struct os_identity who;
    char line[COMMAND_LINE_MAX];

    sigprof__os_identity(&who);
    put_text(out, "os", who.os);
    put_text(out, "cpu", who.cpu);
    put_number(out, "pid", (uint64_t)getpid());
    put_number(out, "ppid", (uint64_t)getppid());
    put_number(out, "pid_namespace", who.pid_namespace);
    put_number(out, "process_start", who.process_start);
    put_number(out, "user", (uint64_t)geteuid());
    put_text(out, "boot_id", who.boot_id);
    put_text(out, "exe", who.exe);
    put_text(out, "comm", who.comm);
    put(out, "cmdline", line, sigprof__os_command_line(line, sizeof line));
}

static void put_session(struct format_out *out, unsigned part)
{
    const struct sigprof__session *session = &sigprof__session;
    const struct sigprof__config *config = &session->config;
    char id[33];

    sigprof__id_text(session->id, id);
    put_text(out, "id", id);
    if (sigprof__parent_id()[0])
        put_text(out, "parent_id", sigprof__parent_id());
    put_number(out, "start_mono_ns", session->start_mono_ns);
    put_number(out, "start_real_ns", session->start_real_ns);
    put_number(out, "hz_asked", config->hz);
    put_number(out, "hz_granted", sigprof__clock_granted_hz(config->hz));
    put_number(out, "period_ns", sigprof__state.period_ns);
    put_text(out, "clock_asked", sigprof__clock_word(config->clock));
    put_text(out, "clock",
             sigprof__clock_word(
                 (unsigned)atomic_load(&sigprof__state.clock)));
    if (session->clock_note)
        put_text(out, "clock_note", session->clock_note);
    put_text(out, "unwind", sigprof__unwind_word(config->unwind));
    put_number(out, "depth", config->depth);
    put_number(out, "ring_bytes", config->ring_bytes);
    put_text(out, "follow", sigprof__follow_word(config->follow));
    put_text(out, "mode", sigprof__mode_word(config->mode));
    put_number(out, "part", part);
    put_text(out, "ring", sigprof__state.ring.path);
}

size_t sigprof__header_records(uint8_t *records, size_t size, unsigned part)
{
    struct format_out out = {records, records + size, false};

    put_text(&out, "version", sigprof_version());
    put_session(&out, part);
    put_machine(&out);
    put_process(&out);
    return out.full ? 0 : (size_t)(out.at - records);
}
