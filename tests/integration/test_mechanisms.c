/* What each SASL mechanism comes to with each server's way to keep passwords: hashed in the first
 * domain, as they are in the second one.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/suite.h"
#include "site.h"
#include "witness.h"

enum { LONG_MS = 20000, TEXT_BYTES = 500 };

#define ALL     NULL /* as the library chooses */
#define REFUSED NULL
#define SHA_1   "SCRAM-SHA-1"
#define SHA_256 "SCRAM-SHA-256"
#define SHA_512 "SCRAM-SHA-512"
#define PLUS    "SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS SCRAM-SHA-512-PLUS"

struct cell {
    const char *label;
    bool is_second;
    const char *allowed, *used;
};

/* TLS 1.3 without XEP-0440: no -PLUS, though ejabberd offers it. */
static const struct cell cells[] = {
    {"prosody", false, ALL, SHA_1},        {"prosody", false, SHA_1, SHA_1},
    {"prosody", false, SHA_256, REFUSED},  {"prosody", false, SHA_512, REFUSED},
    {"prosody", false, PLUS, REFUSED},     {"prosody", false, "PLAIN", "PLAIN"},
    {"prosody", true, ALL, SHA_256},       {"prosody", true, SHA_1, SHA_1},
    {"prosody", true, SHA_256, SHA_256},   {"prosody", true, SHA_512, REFUSED},
    {"prosody", true, PLUS, REFUSED},      {"prosody", true, "PLAIN", "PLAIN"},
    {"ejabberd", false, ALL, SHA_1},       {"ejabberd", false, SHA_1, SHA_1},
    {"ejabberd", false, SHA_256, REFUSED}, {"ejabberd", false, SHA_512, REFUSED},
    {"ejabberd", false, PLUS, REFUSED},    {"ejabberd", false, "PLAIN", "PLAIN"},
    {"ejabberd", true, ALL, SHA_512},      {"ejabberd", true, SHA_1, SHA_1},
    {"ejabberd", true, SHA_256, SHA_256},  {"ejabberd", true, SHA_512, SHA_512},
    {"ejabberd", true, PLUS, REFUSED},     {"ejabberd", true, "PLAIN", "PLAIN"},
};

static void assert_used(struct witness *witness, const struct cell *cell)
{
    char line[TEXT_BYTES], *trace = witness_trace(witness);
    snprintf(line, sizeof line, "logged in by %s over TLS 1.3; the server proved %s", cell->used,
             strcmp(cell->used, "PLAIN") == 0 ? "nothing" : "that it knows the password");
    ASSERT_CONTAINS(trace, line);
    free(trace);
}

static void try_cell(const struct cell *cell, int tls)
{
    const struct site *first = site_find(cell->label);
    struct site site;
    struct site_account account;
    struct witness witness;
    struct soap_xmpp_link *link;
    char reason[TEXT_BYTES];
    CU_ASSERT_PTR_NOT_NULL_FATAL(first);
    site = *first;
    if (cell->is_second)
        snprintf(site.domain, sizeof site.domain, "%s", first->second_domain);
    site_account(&site, "alice", NULL, &account);
    account.config.mechanisms = cell->allowed;
    account.config.tls = tls;
    account.config.port = tls == SOAP_XMPP_TLS_DIRECT ? site.direct_tls_port : site.port;
    witness_init(&witness);
    witness_watch(&witness, &account.config);
    link = soap_xmpp_open(&account.config, reason, sizeof reason);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, LONG_MS), cell->used ? 0 : -1);
    soap_xmpp_reason(link, reason, sizeof reason);
    if (cell->used)
        assert_used(&witness, cell);
    else
        ASSERT_CONTAINS(reason, "offers no way to log in");
    soap_xmpp_close(link);
    witness_fini(&witness);
}

static void each_mechanism_does_what_the_server_lets_it_with_starttls(void)
{
    size_t i;
    for (i = 0; i < sizeof cells / sizeof cells[0]; i++)
        try_cell(&cells[i], SOAP_XMPP_TLS_REQUIRED);
}

static void each_mechanism_does_what_the_server_lets_it_with_direct_tls(void)
{
    size_t i;
    for (i = 0; i < sizeof cells / sizeof cells[0]; i++)
        try_cell(&cells[i], SOAP_XMPP_TLS_DIRECT);
}

CU_TestInfo tests_mechanisms[] = {
    {"each mechanism with STARTTLS", each_mechanism_does_what_the_server_lets_it_with_starttls},
    {"each mechanism with direct TLS", each_mechanism_does_what_the_server_lets_it_with_direct_tls},
    CU_TEST_INFO_NULL};
