/* What each SASL mechanism comes to at each server with each way to keep passwords, over TLS 1.3
 * and 1.2, with STARTTLS and direct TLS: what it takes, or the sentence that says why it can't.
 */
#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/binding.h"
#include "../lib/bindings.h"
#include "../lib/rerun.h"
#include "../lib/suite.h"
#include "link.h"
#include "site.h"
#include "witness.h"
#include "scale.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { LONG_MS = 20000, TEXT_BYTES = 500, MOST_ROWS = 10 };

#define ALL      NULL /* as the library chooses */
#define NONE     NULL /* it isn't offered, or can't be bound */
#define S1       "SCRAM-SHA-1"
#define S256     "SCRAM-SHA-256"
#define S512     "SCRAM-SHA-512"
#define P1       "SCRAM-SHA-1-PLUS"
#define P256     "SCRAM-SHA-256-PLUS"
#define P512     "SCRAM-SHA-512-PLUS"
#define PLAIN    "PLAIN"
#define EXTERNAL "EXTERNAL"

#define EACH               S1 " " S256 " " S512 " " P1 " " P256 " " P512
#define EJABBERD(password) "EXTERNAL PLAIN " password

/* ---- the cells ---- */

/* What is offered to whom shows no certificate, and which channel bindings can be had, best first.
 */
struct channel {
    const char *offered, *bindings;
};
#define EXPORTER  "tls-exporter"
#define END_POINT "tls-server-end-point"
#define UNIQUE    "tls-unique"

/* How passwords are kept. */
struct store {
    const char *label;
    bool is_second;         /* the site's second domain */
    struct channel over[2]; /* TLS 1.3, TLS 1.2 */
};
enum { STORES = 5 };

/* Servers without XEP-0440: there is no binding for TLS 1.3, though ejabberd offers -PLUS. */
static const struct store stores[STORES] = {
    /* by SHA-1; as they are */
    {"prosody", false, {{"PLAIN " S1, ""}, {"PLAIN " S1 " " P1, UNIQUE}}},
    {"prosody", true, {{"PLAIN " S1 " " S256, ""}, {"PLAIN " S1 " " S256 " " P1 " " P256, UNIQUE}}},
    /* by SHA-1; by SHA-512; as they are */
    {"ejabberd", false, {{EJABBERD(S1 " " P1), ""}, {EJABBERD(S1 " " P1), UNIQUE}}},
    {"frail", false, {{EJABBERD(S512 " " P512), ""}, {EJABBERD(S512 " " P512), UNIQUE}}},
    {"ejabberd", true, {{EJABBERD(EACH), ""}, {EJABBERD(EACH), UNIQUE}}},
};

/* Those that name the bindings. Prosody has tls-server-end-point where it is told the hash. */
static const struct store naming_stores[STORES] = {
    {"prosody",
     false,
     {{"PLAIN OAUTHBEARER " S1 " " P1, EXPORTER}, {"PLAIN OAUTHBEARER " S1 " " P1, UNIQUE}}},
    {"prosody",
     true,
     {{"PLAIN " S1 " " S256 " " P1 " " P256, EXPORTER " " END_POINT},
      {"PLAIN " S1 " " S256 " " P1 " " P256, END_POINT " " UNIQUE}}},
    {"ejabberd",
     false,
     {{EJABBERD(S1 " " P1), EXPORTER " " END_POINT},
      {EJABBERD(S1 " " P1), EXPORTER " " END_POINT " " UNIQUE}}},
    {"frail",
     false,
     {{EJABBERD(S512 " " P512), EXPORTER " " END_POINT},
      {EJABBERD(S512 " " P512), EXPORTER " " END_POINT " " UNIQUE}}},
    {"ejabberd",
     true,
     {{EJABBERD(EACH), EXPORTER " " END_POINT},
      {EJABBERD(EACH), EXPORTER " " END_POINT " " UNIQUE}}},
};

/* Debian 13's; Debian 12's have 0.12 and 23.01. */
static bool names_bindings(const struct store *store)
{
    const struct site *site = site_find(store->label);
    CU_ASSERT_PTR_NOT_NULL_FATAL(site);
    return site_is_since(site, "prosody", 13) || site_is_since(site, "ejabberd", 24);
}

