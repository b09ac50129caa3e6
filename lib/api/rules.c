/* rules.c - rules without a link, read once and asked often.
 *
 * Invariant: they are in force from the moment they are read, and never change.
 *
 * Failure: one sentence in why, and there are no rules.
 */
#include <stdio.h>
#include <stdlib.h>

#ifndef SOAP_XMPP_NO_GSOAP
#define SOAP_XMPP_NO_GSOAP
#endif
#include "soap_xmpp.h"

#include "api/request.h"
#include "request/access.h"
#include "request/request.h"

struct soap_xmpp_rules {
    struct sx_access *access;
};

static struct soap_xmpp_rules *new_rules(void)
{
    struct soap_xmpp_rules *rules = malloc(sizeof *rules);

    if (!rules)
        return NULL;
    rules->access = sx_access_new();
    if (!rules->access) {
        free(rules);
        return NULL;
    }
    sx_access_serve_bytes(rules->access);
    return rules;
}

struct soap_xmpp_rules *soap_xmpp_rules_read(const char *text, char *why, size_t why_bytes)
{
    char clause[300] = "";
    enum sx_err err = SX_ENOMEM;
    struct soap_xmpp_rules *rules;

    if (!text) {
        if (why && why_bytes)
            snprintf(why, why_bytes, "no rules were given; \"\" lets nobody call");
        return NULL;
    }
    rules = new_rules();
    if (rules)
        err = sx_access_parse(rules->access, text, clause, sizeof clause);
    if (err == SX_OK)
        return rules;
    soap_xmpp_rules_free(rules);
    if (why && why_bytes)
        snprintf(why, why_bytes, "%s", *clause ? clause : sx_fault_text(err));
    return NULL;
}

void soap_xmpp_rules_free(struct soap_xmpp_rules *rules)
{
    if (!rules)
        return;
    sx_access_free(rules->access);
    free(rules);
}

int soap_xmpp_rules_allow(const struct soap_xmpp_rules *rules, const char *from, const char *uri,
                          const char *operation)
{
    return rules && from && sx_access_grant(rules->access, from, uri, operation) != SX_GRANT_NONE;
}

int soap_xmpp_rules_admit(const struct soap_xmpp_rules *rules, struct soap_xmpp_request *request)
{
    struct sx_request *asked = request ? request->request : NULL;
    enum sx_grant grant;

    if (!rules || !asked)
        return 0;
    grant = sx_access_grant(rules->access, asked->from, asked->envelope.operation_uri,
                            asked->envelope.operation);
    if (grant == SX_GRANT_NONE || (grant != SX_GRANT_EVERYTHING && asked->envelope.ambiguity))
        return 0;
    if (asked->grant > grant)
        asked->grant = grant;
    return 1;
}
