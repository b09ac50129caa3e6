/* value_text.h - a value as lines and as JSON: the formats that answer.h describes. */
#ifndef CT_VALUE_TEXT_H
#define CT_VALUE_TEXT_H

#include "contract/json.h"
#include "contract/value.h"

/* Adds what is in the value: a line for each leaf. */
void ct_value_text_lines(const struct ct_value *value, struct ct_text *out);
/* Writes the value as an object. */
void ct_value_text_json(const struct ct_value *value, struct ct_json *json);

#endif
