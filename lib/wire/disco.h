/* disco.h - service discovery (XEP-0030) as text: what we answer to disco#info, what a result
 * lists.
 *
 * A list of features is bytes: each feature NUL-terminated, an empty one ends the list.
 *
 * Pure functions, any thread.
 */
#ifndef SX_WIRE_DISCO_H
#define SX_WIRE_DISCO_H

#include <stdbool.h>

#include "base/buffer.h"
#include "wire/element.h"
#include "wire/namespaces.h"

/* Appends the payload of our disco#info result up to its end, before which forms may stand
 * (XEP-0128), and the end: identity automation/soap and the SOAP feature only while serving, and
 * with it that we deliver once, under this incarnation (NULL: not that); that we understand packed
 * envelopes always, so that nobody falls back to plain before we serve. Errors show in out->failed.
 */
void sx_disco_begin_info(struct sx_buffer *out, bool serving, const char *incarnation, bool packs);
void sx_disco_end_info(struct sx_buffer *out);

/* The payloads of questions. */
#define SX_DISCO_INFO_QUESTION  "<query xmlns='" SX_NS_DISCO_INFO "'/>"
#define SX_DISCO_ITEMS_QUESTION "<query xmlns='" SX_NS_DISCO_ITEMS "'/>"

/* The list of the features in a disco#info result's <query/> (NULL: an empty list), malloc'ed, the
 * caller's; NULL: no memory. At most 200 features are kept. */
char *sx_disco_parse_features(const struct sx_element *query);

/* What the result of a disco#info or disco#items question says, as a list of facts (fact.h),
 * malloc'ed, the caller's; NULL: no memory. "identity", category/type, its name; "feature", the
 * feature, ""; the FORM_TYPE of a result form (XEP-0128), a field, a value; "item", a JID, its
 * name. Forms without a type mean nothing to anybody (XEP-0115 5.4) and are left out. */
char *sx_disco_parse_facts(const struct sx_element *query);

/* Whether a feature is in such a list. NULL is a list of nothing. */
bool sx_disco_list_has(const char *features, const char *feature);

/* What stands behind the '#' of SX_NS_DELIVERY#INCARNATION, inside the list, whatever it looks
 * like; NULL: there is none. */
const char *sx_disco_find_incarnation(const char *features);

#endif