static const struct channel *channel_of(const struct store *store)
{
    return &store->over[rerun_is_here()];
}

static const char *tls_here(void)
{
    return rerun_is_here() ? "TLS 1.2" : "TLS 1.3";
}

/* What a login by the allowed mechanisms takes at each store. */
struct row {
    const char *allowed, *used[STORES];
};

static const struct row unbound[] = {
    {ALL, {S1, S256, S1, S512, S512}},      {S1, {S1, S1, S1, NONE, S1}},
    {S256, {NONE, S256, NONE, NONE, S256}}, {S512, {NONE, NONE, NONE, S512, S512}},
    {P1, {NONE, NONE, NONE, NONE, NONE}},   {P256, {NONE, NONE, NONE, NONE, NONE}},
    {P512, {NONE, NONE, NONE, NONE, NONE}}, {PLAIN, {PLAIN, PLAIN, PLAIN, PLAIN, PLAIN}},
};

/* Where there is a binding. */
static const struct row bound[] = {
    {ALL, {P1, P256, P1, P512, P512}},      {S1, {S1, S1, S1, NONE, S1}},
    {S256, {NONE, S256, NONE, NONE, S256}}, {S512, {NONE, NONE, NONE, S512, S512}},
    {P1, {P1, P1, P1, NONE, P1}},           {P256, {NONE, P256, NONE, NONE, P256}},
    {P512, {NONE, NONE, NONE, P512, P512}}, {PLAIN, {PLAIN, PLAIN, PLAIN, PLAIN, PLAIN}},
};
enum { ROWS = COUNT(bound) };
static_assert(COUNT(bound) == COUNT(unbound) && COUNT(bound) <= MOST_ROWS,
              "the same rows for both");

static const struct row *rows_of(const struct store *store)
{
    return channel_of(store)->bindings[0] ? bound : unbound;
}

/* Alice's login by a certificate: USED, or the sentence at each server; where the certificate isn't
 * taken, by the password. */
#define USED      NULL
#define NOT_ALICE "bob.crt is that of bob@HERE, not of alice@HERE" /* domain and resource */
static const struct certificate {
    const char *whose;
    bool has_password;
    const char *at_prosody, *at_ejabberd;
} certificates[] = {
    {"alice", false, USED, USED},
    {"bob", false, NOT_ALICE, NOT_ALICE},
    {"bob", true, NOT_ALICE, NOT_ALICE},
    {"stranger", false, "stranger.crt: it offers no SASL EXTERNAL",
     "refused the login of alice@HERE by EXTERNAL: not-authorized"},
    {"stranger", true, USED, USED},
};
static_assert(COUNT(certificates) <= MOST_ROWS, "room for each");

/* The same where no server offers EXTERNAL, as Debian configures them. */
#define NOT_OFFERED(whose) whose ".crt: it offers no SASL EXTERNAL"
static const struct certificate in_vain[COUNT(certificates)] = {
    {"alice", false, NOT_OFFERED("alice"), NOT_OFFERED("alice")},
    {"bob", false, NOT_OFFERED("bob"), NOT_OFFERED("bob")},
    {"bob", true, USED, USED},
    {"stranger", false, NOT_OFFERED("stranger"), NOT_OFFERED("stranger")},
    {"stranger", true, USED, USED},
};

/* ---- logins, all of a store at once ---- */

struct attempt {
    const struct store *store;
    struct site site; /* its domain is the store's */
    struct site_account account;
    char cert_file[SITE_PATH_BYTES + 128], key_file[SITE_PATH_BYTES + 128];
    struct witness witness;
    struct soap_xmpp_link *link;
};

/* Rows, each with STARTTLS and with direct TLS. */
struct batch {
    struct attempt attempts[2 * MOST_ROWS];
    size_t count;
};

