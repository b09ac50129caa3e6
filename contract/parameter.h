/* parameter.h - what an operation takes and gives: for completion, help and lists.
 *
 * Noun: the parameter, a path as in request.h that can be given a value. */
#ifndef CT_PARAMETER_H
#define CT_PARAMETER_H

#include <stdbool.h>

#include "contract/contract.h"
#include "contract/text.h"

enum { CT_PARAMETER_COUNT = 10000, CT_PARAMETER_UNBOUNDED = -1 };

struct ct_parameter {
    const char *path; /* "rec.name", "x.@unit", "p[1].x" where p may be repeated,
                       * "s<TYPE>.x" where the type of s is abstract */
    /* "double": what it is made from; "Mode" of one with an enumeration, "Reading" of one that
     * holds others: its local name; "" of a type without a name */
    const char *type;
    int least, most;  /* how often, here; most may be CT_PARAMETER_UNBOUNDED */
    bool is_required; /* it, and all that it is in */
    bool is_nillable;
    /* Those of the same choice > 0 exclude each other if they are of different branches of it. */
    int choice, branch;
    const char *const *words;  /* its enumeration, NULL behind the last; NULL: none */
    const char *documentation; /* one line, or NULL */
};

/* Return false to end the list. What it is given lives until it returns. */
typedef bool ct_parameter_fn(void *context, const struct ct_parameter *parameter);

/* Tells each parameter of the operation in the order of the contract; is_answer: of its answer.
 * What holds others isn't told itself; a type within itself is told as one parameter, without what
 * is in it. Errors as of ct_request_write; after CT_PARAMETER_COUNT of them CT_ELIMIT. */
enum ct_err ct_parameter_list(const struct ct_contract *contract,
                              const struct ct_operation *operation, bool is_answer,
                              ct_parameter_fn *told, void *context, struct ct_error *error);

/* Adds one line without its end: "add a=double b=double -> result=double"; optional ones in [],
 * repeated ones with "...". What is no longer a line ends in "..." (limit: most_bytes). */
enum ct_err ct_parameter_write_line(const struct ct_contract *contract,
                                    const struct ct_operation *operation, size_t most_bytes,
                                    struct ct_text *out, struct ct_error *error);

#endif
