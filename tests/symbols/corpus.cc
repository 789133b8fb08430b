// SPDX-License-Identifier: BSD-2-Clause
// C++ with much inlining: templates, lambdas, local classes, two classes with
// functions of one name, and the standard library's headers.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace space {
struct First {
    int value;
    int get() const { return value * 3 + 1; }
};
template <typename T> struct Second {
    std::vector<T> values;
    int get() const
    {
        int sum = 0;
        for (const T &value : values)
            sum += value.get();
        return sum;
    }
};
namespace {
int hidden(int x)
{
    struct Local {
        int twice(int y) { return y * 2 + 1; }
    } local;
    return local.twice(x) + local.twice(x + 1);
}
} // namespace
class Shape {
public:
    virtual ~Shape() {}
    virtual double area() const = 0;
    static Shape *make(int kind, double size);
};
class Square : public Shape {
    double side;

public:
    explicit Square(double s) : side(s) {}
    double area() const override { return side * side; }
};
class Disc : public Shape {
    double radius;

public:
    explicit Disc(double r) : radius(r) {}
    double area() const override { return radius * radius * 3.14; }
};
Shape *Shape::make(int kind, double size)
{
    if (kind < 0)
        throw std::invalid_argument("kind " + std::to_string(kind));
    return kind & 1 ? static_cast<Shape *>(new Square(size)) : new Disc(size);
}
} // namespace space

static std::map<std::string, int> count_words(const std::string &text)
{
    std::map<std::string, int> words;
    std::istringstream in(text);
    for (std::string word; in >> word;)
        words[word]++;
    return words;
}

static bool matches(const std::string &text)
{
    return std::regex_search(text, std::regex("[a-z]+ (x|y)[0-9]*"));
}

template <typename F> static int apply(F function, int times)
{
    int result = 0;
    for (int i = 0; i < times; i++)
        result += function(i);
    return result;
}

int main(int argc, char **)
{
    space::Second<space::First> second;
    for (int i = 0; i < argc * 10; i++)
        second.values.push_back({i});
    std::sort(second.values.begin(), second.values.end(),
              [](const space::First &a, const space::First &b) {
                  return a.get() > b.get();
              });
    int sum = apply([&](int i) { return i + second.get(); }, argc) +
              apply(space::hidden, argc);
    std::vector<std::unique_ptr<space::Shape>> shapes;
    try {
        for (int i = 0; i < argc * 4; i++)
            shapes.emplace_back(space::Shape::make(i - 1, i * 0.5));
    } catch (const std::exception &error) {
        std::puts(error.what());
    }
    double area = std::accumulate(
        shapes.begin(), shapes.end(), 0.0,
        [](double all, const auto &shape) { return all + shape->area(); });
    auto words = count_words("the quick brown fox x1 jumps");
    std::function<int(int)> later = [sum](int x) { return x + sum; };
    std::printf("%d %f %zu %d\n", later(1), area, words.size(),
                matches("fox x1"));
    return 0;
}
