/* survey.h - what the checks are about, and what one has learnt that a later one needs.
 *
 * Noun: the survey. A check is a function that reads it, asks something, and writes a finding; it
 * ends by the survey's deadline, and never runs an operation of a service.
 *
 * Invariant: what stands under "learnt" is empty until the check that is named there has run.
 *
 * Thread: that of the doctor alone. Checks block, until the deadline at the latest.
 */
#ifndef SOAP_XMPP_TOOL_DOCTOR_SURVEY_H
#define SOAP_XMPP_TOOL_DOCTOR_SURVEY_H

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#ifndef SOAP_XMPP_NO_GSOAP
#define SOAP_XMPP_NO_GSOAP
#endif
#include "soap_xmpp.h"

#include "deadline.h"
#include "doctor/finding.h"
#include "doctor/place.h"

enum { SURVEY_DOMAIN_BYTES = 256, SURVEY_WORDS_BYTES = 512, SURVEY_WHY_BYTES = 400 };

/* What a server is, as far as advice depends on it. */
enum survey_software { SURVEY_UNKNOWN = 0, SURVEY_PROSODY, SURVEY_EJABBERD };

struct survey {
    /* immutable */
    const struct soap_xmpp_config *config; /* as for any other command */
    const char *sources;     /* where each value comes from, a line for each; NULL: isn't known */
    const char *endpoint;    /* NULL: none was given */
    const char *operation;   /* NULL: none was given */
    const char *name_server; /* "ADDRESS" or "ADDRESS:PORT"; NULL: the system's */
    int idle_s;              /* 0: the connection isn't left alone */
    struct deadline deadline;
    bool is_component;
    bool has_domain;
    char domain[SURVEY_DOMAIN_BYTES]; /* of our JID, as it was given */
    char ascii[SURVEY_DOMAIN_BYTES];  /* the same in A-labels */
    /* learnt by dns, tcp */
    struct places places;
    /* learnt by tls, login, server: "" or 0 if nothing was told */
    char mechanisms[SURVEY_WORDS_BYTES];
    size_t announced_bytes; /* the largest stanza, XEP-0478 */
    /* learnt by login */
    struct soap_xmpp_link *link; /* NULL: there is none */
    bool is_online;
    atomic_int failures; /* attempts of the link that failed; by its thread */
    /* learnt by server */
    enum survey_software software;
    json_t *features; /* of the domain: entity.h; NULL: it hasn't told */
};

/* Reads the JID of the configuration; what else there is to know is set by the caller. */
void survey_init(struct survey *survey, const struct soap_xmpp_config *config,
                 struct deadline deadline);
void survey_fini(struct survey *survey); /* closes the link */

/* The domain of a JID or an xmpp: URI; false: there is none, or it is too long. */
bool survey_read_domain(const char *jid, char domain[SURVEY_DOMAIN_BYTES]);

/* What the link knows of its stream (soap_xmpp_facts()); "" if it doesn't. */
void survey_find_fact(const struct survey *survey, const char *name, char *out, size_t out_bytes);

/* Milliseconds for one question of the library: within_ms, or what is left. */
int survey_timeout_ms(const struct survey *survey, int within_ms);

/* Advice for the one server or the other, or both lines if it isn't known which it is. */
void survey_advise(const struct survey *survey, struct finding *finding, const char *prosody,
                   const char *ejabberd);

/* The checks, a file for each group. */
typedef void check_fn(struct survey *survey, struct finding *finding);
check_fn config_check;
check_fn address_check_names, address_check_ports;
check_fn tls_check;
check_fn login_check, login_check_component;
check_fn server_check, server_check_message;
check_fn speed_check_rtt, speed_check_rate, speed_check_idle;
check_fn machine_check_clock, machine_check_limits;
check_fn peer_check_federation, peer_check, peer_check_allowed;

#endif
