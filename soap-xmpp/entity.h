/* entity.h - what somebody on the network says of itself (disco#info), as JSON: info, ls and stats
 * print it.
 *
 * The program's first thread, entity_ask() any. */
#ifndef SOAP_XMPP_TOOL_ENTITY_H
#define SOAP_XMPP_TOOL_ENTITY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct soap_xmpp_link;

/* Asks, and returns
 *
 *     {"identities":[{"category":..,"name":..}],"features":[..],"forms":{TYPE:{FIELD:[VALUE..]}},
 *      "soap":true,"packed":true,"delivery":true}
 *
 * NULL with one sentence in why. Blocks for timeout_ms at most. What is kept is bounded: 1,000
 * facts, then "cut":true. */
json_t *entity_ask(struct soap_xmpp_link *link, const char *endpoint, int timeout_ms, char *why,
                   size_t why_bytes);

/* The first value of a form's field, NULL if there is none; the array of all of them. */
const char *entity_value(const json_t *entity, const char *form, const char *field);
const json_t *entity_values(const json_t *entity, const char *form, const char *field);

/* The name it gives itself: of its service's form, else of an identity; "". */
const char *entity_name(const json_t *entity);
bool entity_is(const json_t *entity, const char *member); /* "soap", "packed", "delivery" */
bool entity_has(const json_t *entity, const char *feature);

/* Which run of its process it is, NULL if it doesn't tell: another one remembers no calls. */
const char *entity_incarnation(const json_t *entity);

/* Prints text that a stranger wrote: control characters, which terminals obey, as "?". */
void entity_print_text(const char *text);

#endif
