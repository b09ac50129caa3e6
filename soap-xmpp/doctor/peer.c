/* peer.c - federation, peer and allowed: the service at the other end.
 *
 * Invariant: it is asked what it is, never to run anything.
 *
 * Happy path: its domain's server answers -> it is there and speaks SOAP -> its form says that a
 * rule names us. Failure modes: the condition says whose side it is.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "doctor/survey.h"
#include "entity.h"

enum { ASK_MS = 6000 };

static bool is_asked(const struct survey *survey, struct finding *finding)
{
    if (survey->endpoint)
        return true;
    finding_say(finding, FINDING_SKIP, "no ENDPOINT was given");
    return false;
}

/* ---- federation ---- */

static void advise_federation(const struct survey *survey, struct finding *finding,
                              const char *domain, const char *why)
{
    if (strstr(why, "remote-server-not-found")) {
        finding_advise(finding,
                       "our server finds no server for %s: its DNS (_xmpp-server._tcp.%s), "
                       "its port 5269 and its certificate",
                       domain, domain);
        survey_advise(survey, finding, "of ours: \"s2s\" in modules_enabled, s2s_secure_auth",
                      "of ours: a listener with module: ejabberd_s2s_in, s2s_access");
    } else if (strstr(why, "remote-server-timeout")) {
        finding_advise(finding,
                       "the server of %s doesn't answer ours: its port 5269, a firewall on "
                       "either side",
                       domain);
    } else {
        finding_advise(finding, "see the logs of both servers");
    }
}

void peer_check_federation(struct survey *survey, struct finding *finding)
{
    char domain[SURVEY_DOMAIN_BYTES], why[SURVEY_WHY_BYTES];
    json_t *features;
    const char *own = strchr(survey->domain, '.');
    if (!is_asked(survey, finding))
        return;
    if (!survey_read_domain(survey->endpoint, domain)) {
        finding_say(finding, FINDING_FAIL, "%s has no domain", survey->endpoint);
        return;
    }
    if (strcasecmp(domain, survey->domain) == 0 ||
        (survey->is_component && own && strcasecmp(domain, own + 1) == 0)) {
        finding_say(finding, FINDING_SKIP, "%s is our own server's", domain);
        return;
    }
    features = entity_ask(survey->link, domain, survey_timeout_ms(survey, ASK_MS), why, sizeof why);
    if (!features) {
        finding_say(finding, FINDING_FAIL, "%s", why);
        advise_federation(survey, finding, domain, why);
    } else {
        finding_say(finding, FINDING_OK, "the server of %s answers", domain);
    }
    json_decref(features);
}

/* ---- peer ---- */

static json_t *ask_peer(struct survey *survey, char why[SURVEY_WHY_BYTES])
{
    return entity_ask(survey->link, survey->endpoint, survey_timeout_ms(survey, ASK_MS), why,
                      SURVEY_WHY_BYTES);
}

static void tell_absent(struct finding *finding, const char *why)
{
    finding_say(finding, FINDING_FAIL, "%s", why);
    if (strstr(why, "service-unavailable") || strstr(why, "recipient-unavailable"))
        finding_advise(finding,
                       "nobody is there under this very resource: start the service, or see "
                       "which resource it binds (\"soap\" unless it says so)");
    else if (strstr(why, "forbidden") || strstr(why, "not-allowed"))
        finding_advise(finding, "it tells only whom its rules let call");
    else
        finding_advise(finding, "see federation, and whether the service is online");
}

static void tell_features(const json_t *features, struct finding *finding)
{
    static const struct {
        const char *feature, *text;
    } ours[] = {
        {"urn:soap-xmpp:delivery:1", "runs each call once, also when it is sent again"},
        {"urn:soap-xmpp:packed:1", "takes packed envelopes"},
        {"http://jabber.org/protocol/ibb", "takes big messages in pieces"},
    };
    const char *name = entity_value(features, SOAP_XMPP_SERVICE_FORM, "name");
    const char *version = entity_value(features, SOAP_XMPP_SERVICE_FORM, "version");
    size_t i;
    if (entity_incarnation(features))
        finding_add_detail(finding, "incarnation: %s", entity_incarnation(features));
    if (name)
        finding_add_detail(finding, "%s%s%s", name, version ? " " : "", version ? version : "");
    for (i = 0; i < sizeof ours / sizeof ours[0]; i++)
        finding_add_detail(finding, "%s: %s", ours[i].text,
                           entity_has(features, ours[i].feature) ? "yes" : "no");
}

void peer_check(struct survey *survey, struct finding *finding)
{
    char why[SURVEY_WHY_BYTES];
    json_t *features;
    if (!is_asked(survey, finding))
        return;
    features = ask_peer(survey, why);
    if (!features) {
        tell_absent(finding, why);
    } else if (!entity_has(features, SOAP_XMPP_FEATURE)) {
        finding_say(finding, FINDING_FAIL, "%s is there, but lists no SOAP", survey->endpoint);
        finding_advise(finding, "it is no SOAP service, or serves nobody yet");
    } else {
        finding_say(finding, FINDING_OK, "%s is there and speaks SOAP", survey->endpoint);
        tell_features(features, finding);
        if (!entity_has(features, "urn:soap-xmpp:delivery:1")) {
            finding_say(finding, FINDING_WARN,
                        "it doesn't use this library: a call is sent once, and "
                        "plain");
            finding_advise(finding, "docs/guarantees.md says what that means for a connection that "
                                    "breaks");
        }
    }
    json_decref(features);
}

/* ---- allowed ---- */

/* It lists "{namespace}name". */
static bool is_operation(const char *listed, const char *operation)
{
    const char *local = strchr(listed, '}');
    return strcmp(listed, operation) == 0 || (local && strcmp(local + 1, operation) == 0);
}

static bool has_operation(const json_t *features, const char *operation)
{
    const json_t *listed;
    size_t i;
    json_array_foreach(entity_values(features, SOAP_XMPP_SERVICE_FORM, "operations"), i, listed)
        if (is_operation(json_string_value(listed), operation))
            return true;
    return false;
}

void peer_check_allowed(struct survey *survey, struct finding *finding)
{
    char why[SURVEY_WHY_BYTES];
    json_t *features;
    if (!is_asked(survey, finding))
        return;
    features = ask_peer(survey, why);
    if (!features) {
        finding_say(finding, FINDING_SKIP, "%s", why);
    } else if (!entity_value(features, SOAP_XMPP_SERVICE_FORM, "started")) {
        finding_say(finding, FINDING_SKIP,
                    "it doesn't describe itself to us: it has no description, "
                    "or no rule of it names us");
        finding_advise(finding,
                       "at the service: SOAP_XMPP_WSDL=FILE, and a rule for us: "
                       "SOAP_XMPP_ALLOW='%.*s%s%s'",
                       (int)strcspn(survey->config->jid, "/"), survey->config->jid,
                       survey->operation ? ":" : "", survey->operation ? survey->operation : "");
    } else if (survey->operation && !has_operation(features, survey->operation)) {
        finding_say(finding, FINDING_FAIL, "it has no operation '%s'", survey->operation);
        finding_advise(finding, "soap-xmpp info %s lists them", survey->endpoint);
    } else {
        finding_say(finding, FINDING_OK, "a rule of it names us%s%s%s",
                    survey->operation ? "; it has the operation '" : "",
                    survey->operation ? survey->operation : "", survey->operation ? "'" : "");
    }
    json_decref(features);
}
