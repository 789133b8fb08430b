/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names that may stand in a folded line. Contract: name.h.
 */
#include "name_impl.h"

#include <stdlib.h>

size_t sigprof__name_utf8(const uint8_t *at, size_t size)
{
    uint32_t code;
    size_t length = at[0] < 0x80 ? 1 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

    if (length == 1)
        return 1;
    if (at[0] < 0xc2 || at[0] > 0xf4 || length > size)
        return 0;
    code = at[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (at[i] & 0x3f);
    }
    if (code < least[length] || code > 0x10ffff ||
        (code >= 0xd800 && code < 0xe000) || (code & 0xfffe) == 0xfffe)
        return 0;
    return length;
}

/* flamegraph.pl takes a number behind a blank for a second column. */
static void guard_number(char *name, size_t size)
{
    size_t at = size;

    while (at > 0 && ((name[at - 1] >= '0' && name[at - 1] <= '9') ||
                      name[at - 1] == '.'))
        at--;
    if (at > 0 && at < size && name[at - 1] == ' ')
        name[at - 1] = '_';
}

#define IN_EACH_BYTE(byte) ((byte)*UINT64_C(0x0101010101010101))

/* The top bit of a byte is set if one is above 0x7e, below a blank, or a
 * semicolon. What is carried from one byte to the next comes from such bytes.
 */
static uint64_t odd_bytes(uint64_t eight)
{
    return eight | (eight + IN_EACH_BYTE(1)) | (eight - IN_EACH_BYTE(0x20)) |
           ((eight ^ IN_EACH_BYTE(0x3b)) - IN_EACH_BYTE(1));
}

/* Most names: no byte that is changed, and none above ASCII. */
static bool is_plain(struct text in)
{
    uint64_t eight, odd = 0;
    size_t at = 0;

    for (; at + 8 <= in.size; at += 8) {
        memcpy(&eight, in.at + at, 8);
        odd |= odd_bytes(eight);
    }
    for (; at < in.size; at++)
        odd |= odd_bytes(IN_EACH_BYTE((uint64_t)(uint8_t)in.at[at]));
    return !(odd & IN_EACH_BYTE(0x80));
}

static size_t make_printable(struct text in, bool semicolons, char *out)
{
    size_t at = 0, size = 0;

    if (is_plain(in)) {
        memcpy(out, in.at, in.size);
        return in.size;
    }

    while (at < in.size) {
        uint8_t byte = (uint8_t)in.at[at];
        size_t length =
            sigprof__name_utf8((const uint8_t *)in.at + at, in.size - at);

        if (length == 0) {
            memcpy(out + size, "\xef\xbf\xbd", 3);
            size += 3;
            at++;
        } else {
            memcpy(out + size, in.at + at, length);
            if (byte == ';' && !semicolons)
                out[size] = ':';
            else if (byte < 0x20 || byte == 0x7f)
                out[size] = '?';
            size += length;
            at += length;
        }
    }
    return size;
}

size_t sigprof__name_sanitize(struct text in, char *out)
{
    size_t size = make_printable(in, false, out);

    if (size == 0) {
        memcpy(out, "[unknown]", 9);
        return 9;
    }
    guard_number(out, size);
    return size;
}

/* Does it stay as it is? */
bool sigprof__name_is_safe(struct text text)
{
    uint8_t last = text.size ? (uint8_t)text.at[text.size - 1] : 0;

    return text.size && (last < '0' || last > '9') && last != '.' &&
           is_plain(text);
}

static uint32_t intern_safe(struct strings *strings, struct text text,
                            bool is_frame)
{
    char small[512], *out = small;
    size_t room = 0, size;
    uint32_t id;

    if (is_frame && sigprof__name_is_safe(text))
        return sigprof__strings_add(strings, text);

    if (3 * text.size + 16 > sizeof small)
        out = sigprof__store_grow(NULL, &room, 3 * text.size + 16, 1);
    size = is_frame ? sigprof__name_sanitize(text, out)
                    : make_printable(text, true, out);
    id = sigprof__strings_add(strings, (struct text){out, size});
    if (out != small)
        free(out);
    return id;
}

uint32_t sigprof__name_safe(struct strings *strings, struct text text)
{
    return intern_safe(strings, text, true);
}

uint32_t sigprof__name_readable(struct strings *strings, struct text text)
{
    return intern_safe(strings, text, false);
}

struct text sigprof__name_path(struct text path)
{
    static const char deleted[] = " (deleted)";
    const size_t size = sizeof deleted - 1;

    if (path.size > size &&
        memcmp(path.at + path.size - size, deleted, size) == 0)
        path.size -= size;
    return path;
}

struct text sigprof__name_base(struct text path)
{
    path = sigprof__name_path(path);
    for (size_t i = path.size; i-- > 0;)
        if (path.at[i] == '/')
            return (struct text){path.at + i + 1, path.size - i - 1};
    return path;
}
