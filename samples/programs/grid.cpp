// For perf: templates, operators, a lambda, a std::function, names with parentheses and commas; and
// functions that the compiler inlines.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

namespace app {

struct Op {
    double operator()(double x) const { return std::sin(x) * std::sqrt(x + 1); }
};

template <typename T, int N> class Grid {
public:
    explicit Grid(std::function<T(T)> f) : cell(N), step(std::move(f)) {}

    T sum()
    {
        T total = 0;
        for (int i = 0; i < N; i++)
            total += cell[i] = step(cell[i] + i);
        return total;
    }

private:
    std::vector<T> cell;
    std::function<T(T)> step;
};

} // namespace app

static inline double inner(double x)
{
    double s = 0;
    for (int i = 1; i < 40; i++)
        s += std::cos(x / i);
    return s;
}

static inline double middle(double x)
{
    return inner(x) + inner(x + 1);
}

__attribute__((noinline)) double outer(int depth, double x)
{
    return depth == 0 ? middle(x) : outer(depth - 1, x + 1) + 1;
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? std::atoi(argv[1]) : 100;
    app::Grid<double, 3000> grid{app::Op()};
    auto twice = [](double x) { return outer(3, x) * 2; };
    double total = 0;
    for (int i = 0; i < rounds; i++) {
        total += grid.sum();
        for (int k = 0; k < 100; k++)
            total += twice(i + k);
    }
    std::printf("%g\n", total);
    return 0;
}
