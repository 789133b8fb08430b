/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A screen by the few ANSI sequences that every terminal knows. Contract:
 * terminal.h. The signals that end us only set a flag, so that the terminal is
 * always given back by the one function that does it.
 */
#include "terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define LINES_WITHOUT 20 /* functions in a table that no terminal bounds */

static struct termios before;
static bool is_terminal, has_keys;
static volatile sig_atomic_t ended, resized;

static void on_end(int number)
{
    (void)number;
    ended = 1;
}

static void on_resize(int number)
{
    (void)number;
    resized = 1;
}

static void take_signals(void)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    struct sigaction action = {.sa_handler = on_end};

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        sigaction(ends[i], &action, NULL);
    action.sa_handler = on_resize;
    sigaction(SIGWINCH, &action, NULL);
    action.sa_handler = SIG_IGN; /* a closed pipe is seen as an error */
    sigaction(SIGPIPE, &action, NULL);
}

bool sigprof__terminal_is_one(void)
{
    return is_terminal;
}

void sigprof__terminal_begin(void)
{
    struct termios raw;

    take_signals();
    is_terminal = isatty(STDOUT_FILENO);
    has_keys = is_terminal && isatty(STDIN_FILENO) &&
               tcgetattr(STDIN_FILENO, &before) == 0;
    if (has_keys) {
        raw = before;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    if (is_terminal)
        fputs("\033[?1049h\033[?25l", stdout); /* the other screen, no cursor */
}

void sigprof__terminal_end(void)
{
    if (is_terminal)
        fputs("\033[?25h\033[?1049l", stdout);
    fflush(stdout);
    if (has_keys)
        tcsetattr(STDIN_FILENO, TCSANOW, &before);
    is_terminal = has_keys = false;
}

static void measure(size_t *columns, size_t *lines)
{
    struct winsize size;

    *columns = 80;
    *lines = 24;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col &&
        size.ws_row) {
        *columns = size.ws_col;
        *lines = size.ws_row;
    }
}

/* A line in so many columns; a character is what begins no UTF-8 tail. */
static void put_line(const char *line, size_t size, size_t columns)
{
    size_t used = 0;

    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)line[i];

        used += (c & 0xc0) != 0x80;
        if (used > columns)
            break;
        putchar(c);
    }
}

bool sigprof__terminal_draw(const char *header, const char *text)
{
    size_t columns = (size_t)-1, lines = LINES_WITHOUT + 2;

    if (is_terminal) {
        measure(&columns, &lines);
        fputs("\033[H", stdout);
    }
    resized = 0;
    put_line(header, strlen(header), columns);
    for (size_t i = 1; i < lines && *text; i++) {
        size_t size = strcspn(text, "\n");

        fputs(is_terminal ? "\033[K\r\n" : "\n", stdout);
        put_line(text, size, columns);
        text += size + (text[size] == '\n');
    }
    fputs(is_terminal ? "\033[J" : "\n\n", stdout);
    return fflush(stdout) == 0 && !ferror(stdout);
}

bool sigprof__terminal_wait(double seconds)
{
    struct pollfd keys = {.fd = has_keys ? STDIN_FILENO : -1, .events = POLLIN};
    char key;

    if (ended || resized)
        return !ended;
    if (poll(&keys, 1, (int)(seconds * 1000)) > 0 &&
        (read(STDIN_FILENO, &key, 1) != 1 || key == 'q' || key == 'Q'))
        return false;
    return !ended;
}
