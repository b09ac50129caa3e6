/* rules.c - who may call, as the program and its file say. Invariant: rules.h.
 *
 * Happy path: read -> the link serves -> disallow, replace, reload: the loop thread is woken.
 * Failure: the first rule that is none is named, of a file with its line, and nothing changes.
 */
#include "link/rules.h"

#include <stdio.h>
#include <stdlib.h>

#include "config/allow_file.h"

#define ALLOWED "allowed: WHO or WHO:OPERATION, where WHO is a JID, *@DOMAIN or *"

enum { CLAUSE_BYTES = 256, WHY_BYTES = 800 };

/* ---- the file ---- */

static void warn_of_file(const struct sx_rules *rules, const char *path)
{
    sx_trace(sx_session_trace(rules->session), SOAP_XMPP_TRACE_ERROR,
             "everybody on this machine may write the allow_file (SOAP_XMPP_ALLOW_FILE), %.300s: "
             "chmod o-w",
             path);
}

/* Of an error but SX_ENOMEM why gets one clause, with the file's name and the line. */
static enum sx_err load(const struct sx_rules *rules, const char *path, char *why, size_t why_bytes)
{
    uint64_t number = sx_access_begin_load(rules->access);
    struct sx_allow_file file = {0};
    char clause[CLAUSE_BYTES] = "";
    unsigned long line = 0;
    enum sx_err err = sx_allow_file_read(path, &file, &line, clause, sizeof clause);

    if (err == SX_OK)
        err = sx_access_load(rules->access, number, file.text, &line, clause, sizeof clause);
    free(file.text);
    if (err == SX_OK && file.is_exposed)
        warn_of_file(rules, path);
    if (err == SX_ENOMEM)
        return err;
    if (err != SX_OK && line)
        snprintf(why, why_bytes, "%.300s:%lu: %s", path, line, clause);
    else if (err != SX_OK)
        snprintf(why, why_bytes, "%.300s: %s", path, clause);
    return err;
}

/* ---- at first ---- */

enum sx_err sx_rules_read(const struct sx_rules *rules, char *why, size_t why_bytes)
{
    const struct sx_config *config = sx_session_config(rules->session);
    const char *member = "allow (SOAP_XMPP_ALLOW)";
    char clause[WHY_BYTES] = "", sentence[2 * WHY_BYTES];
    enum sx_err err =
        sx_access_parse(rules->access, config->allow ? config->allow : "", clause, sizeof clause);

    if (err == SX_OK && config->allow_file) {
        member = "allow_file (SOAP_XMPP_ALLOW_FILE)";
        err = load(rules, config->allow_file, clause, sizeof clause);
    }
    if (err == SX_OK || err == SX_ENOMEM)
        return err;
    snprintf(sentence, sizeof sentence, "%s fails at %s; " ALLOWED, member, clause);
    sx_session_say(why, why_bytes, sentence);
    return SX_ECONFIG;
}

/* ---- changes ---- */

/* A change that went well. */
static void tell(const struct sx_rules *rules, char *why, size_t why_bytes)
{
    size_t program, file;

    sx_session_say(why, why_bytes, "");
    sx_access_count(rules->access, &program, &file);
    sx_trace(sx_session_trace(rules->session), SOAP_XMPP_TRACE_INFO,
             "who may call has changed: there are %zu rules of the program, and %zu of allow_file",
             program, file);
    sx_loop_wake(sx_session_loop(rules->session));
}

enum sx_err sx_rules_disallow(const struct sx_rules *rules, const char *who, const char *operation,
                              char *why, size_t why_bytes)
{
    char clause[CLAUSE_BYTES] = "", sentence[WHY_BYTES];
    enum sx_err err = sx_access_disallow(rules->access, who, operation, clause, sizeof clause);

    if (err == SX_OK) {
        tell(rules, why, why_bytes);
        return err;
    }
    snprintf(sentence, sizeof sentence, "%.128s: the rule%s%.128s can't be taken back: %s",
             who && *who ? who : "\"\"", operation ? " for " : "s", operation ? operation : "",
             *clause ? clause : sx_fault_text(err));
    sx_session_say(why, why_bytes, sentence);
    return err;
}

enum sx_err sx_rules_replace(const struct sx_rules *rules, const char *text, char *why,
                             size_t why_bytes)
{
    char clause[CLAUSE_BYTES] = "", sentence[WHY_BYTES];
    enum sx_err err = sx_access_replace(rules->access, text, clause, sizeof clause);

    if (err == SX_OK) {
        tell(rules, why, why_bytes);
        return err;
    }
    if (err == SX_ENOMEM)
        snprintf(sentence, sizeof sentence, "the rules stay: %s", sx_fault_text(err));
    else
        snprintf(sentence, sizeof sentence, "the rules stay: the new ones fail at %s; " ALLOWED,
                 clause);
    sx_session_say(why, why_bytes, sentence);
    return err;
}

enum sx_err sx_rules_reload(const struct sx_rules *rules, char *why, size_t why_bytes)
{
    const char *path = sx_session_config(rules->session)->allow_file;
    char clause[WHY_BYTES] = "", sentence[2 * WHY_BYTES];
    enum sx_err err = SX_ECONFIG;

    if (path)
        err = load(rules, path, clause, sizeof clause);
    if (err == SX_OK) {
        tell(rules, why, why_bytes);
        return err;
    }
    if (!path)
        snprintf(sentence, sizeof sentence,
                 "the rules stay: the link has no allow_file (SOAP_XMPP_ALLOW_FILE)");
    else if (err == SX_ENOMEM)
        snprintf(sentence, sizeof sentence, "the rules stay: %s", sx_fault_text(err));
    else
        snprintf(sentence, sizeof sentence,
                 "the rules stay: allow_file (SOAP_XMPP_ALLOW_FILE) fails at %s", clause);
    sx_trace(sx_session_trace(rules->session), SOAP_XMPP_TRACE_ERROR, "%s", sentence);
    sx_session_say(why, why_bytes, sentence);
    return err;
}
