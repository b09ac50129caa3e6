/* form.h - a form that tells facts (XEP-0004, type result), as disco#info has them (XEP-0128).
 *
 * Writes only; values are escaped. Errors show in out->failed. Pure functions, any thread.
 */
#ifndef SX_WIRE_FORM_H
#define SX_WIRE_FORM_H

#include "base/buffer.h"

/* Appends a form of that FORM_TYPE up to its first field, and its end. */
void sx_form_begin(struct sx_buffer *out, const char *form_type);
void sx_form_end(struct sx_buffer *out);

/* A field with one value; NULL: none. */
void sx_form_add(struct sx_buffer *out, const char *var, const char *value);

/* A field with several: begin, a value each, end. */
void sx_form_begin_field(struct sx_buffer *out, const char *var);
void sx_form_add_value(struct sx_buffer *out, const char *value);
void sx_form_end_field(struct sx_buffer *out);

#endif
