# SPDX-License-Identifier: BSD-2-Clause
# cmake -DIN=FILE -DOUT=FILE.c -DNAME=SYMBOL -P embed.cmake: a file as an array
# of C, and its length.
file(READ ${IN} hex HEX)
string(LENGTH "${hex}" digits)
math(EXPR size "${digits} / 2")
string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
file(WRITE ${OUT}.new "/* Made from ${IN}. */
#include <stddef.h>
#include \"asset.h\"
const unsigned char ${NAME}[] = {\n${hex}};
const size_t ${NAME}_size = ${size};
")
file(RENAME ${OUT}.new ${OUT})
