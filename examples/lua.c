/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lua 5.4, embedded: functions of the script by name and line, in one stack with the
 * C code that they call and that calls them.
 *
 *      cc -O2 lua.c -I/usr/include/lua5.4 -Wl,--wrap=lua_resume -l:liblua5.4.a -lm \
 *          $(pkg-config --cflags --libs sigprof) -o lua
 *      ./lua [lua.sigprof [script.lua]]
 *      sigprof-fold --by line lua.sigprof
 *
 * Lua's own lua_getinfo is not for signals: it may find the VM in the middle of
 * anything. So the VM's memory is read as what it is, by reads that cannot fault.
 */
#include <sigprof/jit.h>

#include <lauxlib.h>
#include <lualib.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The beginnings of Lua 5.4's objects, as far as they are needed here. */
#if LUA_VERSION_NUM != 504 || UINTPTR_MAX != UINT64_MAX
#error "this example knows the 64-bit layout of Lua 5.4"
#endif
struct state { /* lua_State */
    void *next;
    uint8_t tag, marked, status, allow_hook;
    uint16_t calls;
    void *top, *global;
    const struct call *call;
};
struct call { /* CallInfo */
    const struct value *function;
    void *top;
    const struct call *previous, *next;
    const uint32_t *saved_pc; /* of a Lua function */
    void *more[2];
    int scratch;
    int16_t results;
    uint16_t status;
};
#define STATUS_C 2     /* a C function: its native frames are there */
#define STATUS_FRESH 4 /* it began an activation of luaV_execute */
struct value { /* TValue */
    const struct closure *closure;
    uint8_t tag;
};
#define TAG_LUA_FUNCTION 0x46
struct closure { /* LClosure */
    void *next;
    uint8_t tag, marked, upvalues;
    void *gray;
    const struct proto *proto;
};
struct proto {
    void *next;
    uint8_t tag, marked, parameters, is_vararg, stack;
    int upvalues, constants, code_size, line_infos, protos, locals, known_lines;
    int first_line, last_line;
    void *k;
    const uint32_t *code;
    void *p, *u;
    const int8_t *line_info;               /* difference to the line before */
    const struct { int pc, line; } *known; /* now and then the line itself */
    void *v;
    const void *source;
};

/* The loop; static libraries show it to whom they are linked with. */
extern void luaV_execute(lua_State *L, struct call *call);

#define LINES_MAX 10000
static uint32_t function_at[LINES_MAX]; /* that begins in this line of the script */
static const void *script_source;
static const char *script_name;

/* ---- Inside the signal ---------------------------------------------------- */

/* The line of the instruction before saved; of one that runs, the last one that could
 * have failed. */
static uint32_t line_of(struct sigprof_walk *walk, const struct proto *proto,
                        const uint32_t *saved)
{
    long pc = saved - proto->code - 1, from = -1, line = proto->first_line;
    struct { int pc, line; } known;
    int8_t steps[256];

    for (int i = 0; i < proto->known_lines && i < 100; i++) {
        if (!sigprof_walk_read(walk, &known, proto->known + i, sizeof known) ||
            known.pc > pc)
            break;
        from = known.pc;
        line = known.line;
    }
    if (pc < 0 || pc >= proto->line_infos || pc - from > 256 ||
        !sigprof_walk_read(walk, steps, proto->line_info + from + 1,
                           (size_t)(pc - from)))
        return (uint32_t)proto->first_line;
    for (long i = 0; i < pc - from; i++)
        line += steps[i];
    return (uint32_t)line;
}

static uint32_t number_of(struct sigprof_walk *walk, const struct proto *proto)
{
    if (proto->source != script_source)
        return sigprof_walk_function(walk, "function of another file", NULL, 0);
    if (proto->first_line == 0)
        return sigprof_walk_function(walk, "main chunk", script_name, 0);
    if (proto->first_line < LINES_MAX && function_at[proto->first_line])
        return function_at[proto->first_line];
    return sigprof_walk_function(walk, "function without a name", script_name,
                                 (uint32_t)proto->first_line);
}

