// SPDX-License-Identifier: BSD-2-Clause
// D with templates, delegates, interfaces and nested functions.
module corpus;

import std.algorithm : map, sort;
import std.array : array;
import std.conv : to;
import std.stdio : writeln;

interface Area
{
    double area() const;
}

class Square : Area
{
    private double side;
    this(double side)
    {
        this.side = side;
    }

    double area() const
    {
        return side * side;
    }
}

class Disc : Area
{
    private double radius;
    this(double radius)
    {
        this.radius = radius;
    }

    double area() const
    {
        return radius * radius * 3.14;
    }
}

struct Ring(T, size_t size)
{
    private T[size] items;
    private size_t count;

    void put(T item)
    {
        items[count++ % size] = item;
    }

    int opApply(scope int delegate(ref T) each)
    {
        foreach (ref item; items)
            if (auto stop = each(item))
                return stop;
        return 0;
    }
}

T mix(T)(T a, T b)
{
    return cast(T)((a ^ b) * 31 + (a >> 3));
}

ulong nested(ulong[] words)
{
    ulong sum;

    void add(ulong word)
    {
        sum = mix(sum, word);
    }

    foreach (word; words)
        add(word);
    return sum;
}

void main(string[] arguments)
{
    Area[] shapes;
    Ring!(ulong, 16) ring;
    string text;

    foreach (i; 0 .. 40 + arguments.length)
    {
        if (i % 2)
            shapes ~= new Square(i);
        else
            shapes ~= new Disc(i);
        ring.put(mix!uint(cast(uint) i, 7));
    }
    shapes.sort!((a, b) => a.area() < b.area());
    foreach (ref word; ring)
        text ~= word.to!string;
    writeln(text.length, " ", nested(shapes.map!(s => cast(ulong) s.area()).array));
}
