/* login.c - login and component: whether the server lets us in, and as whom.
 *
 * Invariant: one link is opened, which the later checks use; the survey closes it.
 *
 * Happy path: open -> online -> what was negotiated is read. Failure modes: refused, or not in
 * time: FAIL with the library's own sentence.
 */
#include <stdio.h>
#include <string.h>

#include "doctor/survey.h"
#include "interrupt.h"

enum { LOGIN_MS = 10000, SLICE_MS = 100, ATTEMPTS = 2, VALUE_BYTES = 128, JID_BYTES = 3200 };

/* ---- logging in ---- */

static void count_failure(void *user, enum soap_xmpp_state_value state, const char *reason)
{
    struct survey *survey = user;
    (void)reason;
    if (state == SOAP_XMPP_BACKING_OFF)
        atomic_fetch_add(&survey->failures, 1);
}

/* A second attempt, since a first one may be bad luck; or until it says that waiting can't help. */
static bool await_online(struct survey *survey)
{
    struct deadline deadline = deadline_after(survey_timeout_ms(survey, LOGIN_MS));
    while (!deadline_is_over(&deadline) && !interrupt_signal() &&
           atomic_load(&survey->failures) < ATTEMPTS) {
        long long begun_ms = deadline_now_ms();
        int slice_ms = deadline_left_ms(&deadline, SLICE_MS);
        if (soap_xmpp_wait_online(survey->link, slice_ms) == 0)
            return true;
        if (deadline_now_ms() - begun_ms < slice_ms / 2)
            return false;
    }
    return false;
}

/* -1: reason has the library's sentence. */
static int log_in(struct survey *survey, char *reason, size_t reason_bytes, double *seconds)
{
    struct soap_xmpp_config config = *survey->config;
    long long start_us = deadline_now_us();
    if (!config.connect_timeout_ms)
        config.connect_timeout_ms = LOGIN_MS;
    if (survey->idle_s && !config.keepalive_ms) /* nothing of ours may break the silence */
        config.keepalive_ms = (survey->idle_s + 60) * 1000;
    config.state_callback = count_failure;
    config.state_user = survey;
    survey->link = soap_xmpp_open(&config, reason, reason_bytes);
    if (!survey->link)
        return -1;
    interrupt_watch_link(survey->link);
    survey->is_online = await_online(survey);
    *seconds = (double)(deadline_now_us() - start_us) / 1e6;
    if (!survey->is_online)
        soap_xmpp_reason(survey->link, reason, reason_bytes);
    return survey->is_online ? 0 : -1;
}

static void advise_refused(const struct survey *survey, struct finding *finding, const char *reason)
{
    if (strstr(reason, "refused the login")) {
        finding_advise(finding,
                       "see that the JID and the password are right, and the account exists");
        survey_advise(survey, finding,
                      "prosodyctl adduser ACCOUNT@DOMAIN, prosodyctl passwd ACCOUNT@DOMAIN",
                      "ejabberdctl register or change_password; mod_fail2ban shuts addresses out "
                      "after c2s_max_auth_failures");
    } else if (strstr(reason, "no way to log in")) {
        finding_advise(finding, "let SOAP_XMPP_MECHANISMS have one that the server offers");
        survey_advise(survey, finding, "authentication = \"internal_hashed\"",
                      "auth_password_format: scram");
    } else {
        finding_advise(finding, "docs/errors.md says what each sentence means, and what to do");
    }
}

static void fail(const struct survey *survey, struct finding *finding, const char *reason)
{
    finding_say(finding, FINDING_FAIL, "%s", reason[0] ? reason : "not online in time");
    if (survey->is_component) {
        finding_advise(finding,
                       "the domain, its secret and the port have to be those of the server, "
                       "and no other process may hold the domain");
        survey_advise(survey, finding,
                      "Component \"DOMAIN\" with component_secret; component_ports = { 5347 }",
                      "a listener with module: ejabberd_service, hosts and password");
    } else {
        advise_refused(survey, finding, reason);
    }
}

/* ---- login ---- */

/* A server may offer more that need no password of ours, as Prosody 13 does: OAUTHBEARER. */
static bool sees_password(const char *mechanisms)
{
    return mechanisms[0] && !strstr(mechanisms, "SCRAM-") && strstr(mechanisms, "PLAIN");
}

static void look_at_mechanism(struct survey *survey, struct finding *finding)
{
    if (survey->mechanisms[0])
        finding_add_detail(finding, "offered: %s", survey->mechanisms);
    if (!sees_password(survey->mechanisms))
        return;
    finding_say(finding, FINDING_WARN,
                "the server offers no SCRAM, but PLAIN: it sees the password");
    survey_advise(survey, finding,
                  "authentication = \"internal_hashed\" (or internal_plain), which offer SCRAM",
                  "auth_password_format: scram");
}

/* Another one than asked for: somebody has that. */
static void look_at_resource(struct survey *survey, struct finding *finding, const char *bound)
{
    const char *asked = strchr(survey->config->jid, '/'), *got = strchr(bound, '/');
    if (!asked || !got || strcmp(asked, got) == 0)
        return;
    finding_say(finding, FINDING_WARN, "the server has bound another resource than asked for");
    finding_advise(finding, "another connection has %s: end it, or take another resource",
                   survey->config->jid);
}

void login_check(struct survey *survey, struct finding *finding)
{
    char reason[SURVEY_WHY_BYTES] = "", bound[JID_BYTES] = "";
    char mechanism[VALUE_BYTES];
    double seconds = 0;
    if (survey->is_component) {
        finding_say(finding, FINDING_SKIP, "a component: see component");
        return;
    }
    if (log_in(survey, reason, sizeof reason, &seconds)) {
        look_at_mechanism(survey, finding);
        fail(survey, finding, reason);
        return;
    }
    soap_xmpp_jid(survey->link, bound, sizeof bound);
    survey_find_fact(survey, "sasl.mechanism", mechanism, sizeof mechanism);
    if (!survey->mechanisms[0])
        survey_find_fact(survey, "sasl.offered", survey->mechanisms, sizeof survey->mechanisms);
    finding_say(finding, FINDING_OK, "%s%s%s, %.0f ms", bound, mechanism[0] ? ", " : "", mechanism,
                seconds * 1e3);
    finding_measure(finding, "online_seconds", seconds);
    look_at_mechanism(survey, finding);
    look_at_resource(survey, finding, bound);
}

/* ---- component ---- */

void login_check_component(struct survey *survey, struct finding *finding)
{
    char reason[SURVEY_WHY_BYTES] = "";
    double seconds = 0;
    if (!survey->is_component) {
        finding_say(finding, FINDING_SKIP, "%s is an account", survey->config->jid);
    } else if (log_in(survey, reason, sizeof reason, &seconds)) {
        fail(survey, finding, reason);
    } else {
        finding_say(finding, FINDING_OK, "%s, %.0f ms", survey->domain, seconds * 1e3);
        finding_measure(finding, "online_seconds", seconds);
    }
}
