/* SPDX-License-Identifier: BSD-2-Clause */
/* V8's names for code, as node 16 to 26 give them. */
#include "jit/v8-name.h"

#include <string.h>

#include "test.h"

static struct v8_name name;

static void take(const char *text)
{
    sigprof__v8_name(&name, text, strlen(text));
}

static void a_function_has_its_file_and_line(void)
{
    take("JS:*hash_small /srv/my app.js:4:20");
    CHECK_STR(name.function, "hash_small");
    CHECK_STR(name.file, "/srv/my app.js");
    CHECK_EQ(name.line, 4);
    take("JS:~Module._extensions..js node:internal/modules/cjs/loader:1604:37");
    CHECK_STR(name.function, "Module._extensions..js");
    CHECK_STR(name.file, "node:internal/modules/cjs/loader");
    CHECK_EQ(name.line, 1604);
    take("JS:^get size file:///srv/a.mjs:7:3");
    CHECK_STR(name.function, "get size");
    CHECK_STR(name.file, "file:///srv/a.mjs");
    CHECK_EQ(name.line, 7);
    take("JS:~run [eval]:2:1");
    CHECK_STR(name.function, "run");
    CHECK_STR(name.file, "[eval]");
}

static void marks_of_how_it_was_compiled_are_left_out(void)
{
    static const char *const marks[] = {"", "~", "^", "+", "*", "*'", "o*", "o+"};

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        char text[64];

        snprintf(text, sizeof text, "JS:%sobject /a.js:1:2", marks[i]);
        take(text);
        CHECK_STR(name.function, "object");
    }
    take("JS:*o /a.js:1:2");
    CHECK_STR(name.function, "o");
}

static void an_anonymous_function_is_known_by_its_place(void)
{
    take("JS:~ /srv/app.js:9:1");
    CHECK_STR(name.function, "(anonymous) app.js:9");
    take("JS:* node:internal/crypto/hash:81:3");
    CHECK_STR(name.function, "(anonymous) node:internal/crypto/hash:81");
    take("JS:~");
    CHECK_STR(name.function, "(anonymous)");
    CHECK_STR(name.file, "");
}

static void older_names_lack_the_column_or_the_line(void)
{
    take("LazyCompile:*main_loop /srv/app.js:15");
    CHECK_STR(name.function, "main_loop");
    CHECK_STR(name.file, "/srv/app.js");
    CHECK_EQ(name.line, 15);
    take("Function:~main_loop /srv/app.js");
    CHECK_STR(name.function, "main_loop");
    CHECK_STR(name.file, "/srv/app.js");
    CHECK_EQ(name.line, 0);
}

static void code_of_no_script_is_named_as_the_symbols_are(void)
{
    take("Builtin:ArrayMap");
    CHECK_STR(name.function, "Builtins_ArrayMap");
    CHECK(name.is_builtin);
    take("BytecodeHandler:Add");
    CHECK_STR(name.function, "Builtins_AddHandler");
    CHECK(name.is_builtin);
    take("BytecodeHandler:AddHandler");
    CHECK_STR(name.function, "Builtins_AddHandler");
    take("RegExp:a b+:1:2");
    CHECK_STR(name.function, "RegExp:a b+:1:2");
    CHECK(!name.is_builtin);
    CHECK_STR(name.file, "");
    CHECK_EQ(name.line, 0);
    take("");
    CHECK_STR(name.function, "(code)");
}

static void webassembly_has_one_name_for_all_its_code(void)
{
    take("sum-17-turbofan");
    CHECK_STR(name.function, "sum");
    take("wasm-function[3]-3-liftoff");
    CHECK_STR(name.function, "wasm-function[3]");
    take("sum-turbofan");
    CHECK_STR(name.function, "sum-turbofan");
    take("-1-turbofan");
    CHECK_STR(name.function, "-1-turbofan");
    take("js-to-wasm:i:i-turbofan");
    CHECK_STR(name.function, "js-to-wasm:i:i-turbofan");
}

static void any_size_is_taken(void)
{
    char text[4096];

    memset(text, 'x', sizeof text);
    memcpy(text, "JS:*", 4);
    sigprof__v8_name(&name, text, sizeof text);
    CHECK_EQ(strlen(name.function), V8_TEXT_BYTES - 1 - 4);
    memcpy(text, "JS:* /", 6);
    text[400] = ':';
    text[401] = '1';
    sigprof__v8_name(&name, text, 402);
    CHECK_HAS(name.function, "(anonymous) xxxx");
    memcpy(text, "Builtin:", 8);
    sigprof__v8_name(&name, text, sizeof text);
    CHECK_HAS(name.function, "Builtins_xxxx");
}

int main(void)
{
    RUN(a_function_has_its_file_and_line);
    RUN(marks_of_how_it_was_compiled_are_left_out);
    RUN(an_anonymous_function_is_known_by_its_place);
    RUN(older_names_lack_the_column_or_the_line);
    RUN(code_of_no_script_is_named_as_the_symbols_are);
    RUN(webassembly_has_one_name_for_all_its_code);
    RUN(any_size_is_taken);
    return 0;
}
