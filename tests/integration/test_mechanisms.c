/* What each SASL mechanism comes to at each server with each way to keep passwords, over TLS 1.3
 * and 1.2, with STARTTLS and direct TLS: what it takes, or the sentence that says why it can't.
 */
#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/rerun.h"
#include "../lib/suite.h"
#include "site.h"
#include "witness.h"

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

/* ---- the cells ---- */

/* How passwords are kept, and what is offered to whom shows no certificate. */
static const struct store {
    const char *label;
    bool is_second;                       /* the site's second domain */
    const char *offered, *offered_before; /* over TLS 1.3; over TLS 1.2 */
} stores[] = {
    /* by SHA-1; as they are */
    {"prosody", false, "PLAIN " S1, "PLAIN " S1 " " P1},
    {"prosody", true, "PLAIN " S1 " " S256, "PLAIN " S1 " " S256 " " P1 " " P256},
    /* by SHA-1; by SHA-512; as they are */
    {"ejabberd", false, "EXTERNAL PLAIN " S1 " " P1, "EXTERNAL PLAIN " S1 " " P1},
    {"frail", false, "EXTERNAL PLAIN " S512 " " P512, "EXTERNAL PLAIN " S512 " " P512},
    {"ejabberd", true, "EXTERNAL PLAIN " S1 " " S256 " " S512 " " P1 " " P256 " " P512,
     "EXTERNAL PLAIN " S1 " " S256 " " S512 " " P1 " " P256 " " P512},
};
enum { STORES = COUNT(stores) };

/* What a login by the allowed mechanisms takes at each store. */
struct row {
    const char *allowed, *used[STORES];
};

/* Without XEP-0440 there is no binding for TLS 1.3, though ejabberd offers -PLUS. */
static const struct row rows[] = {
    {ALL, {S1, S256, S1, S512, S512}},      {S1, {S1, S1, S1, NONE, S1}},
    {S256, {NONE, S256, NONE, NONE, S256}}, {S512, {NONE, NONE, NONE, S512, S512}},
    {P1, {NONE, NONE, NONE, NONE, NONE}},   {P256, {NONE, NONE, NONE, NONE, NONE}},
    {P512, {NONE, NONE, NONE, NONE, NONE}}, {PLAIN, {PLAIN, PLAIN, PLAIN, PLAIN, PLAIN}},
};

/* Over TLS 1.2, by tls-unique. */
static const struct row rows_before[] = {
    {ALL, {P1, P256, P1, P512, P512}},      {S1, {S1, S1, S1, NONE, S1}},
    {S256, {NONE, S256, NONE, NONE, S256}}, {S512, {NONE, NONE, NONE, S512, S512}},
    {P1, {P1, P1, P1, NONE, P1}},           {P256, {NONE, P256, NONE, NONE, P256}},
    {P512, {NONE, NONE, NONE, P512, P512}}, {PLAIN, {PLAIN, PLAIN, PLAIN, PLAIN, PLAIN}},
};
enum { ROWS = COUNT(rows) };
static_assert(COUNT(rows) == COUNT(rows_before) && COUNT(rows) <= MOST_ROWS,
              "the same rows for both");

/* Alice's login by certificate alone: USED, or the sentence at each server, DOMAIN in it. */
#define USED NULL
static const struct certificate {
    const char *whose, *at_prosody, *at_ejabberd;
} certificates[] = {
    {"alice", USED, USED},
    {"bob", "bob.crt is that of bob@DOMAIN", "bob.crt is that of bob@DOMAIN"},
    {"stranger", "stranger.crt: it offers no SASL EXTERNAL",
     "refused the login of alice@DOMAIN/1 by EXTERNAL: not-authorized"},
    {"late", "late.crt has expired", "late.crt has expired"},
};
static_assert(COUNT(certificates) <= MOST_ROWS, "room for each");

static const struct row *rows_here(void)
{
    return rerun_is_here() ? rows_before : rows;
}

