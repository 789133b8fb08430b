// SPDX-License-Identifier: BSD-2-Clause
// Exceptions to be single-stepped: through frames with and without destructors,
// caught by type and by base, thrown again.
#include <stdexcept>
#include <string>

namespace {

const unsigned KINDS = 12; // of things thrown
volatile long sink;

struct guard {
    explicit guard(int number) : n(number) {}
    ~guard() { sink = sink + n; }
    int n;
};

struct other {};

__attribute__((noinline)) void one(unsigned round)
{
    switch (round % KINDS) {
    case 0:
        throw 7;
    case 1:
        throw std::runtime_error("five frames up");
    case 2:
        throw other();
    case 3:
        throw std::string("by value");
    case 4:
        throw std::logic_error("caught by the third");
    case 5:
        throw "a pointer";
    case 6:
        throw std::out_of_range("caught by its base");
    case 7:
        throw 3.5;
    case 8:
        throw 8u;
    case 9:
        throw L'w';
    case 10:
        throw true;
    default:
        throw 'c';
    }
}

__attribute__((noinline)) void two(unsigned round)
{
    guard here(2);
    one(round);
    sink = sink + 1;
}

__attribute__((noinline)) void three(unsigned round)
{
    volatile char bytes[300];
    bytes[round % 300] = 1;
    two(round);
    sink = bytes[7];
}

__attribute__((noinline)) void four(unsigned round)
{
    try {
        three(round);
    } catch (const std::logic_error &) {
        sink = 4;
    }
    sink = sink + 1;
}

__attribute__((noinline)) void five(unsigned round)
{
    std::string text(40 + round, 'x');
    guard here(5);
    four(round);
    sink = text[3];
}

__attribute__((noinline)) void again(unsigned round)
{
    try {
        five(round);
    } catch (other &) {
        throw;
    }
}

__attribute__((noinline)) void throw_one(unsigned round)
{
    try {
        again(round);
    } catch (const std::exception &e) {
        sink = e.what()[0];
    } catch (int n) {
        sink = n;
    } catch (...) {
        sink = 0;
    }
}

__attribute__((noinline)) void nest(unsigned round, unsigned depth)
{
    if (depth == 0)
        throw_one(round);
    else
        nest(round, depth - 1);
    sink = sink + 1;
}

} // namespace

extern "C" __attribute__((visibility("default"))) void
step_throw_work(unsigned round)
{
    for (unsigned i = 0; i < KINDS; i++)
        nest(i, round);
}
