/* timestamp.h - times of day as XMPP writes them (XEP-0082): strictly "2002-09-10T23:08:25Z", with
 * fractions of a second or not, "Z" or an offset.
 *
 * Pure functions, any thread.
 */
#ifndef SX_WIRE_TIMESTAMP_H
#define SX_WIRE_TIMESTAMP_H

#include <stdbool.h>
#include <stdint.h>

/* Microseconds since 1970, UTC; false, *unix_us untouched, for anything else than a DateTime
 * (XEP-0082 3.2) that exists, of the years 1970 to 9999. A leap second is the second after it. */
bool sx_timestamp_parse(const char *text, int64_t *unix_us);

/* The time of day by the system's clock. */
int64_t sx_timestamp_now_us(void);

/* Writes it as a DateTime in whole seconds. */
enum { SX_TIMESTAMP_BYTES = 32 };
void sx_timestamp_write(int64_t unix_us, char out[SX_TIMESTAMP_BYTES]);

#endif
