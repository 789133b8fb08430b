/* SPDX-License-Identifier: BSD-2-Clause */
/* The walk of examples/lua.c, ten Lua functions deep. */
extern int example_main(int argc, char **argv);

#define main example_main
#include "../examples/lua.c"
#undef main

#include "guest-cost.h"

static int measure(lua_State *L)
{
    struct sigprof_guest guest = {.walk = list_frames, .state = L};

    guest_cost("Lua 5.4", &guest);
    return 0;
}

int main(void)
{
    static const char program[] = "function deep(n)\n"
                                  "    if n > 1 then deep(n - 1) else measure() end\n"
                                  "    return 0\n"
                                  "end\n"
                                  "deep(10)\n";
    static char copy[sizeof program];
    lua_State *L = luaL_newstate();

    luaL_openlibs(L);
    lua_register(L, "measure", measure);
    script_name = "program.lua";
    strcpy(copy, program);
    if (luaL_loadbuffer(L, program, strlen(program), script_name) != LUA_OK)
        return 1;
    script_source = ((const struct closure *)lua_topointer(L, -1))->proto->source;
    tell_names(copy);
    if (lua_pcall(L, 0, 0, 0) != LUA_OK)
        return 1;
    lua_close(L);
    return 0;
}
