/* Odd but legal accounts: what a person may type for a name, a password or a domain, and whom the
 * servers take it for. tests/integration/accounts says what the servers were told.
 *
 * A test opens its links all at once and then looks at each: most of a login is waiting.
 */
#include "soapH.h"
#include "laboratory.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/proxy.h"
#include "../lib/suite.h"
#include "witness.h"
#include "scale.h"

enum { LONG_MS = 30000, TEXT_BYTES = 600 };

#define SCRAM "SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-512"

#define DIAERESIS   "\xCC\x88" /* U+0308, behind its letter */
#define ACUTE       "\xCC\x81" /* U+0301 */
#define SOFT_HYPHEN "\xC2\xAD"
#define NBSP        "\xC2\xA0"
#define WIDE_ABC123 "\xEF\xBC\xA1\xEF\xBD\x82\xEF\xBD\x83\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x93"
#define U_UMLAUT    "\xC3\xBC"
#define U_CAPITAL   "\xC3\x9C"
#define MUELLER     "m" U_UMLAUT "ller"
#define MUELLER_PW  MUELLER "pw"
#define BUERO       "B" U_UMLAUT "ro"
#define BUECHER     "b" U_UMLAUT "cher.test"

/* ---- a login ---- */

struct login {
    const struct site *site;
    struct site_account account;
    struct witness witness;
    struct soap_xmpp_link *link;
};

/* Copies a text in which $ stands for the site's domain. */
static const char *spell(const char *text, const struct site *site, char *out, size_t out_bytes)
{
    const char *mark = strchr(text, '$');
    if (mark)
        snprintf(out, out_bytes, "%.*s%s%s", (int)(mark - text), text, site->domain, mark + 1);
    else
        snprintf(out, out_bytes, "%s", text);
    return out;
}

static void login_init(struct login *login, const struct site *site, const char *jid,
                       const char *password, const char *mechanisms)
{
    site_account(site, "alice", NULL, &login->account);
    login->site = site;
    spell(jid, site, login->account.jid, sizeof login->account.jid);
    snprintf(login->account.password, sizeof login->account.password, "%s", password);
    login->account.config.mechanisms = mechanisms;
    witness_init(&login->witness);
    witness_watch(&login->witness, &login->account.config);
}