static struct attempt *add(struct batch *batch, const struct store *store)
{
    struct attempt *attempt = &batch->attempts[batch->count];
    bool is_direct = batch->count++ % 2;
    const struct site *first = site_find(store->label);
    char resource[20];
    CU_ASSERT_PTR_NOT_NULL_FATAL(first);
    attempt->store = store;
    attempt->site = *first;
    if (store->is_second)
        snprintf(attempt->site.domain, sizeof attempt->site.domain, "%s", first->second_domain);
    snprintf(resource, sizeof resource, "%zu", batch->count);
    site_account(&attempt->site, "alice", resource, &attempt->account);
    if (is_direct) {
        attempt->account.config.tls = SOAP_XMPP_TLS_DIRECT;
        attempt->account.config.port = first->direct_tls_port;
    }
    witness_init(&attempt->witness);
    witness_watch(&attempt->witness, &attempt->account.config);
    attempt->account.config.trace = SOAP_XMPP_TRACE_INFO;
    return attempt;
}

static void begin(struct attempt *attempt)
{
    char why[TEXT_BYTES];
    attempt->link = soap_xmpp_open(&attempt->account.config, why, sizeof why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(attempt->link);
}

static void *close_link(void *link)
{
    soap_xmpp_close(link);
    return NULL;
}

/* All at once: ejabberd says goodbye after a tenth of a second. */
static void end_all(struct batch *batch)
{
    pthread_t threads[2 * MOST_ROWS];
    size_t i;
    for (i = 0; i < batch->count; i++)
        CU_ASSERT_EQUAL_FATAL(
            pthread_create(&threads[i], NULL, close_link, batch->attempts[i].link), 0);
    for (i = 0; i < batch->count; i++) {
        pthread_join(threads[i], NULL);
        witness_fini(&batch->attempts[i].witness);
    }
    batch->count = 0;
}

/* Debian's configurations keep passwords by SHA-1, and offer no EXTERNAL. */
static bool is_debians(const struct store *store)
{
    return !store->is_second && strcmp(store->label, "frail") != 0;
}

static const char *offered_by(const struct store *store)
{
    const char *offered = channel_of(store)->offered;
    size_t len = strlen(EXTERNAL " ");
    bool has_external = strncmp(offered, EXTERNAL " ", len) == 0;
    return scale_is_small() && has_external ? offered + len : offered;
}

static void each_store(void (*run)(const struct store *store, size_t column))
{
    size_t i;
    for (i = 0; i < STORES; i++)
        if (!scale_is_small() || is_debians(&stores[i]))
            run(names_bindings(&stores[i]) ? &naming_stores[i] : &stores[i], i);
}

/* ---- what became of one ---- */

static const char *proved_by(const char *mechanism)
{
    return strcmp(mechanism, PLAIN) == 0 || strcmp(mechanism, EXTERNAL) == 0
               ? "proved nothing beyond its certificate"
               : "proved that it knows the password";
}

static bool has_binding(const char *mechanism)
{
    return strstr(mechanism, "-PLUS") != NULL;
}

/* The trace (info) says by which mechanism, and by which binding: the first of bindings. */
static void assert_used(struct attempt *attempt, const char *mechanism, const char *bindings)
{
    int binding_len = has_binding(mechanism) ? (int)strcspn(bindings, " ") : 0;
    char line[TEXT_BYTES], *trace;
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(attempt->link, LONG_MS), 0);
    snprintf(line, sizeof line, "logged in by %s over %s; the server %s%s%.*s\n", mechanism,
             tls_here(), proved_by(mechanism), binding_len ? ", bound to TLS by " : "", binding_len,
             bindings);
    trace = witness_trace(&attempt->witness);
    ASSERT_CONTAINS(trace, line);
    ASSERT_LACKS(trace, "weaker");
    free(trace);
}

/* It says so at once and tries no more: else the wait would last. */
static void await_refusal(struct attempt *attempt, char reason[TEXT_BYTES])
{
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(attempt->link, 3 * LONG_MS), -1);
    CU_ASSERT_EQUAL(soap_xmpp_state(attempt->link), SOAP_XMPP_FAILED);
    soap_xmpp_reason(attempt->link, reason, TEXT_BYTES);
}

/* The names between beginning and end in text, with as many words as expected has. */
static void assert_names(const char *text, const char *beginning, char end, const char *expected)
{
    char names[TEXT_BYTES], name[40];
    const char *at = strstr(text, beginning);
    size_t len;
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    at += strlen(beginning);
    snprintf(names, sizeof names, ", %.*s,", (int)(strchr(at, end) - at), at);
    len = strlen(", ,");
    for (; *expected; expected += strcspn(expected, " "), expected += *expected == ' ') {
        snprintf(name, sizeof name, ", %.*s,", (int)strcspn(expected, " "), expected);
        ASSERT_CONTAINS(names, name);
        len += strlen(name) - strlen(",");
    }
    CU_ASSERT_EQUAL(len, strlen(names) + strlen(", "));
}

