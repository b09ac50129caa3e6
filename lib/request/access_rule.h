/* access_rule.h - what rules are made of: bare JIDs, names of operations, and how they are shown.
 *
 * For access.c, access_draft.c and denial.c. Thread: any; nothing here blocks or allocates.
 */
#ifndef SX_REQUEST_ACCESS_RULE_H
#define SX_REQUEST_ACCESS_RULE_H

#include <stdbool.h>
#include <stddef.h>

#include "soap/scan.h"
#include "wire/jid.h"

enum {
    SX_ACCESS_RULE_SHOWN_BYTES = 128, /* of a peer's or rule's text in a message */
    /* A longer operation can be allowed by "*" only: its name reaches us cut. */
    SX_ACCESS_RULE_OPERATION_BYTES = 123
};

/* False for what can't be a JID. Nothing is cut: cut, it might be another's. */
bool sx_access_rule_copy_bare(const char *from, char bare[SX_JID_BYTES]);

/* The name behind an operation's {namespace}: the operation itself if it has none. */
const char *sx_access_rule_local(const char *operation);

/* Copies the namespace, "" for {}; false: it has none, or a longer one. */
bool sx_access_rule_copy_namespace(const char *operation, char uri[SX_SCAN_URI_BYTES]);

/* What is wrong with an operation's name or its namespace, NULL if nothing. */
const char *sx_access_rule_check_operation(const char *operation);

/* Copies what fits, cut between two characters, and nothing that breaks a line. */
void sx_access_rule_show(const char *text, size_t len, char *out, size_t out_bytes);

#endif
