/* access_list.h - the rules of one owner, and what they make known.
 *
 * Noun: the list. A program has one, and its file of rules another: each is changed by its owner
 * alone. Zero is an empty list. Invariant: `known` and `named` are what the rules make them, and
 * nothing else; their uses count the rules.
 *
 * For access.c, whose lock guards its lists. Nothing here blocks.
 */
#ifndef SX_REQUEST_ACCESS_LIST_H
#define SX_REQUEST_ACCESS_LIST_H

#include "request/access_table.h"

struct sx_access_list {
    struct sx_access_table rules; /* each once */
    struct sx_access_table known; /* each WHO with "" for an operation; and with the local names of
                                   * those operations that rules name with their namespaces */
    struct sx_access_table named; /* those namespaces, in the operation's place, of ANYBODY */
};

void sx_access_list_fini(struct sx_access_list *list);

/* Adds a draft's rules (access_draft.h), which is empty then. SX_OK; SX_EFULL: there would be more
 * than SX_ACCESS_RULES; SX_ENOMEM. After an error the list is as before, and the draft may be
 * anything that sx_access_table_fini takes. */
enum sx_err sx_access_list_add(struct sx_access_list *list, struct sx_access_table *draft);

/* Takes back the rules of WHO: the one for this operation or, for SX_ACCESS_EVERY, all. How many
 * there were. */
size_t sx_access_list_drop(struct sx_access_list *list, enum sx_access_who kind, const char *who,
                           const char *operation);

/* Whether some rule names this WHO, for whatever operation. */
bool sx_access_list_knows(const struct sx_access_list *list, enum sx_access_who kind,
                          const char *who);

/* Whether rules name this namespace. */
bool sx_access_list_names(const struct sx_access_list *list, const char *uri);

#endif
