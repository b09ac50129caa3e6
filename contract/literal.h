/* literal.h - a value as text, and whether it is one of its type.
 *
 * Noun: the literal. What is looked at: the form of XML Schema's own types, enumerations, lengths,
 * bounds, lists, unions. Patterns aren't: the expressions of a stranger can take for ever. */
#ifndef CT_LITERAL_H
#define CT_LITERAL_H

#include <stdbool.h>

#include "contract/builtin.h"
#include "contract/model.h"
#include "contract/text.h"

enum { CT_LITERAL_WHY_BYTES = 400 };

/* Whether value is one of type, which is simple or has simple content; a clause in why if not: "is
 * no int", "is none of auto, manual". */
bool ct_literal_is_valid(const struct ct_model *model, const struct ct_type *type,
                         const char *value, char why[CT_LITERAL_WHY_BYTES]);

/* The type of XML Schema that it is made from; NULL: a list, a union, or it isn't defined. */
const struct ct_builtin *ct_literal_builtin(const struct ct_model *model,
                                            const struct ct_type *type);
/* The enumeration of the type, or of what it is made from; NULL: it has none. */
const char *const *ct_literal_words(const struct ct_model *model, const struct ct_type *type);

/* What it is called for people: the type of XML Schema that it is made from, or its own name if it
 * has an enumeration or is none of these; "" if it has none. */
const char *ct_literal_type_text(const struct ct_model *model, const struct ct_type *type);

/* Adds a valid value, patterns aside. */
void ct_literal_sample(const struct ct_model *model, const struct ct_type *type,
                       struct ct_text *out);

#endif