/* What was offered, what we have, and what keeps us from it if both have it. */
static void assert_not_offered(struct attempt *attempt, const char *allowed)
{
    const char *offered = offered_by(attempt->store);
    char reason[TEXT_BYTES], own[TEXT_BYTES];
    await_refusal(attempt, reason);
    ASSERT_CONTAINS(reason, "offers no way to log in that we have credentials for; it offers: ");
    assert_names(reason, "it offers: ", ';', offered);
    snprintf(own, sizeof own, "; we have: %s", allowed);
    ASSERT_CONTAINS(reason, own);
    if (has_binding(allowed) && strstr(offered, allowed))
        ASSERT_CONTAINS(reason, "; no channel binding is common to both");
    else
        ASSERT_LACKS(reason, "channel binding");
}

/* ---- passwords ---- */

static void try_rows(const struct store *store, size_t column)
{
    static struct batch batch;
    const struct row *here = rows_of(store);
    size_t i;
    for (i = 0; i < 2 * ROWS; i++) {
        struct attempt *attempt = add(&batch, store);
        attempt->account.config.mechanisms = here[i / 2].allowed;
        begin(attempt);
    }
    for (i = 0; i < 2 * ROWS; i++) {
        const struct row *row = &here[i / 2];
        if (row->used[column])
            assert_used(&batch.attempts[i], row->used[column], channel_of(store)->bindings);
        else
            assert_not_offered(&batch.attempts[i], row->allowed);
    }
    end_all(&batch);
}

static void each_mechanism_does_what_the_server_lets_it(void)
{
    each_store(try_rows);
}

/* ---- channel bindings ---- */

/* Each that the server takes, as those that we would prefer go; without any the login is unbound.
 */
static void try_bindings(const struct store *store, size_t column)
{
    static struct batch batch;
    const char *left = channel_of(store)->bindings;
    unsigned lacking = 0;
    bool has_more;
    do {
        char name[sizeof END_POINT];
        size_t i, len = strcspn(left, " ");
        has_more = len > 0;
        bindings_lack(lacking);
        for (i = 0; i < 2; i++)
            begin(add(&batch, store));
        for (i = 0; i < 2; i++)
            assert_used(&batch.attempts[i], (has_more ? bound : unbound)[0].used[column], left);
        end_all(&batch);
        snprintf(name, sizeof name, "%.*s", (int)len, left);
        lacking |= sx_binding_find(name);
        left += len + (left[len] == ' ');
    } while (has_more);
    bindings_lack(0);
}

static void each_binding_that_the_server_names_is_taken(void)
{
    each_store(try_bindings);
}

/* ---- wrong passwords ---- */

/* A refused binding that the server hasn't named is followed by the same hash without one; the last
 * refusal is told. */
static void assert_not_authorized(struct attempt *attempt, const struct row *row,
                                  const char *mechanism)
{
    char reason[TEXT_BYTES], refusal[TEXT_BYTES];
    int len = (int)strlen(mechanism);
    if (!row->allowed && has_binding(mechanism) && !names_bindings(attempt->store))
        len -= (int)strlen("-PLUS");
    await_refusal(attempt, reason);
    snprintf(refusal, sizeof refusal, " refused the login of %s by %.*s: not-authorized",
             attempt->account.jid, len, mechanism);
    ASSERT_CONTAINS(reason, refusal);
    ASSERT_LACKS(reason, attempt->account.password);
}

static void try_wrong_passwords(const struct store *store, size_t column)
{
    static struct batch batch;
    const struct row *here = rows_of(store), *tried[2 * ROWS];
    size_t i, count = 0;
    /* Debian's ejabberd lets nobody in for an hour from where twenty logins have failed. */
    for (i = 0; i < 2 * ROWS; i += scale_of(1, 2)) {
        struct attempt *attempt;
        if (!here[i / 2].used[column])
            continue;
        attempt = add(&batch, store);
        snprintf(attempt->account.password, sizeof attempt->account.password, "not-the-password");
        attempt->account.config.mechanisms = here[i / 2].allowed;
        tried[count++] = &here[i / 2];
        begin(attempt);
    }
    for (i = 0; i < count; i++)
        assert_not_authorized(&batch.attempts[i], tried[i], tried[i]->used[column]);
    end_all(&batch);
}

