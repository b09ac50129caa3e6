/* access_draft.c - reads rules.
 *
 * Invariant: every rule of a draft is normal (jid.h), and its operation is one that an element can
 * have, or SX_ACCESS_EVERY.
 *
 * Happy path: cut a text into rules -> read WHO and the operations of each -> into the table.
 * Failure modes: what can't be a rule is SX_ECONFIG with a clause, and more than SX_ACCESS_RULES
 * are SX_EFULL; of a text the rule is named, too, and of a file its line.
 */
#include "request/access_draft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request/access_rule.h"
#include "wire/jid.h"

#define SEPARATORS " \t\r\n\f\v,"

enum { CLAUSE_BYTES = 160 };

/* Where the clause goes that says what is wrong. */
struct reason {
    char *text; /* NULL allowed with bytes 0 */
    size_t bytes;
};

static enum sx_err refuse(const struct reason *why, const char *clause)
{
    if (why->bytes)
        snprintf(why->text, why->bytes, "%s", clause);
    return SX_ECONFIG;
}

enum sx_err sx_access_draft_refuse_full(char *why, size_t why_bytes)
{
    if (why_bytes)
        snprintf(why, why_bytes, "there are more than %d rules", SX_ACCESS_RULES);
    return SX_EFULL;
}

/* ---- one rule ---- */

static const char *check_wildcards(const char *who)
{
    const char *domain = who, *at = memchr(who, '@', strcspn(who, "/"));
    const char *resource = sx_jid_resource(who);

    if (at) {
        domain = at + 1;
        if (memchr(who, '*', (size_t)(at - who)))
            return "a * stands for a whole account name, not for a part of one";
    }
    if (memchr(domain, '*', strcspn(domain, "/")))
        return "a * can't stand for a domain or a part of one";
    if (resource && strcmp(resource, "*") == 0)
        return "every resource is meant when none is given, not by /*";
    return NULL;
}

static enum sx_err read_encoded(const char *who, char **jid, const struct reason *why)
{
    enum sx_err err;
    char *uri;

    if (asprintf(&uri, "xmpp:%s", who) < 0)
        return SX_ENOMEM;
    err = sx_jid_parse_uri(uri, jid, why->text, why->bytes);
    free(uri);
    /* a URI without a resource gets one, a rule means every resource */
    if (err == SX_OK && !strchr(who, '/'))
        (*jid)[strcspn(*jid, "/")] = '\0';
    return err;
}

static enum sx_err read_jid(const char *who, bool is_encoded, char **jid, const struct reason *why)
{
    const char *wrong = check_wildcards(who);
    enum sx_err err;

    if (wrong)
        return refuse(why, wrong);
    if (sx_jid_is_xmpp(who))
        return refuse(why, "a JID is wanted, without xmpp:");
    if (who[0] == '/')
        return refuse(why, "the domain is empty");
    if (is_encoded && strpbrk(who, "?#"))
        return refuse(why, "a ? or # in a JID is written %3F or %23");
    err = is_encoded ? read_encoded(who, jid, why)
                     : sx_jid_parse(who, NULL, jid, why->text, why->bytes);
    return err == SX_EENDPOINT ? SX_ECONFIG : err;
}

/* On SX_OK *jid is malloc'ed, the caller's. */
static enum sx_err read_who(const char *who, bool is_encoded, enum sx_access_who *kind, char **jid,
                            const struct reason *why)
{
    enum sx_access_who read = SX_ACCESS_BARE;
    enum sx_err err;

    if (!who || !*who)
        return refuse(why, "who is meant is empty");
    if (strcmp(who, "*") == 0) {
        *kind = SX_ACCESS_ANYBODY;
        *jid = strdup("");
        return *jid ? SX_OK : SX_ENOMEM;
    }
    if (strncmp(who, "*@", 2) == 0) {
        who += 2;
        read = SX_ACCESS_ACCOUNTS;
        if (strpbrk(who, "@/"))
            return refuse(why, "*@ is followed by a domain and nothing else");
    }
    err = read_jid(who, is_encoded, jid, why);
    if (err != SX_OK)
        return err;
    *kind = read == SX_ACCESS_BARE && sx_jid_resource(*jid) ? SX_ACCESS_FULL : read;
    return SX_OK;
}

static enum sx_err add_rule(struct sx_access_table *draft, enum sx_access_who kind, const char *who,
                            const char *operation, const struct reason *why)
{
    const char *wrong =
        strcmp(operation, SX_ACCESS_EVERY) == 0 ? NULL : sx_access_rule_check_operation(operation);

    if (wrong)
        return refuse(why, wrong);
    if (sx_access_table_has(draft, kind, who, operation))
        return SX_OK;
    if (draft->count == SX_ACCESS_RULES)
        return sx_access_draft_refuse_full(why->text, why->bytes);
    return sx_access_table_put(draft, kind, who, operation);
}

enum sx_err sx_access_draft_add(struct sx_access_table *draft, const char *who,
                                const char *operation, char *why, size_t why_bytes)
{
    struct reason reason = {why, why_bytes};
    enum sx_access_who kind;
    char *jid;
    enum sx_err err = read_who(who, false, &kind, &jid, &reason);

    if (err != SX_OK)
        return err;
    err = add_rule(draft, kind, jid, operation ? operation : SX_ACCESS_EVERY, &reason);
    free(jid);
    return err;
}

