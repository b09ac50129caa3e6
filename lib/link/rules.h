/* rules.h - who may call, as the program and its file say: read at first, and anew.
 *
 * Noun: the rules of a link. What they mean is access.h's; here they come from the configuration
 * and its file, and who asks for a change gets a sentence.
 *
 * Invariant: after an error the rules are those of before.
 *
 * Thread: any.
 */
#ifndef SX_LINK_RULES_H
#define SX_LINK_RULES_H

#include "link/session.h"
#include "request/access.h"

/* Immutable; both outlive it. */
struct sx_rules {
    struct sx_session *session;
    struct sx_access *access;
};

/* When the link is opened: the rules of the configuration, allow and allow_file. SX_OK; SX_ECONFIG
 * with one sentence in why (NULL allowed); SX_ENOMEM. Blocks while the file is read. */
enum sx_err sx_rules_read(const struct sx_rules *rules, char *why, size_t why_bytes);

/* The three below: SX_OK, or another error with one sentence in why (NULL allowed). After a change
 * the trace (info) says how many rules there are, and the loop thread looks what has to end. */

enum sx_err sx_rules_disallow(const struct sx_rules *rules, const char *who, const char *operation,
                              char *why, size_t why_bytes);

/* text: of allow's form, in its place. */
enum sx_err sx_rules_replace(const struct sx_rules *rules, const char *text, char *why,
                             size_t why_bytes);

/* The file anew; an error is traced, too. Blocks while the file is read. */
enum sx_err sx_rules_reload(const struct sx_rules *rules, char *why, size_t why_bytes);

#endif