static void login_open(struct login *login, int tls)
{
    char reason[TEXT_BYTES] = "";
    if (tls == SOAP_XMPP_TLS_DIRECT)
        login->account.config.port = login->site->direct_tls_port;
    login->account.config.tls = tls;
    login->link = soap_xmpp_open(&login->account.config, reason, sizeof reason);
    ASSERT_TEXT(reason, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(login->link);
}

/* jid: as the server is to bind it, $ for the domain; used: the mechanism. */
static void assert_online(struct login *login, const char *jid, const char *used)
{
    char expected[TEXT_BYTES], bound[TEXT_BYTES], line[TEXT_BYTES], *trace;
    if (soap_xmpp_wait_online(login->link, LONG_MS) != 0) {
        soap_xmpp_reason(login->link, line, sizeof line);
        printf("\n%s at %s: %s\n", login->account.jid, login->site->label, line);
        CU_FAIL("not online");
        return;
    }
    soap_xmpp_jid(login->link, bound, sizeof bound);
    ASSERT_TEXT(bound, spell(jid, login->site, expected, sizeof expected));
    snprintf(line, sizeof line, "logged in by %s", used);
    trace = witness_trace(&login->witness);
    ASSERT_CONTAINS(trace, line);
    free(trace);
}

/* A refusal that may pass is told, and tried again. */
static void assert_refused(struct login *login, enum soap_xmpp_state_value state,
                           const char *sentence)
{
    char *reasons;
    CU_ASSERT_TRUE(witness_await(&login->witness, state));
    reasons = witness_reasons(&login->witness);
    ASSERT_CONTAINS(reasons, sentence);
    free(reasons);
}

static void login_close(struct login *login)
{
    soap_xmpp_close(login->link);
    witness_fini(&login->witness);
}

/* ---- names and passwords in each way to keep passwords ---- */

struct typed {
    const char *user, *password;
    bool is_foreign; /* to a server that compares bytes: it keeps neither this nor what SASLprep
                        makes of it */
};

static const struct typed all_typed[] = {
    {"meter=17", "meterpw", false},
    {"a,b", "commapw", false},
    {MUELLER, MUELLER_PW, false},
    {"composed", "cafe" ACUTE, false},
    {"hidden", "I" SOFT_HYPHEN "X", false},
    {"wide", WIDE_ABC123, false},
    {"space", "a b", false},
    {"space", "a" NBSP "b", false},
    {"nbsp", "a b", true},
    {"nbsp", "a" NBSP "b", false},
};

enum { TYPED = sizeof all_typed / sizeof all_typed[0], SET_UPS = 4 };

struct set_up {
    struct site site;
    bool compares_bytes; /* of a password that comes by PLAIN */
};

/* Debian's configurations keep none as they are. */
static size_t set_up_step(void)
{
    return scale_of(1, 2);
}

/* Passwords are hashed in the first domain, and kept as they are in the second one. */
static void find_set_ups(struct set_up set_ups[SET_UPS])
{
    static const char *const labels[] = {"prosody", "ejabberd"};
    size_t i;
    for (i = 0; i < SET_UPS; i += set_up_step()) {
        const struct site *site = site_find(labels[i / 2]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(site);
        set_ups[i].site = *site;
        if (i % 2)
            snprintf(set_ups[i].site.domain, SITE_NAME_BYTES, "%s", site->second_domain);
        set_ups[i].compares_bytes = i == SET_UPS - 1;
    }
}

static void settle(struct login *login, bool is_refused, const char *used)
{
    if (is_refused)
        assert_refused(login, SOAP_XMPP_FAILED, "not-authorized");
    else
        assert_online(login, login->account.jid, used);
    login_close(login);
}

static void log_in_everywhere(const char *mechanisms, const char *used, bool sends_password)
{
    static struct login logins[SET_UPS][TYPED];
    struct set_up set_ups[SET_UPS];
    char jid[TEXT_BYTES];
    size_t i, k;
    find_set_ups(set_ups);
    for (i = 0; i < SET_UPS; i += set_up_step())
        for (k = 0; k < TYPED; k++) {
            snprintf(jid, sizeof jid, "%s@$/desk%zu", all_typed[k].user, k);
            login_init(&logins[i][k], &set_ups[i].site, jid, all_typed[k].password, mechanisms);
            login_open(&logins[i][k], SOAP_XMPP_TLS_REQUIRED);
        }
    for (i = 0; i < SET_UPS; i += set_up_step())
        for (k = 0; k < TYPED; k++)
            settle(&logins[i][k],
                   sends_password && set_ups[i].compares_bytes && all_typed[k].is_foreign, used);
}

static void odd_names_and_passwords_log_in_by_scram(void)
{
    log_in_everywhere(SCRAM, "SCRAM-SHA-", false);
}

/* PLAIN says the password as it was typed, then what SASLprep makes of it. */
static void odd_names_and_passwords_log_in_by_plain(void)
{
    log_in_everywhere("PLAIN", "PLAIN", true);
}

/* ---- the same JID in other letters ---- */

struct spelling {
    const char *jid, *password, *bound; /* $ is the domain */
};

static const struct spelling spellings[] = {
    {"mu" DIAERESIS "ller@$/Bu" DIAERESIS "ro", MUELLER_PW, MUELLER "@$/" BUERO},
    {"M" U_CAPITAL "LLER@$/B" U_CAPITAL "RO", MUELLER_PW, MUELLER "@$/B" U_CAPITAL "RO"},
    {"MU" DIAERESIS "LLER@$/Desk", MUELLER_PW, MUELLER "@$/Desk"},
    {"m" SOFT_HYPHEN U_UMLAUT "ller@$/" WIDE_ABC123, MUELLER_PW, MUELLER "@$/Abc123"},
    {"Meter=17@$/Desk", "meterpw", "meter=17@$/Desk"},
    {"A,B@$/a b", "commapw", "a,b@$/a b"},
};

static void spell_and_log_in(const struct site *site)
{
    enum { COUNT = sizeof spellings / sizeof spellings[0] };
    static struct login logins[COUNT];
    size_t i;
    for (i = 0; i < COUNT; i++) {
        login_init(&logins[i], site, spellings[i].jid, spellings[i].password, NULL);
        login_open(&logins[i], SOAP_XMPP_TLS_REQUIRED);
    }
    for (i = 0; i < COUNT; i++) {
        assert_online(&logins[i], spellings[i].bound, "SCRAM-SHA-1");
        login_close(&logins[i]);
    }
}

static void the_same_jid_in_other_letters_is_the_same_account(void)
{
    site_each(spell_and_log_in);
}

/* ---- a domain beyond ASCII ---- */

static const char *const domains[] = {BUECHER, "B" U_CAPITAL "CHER.TEST",
                                      "bu" DIAERESIS "cher.test",
                                      "b" SOFT_HYPHEN U_UMLAUT "cher.test."};

enum { DOMAINS = sizeof domains / sizeof domains[0] };

static void open_at_domains(struct login logins[DOMAINS], const struct site *site, int tls)
{
    char jid[TEXT_BYTES];
    size_t i;
    ASSERT_TEXT(site->idn_domain, BUECHER);
    for (i = 0; i < DOMAINS; i++) {
        snprintf(jid, sizeof jid, "alice@%s/%d%zu", domains[i], tls, i);
        login_init(&logins[i], site, jid, "alicepw", NULL);
        login_open(&logins[i], tls);
    }
}

static void settle_at_domains(struct login logins[DOMAINS], int tls)
{
    char jid[TEXT_BYTES];
    size_t i;
    for (i = 0; i < DOMAINS; i++) {
        snprintf(jid, sizeof jid, "alice@" BUECHER "/%d%zu", tls, i);
        assert_online(&logins[i], jid, "SCRAM-SHA-");
        login_close(&logins[i]);
    }
}

static void log_in_at_a_domain_beyond_ascii(const struct site *site)
{
    static struct login logins[2][DOMAINS];
    open_at_domains(logins[0], site, SOAP_XMPP_TLS_REQUIRED);
    open_at_domains(logins[1], site, SOAP_XMPP_TLS_DIRECT);
    settle_at_domains(logins[0], SOAP_XMPP_TLS_REQUIRED);
    settle_at_domains(logins[1], SOAP_XMPP_TLS_DIRECT);
}

static void a_domain_beyond_ascii_is_found_in_the_certificate(void)
{
    site_each(log_in_at_a_domain_beyond_ascii);
}

/* Prosody 0.12 has U-labels among the names that it compares to SNI, which says A-labels. With
 * STARTTLS it doesn't look at that. */
static unsigned count_connections(const char *label, int tls)
{
    const struct site *found = site_find(label);
    struct site site;
    struct proxy *proxy;
    struct proxy_counts counts;
    struct login login;
    CU_ASSERT_PTR_NOT_NULL_FATAL(found);
    site = *found;
    proxy = proxy_start(tls == SOAP_XMPP_TLS_DIRECT ? site.direct_tls_port : site.port, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(proxy);
    site.port = site.direct_tls_port = proxy_port(proxy);
    login_init(&login, &site, "alice@" BUECHER "/desk", "alicepw", NULL);
    login_open(&login, tls);
    assert_online(&login, "alice@" BUECHER "/desk", "SCRAM-SHA-");
    login_close(&login);
    proxy_counts(proxy, &counts);
    proxy_stop(proxy);
    return counts.connections;
}

static void a_server_that_does_not_know_the_name_is_asked_again_without(void)
{
    CU_ASSERT_EQUAL(count_connections("prosody", SOAP_XMPP_TLS_DIRECT), 2);
    CU_ASSERT_EQUAL(count_connections("prosody", SOAP_XMPP_TLS_REQUIRED), 1);
    CU_ASSERT_EQUAL(count_connections("ejabberd", SOAP_XMPP_TLS_DIRECT), 1);
}

/* Asked without a name a server shows what it has: that must name the domain all the same. */
static void a_certificate_that_is_shown_without_a_name_is_checked(void)
{
    const struct site *site = site_find("prosody");
    struct login login;
    CU_ASSERT_PTR_NOT_NULL_FATAL(site);
    login_init(&login, site, "alice@b" U_UMLAUT "cherei.test", "alicepw", NULL);
    login_open(&login, SOAP_XMPP_TLS_DIRECT);
    assert_refused(&login, SOAP_XMPP_FAILED, "xn--bcher-kva.test");
    login_close(&login);
}

static void log_in_by_a_labels(const struct site *site)
{
    struct login login;
    login_init(&login, site, "alice@xn--bcher-kva.test/desk", "alicepw", NULL);
    login_open(&login, SOAP_XMPP_TLS_REQUIRED);
    assert_refused(&login, SOAP_XMPP_BACKING_OFF, "host-unknown");
    login_close(&login);
}

static void the_domain_in_a_labels_is_another_one(void)
{
    site_each(log_in_by_a_labels);
}

/* ---- a certificate for a name beyond ASCII ---- */

static void show_certificate(const struct site *site)
{
    static struct login logins[3];
    char path[TEXT_BYTES];
    size_t i;
    snprintf(path, sizeof path, "%s/certs/%s/mueller.pem", site->folder, site->domain);
    login_init(&logins[0], site, MUELLER "@" BUECHER "/0", "", "EXTERNAL");
    login_init(&logins[1], site, "MU" DIAERESIS "LLER@" BUECHER "/1", "", "EXTERNAL");
    login_init(&logins[2], site, "alice@" BUECHER, "", "EXTERNAL");
    for (i = 0; i < 3; i++) {
        logins[i].account.config.password = NULL;
        logins[i].account.config.cert_file = logins[i].account.config.key_file = path;
        login_open(&logins[i], i == 1 ? SOAP_XMPP_TLS_DIRECT : SOAP_XMPP_TLS_REQUIRED);
    }
    if (scale_is_small()) {
        for (i = 0; i < 3; i++)
            assert_refused(&logins[i], SOAP_XMPP_BACKING_OFF, "it offers no SASL EXTERNAL");
    } else {
        assert_online(&logins[0], MUELLER "@" BUECHER "/0", "EXTERNAL");
        assert_online(&logins[1], MUELLER "@" BUECHER "/1", "EXTERNAL");
        assert_refused(&logins[2], SOAP_XMPP_FAILED, "is that of " MUELLER "@" BUECHER);
    }
    for (i = 0; i < 3; i++)
        login_close(&logins[i]);
}

static void a_certificate_for_a_name_beyond_ascii_logs_in(void)
{
    site_each(show_certificate);
}

/* ---- calls ---- */

struct acquaintance {
    const char *caller, *caller_password;
    const char *service, *service_password;
    const char *rule, *endpoint;
};

static const struct acquaintance acquaintances[] = {
    {"meter=17@$/desk", "meterpw", MUELLER "@" BUECHER "/" BUERO, MUELLER_PW, "meter=17@$",
     "xmpp:m%C3%BCller@b%C3%BCcher.test/B%C3%BCro"},
    {MUELLER "@" BUECHER "/" BUERO, MUELLER_PW, "meter=17@$/desk", "meterpw",
     "MU" DIAERESIS "LLER@" BUECHER, "xmpp:meter=17@$/desk"},
    {"a,b@$/desk", "commapw", MUELLER "@$/" BUERO, MUELLER_PW, "a%2Cb@$",
     "xmpp:mu" DIAERESIS "ller@$/B%C3%BCro"},
    {MUELLER "@$/" BUERO, MUELLER_PW, "a,b@" BUECHER "/desk", "commapw", "m%C3%BCller@$",
     "xmpp:a%2Cb@b%C3%BCcher.test/desk"},
};

static void call(const struct site *site, const struct acquaintance *pair)
{
    struct login caller, service;
    struct laboratory *laboratory;
    struct soap *soap;
    struct lab__Seen seen = {0};
    char rule[TEXT_BYTES], endpoint[TEXT_BYTES], expected[TEXT_BYTES];
    login_init(&service, site, pair->service, pair->service_password, NULL);
    service.account.config.allow = spell(pair->rule, site, rule, sizeof rule);
    login_init(&caller, site, pair->caller, pair->caller_password, NULL);
    service.account.config.plain_delivery = caller.account.config.plain_delivery = 0;
    login_open(&service, SOAP_XMPP_TLS_REQUIRED);
    login_open(&caller, SOAP_XMPP_TLS_REQUIRED);
    assert_online(&service, pair->service, "SCRAM-SHA-");
    assert_online(&caller, pair->caller, "SCRAM-SHA-");
    laboratory = laboratory_start(service.link, 1);
    soap = laboratory_client(caller.link, SOAP_IO_DEFAULT);
    spell(pair->endpoint, site, endpoint, sizeof endpoint);
    CU_ASSERT_EQUAL_FATAL(soap_call_lab__whoami(soap, endpoint, NULL, &seen), SOAP_OK);
    ASSERT_TEXT(seen.from, spell(pair->caller, site, expected, sizeof expected));
    ASSERT_TEXT(seen.to, spell(pair->service, site, expected, sizeof expected));
    laboratory_client_free(soap);
    CU_ASSERT_EQUAL(laboratory_stop(laboratory, 5000), SOAP_OK);
    login_close(&caller);
    login_close(&service);
}

static void call_each(const struct site *site)
{
    size_t i;
    for (i = 0; i < sizeof acquaintances / sizeof acquaintances[0]; i++)
        call(site, &acquaintances[i]);
}

static void odd_accounts_call_each_other(void)
{
    site_each(call_each);
}

CU_TestInfo tests_accounts[] = {
    {"odd names and passwords by SCRAM", odd_names_and_passwords_log_in_by_scram},
    {"odd names and passwords by PLAIN", odd_names_and_passwords_log_in_by_plain},
    {"the same JID in other letters", the_same_jid_in_other_letters_is_the_same_account},
    {"a domain beyond ASCII", a_domain_beyond_ascii_is_found_in_the_certificate},
    {"a server that doesn't know the name is asked again without",
     a_server_that_does_not_know_the_name_is_asked_again_without},
    {"a certificate that is shown without a name is checked",
     a_certificate_that_is_shown_without_a_name_is_checked},
    {"the same domain in A-labels", the_domain_in_a_labels_is_another_one},
    {"a certificate for a name beyond ASCII", a_certificate_for_a_name_beyond_ascii_logs_in},
    {"odd accounts call each other", odd_accounts_call_each_other},
    CU_TEST_INFO_NULL};
