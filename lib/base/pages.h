/* pages.h - zeroed memory that costs what is used of it.
 *
 * Noun: the pages. For tables that are made for the busiest link there may be, and stay all but
 * empty in an idle one: a page that nothing was written to takes no memory. calloc() of as much
 * mostly writes its zeros.
 *
 * Thread: any.
 */
#ifndef SX_BASE_PAGES_H
#define SX_BASE_PAGES_H

#include <stddef.h>

/* So many zero bytes, aligned to a page, the caller's. NULL: no memory. */
void *sx_pages_new(size_t bytes);

/* The same number of bytes. NULL is allowed. */
void sx_pages_free(void *pages, size_t bytes);

#endif
