/* hoard.h - a process full of descriptors, and a thread that takes each low number that gets free.
 */
#ifndef TESTS_HOARD_H
#define TESTS_HOARD_H

enum { HOARD_DESCRIPTORS = 2000 };

struct hoard;

/* Opens HOARD_DESCRIPTORS, fewer where the hard limit is low, and no number below FD_SETSIZE is
 * free from then on. NULL, with a line on standard error: the process may have none beyond
 * FD_SETSIZE, or hardly any. */
struct hoard *hoard_start(void);

/* Closes them all. NULL allowed. */
void hoard_stop(struct hoard *hoard);

#endif
