/* hostile_script.h - the variables in the texts of a script. Private to hostile.c. */
#ifndef TESTS_HOSTILE_SCRIPT_H
#define TESTS_HOSTILE_SCRIPT_H

#include "base/buffer.h"

/* Appends text to out with $ID, $TO, $JID and $DOMAIN replaced by what the len bytes heard tell;
 * heard[len] is there to be read. Unknown ones become empty, other dollars stay. Errors show in
 * out->failed. */
void hostile_script_fill_in(const char *text, const char *heard, size_t len, struct sx_buffer *out);

#endif
