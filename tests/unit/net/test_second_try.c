/* A refusal that is followed by another try in the same stream: whatever becomes of the connection,
 * it isn't for good before both were refused, and the next login begins with what had no answer.
 */
#include <string.h>

#include "attempt.h"
#include "../../lib/hostile_steps.h"
#include "../../lib/suite.h"

enum { PATIENT_MS = 30000 };

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define SASL(name, content)                                                                        \
    "<" name " xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>" content "</" name ">"
#define MECHANISM(name)     "<mechanism>" name "</mechanism>"
#define MECHANISMS(content) FEATURES(SASL("mechanisms", content))
#define FEATURES(content)   "<stream:features>" content "</stream:features>"
#define REFUSED             SASL("failure", "<not-authorized/>")
#define BINDING             FEATURES("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>")
#define PLAIN               "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>"
#define UP_TO_TLS_12                                                                               \
    {                                                                                              \
        .kind = HOSTILE_TLS_12                                                                     \
    }
#define NEXT                                                                                       \
    {                                                                                              \
        .kind = HOSTILE_NEXT                                                                       \
    }

static char typed[] = "secret given";

/* A first try, and what it is refused by; the second try and its success. */
struct pair {
    const char *mechanism; /* the first, in the sentence */
    bool was_typed, has_certificate;
    const struct hostile_step *first, *second, *come_to_second;
};

/* ---- the three ---- */

static const struct hostile_step offer_plain[] = {TLS, OPENED(MECHANISMS(MECHANISM("PLAIN"))), END};
static const struct hostile_step refuse_typed[] = {
    PLAY(offer_plain), AWAIT(PLAIN "AGFsaWNlAHNlY3JldCBnaXZlbg==</auth>"), SEND(REFUSED), END};
static const struct hostile_step take_prepared[] = {AWAIT(PLAIN "AGFsaWNlAHNlY3JldA==</auth>"),
                                                    SEND(SASL("success", "")), END};

static const struct hostile_step offer_external[] = {
    TLS, OPENED(MECHANISMS(MECHANISM("EXTERNAL") MECHANISM("PLAIN"))), END};
static const struct hostile_step refuse_certificate[] = {
    PLAY(offer_external), AWAIT("mechanism='EXTERNAL'>=</auth>"), SEND(REFUSED), END};

static const struct hostile_step offer_bound[] = {
    UP_TO_TLS_12, TLS, OPENED(MECHANISMS(MECHANISM("SCRAM-SHA-1-PLUS") MECHANISM("SCRAM-SHA-1"))),
    END};
static const struct hostile_step refuse_bound[] = {PLAY(offer_bound),
                                                   AWAIT("mechanism='SCRAM-SHA-1-PLUS'>"),
                                                   AWAIT("</auth>"), SEND(REFUSED), END};
static const struct hostile_step take_unbound[] = {SCRAM(.first = NULL), END};

static const struct pair pairs[] = {
    {"PLAIN", true, false, refuse_typed, take_prepared, offer_plain},
    {"EXTERNAL", false, true, refuse_certificate, take_prepared, offer_external},
    {"SCRAM-SHA-1-PLUS", false, false, refuse_bound, take_unbound, offer_bound},
};

/* ---- running them ---- */

struct scene {
    struct attempt_server server;
    struct attempt attempt;
};

static void begin(struct scene *scene, const struct pair *pair, const struct hostile_step *script)
{
    *scene = (struct scene){.attempt.timeout_ms = PATIENT_MS};
    attempt_server_start(&scene->server, script, &scene->attempt, SOAP_XMPP_TLS_REQUIRED);
    if (pair->was_typed)
        scene->attempt.config.typed_password = typed;
    if (pair->has_certificate)
        scene->attempt.config.cert_file = scene->attempt.config.key_file =
            scene->server.certificates.pem;
}

static void end(struct scene *scene)
{
    attempt_server_stop(&scene->server);
}

/* One more attempt of the same link. words: somewhere in the sentence. */
static void log_in(struct scene *scene, enum sx_err err, const char *words)
{
    scene->attempt.was_online = false;
    attempt_run(&scene->attempt);
    CU_ASSERT_EQUAL(scene->attempt.connection.failure.err, err);
    CU_ASSERT_EQUAL(scene->attempt.was_online, err == SX_ESTOPPED);
    ASSERT_CONTAINS(scene->attempt.connection.failure.text, words);
}

static void log_in_refused(struct scene *scene, enum sx_err err, const char *mechanism)
{
    char words[80];
    snprintf(words, sizeof words, "by %s: not-authorized", mechanism);
    log_in(scene, err, words);
}

static void a_server_lost_after_the_second_try_was_taken_is_lost_for_that_alone(void)
{
    size_t i;
    for (i = 0; i < COUNT(pairs); i++) {
        const struct hostile_step script[] = {PLAY(pairs[i].first),
                                              PLAY(pairs[i].second),
                                              OPENED(BINDING),
                                              AWAIT("</iq>"),
                                              HANG_UP,
                                              END};
        struct scene scene;
        begin(&scene, &pairs[i], script);
        log_in(&scene, SX_ELOST, "closed the connection during the login");
        end(&scene);
    }
}

