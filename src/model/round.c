/* Rounding that loses no mass: Σ rounded = round(Σ values). The running sum is rounded, and each
 * value gets the step it makes; |rounded - value| < 1, and a zero makes no step. */
#include <math.h>

#include "model/core.h"

static double sane(double value)
{
    return value > 0 && isfinite(value) ? value : 0;
}

uint64_t p2a_round(const double *values, size_t n, size_t stride, double scale, uint64_t *rounded)
{
    struct p2a_sum sum = {0};
    uint64_t before = 0;
    double exact;
    if (scale == 1 && p2a_exact_sum(values, n, stride, &exact)) {
        for (size_t i = 0; i < n; i++)
            rounded[i] = (uint64_t)values[i * stride];
        return (uint64_t)exact;
    }
    for (size_t i = 0; i < n; i++) {
        p2a_sum_add(&sum, sane(values[i * stride]) * scale); /* may overflow: cut, too */
        double here = floor(sum.sum) + floor(sum.sum - floor(sum.sum) + sum.lost + 0.5);
        uint64_t upto = here < (double)P2A_ROUND_MOST ? (uint64_t)here : P2A_ROUND_MOST;
        if (upto < before)
            upto = before;
        rounded[i] = upto - before;
        before = upto;
    }
    return before;
}
