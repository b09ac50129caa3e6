/* fuzz_access.c - rules as somebody writes them, asked about anybody.
 *
 * Input: rules; then, each behind a line feed, who asks and for which operation.
 * Claims: rules that can't be read change nothing, and the reason is told; rules that can be read
 * may be read again, and then nothing is different; who has no domain is denied; who is allowed
 * every operation is allowed any; the lines of a file without comments mean what the text means,
 * and those that can't be read change nothing; a rule that is taken back leaves what was there
 * before it; the advice that is given to those who are refused is a rule, and lets its one in.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "request/access.h"
#include "request/denial.h"
#include "wire/jid.h"
#include "fuzz.h"

enum { WHY_BYTES = 160, ADVICE_BYTES = 20000, CUT_BYTES = 60 };

struct asked {
    char *from, *operation;
};

static char *take_line(const uint8_t **bytes, size_t *len)
{
    const uint8_t *end = *len ? memchr(*bytes, '\n', *len) : NULL;
    size_t line_len = end ? (size_t)(end - *bytes) : *len;
    char *line = fuzz_text(*bytes, line_len);
    size_t used = end ? line_len + 1 : line_len;
    *bytes += used;
    *len -= used;
    return line;
}

static bool is_jid(const char *text)
{
    char *jid = NULL;
    bool is = sx_jid_parse(text, NULL, &jid, NULL, 0) == SX_OK;
    free(jid);
    return is;
}

/* Beyond ASCII a rule is prepared, and who asks isn't. */
static bool is_ascii(const char *text)
{
    while (*text && (unsigned char)*text < 0x80)
        text++;
    return !*text;
}

/* The rule inside of the advice, which becomes its own text; NULL if there is none. */
static char *find_rule(char *advice)
{
    static const char before[] = "SOAP_XMPP_ALLOW=", behind[] = " or soap_xmpp_allow()";
    size_t len = strlen(advice), behind_len = sizeof behind - 1;
    char *rule = NULL, *next = advice;

    if (len < behind_len || strcmp(advice + len - behind_len, behind) != 0)
        return NULL;
    advice[len - behind_len] = '\0';
    while ((next = strstr(next, before)))
        rule = next += sizeof before - 1;
    return rule;
}

static void claim_advice(const struct asked *asked)
{
    struct sx_access *access = sx_access_new();
    char advice[ADVICE_BYTES], cut[CUT_BYTES], why[WHY_BYTES] = "", *rule;

    CLAIM(access);
    sx_denial_describe(asked->from, asked->operation, cut, sizeof cut);
    CLAIM(*cut && strlen(cut) < sizeof cut);
    sx_denial_describe(asked->from, asked->operation, advice, sizeof advice);
    CLAIM(*advice && strlen(advice) < sizeof advice);
    if (strstr(asked->from, "soap_xmpp_allow") || strstr(asked->operation, "soap_xmpp_allow"))
        rule = NULL; /* it might pass for the advice */
    else
        rule = find_rule(advice);
    if (rule) {
        if (sx_access_parse(access, rule, why, sizeof why) != SX_OK)
            fuzz_fail(why, __FILE__, __LINE__);
        CLAIM(sx_access_allows(access, asked->from, asked->operation));
        CLAIM(!sx_access_allows(access, "somebody.invalid/else", asked->operation) ||
              strncasecmp(asked->from, "somebody.invalid", sizeof "somebody.invalid" - 1) == 0);
    }
    sx_access_free(access);
}

static void claim_rules(const char *rules, const struct asked *asked)
{
    struct sx_access *access = sx_access_new();
    char why[WHY_BYTES] = "";
    enum sx_err err;
    bool allowed;

    CLAIM(access && !sx_access_has_rules(access));
    CLAIM(!sx_access_allows(access, asked->from, asked->operation));
    err = sx_access_parse(access, rules, why, sizeof why);
    CLAIM(err == SX_OK || ((err == SX_ECONFIG || err == SX_EFULL) && why[0]));
    CLAIM(err == SX_OK || !sx_access_has_rules(access));
    allowed = sx_access_allows(access, asked->from, asked->operation);
    CLAIM(!allowed || (err == SX_OK && !strchr("@/", asked->from[0])));
    CLAIM(allowed || !sx_access_allows(access, asked->from, NULL));
    CLAIM(!sx_access_allows(access, NULL, asked->operation));
    CLAIM(sx_access_parse(access, rules, NULL, 0) == err);
    CLAIM(sx_access_allows(access, asked->from, asked->operation) == allowed);
    sx_access_free(access);
}

/* Another account's rule stays, whatever the rest. */
static void claim_lines(const char *rules, const struct asked *asked)
{
    struct sx_access *access = sx_access_new(), *other = sx_access_new();
    char why[WHY_BYTES] = "";
    unsigned long line = 0;
    enum sx_err err;

    CLAIM(access && other);
    CLAIM(sx_access_load(access, sx_access_begin_load(access), "keep@b:x #", &line, NULL, 0) ==
          SX_OK);
    err = sx_access_load(access, sx_access_begin_load(access), rules, &line, why, sizeof why);
    CLAIM(err == SX_OK || ((err == SX_ECONFIG || err == SX_EFULL) && why[0] && line > 0));
    CLAIM(err == SX_OK || sx_access_allows(access, "keep@b/c", "x"));
    if (err == SX_OK && !strchr(rules, '#')) {
        CLAIM(sx_access_parse(other, rules, NULL, 0) == SX_OK);
        CLAIM(sx_access_allows(access, asked->from, asked->operation) ==
              sx_access_allows(other, asked->from, asked->operation));
        CLAIM(sx_access_may_know(access, asked->from) == sx_access_may_know(other, asked->from));
    }
    CLAIM(sx_access_replace(access, "", NULL, 0) == SX_OK);
    CLAIM(sx_access_replace(other, "", NULL, 0) == SX_OK && !sx_access_has_rules(other));
    sx_access_free(other);
    sx_access_free(access);
}

/* One rule, written as it is or with what is special in it encoded. */
static void claim_one_rule(const struct asked *asked)
{
    struct sx_access *access = sx_access_new();
    char why[WHY_BYTES] = "";

    CLAIM(access);
    if (sx_access_allow(access, asked->from, asked->operation, why, sizeof why) == SX_OK) {
        CLAIM(sx_access_has_rules(access));
        if (is_jid(asked->from) && is_ascii(asked->from) && !strchr(asked->from, '*'))
            CLAIM(sx_access_allows(access, asked->from, asked->operation));
        CLAIM(sx_access_parse(access, "keep.invalid:x", NULL, 0) == SX_OK);
        CLAIM(sx_access_disallow(access, asked->from, asked->operation, NULL, 0) == SX_OK);
        CLAIM(sx_access_disallow(access, asked->from, asked->operation, NULL, 0) == SX_ECONFIG);
        CLAIM(sx_access_disallow(access, "keep.invalid", "x", NULL, 0) == SX_OK ||
              strncasecmp(asked->from, "keep.invalid", sizeof "keep.invalid" - 1) == 0);
        CLAIM(!sx_access_has_rules(access) && !sx_access_may_know(access, asked->from));
    } else {
        CLAIM(why[0] && !sx_access_has_rules(access));
    }
    sx_access_free(access);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char *rules = take_line(&bytes, &len);
    struct asked asked = {.from = take_line(&bytes, &len)};

    asked.operation = take_line(&bytes, &len);
    claim_rules(rules, &asked);
    claim_lines(rules, &asked);
    claim_one_rule(&asked);
    claim_advice(&asked);
    free(rules);
    free(asked.from);
    free(asked.operation);
    return 0;
}