static void what_had_no_answer_is_what_the_next_login_begins_with(void)
{
    size_t i;
    for (i = 0; i < COUNT(pairs); i++) {
        const struct hostile_step script[] = {PLAY(pairs[i].first),
                                              HANG_UP,
                                              NEXT,
                                              PLAY(pairs[i].come_to_second),
                                              PLAY(pairs[i].second),
                                              PLAY(hostile_bind),
                                              NEXT,
                                              PLAY(pairs[i].first),
                                              HANG_UP,
                                              END};
        struct scene scene;
        begin(&scene, &pairs[i], script);
        log_in_refused(&scene, SX_ELOST, pairs[i].mechanism);
        log_in(&scene, SX_ESTOPPED, "");
        CU_ASSERT_EQUAL(scene.attempt.memory.refused.mechanisms, 0);
        CU_ASSERT_FALSE(scene.attempt.memory.refused.is_typed);
        end(&scene);
    }
}

/* A server that closes behind each refusal. */
static void what_was_refused_in_both_ways_is_refused_for_good(void)
{
    static const char *const others[] = {"PLAIN", "PLAIN", "SCRAM-SHA-1"};
    size_t i;
    for (i = 0; i < COUNT(pairs); i++) {
        const struct hostile_step script[] = {
            PLAY(pairs[i].first), HANG_UP,       NEXT,    PLAY(pairs[i].come_to_second),
            AWAIT("</auth>"),     SEND(REFUSED), HANG_UP, NEXT,
            PLAY(pairs[i].first), HANG_UP,       END};
        struct scene scene;
        begin(&scene, &pairs[i], script);
        log_in_refused(&scene, SX_ELOST, pairs[i].mechanism);
        log_in_refused(&scene, SX_EAUTH, others[i]);
        log_in_refused(&scene, SX_ELOST, pairs[i].mechanism); /* a kick begins anew */
        end(&scene);
    }
}

/* Somebody on the way mustn't talk us out of a binding that the server names, or had once. */
static void a_binding_is_not_given_up_where_the_server_can_do_it(void)
{
    static const struct hostile_step script[] = {
        PLAY(refuse_bound),
        HANG_UP,
        NEXT,
        UP_TO_TLS_12,
        TLS,
        OPENED(FEATURES(
            SASL("mechanisms", MECHANISM("SCRAM-SHA-1-PLUS")
                                   MECHANISM("SCRAM-SHA-1")) "<sasl-channel-binding "
                                                             "xmlns='urn:xmpp:sasl-cb:0'>"
                                                             "<channel-binding type='tls-unique'/>"
                                                             "</sasl-channel-binding>")),
        AWAIT("mechanism='SCRAM-SHA-1-PLUS'>"),
        SEND(REFUSED),
        HANG_UP,
        END};
    struct scene scene;
    begin(&scene, &pairs[2], script);
    log_in_refused(&scene, SX_ELOST, "SCRAM-SHA-1-PLUS");
    log_in_refused(&scene, SX_EAUTH, "SCRAM-SHA-1-PLUS");
    end(&scene);
}

/* There is a password, but nothing that it would serve. */
static void a_refusal_with_nothing_else_to_try_is_told(void)
{
    static const struct hostile_step script[] = {
        TLS, OPENED(MECHANISMS(MECHANISM("EXTERNAL"))), AWAIT("</auth>"), SEND(REFUSED), SILENCE,
        END};
    struct scene scene;
    begin(&scene, &pairs[1], script);
    log_in_refused(&scene, SX_EFILE, "EXTERNAL");
    end(&scene);
}

/* What was refused before is all that is offered now. */
static void what_was_refused_is_tried_where_nothing_else_is_offered(void)
{
    static const struct hostile_step script[] = {PLAY(refuse_certificate),
                                                 HANG_UP,
                                                 NEXT,
                                                 TLS,
                                                 OPENED(MECHANISMS(MECHANISM("EXTERNAL"))),
                                                 AWAIT("mechanism='EXTERNAL'>=</auth>"),
                                                 SEND(SASL("success", "")),
                                                 PLAY(hostile_bind),
                                                 END};
    struct scene scene;
    begin(&scene, &pairs[1], script);
    log_in_refused(&scene, SX_ELOST, "EXTERNAL");
    log_in(&scene, SX_ESTOPPED, "");
    end(&scene);
}

CU_TestInfo tests_second_try[] = {
    {"a server lost after the second try was taken is lost for that alone",
     a_server_lost_after_the_second_try_was_taken_is_lost_for_that_alone},
    {"what had no answer is what the next login begins with",
     what_had_no_answer_is_what_the_next_login_begins_with},
    {"what was refused in both ways is refused for good",
     what_was_refused_in_both_ways_is_refused_for_good},
    {"a binding is not given up where the server can do it",
     a_binding_is_not_given_up_where_the_server_can_do_it},
    {"a refusal with nothing else to try is told", a_refusal_with_nothing_else_to_try_is_told},
    {"what was refused is tried where nothing else is offered",
     what_was_refused_is_tried_where_nothing_else_is_offered},
    CU_TEST_INFO_NULL,
};