/* ---- the text form ---- */

/* Where the colon of WHO:OPERATION is looked for: behind an IPv6 domain, whose colons are its own.
 */
static char *skip_ipv6(char *rule)
{
    char *at = memchr(rule, '@', strcspn(rule, "/"));
    char *domain = at ? at + 1 : rule;
    char *bracket = domain[0] == '[' ? strchr(domain, ']') : NULL;

    return bracket ? bracket : rule;
}

/* Cuts the next operation off, as strsep() would: a '+' inside of braces is a namespace's. */
static char *cut_operation(char **operations)
{
    char *operation = *operations, *end = operation;

    if (!operation)
        return NULL;
    if (*end == '{')
        end += strcspn(end, "}");
    end += strcspn(end, "+");
    *operations = *end ? end + 1 : NULL;
    *end = '\0';
    return operation;
}

static enum sx_err add_operations(struct sx_access_table *draft, enum sx_access_who kind,
                                  const char *who, char *operations, const struct reason *why)
{
    char *operation;

    while ((operation = cut_operation(&operations))) {
        enum sx_err err = add_rule(draft, kind, who, operation, why);
        if (err != SX_OK)
            return err;
    }
    return SX_OK;
}

/* Whether there is a colon outside of namespaces. */
static bool has_colon(const char *operations)
{
    bool in_braces = false;

    for (; *operations; operations++) {
        if (*operations == '{' || *operations == '}')
            in_braces = *operations == '{';
        else if (*operations == ':' && !in_braces)
            return true;
    }
    return false;
}

/* rule is cut to pieces. */
static enum sx_err parse_rule(struct sx_access_table *draft, char *rule, const struct reason *why)
{
    char every[] = SX_ACCESS_EVERY, *operations = every, *colon = strchr(skip_ipv6(rule), ':');
    char *jid = NULL;
    enum sx_access_who kind;
    enum sx_err err;

    if (sx_jid_is_xmpp(rule))
        return refuse(why, "a JID is wanted, without xmpp:");
    if (colon) {
        /* One of the two would be guessed to be the operation's, and a wrong guess allows another
         * resource than the one that is meant. */
        if (has_colon(colon + 1))
            return refuse(why, "it has two colons, and one in a JID is written %3A");
        *colon = '\0';
        operations = colon + 1;
    }
    err = read_who(rule, true, &kind, &jid, why);
    if (err != SX_OK)
        return err;
    err = add_operations(draft, kind, jid, operations, why);
    free(jid);
    return err;
}

static void name_rule(const char *rule, size_t len, const char *clause, const struct reason *why)
{
    char shown[SX_ACCESS_RULE_SHOWN_BYTES];

    sx_access_rule_show(rule, len, shown, sizeof shown);
    if (why->bytes)
        snprintf(why->text, why->bytes, "\"%s\": %s", shown, clause);
}

/* text is cut to pieces; original is the same, whole. */
static enum sx_err parse(struct sx_access_table *draft, char *text, const char *original,
                         const struct reason *why)
{
    char *rule, *rest = NULL;
    enum sx_err err = SX_OK;

    for (rule = strtok_r(text, SEPARATORS, &rest); rule && err == SX_OK;
         rule = strtok_r(NULL, SEPARATORS, &rest)) {
        char clause[CLAUSE_BYTES];
        const char *at = original + (rule - text);
        err = parse_rule(draft, rule, &(struct reason){clause, sizeof clause});
        if (err == SX_ECONFIG || err == SX_EFULL)
            name_rule(at, strcspn(at, SEPARATORS), clause, why);
    }
    return err;
}

enum sx_err sx_access_draft_parse(struct sx_access_table *draft, const char *rules, char *why,
                                  size_t why_bytes)
{
    const struct reason reason = {why, why_bytes};
    char *copy = strdup(rules);
    enum sx_err err = copy ? parse(draft, copy, rules, &reason) : SX_ENOMEM;

    free(copy);
    return err;
}

/* ---- lines of a file ---- */

/* A # begins one where a rule could begin: inside of a rule it is a namespace's, or a mistake. */
static char *find_comment(char *line)
{
    char *at;

    for (at = strchr(line, '#'); at; at = strchr(at + 1, '#'))
        if (at == line || strchr(SEPARATORS, at[-1]))
            return at;
    return NULL;
}

/* Ends the line, and returns the next one, or NULL. */
static char *cut_line(char *line)
{
    char *end = line + strcspn(line, "\r\n");

    if (!*end)
        return NULL;
    if (end[0] == '\r' && end[1] == '\n')
        *end++ = '\0';
    *end = '\0';
    return end + 1;
}

enum sx_err sx_access_draft_parse_lines(struct sx_access_table *draft, const char *text,
                                        unsigned long *number, char *why, size_t why_bytes)
{
    const struct reason reason = {why, why_bytes};
    char *copy = strdup(text), *line = copy, *next, *comment;
    enum sx_err err = copy ? SX_OK : SX_ENOMEM;

    for (*number = 0; line && err == SX_OK; line = next) {
        ++*number;
        next = cut_line(line);
        comment = find_comment(line);
        if (comment)
            *comment = '\0';
        err = parse(draft, line, text + (line - copy), &reason);
    }
    free(copy);
    return err;
}