/* Innermost first. A call that is half made is left out. */
static int list_frames(struct sigprof_guest *guest, struct sigprof_walk *walk)
{
    struct state state;
    struct call call;
    struct value function;
    struct closure closure;
    struct proto proto;

    if (!sigprof_walk_read(walk, &state, guest->state, sizeof state))
        return -1;
    for (int i = 0; state.call && i < 1000; i++, state.call = call.previous) {
        if (!sigprof_walk_read(walk, &call, state.call, sizeof call))
            return -1;
        if (call.status & STATUS_C)
            continue;
        if (!sigprof_walk_read(walk, &function, call.function, sizeof function) ||
            function.tag != TAG_LUA_FUNCTION ||
            !sigprof_walk_read(walk, &closure, function.closure,
                               sizeof closure) ||
            !sigprof_walk_read(walk, &proto, closure.proto, sizeof proto))
            continue;
        if (!sigprof_walk_frame(walk, number_of(walk, &proto),
                                line_of(walk, &proto, call.saved_pc), NULL,
                                call.status & STATUS_FRESH
                                    ? SIGPROF_FRAME_ENTRY
                                    : 0))
            break;
    }
    return 0;
}

/* ---- Ordinary code -------------------------------------------------------- */

/* Lua has values, not names: a function gets the one by which it is defined. */
static void tell_names(char *text)
{
    uint32_t line = 1;

    for (char *at = text; at && line < LINES_MAX; line++) {
        char *end = strchr(at, '\n'), *name = strstr(at, "function ");

        if (end)
            *end = '\0';
        if (name && (!end || name < end) && strchr(name, '(')) {
            name += strlen("function ");
            *strchr(name, '(') = '\0';
            function_at[line] = sigprof_function_intern(name, script_name, line);
        }
        at = end ? end + 1 : NULL;
    }
}

/* Coroutines: the linker puts this in front of the library's (--wrap). A coroutine's
 * frames are on top of those of who resumed it. */
extern int __real_lua_resume(lua_State *L, lua_State *from, int arguments, int *results);
extern int __wrap_lua_resume(lua_State *L, lua_State *from, int arguments, int *results);

int __wrap_lua_resume(lua_State *L, lua_State *from, int arguments, int *results)
{
    struct sigprof_guest guest = {.walk = list_frames, .state = L}, *before;
    int status;

    before = sigprof_guest_enter(NULL);
    guest.outer = before;
    sigprof_guest_enter(&guest);
    status = __real_lua_resume(L, from, arguments, results);
    sigprof_guest_enter(before);
    return status;
}

static char script[] = "function hot_a(n) local x = 0 for i = 1, n do x = x + i % 7 end end\n"
                       "function hot_b(n) hot_a(n) end\n"
                       "function each(c) hot_b(100000) end\n"
                       "for i = 1, 40 do\n"
                       "    ('abcde'):gsub('.', each)\n"
                       "end\n";

static char *read_script(const char *path)
{
    static char text[LINES_MAX * 20];
    FILE *file = fopen(path, "r");

    if (!file || fread(text, 1, sizeof text - 1, file) == 0) {
        perror(path);
        exit(1);
    }
    fclose(file);
    return text;
}

int main(int argc, char **argv)
{
    struct sigprof_options options = {.size = sizeof options, .hz = 199};
    char *text = argc > 2 ? read_script(argv[2]) : script;
    lua_State *L = luaL_newstate();
    struct sigprof_guest guest = {.walk = list_frames, .state = L};
    const struct closure *chunk;
    int code;

    options.out = argc > 1 ? argv[1] : "lua.sigprof";
    script_name = argc > 2 ? argv[2] : "script.lua";
    luaL_openlibs(L);
    if (luaL_loadbuffer(L, text, strlen(text), script_name) != LUA_OK) {
        fprintf(stderr, "%s\n", lua_tostring(L, -1));
        return 1;
    }
    chunk = lua_topointer(L, -1);
    script_source = chunk->proto->source;
    tell_names(text);
    sigprof_loop_declare((const void *)(uintptr_t)luaV_execute, 0);
    sigprof_guest_enter(&guest);
    code = sigprof_start(&options);
    if (code == 0) {
        if (lua_pcall(L, 0, 0, 0) != LUA_OK)
            fprintf(stderr, "%s\n", lua_tostring(L, -1));
        code = sigprof_stop();
    }
    sigprof_guest_enter(NULL);
    lua_close(L);
    if (code)
        fprintf(stderr, "%s: %s\n", options.out, sigprof_strerror(code));
    else
        printf("wrote %s\n", options.out);
    return code != 0;
}