static void a_wrong_password_is_refused_whatever_the_mechanism(void)
{
    each_store(try_wrong_passwords);
}

/* ---- certificates ---- */

static void show_certificate(struct attempt *attempt, const char *whose)
{
    const struct site *site = &attempt->site;
    int dir_len = (int)(strrchr(site->ca_file, '/') - site->ca_file);
    snprintf(attempt->cert_file, sizeof attempt->cert_file, "%.*s/%s/%s.crt", dir_len,
             site->ca_file, site->domain, whose);
    snprintf(attempt->key_file, sizeof attempt->key_file, "%.*s/%s/%s.key", dir_len, site->ca_file,
             site->domain, whose);
    attempt->account.config.cert_file = attempt->cert_file;
    attempt->account.config.key_file = attempt->key_file;
}

/* A certificate that isn't taken may be renewed: it is read again. */
static void assert_refused(struct attempt *attempt, const char *sentence)
{
    bool is_final = strcmp(sentence, NOT_ALICE) == 0;
    const char *here = strchr(attempt->account.jid, '@') + 1, *place;
    char expected[TEXT_BYTES] = "";
    for (; (place = strstr(sentence, "HERE")); sentence = place + strlen("HERE")) {
        strncat(expected, sentence, (size_t)(place - sentence));
        strcat(expected, here);
    }
    strcat(expected, sentence);
    link_await_reason(attempt->link, expected);
    CU_ASSERT_EQUAL(soap_xmpp_state(attempt->link) == SOAP_XMPP_FAILED, is_final);
}

static void try_certificates(const struct store *store, size_t column)
{
    static struct batch batch;
    const char *by_password = rows_of(store)[0].used[column];
    const struct certificate *tried = scale_is_small() ? in_vain : certificates;
    size_t i, count = 2 * COUNT(certificates);
    for (i = 0; i < count; i++) {
        struct attempt *attempt = add(&batch, store);
        show_certificate(attempt, tried[i / 2].whose);
        if (!tried[i / 2].has_password)
            attempt->account.config.password = NULL;
        begin(attempt);
    }
    for (i = 0; i < count; i++) {
        const struct certificate *certificate = &tried[i / 2];
        const char *sentence = strcmp(store->label, "prosody") == 0 ? certificate->at_prosody
                                                                    : certificate->at_ejabberd;
        if (sentence)
            assert_refused(&batch.attempts[i], sentence);
        else
            assert_used(&batch.attempts[i], certificate->has_password ? by_password : EXTERNAL,
                        channel_of(store)->bindings);
    }
    end_all(&batch);
}

static void a_certificate_logs_its_account_in_and_nobody_else(void)
{
    each_store(try_certificates);
}

/* ---- both versions of TLS ---- */

#define TLS_1_2_TEST "all of that over TLS 1.2"

static void all_of_that_over_tls_1_2(void)
{
    if (!rerun_is_here()) {
        rerun_with_openssl(TLS_1_2_TEST, "MaxProtocol = TLSv1.2\n");
        return;
    }
    each_mechanism_does_what_the_server_lets_it();
    each_binding_that_the_server_names_is_taken();
    a_wrong_password_is_refused_whatever_the_mechanism();
    a_certificate_logs_its_account_in_and_nobody_else();
}

CU_TestInfo tests_mechanisms[] = {
    {"each mechanism does what the server lets it", each_mechanism_does_what_the_server_lets_it},
    {"each binding that the server names is taken", each_binding_that_the_server_names_is_taken},
    {"a wrong password is refused, whatever the mechanism",
     a_wrong_password_is_refused_whatever_the_mechanism},
    {"a certificate logs its account in and nobody else",
     a_certificate_logs_its_account_in_and_nobody_else},
    {TLS_1_2_TEST, all_of_that_over_tls_1_2},
    CU_TEST_INFO_NULL,
};
