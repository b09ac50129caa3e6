/* json.h - JSON as text: objects, arrays, members, in the order in which they are written.
 *
 * Noun: the JSON. Why not jansson: a double would come out with other digits than the service sent
 * (0.1 as 0.10000000000000001); here a number is written as the text that it was. Invariant: what
 * is written is well-formed as long as begin and end are paired and an object's values have names.
 *
 *   struct ct_json json = {.out = &text, .indent = 2};
 *   ct_json_begin(&json, NULL, '{');
 *   ct_json_string(&json, "end", "answer");
 *   ct_json_raw(&json, "ms", "12.3");
 *   ct_json_end(&json, '}');
 */
#ifndef CT_JSON_H
#define CT_JSON_H

#include <stdbool.h>

#include "contract/text.h"

struct ct_json {
    struct ct_text *out;
    unsigned indent; /* spaces for each level; 0: everything on one line */
    unsigned level;
    bool has_value; /* a value stands before, on this level */
};

/* name: the member's; NULL inside an array, and of the outermost value. */
void ct_json_begin(struct ct_json *json, const char *name, char bracket); /* '{' or '[' */
void ct_json_end(struct ct_json *json, char bracket);                     /* '}' or ']' */
void ct_json_string(struct ct_json *json, const char *name, const char *value);
void ct_json_bool(struct ct_json *json, const char *name, bool value);
void ct_json_integer(struct ct_json *json, const char *name, long long value);
void ct_json_null(struct ct_json *json, const char *name);
/* What is JSON already: a number, or what another writer has written on one line. */
void ct_json_raw(struct ct_json *json, const char *name, const char *value);

/* Whether text is a number as JSON writes it. */
bool ct_json_is_number(const char *text);

#endif
