/* site.h - the servers that tools/with-servers has started, as tests use them.
 *
 * A suite's tests run against each site that is up; site_list() says which.
 */
#ifndef TESTS_SITE_H
#define TESTS_SITE_H

#include <stdbool.h>

#define SOAP_XMPP_NO_GSOAP
#include "soap_xmpp.h"
#undef SOAP_XMPP_NO_GSOAP

enum { SITE_PATH_BYTES = 512, SITE_NAME_BYTES = 64 };

struct site {
    char label[SITE_NAME_BYTES]; /* "prosody", "ejabberd", or the label given to with-servers */
    char domain[SITE_NAME_BYTES], second_domain[SITE_NAME_BYTES]; /* "": there is no second one */
    char idn_domain[SITE_NAME_BYTES];                             /* the same */
    char ca_file[SITE_PATH_BYTES];
    char control[SITE_PATH_BYTES], folder[SITE_PATH_BYTES]; /* see tools/with-servers */
    int port, direct_tls_port, component_port;
    bool is_debian; /* configured as Debian does it, with what docs/servers.md advises or without */
};

/* The site of that label, NULL if it isn't up. */
const struct site *site_find(const char *label);

/* The first site that is up. Never NULL: the program ends with a sentence instead. */
const struct site *site_any(void);

/* Whether the server is that one ("prosody", "ejabberd") of this release, by the number before the
 * first dot, or a later one. */
bool site_is_since(const struct site *site, const char *software, int release);

/* Runs a test on the site of each server software, Prosody's and ejabberd's: both must be up. */
void site_each(void (*run)(const struct site *site));

/* The same for the two that may be broken, for tests that kill or stop the server itself. */
void site_each_fragile(void (*run)(const struct site *site));

/* The same for the second domain of the two, with the same accounts: there, who asks for a resource
 * that another connection has gets another one. As Debian configures them they have no such domain:
 * then it is the only one, and the other connection ends. */
void site_each_second(void (*run)(const struct site *site));

/* Kills the server and returns when it is dead; starts it again, on the same ports; lets it stand
 * still, and go on. Each is a failed assertion when it can't be done. */
void site_kill(const struct site *site);
void site_restart(const struct site *site);
void site_freeze(const struct site *site);
void site_thaw(const struct site *site);

/* What a link of that user needs, and the strings behind it. */
struct site_account {
    struct soap_xmpp_config config;
    char jid[256], password[64];
};

/* user is one of the site's accounts ("alice", "bob"); resource may be NULL. */
void site_account(const struct site *site, const char *user, const char *resource,
                  struct site_account *account);

/* The same for the site's component (label.domain), if nothing in between needs another port. */
void site_component(const struct site *site, struct site_account *component);

/* A link that is online; a failed assertion and NULL otherwise. */
struct soap_xmpp_link *site_open(const struct site *site, const char *user, const char *resource);

/* "xmpp:user@domain/resource" in a static buffer of its own for each of the last eight calls. */
const char *site_endpoint(const struct site *site, const char *user, const char *resource);

#endif
