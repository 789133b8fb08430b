/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of the storm that needs C++: exceptions over many frames. */
#include <stdexcept>
#include <string>

extern "C" void storm_throw(unsigned depth);

namespace {

struct held {
    std::string text;
    explicit held(unsigned depth) : text(std::to_string(depth) + " is the depth")
    {
    }
};

__attribute__((noinline)) void dive(unsigned depth)
{
    held one(depth);
    if (depth == 0)
        throw std::runtime_error(one.text);
    dive(depth - 1);
    one.text += "x";
}

} // namespace

extern "C" void storm_throw(unsigned depth)
{
    try {
        dive(depth);
    } catch (const std::exception &) {
    }
}
