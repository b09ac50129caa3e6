/* denial.c - the sentence that tells who was refused, and the rule that would let it in.
 *
 * Invariant: what is advised is a whole rule that sx_access_parse takes, or nothing.
 *
 * Happy path: show who and what -> encode WHO -> try the rule -> say it all.
 */
#include "request/denial.h"

#include <stdio.h>
#include <string.h>

#include "request/access.h"
#include "request/access_rule.h"

enum {
    CLAUSE_BYTES = 160,
    SUGGESTION_BYTES = 512 /* of a rule worth typing */
};

/* Writes the account or domain as WHO; false if it doesn't fit. A peer chose its name, and somebody
 * will paste it into a shell: all that means something there, or in a rule, is encoded. */
static bool encode_who(const char *bare, char *out, size_t out_bytes)
{
    const char *domain = strchr(bare, '@');
    size_t len = 0;

    for (; *bare; bare++) {
        unsigned char c = (unsigned char)*bare;
        bool is_plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                        (c >= '0' && c <= '9') || c >= 0x80 || strchr("-._", c) || bare == domain;
        if (len + sizeof "%XX" > out_bytes)
            return false;
        len += (size_t)snprintf(out + len, out_bytes - len, is_plain ? "%c" : "%%%02X", c);
    }
    return true;
}

/* Whoever isn't called as a JID is gets no advice that couldn't be followed; and nobody one that
 * lets in somebody else, whose name is the rule's once it is prepared. */
static bool is_rule_for(const char *text, const char *from, const char *operation)
{
    struct sx_access *access = sx_access_new();
    bool is = access && sx_access_parse(access, text, NULL, 0) == SX_OK &&
              sx_access_allows(access, from, sx_access_rule_local(operation));

    sx_access_free(access);
    return is;
}

/* A peer has written it, too. */
static bool is_plain_namespace(const char *operation)
{
    const char *end = sx_access_rule_local(operation);

    for (; operation < end; operation++) {
        unsigned char c = (unsigned char)*operation;
        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
              strchr("{}:/._-#", c)))
            return false;
    }
    return true;
}

/* The rule to add, "" if there is none to advise. */
static void suggest(const char *from, const char *operation, char out[SUGGESTION_BYTES])
{
    char bare[SX_JID_BYTES];
    size_t len;

    out[0] = '\0';
    if (!sx_access_rule_copy_bare(from, bare) || sx_access_rule_check_operation(operation) ||
        !is_plain_namespace(operation))
        return;
    if (encode_who(bare, out, SUGGESTION_BYTES)) {
        len = strlen(out);
        if (len + strlen(operation) + sizeof ":" <= SUGGESTION_BYTES) {
            snprintf(out + len, SUGGESTION_BYTES - len, ":%s", operation);
            if (is_rule_for(out, from, operation))
                return;
        }
    }
    out[0] = '\0';
}

void sx_denial_describe(const char *from, const char *operation, char *out, size_t out_bytes)
{
    char who[SX_ACCESS_RULE_SHOWN_BYTES] = "a caller without a JID",
         what[SX_ACCESS_RULE_SHOWN_BYTES] = "without an operation";
    char rule[SUGGESTION_BYTES],
        text[2 * SX_ACCESS_RULE_SHOWN_BYTES + SUGGESTION_BYTES + CLAUSE_BYTES];
    size_t len;

    if (from)
        sx_access_rule_show(from, strlen(from), who, sizeof who);
    if (operation && *operation)
        sx_access_rule_show(operation, strlen(operation), what, sizeof what);
    suggest(from, operation ? operation : "", rule);
    len = (size_t)snprintf(text, sizeof text, "%s may not call %s", who, what);
    if (rule[0])
        snprintf(text + len, sizeof text - len,
                 ": allow it with SOAP_XMPP_ALLOW=%s or soap_xmpp_allow()", rule);
    if (strlen(text) >= out_bytes)
        text[len] = '\0';
    sx_access_rule_show(text, strlen(text), out, out_bytes);
}
