/* histogram.h - how long many things took: percentiles, without keeping each.
 *
 * Values are microseconds. Each is kept to 1.6 percent; least, most and mean are exact. One thread.
 */
#ifndef SOAP_XMPP_TOOL_HISTOGRAM_H
#define SOAP_XMPP_TOOL_HISTOGRAM_H

#include <stddef.h>

enum { HISTOGRAM_SUB_BITS = 6, HISTOGRAM_OCTAVES = 40 };
enum { HISTOGRAM_CELLS = HISTOGRAM_OCTAVES << HISTOGRAM_SUB_BITS };

/* Zeroed, it is empty. */
struct histogram {
    unsigned long count;
    unsigned long long least_us, most_us, sum_us;
    unsigned long cells[HISTOGRAM_CELLS];
};

void histogram_add(struct histogram *histogram, unsigned long long us);

/* What so many of a hundred did not exceed, 0 < percent <= 100; 0 if it is empty. */
double histogram_percentile_ms(const struct histogram *histogram, double percent);
double histogram_mean_ms(const struct histogram *histogram);

/* How many are at least from_us and below to_us, where both are powers of two. */
unsigned long histogram_between(const struct histogram *histogram, unsigned long long from_us,
                                unsigned long long to_us);

#endif
