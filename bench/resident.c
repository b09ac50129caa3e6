/* resident.c - see resident.h. */
#include "bench/resident.h"

#include <stdio.h>
#include <string.h>

#include "bench/slice.h"

void resident_print(const char *what, long count)
{
    char line[256];
    long kib = -1;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && kib < 0 && fgets(line, sizeof line, status))
        (void)sscanf(line, "VmRSS: %ld", &kib);
    if (kib < 0)
        slice_die("no VmRSS in /proc/self/status");
    fclose(status);
    printf("%s %ld %ld\n", what, count, kib);
    fflush(stdout);
}
