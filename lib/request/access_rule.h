/* access_rule.h - what access.c and denial.c share, for these two alone. */
#ifndef SX_REQUEST_ACCESS_RULE_H
#define SX_REQUEST_ACCESS_RULE_H

#include "request/access.h"
#include "wire/jid.h"

enum { SX_ACCESS_SHOWN_BYTES = 128 /* of a peer's or rule's text in a message */ };

/* False for what can't be a JID. Nothing is cut: cut, it might be another's. */
bool sx_access_copy_bare(const char *from, char bare[SX_JID_BYTES]);

/* What is wrong with an operation's name, NULL if nothing. */
const char *sx_access_check_operation(const char *operation);

/* Copies what fits, cut between two characters, and nothing that breaks a line. */
void sx_access_show(const char *text, size_t len, char *out, size_t out_bytes);

#endif