static const char *tls_here(void)
{
    return rerun_is_here() ? "TLS 1.2" : "TLS 1.3";
}

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

static void each_store(void (*run)(const struct store *store, size_t column))
{
    size_t i;
    for (i = 0; i < STORES; i++)
        run(&stores[i], i);
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

/* The trace (info) says by which mechanism, and by which binding. */
static void assert_used(struct attempt *attempt, const char *mechanism)
{
    char line[TEXT_BYTES], *trace;
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(attempt->link, LONG_MS), 0);
    snprintf(line, sizeof line, "logged in by %s over %s; the server %s%s\n", mechanism, tls_here(),
             proved_by(mechanism), has_binding(mechanism) ? ", bound to TLS by tls-unique" : "");
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
    const struct store *store = attempt->store;
    const char *offered = rerun_is_here() ? store->offered_before : store->offered;
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
    const struct row *here = rows_here();
    size_t i;
    for (i = 0; i < 2 * ROWS; i++) {
        struct attempt *attempt = add(&batch, store);
        attempt->account.config.mechanisms = here[i / 2].allowed;
        begin(attempt);
    }
    for (i = 0; i < 2 * ROWS; i++) {
        const struct row *row = &here[i / 2];
        if (row->used[column])
            assert_used(&batch.attempts[i], row->used[column]);
        else
            assert_not_offered(&batch.attempts[i], row->allowed);
    }
    end_all(&batch);
}

static void each_mechanism_does_what_the_server_lets_it(void)
{
    each_store(try_rows);
}

/* A refused binding is followed by the same hash without one; the last refusal is told. */
static void assert_not_authorized(struct attempt *attempt, const struct row *row,
                                  const char *mechanism)
{
    char reason[TEXT_BYTES], refusal[TEXT_BYTES];
    int len = (int)strlen(mechanism);
    if (!row->allowed && has_binding(mechanism))
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
    const struct row *here = rows_here(), *tried[2 * ROWS];
    size_t i, count = 0;
    for (i = 0; i < 2 * ROWS; i++) {
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
    attempt->account.config.password = NULL;
}

static void assert_refused(struct attempt *attempt, const char *sentence)
{
    char reason[TEXT_BYTES], expected[TEXT_BYTES];
    const char *domain = strstr(sentence, "DOMAIN");
    if (domain)
        snprintf(expected, sizeof expected, "%.*s%s", (int)(domain - sentence), sentence,
                 attempt->site.domain);
    else
        snprintf(expected, sizeof expected, "%s", sentence);
    await_refusal(attempt, reason);
    ASSERT_CONTAINS(reason, expected);
}

static void try_certificates(const struct store *store, size_t column)
{
    static struct batch batch;
    size_t i, count = 2 * COUNT(certificates);
    (void)column;
    for (i = 0; i < count; i++) {
        struct attempt *attempt = add(&batch, store);
        show_certificate(attempt, certificates[i / 2].whose);
        begin(attempt);
    }
    for (i = 0; i < count; i++) {
        const struct certificate *certificate = &certificates[i / 2];
        const char *sentence = strcmp(store->label, "prosody") == 0 ? certificate->at_prosody
                                                                    : certificate->at_ejabberd;
        if (sentence)
            assert_refused(&batch.attempts[i], sentence);
        else
            assert_used(&batch.attempts[i], EXTERNAL);
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
    a_wrong_password_is_refused_whatever_the_mechanism();
    a_certificate_logs_its_account_in_and_nobody_else();
}

CU_TestInfo tests_mechanisms[] = {
    {"each mechanism does what the server lets it", each_mechanism_does_what_the_server_lets_it},
    {"a wrong password is refused, whatever the mechanism",
     a_wrong_password_is_refused_whatever_the_mechanism},
    {"a certificate logs its account in and nobody else",
     a_certificate_logs_its_account_in_and_nobody_else},
    {TLS_1_2_TEST, all_of_that_over_tls_1_2},
    CU_TEST_INFO_NULL,
};
