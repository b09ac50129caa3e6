/* access_draft.h - rules that are read, and not yet in force.
 *
 * Noun: the draft, a table (access_table.h) of whoever reads the rules. access.h says what a rule
 * may be.
 * For access.c. Thread: any; nothing here blocks.
 */
#ifndef SX_REQUEST_ACCESS_DRAFT_H
#define SX_REQUEST_ACCESS_DRAFT_H

#include "request/access_table.h"

/* Stands for every operation among names of operations: it can't be an element's name. */
#define SX_ACCESS_EVERY "*"

/* Adds a rule, or those of a text. SX_OK; SX_ECONFIG, SX_EFULL and SX_ENOMEM as access.h says, with
 * one clause in why (NULL allowed with why_bytes 0) for the first two. After an error a text's
 * first rules may be in the draft, which is to be dropped. */
enum sx_err sx_access_draft_add(struct sx_access_table *draft, const char *who,
                                const char *operation, char *why, size_t why_bytes);
enum sx_err sx_access_draft_parse(struct sx_access_table *draft, const char *rules, char *why,
                                  size_t why_bytes);

/* The same for a file's lines, which end with LF, CR or both; a # where a rule could begin makes
 * the rest of its line a comment. *number is the line of an error, from 1; 0: there was no memory
 * to begin. */
enum sx_err sx_access_draft_parse_lines(struct sx_access_table *draft, const char *text,
                                        unsigned long *number, char *why, size_t why_bytes);

/* Returns SX_EFULL, with the clause for it in why. */
enum sx_err sx_access_draft_refuse_full(char *why, size_t why_bytes);

#endif
