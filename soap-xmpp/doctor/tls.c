/* tls.c - what encrypts the stream, and who the server proves to be, at each address.
 *
 * Invariant: no login is tried, and nothing secret is sent, whoever answers.
 *
 * Happy path: connect -> STARTTLS is offered, or TLS begins at once -> handshake -> the chain and
 * its names are looked at -> what is offered inside is kept for login and server.
 * Failure modes: each is a FAIL, since the library would refuse the server; old versions of TLS and
 * certificates that soon expire are warnings.
 */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

#include "doctor/certificate.h"
#include "doctor/probe.h"
#include "doctor/survey.h"

enum { LOOKED_AT = 6, PLACE_MS = 5000, ALL_MS = 8000, WHY_BYTES = 256, NAMES_BYTES = 200 };
static const double day_s = 86400, soon_days = 14;

/* One check of all places. */
struct look {
    struct survey *survey;
    struct finding *finding;
    SSL_CTX *context;
    struct deadline deadline;
    unsigned looked_at;
    double left_seconds; /* of the certificate that expires first */
    char version[16], cipher[64];
};

static void fail(struct look *look, const struct place *place, const char *clause)
{
    finding_say(look->finding, FINDING_FAIL, "%s: %s", place->text, clause);
    if (strstr(clause, "host-unknown"))
        finding_advise(look->finding,
                       "that server doesn't serve %s: see the JID, and --host if it was given",
                       look->survey->domain);
}

static void look_at_chain(struct look *look, const struct place *place, SSL *ssl)
{
    long result = SSL_get_verify_result(ssl);
    if (result == X509_V_OK)
        return;
    finding_say(look->finding, FINDING_FAIL, "%s: its certificate isn't trusted: %s", place->text,
                X509_verify_cert_error_string(result));
    if (result == X509_V_ERR_CERT_HAS_EXPIRED || result == X509_V_ERR_CERT_NOT_YET_VALID)
        finding_advise(
            look->finding,
            "renew the server's certificate (and see that this machine's clock is right)");
    else
        finding_advise(look->finding,
                       "name the CA that signed it: --ca FILE or SOAP_XMPP_CAFILE; or "
                       "have the server send the whole chain");
    survey_advise(look->survey, look->finding,
                  "certificates = \"certs\", prosodyctl cert import, prosodyctl check certs",
                  "certfiles in ejabberd.yml");
}

static void look_at_names(struct look *look, const struct place *place, X509 *certificate)
{
    char names[NAMES_BYTES];
    if (certificate_names(certificate, look->survey->domain, look->survey->ascii))
        return;
    certificate_list(certificate, names, sizeof names);
    finding_say(look->finding, FINDING_FAIL, "%s: its certificate is for %s, not for %s",
                place->text, names[0] ? names : "nobody", look->survey->domain);
    finding_advise(look->finding,
                   "the certificate has to name the domain of the JID, %s, in its "
                   "subjectAltName, whatever host it runs on",
                   look->survey->ascii);
}

static void look_at_certificate(struct look *look, const struct place *place, SSL *ssl)
{
    X509 *certificate = SSL_get1_peer_certificate(ssl);
    double left;
    if (!certificate) {
        fail(look, place, "it has no certificate");
        return;
    }
    look_at_chain(look, place, ssl);
    look_at_names(look, place, certificate);
    left = certificate_left_seconds(certificate);
    if (!look->looked_at || left < look->left_seconds)
        look->left_seconds = left;
    if (left >= 0 && left < soon_days * day_s) {
        finding_say(look->finding, FINDING_WARN, "%s: its certificate expires in %.0f days",
                    place->text, left / day_s);
        finding_advise(look->finding, "renew the server's certificate");
    }
    finding_add_detail(look->finding, "%s: %s, %s, certificate for %.0f more days", place->text,
                       SSL_get_version(ssl), SSL_get_cipher_name(ssl), left / day_s);
    X509_free(certificate);
}

static void look_at_version(struct look *look, const struct place *place, SSL *ssl)
{
    snprintf(look->version, sizeof look->version, "%s", SSL_get_version(ssl));
    snprintf(look->cipher, sizeof look->cipher, "%s", SSL_get_cipher_name(ssl));
    if (SSL_version(ssl) >= TLS1_3_VERSION)
        return;
    finding_say(look->finding, FINDING_WARN, "%s: it speaks %s", place->text, look->version);
    finding_advise(look->finding, "let the server speak TLS 1.3: a newer OpenSSL there, or");
    survey_advise(look->survey, look->finding, "ssl = { protocol = \"tlsv1_2+\" }",
                  "c2s_protocol_options without no_tlsv1_3");
}

static void keep(struct survey *survey, const struct offer *offer)
{
    if (offer->mechanisms[0])
        snprintf(survey->mechanisms, sizeof survey->mechanisms, "%s", offer->mechanisms);
    if (offer->max_bytes)
        survey->announced_bytes = offer->max_bytes;
}

