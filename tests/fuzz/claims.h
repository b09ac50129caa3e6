/* claims.h - what must be true of every envelope, wherever it comes from. */
#ifndef TESTS_FUZZ_CLAIMS_H
#define TESTS_FUZZ_CLAIMS_H

#include "soap/envelope.h"

enum { CLAIMS_DEPTH = 16 };

/* Checks the bytes, which must be carriable; the findings are valid until the next call. */
const struct sx_scan *claims_check(const char *bytes, size_t len);

/* About an envelope that arrived in order (err SX_OK): a check of its bytes finds what it says of
 * itself, and a repair binds every prefix that is known and changes nothing else. */
void claims_about_envelope(const struct sx_envelope *envelope);

#endif
