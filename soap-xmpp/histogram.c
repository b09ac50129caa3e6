/* histogram.c - how long many things took: percentiles, without keeping each.
 *
 * Invariant: the cells' counts come to count. A cell holds the values that agree in their highest
 * seven bits. What is longer than 2^44 microseconds is in the last one. */
#include "histogram.h"

enum { SUBS = 1 << HISTOGRAM_SUB_BITS };

static size_t cell_of(unsigned long long us)
{
    unsigned octave = 0;
    size_t cell;
    while (us >> octave >= 2ULL * SUBS)
        octave++;
    if (us < SUBS)
        return us;
    cell = ((size_t)(octave + 1) << HISTOGRAM_SUB_BITS) + (us >> octave) - SUBS;
    return cell < HISTOGRAM_CELLS ? cell : HISTOGRAM_CELLS - 1;
}

/* The largest value of a cell. */
static unsigned long long end_of(size_t cell)
{
    unsigned octave = (unsigned)(cell >> HISTOGRAM_SUB_BITS);
    unsigned long long sub = cell & (SUBS - 1);
    return octave ? ((sub + SUBS + 1) << (octave - 1)) - 1 : sub;
}

void histogram_add(struct histogram *histogram, unsigned long long us)
{
    if (!histogram->count++ || us < histogram->least_us)
        histogram->least_us = us;
    if (us > histogram->most_us)
        histogram->most_us = us;
    histogram->sum_us += us;
    histogram->cells[cell_of(us)]++;
}

double histogram_percentile_ms(const struct histogram *histogram, double percent)
{
    double wanted = percent / 100 * (double)histogram->count;
    unsigned long seen = 0;
    size_t cell;
    for (cell = 0; cell < HISTOGRAM_CELLS; cell++) {
        unsigned long long end = end_of(cell);
        seen += histogram->cells[cell];
        if (histogram->cells[cell] && (double)seen >= wanted)
            return (double)(end < histogram->most_us ? end : histogram->most_us) / 1e3;
    }
    return 0;
}

double histogram_mean_ms(const struct histogram *histogram)
{
    return histogram->count ? (double)histogram->sum_us / (double)histogram->count / 1e3 : 0;
}

unsigned long histogram_between(const struct histogram *histogram, unsigned long long from_us,
                                unsigned long long to_us)
{
    unsigned long count = 0;
    size_t cell = cell_of(from_us), end = cell_of(to_us);
    for (; cell < end; cell++)
        count += histogram->cells[cell];
    return count;
}