/* Up to the handshake; -1 with why. */
static int begin_tls(struct look *look, const struct place *place, struct probe *probe, char *why)
{
    struct offer offer;
    if (!place->is_direct) {
        if (probe_greet(probe, look->survey->domain, &offer, why, WHY_BYTES))
            return -1;
        if (!offer.has_starttls) {
            snprintf(why, WHY_BYTES, "it doesn't offer STARTTLS");
            survey_advise(look->survey, look->finding,
                          "\"tls\" in modules_enabled, and a certificate for the domain",
                          "starttls_required: true at the listener, and certfiles");
            return -1;
        }
        if (!offer.requires_starttls)
            finding_add_detail(look->finding, "%s: STARTTLS is offered, not required", place->text);
        if (probe_ask_for_tls(probe, why, WHY_BYTES))
            return -1;
    }
    return probe_encrypt(probe, look->context, look->survey->ascii, place->is_direct, why,
                         WHY_BYTES);
}

static void look_at(struct look *look, const struct place *place)
{
    struct deadline deadline = deadline_after(deadline_left_ms(&look->deadline, PLACE_MS));
    struct offer offer;
    struct probe probe;
    char why[WHY_BYTES] = "";
    if (probe_open(&probe, place, &deadline, why, sizeof why) ||
        begin_tls(look, place, &probe, why)) {
        fail(look, place, why);
    } else {
        look_at_certificate(look, place, probe.ssl);
        look_at_version(look, place, probe.ssl);
        if (probe_greet(&probe, look->survey->domain, &offer, why, sizeof why))
            fail(look, place, why);
        else
            keep(look->survey, &offer);
        look->looked_at++;
    }
    probe_close(&probe);
}

/* NULL: no memory, or a CA file that can't be read. */
static SSL_CTX *new_context(const struct soap_xmpp_config *config)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!context)
        return NULL;
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL); /* what it is worth is looked at later */
    if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) &&
        SSL_CTX_set_default_verify_paths(context) &&
        (!config->ca_file || SSL_CTX_load_verify_file(context, config->ca_file)))
        return context;
    SSL_CTX_free(context);
    return NULL;
}

static void look_at_all(struct look *look)
{
    const struct places *places = &look->survey->places;
    unsigned i, tried = 0;
    for (i = 0; i < places->count; i++) {
        if (!places->all[i].is_open)
            continue;
        if (tried++ >= LOOKED_AT || deadline_is_over(&look->deadline))
            finding_add_detail(look->finding, "%s: not looked at", places->all[i].text);
        else
            look_at(look, &places->all[i]);
    }
    if (!tried) {
        finding_say(look->finding, FINDING_SKIP, "there is nobody to talk to: see tcp");
    } else if (look->looked_at) {
        finding_measure(look->finding, "certificate_left_seconds", look->left_seconds);
        finding_say(look->finding, FINDING_OK, "%s, %s, the certificate is good for %.0f days",
                    look->version, look->cipher, look->left_seconds / day_s);
    }
}

/* Without TLS, on loopback: what the server offers is still worth knowing. */
static void look_without_tls(struct survey *survey, struct finding *finding)
{
    struct deadline deadline = deadline_after(survey_timeout_ms(survey, PLACE_MS));
    struct offer offer;
    struct probe probe;
    char why[WHY_BYTES];
    unsigned i;
    for (i = 0; i < survey->places.count && !survey->places.all[i].is_open; i++)
        ;
    if (i < survey->places.count &&
        probe_open(&probe, &survey->places.all[i], &deadline, why, sizeof why) == 0 &&
        probe_greet(&probe, survey->domain, &offer, why, sizeof why) == 0)
        keep(survey, &offer);
    if (i < survey->places.count)
        probe_close(&probe);
    finding_say(finding, FINDING_SKIP,
                "TLS is off (--tls off), which the library takes on this "
                "machine alone");
}

void tls_check(struct survey *survey, struct finding *finding)
{
    struct look look = {.survey = survey, .finding = finding};
    if (survey->is_component) {
        finding_say(finding, FINDING_SKIP, "a component's stream has no TLS (XEP-0114)");
        return;
    }
    if (survey->config->tls == SOAP_XMPP_TLS_OFF) {
        look_without_tls(survey, finding);
        return;
    }
    look.deadline = deadline_after(survey_timeout_ms(survey, ALL_MS));
    look.context = new_context(survey->config);
    if (!look.context) {
        finding_say(finding, FINDING_FAIL, "OpenSSL can't be set up: %s",
                    ERR_peek_last_error() ? ERR_reason_error_string(ERR_peek_last_error())
                                          : "memory is short");
        finding_advise(finding, "see that --ca names a PEM file with certificates of CAs");
    } else {
        look_at_all(&look);
    }
    SSL_CTX_free(look.context);
    ERR_clear_error();
}
