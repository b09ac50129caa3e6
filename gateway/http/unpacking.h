/* unpacking.h - a body that comes packed: Content-Encoding gzip or deflate.
 *
 * Noun: the unpacking of one body. One thread. */
#ifndef GW_UNPACKING_H
#define GW_UNPACKING_H

#include <stdbool.h>
#include <stddef.h>

struct gw_unpacking;

/* Memory that one holds while a body comes. */
enum { GW_UNPACKING_BYTES = 48 * 1024 };

/* Whether encoding is one that can be unpacked. */
bool gw_unpacking_is_known(const char *encoding);
struct gw_unpacking *gw_unpacking_new(void); /* NULL without memory */
void gw_unpacking_free(struct gw_unpacking *unpacking);
/* Unpacks bytes, a piece at a time, to each(), which returns 0 or the status to end with. 0, that
 * status, or 400: they are none, or go on behind their end. 503: no memory. */
typedef int gw_unpacking_fn(void *user, const char *bytes, size_t count);
int gw_unpacking_add(struct gw_unpacking *unpacking, const char *bytes, size_t count,
                     gw_unpacking_fn *each, void *user);
/* Whether the end has come, or nothing at all. */
bool gw_unpacking_is_whole(const struct gw_unpacking *unpacking);

#endif
