/* hostile_script.h - the variables in the texts of a script, and what a guest has said. Private to
 * hostile.c and hostile_scram.c. */
#ifndef TESTS_HOSTILE_SCRIPT_H
#define TESTS_HOSTILE_SCRIPT_H

#include "base/buffer.h"

enum { HOSTILE_SCRIPT_VALUE_BYTES = 1024 };

/* Appends text to out with $ID, $TO, $JID and $DOMAIN replaced by what the len bytes heard tell;
 * heard[len] is there to be read. Unknown ones become empty, other dollars stay. Errors show in
 * out->failed. */
void hostile_script_fill_in(const char *text, const char *heard, size_t len, struct sx_buffer *out);

/* Copies the text of the last element heard that begins so ("<auth "), and an attribute (" to=") of
 * the last such tag; "" if there is none. */
void hostile_script_text(const char *heard, size_t len, const char *tag_begin,
                         char out[HOSTILE_SCRIPT_VALUE_BYTES]);
void hostile_script_attribute(const char *heard, size_t len, const char *tag_begin,
                              const char *name, char out[HOSTILE_SCRIPT_VALUE_BYTES]);

#endif
