// SPDX-License-Identifier: BSD-2-Clause
// For macho.py: no header, so it compiles for a system that is not here. Inlined
// functions in one another, functions of one name in two places, a static one, an
// Objective-C name, a label inside of a function, and calls out of the file.
extern "C" int outside(int);
extern "C" int other_outside(int);

namespace space {
template <typename T> struct Box {
    T value;
    T get() const { return value * 3 + 1; }
    template <int N> T times() const
    {
        T sum = 0;
        for (int i = 0; i < N; i++)
            sum += get() ^ outside(i);
        return sum;
    }
};
namespace {
int hidden(int x)
{
    return x > 3 ? outside(x) * 2 : other_outside(x) + 7;
}
} // namespace
class Shape {
  public:
    virtual ~Shape();
    virtual int area(int scale) const;
    int side;
};
Shape::~Shape()
{
    other_outside(side);
}
int Shape::area(int scale) const
{
    return hidden(side * scale) + hidden(side + scale);
}
} // namespace space

__attribute__((noinline)) static long add_all(const long *values, int count)
{
    long sum = 0;
    for (int i = 0; i < count; i++)
        sum += values[i] > 0 ? values[i] : outside((int)values[i]);
    return sum;
}

static inline int clamp(int x)
{
    if (x < 0)
        return other_outside(-x);
    return x > 100 ? outside(100) : x;
}

extern "C" int in_objective_c(int x) __asm__("-[Thing count:]");
extern "C" int in_objective_c(int x)
{
    return clamp(x) - outside(clamp(x + 1));
}

extern "C" __attribute__((noinline)) int with_label(int x)
{
    x = outside(x);
    __asm__ volatile(".alt_entry _label_inside\n_label_inside:\n\tnop");
    return clamp(other_outside(x)) + 1;
}

extern "C" __attribute__((weak)) int weak_one(int x)
{
    return outside(x) + outside(x + 1);
}

int work(int count, const long *values)
{
    space::Box<int> small = {count};
    space::Box<long> large = {values[0]};
    space::Shape shape;
    shape.side = count;
    long sum = add_all(values, count) + small.times<5>() + large.times<9>();
    return (int)sum + shape.area(2) + weak_one(count) + with_label(count) + in_objective_c(3);
}
