/* emission.h - arguments written as the contract's content, in its order.
 *
 * Noun: the emission. Invariant: what is written is valid but for patterns: each element stands
 * where the content lets it, all that is required is there, each value is one of its type. */
#ifndef CT_EMISSION_H
#define CT_EMISSION_H

#include "contract/argument.h"
#include "contract/writer.h"

struct ct_emission {
    struct ct_shapes *shapes;
    struct ct_writer *writer;
    const char *operation; /* what it is for, in an error */
    struct ct_error *error;
    enum ct_err err;
};

/* Writes the element with what argument, which has been looked up, holds. CT_EUSAGE,
 * CT_EUNSUPPORTED, CT_ECONTRACT, CT_ENOMEM, CT_ELIMIT. */
enum ct_err ct_emission_write(struct ct_emission *emission, const struct ct_element *element,
                              struct ct_argument *argument);
/* Writes what is in argument alone. */
enum ct_err ct_emission_write_children(struct ct_emission *emission, struct ct_argument *argument);

#endif
