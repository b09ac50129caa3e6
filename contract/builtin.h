/* builtin.h - the types of XML Schema itself. */
#ifndef CT_BUILTIN_H
#define CT_BUILTIN_H

#include <stdbool.h>

#include "contract/model.h"

enum ct_builtin_json { CT_JSON_TEXT, CT_JSON_NUMBER, CT_JSON_BOOLEAN };

struct ct_builtin {
    const char *name;
    const char *base;   /* what it is derived from */
    const char *sample; /* a valid value */
    enum ct_builtin_json json;
    bool keeps_space; /* white space around a value is part of it */
};

/* Puts them into the model, by name. false: its pool gives no more. */
bool ct_builtin_declare(struct ct_model *model);
const struct ct_type *ct_builtin_any(void);    /* anyType */
const struct ct_type *ct_builtin_string(void); /* string */
/* The type of that name, or NULL. */
const struct ct_type *ct_builtin_find(const char *local);

/* Whether value is one of the type, white space around it cut off already. Of names in prefixes
 * (QName, NOTATION) the form alone is looked at. */
bool ct_builtin_accepts(const struct ct_builtin *builtin, const char *value);
/* Compares two values of a type: < 0, 0, > 0; 2: they can't be compared. */
int ct_builtin_compare(const struct ct_builtin *builtin, const char *a, const char *b);

#endif
