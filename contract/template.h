/* template.h - the envelope of an operation to fill in. */
#ifndef CT_TEMPLATE_H
#define CT_TEMPLATE_H

#include <stdbool.h>

#include "contract/contract.h"
#include "contract/text.h"

struct ct_template_form {
    enum ct_version version;
    bool is_answer; /* of the operation's answer, not of its request */
    /* Values that are valid ("0", the first of an enumeration) instead of types ("double"), one
     * branch of each choice, no comments: what is written is valid, and can be sent. */
    bool is_sample;
    bool is_minimal; /* leaves out what is optional */
};

enum { CT_TEMPLATE_BYTES = 1024 * 1024, CT_TEMPLATE_DEPTH = 32 };

/* Adds the envelope to out, indented, a line for each element. Unless it is a sample, comments say
 * what is optional or repeated, which elements exclude each other, which values there are:
 *
 *   <a>double</a>
 *   <mode>auto</mode> <!-- auto|manual; optional -->
 *   <!-- one of 2 -->
 *
 * A type within itself is left out where it is optional, and so is what lies deeper than
 * CT_TEMPLATE_DEPTH. Errors as of ct_request_write; CT_ELIMIT: over CT_TEMPLATE_BYTES. */
enum ct_err ct_template_write(const struct ct_contract *contract,
                              const struct ct_operation *operation,
                              const struct ct_template_form *form, struct ct_text *out,
                              struct ct_error *error);

#endif
