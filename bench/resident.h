/* resident.h - the memory of this process as the kernel sees it. */
#ifndef BENCH_RESIDENT_H
#define BENCH_RESIDENT_H

/* Prints "WHAT COUNT KIB": so many of them, and VmRSS of /proc/self/status meanwhile. */
void resident_print(const char *what, long count);

#endif
