/* server.c - server and message: what our server is, what it takes, what it can.
 *
 * Happy path: its version (XEP-0092) -> its limits (XEP-0478, told with the stream) -> its
 * features. Failure modes: a server that tells none of it is no worse for that.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "doctor/answer.h"
#include "doctor/survey.h"
#include "entity.h"

enum { ASK_MS = 4000, SMALL_BYTES = 256 * 1024, WORD_BYTES = 80 };

static void ask_version(struct survey *survey, struct finding *finding)
{
    char why[SURVEY_WHY_BYTES], name[WORD_BYTES], version[WORD_BYTES], *xml;
    xml = soap_xmpp_ask(survey->link, survey->domain, "<query xmlns='jabber:iq:version'/>",
                        survey_timeout_ms(survey, ASK_MS), why, sizeof why);
    if (!xml) {
        finding_say(finding, FINDING_OK, "it doesn't say what it is");
        finding_add_detail(finding, "%s", why);
        return;
    }
    answer_child(xml, "name", name, sizeof name);
    answer_child(xml, "version", version, sizeof version);
    free(xml);
    survey->software = strcasestr(name, "prosody")    ? SURVEY_PROSODY
                       : strcasestr(name, "ejabberd") ? SURVEY_EJABBERD
                                                      : SURVEY_UNKNOWN;
    finding_say(finding, FINDING_OK, "%s%s%s", name[0] ? name : "it doesn't say what it is",
                version[0] ? " " : "", version);
}

static void look_at_limit(struct survey *survey, struct finding *finding)
{
    char told[WORD_BYTES];
    survey_find_fact(survey, "server.max-bytes", told, sizeof told);
    if (*told)
        survey->announced_bytes = strtoul(told, NULL, 10);
    if (!survey->announced_bytes)
        return;
    finding_measure(finding, "max_stanza_bytes", (double)survey->announced_bytes);
    if (survey->announced_bytes >= SMALL_BYTES) {
        finding_add_detail(finding, "largest stanza: %zu bytes", survey->announced_bytes);
        return;
    }
    finding_say(finding, FINDING_WARN, "it takes stanzas of %zu bytes at most",
                survey->announced_bytes);
    finding_advise(finding, "larger envelopes go packed and in pieces, to peers of this library "
                            "alone; let it take 256 KiB:");
    survey_advise(survey, finding, "c2s_stanza_size_limit = 262144",
                  "max_stanza_size: 262144 at the listener");
}

static void note_feature(const struct survey *survey, struct finding *finding, const char *feature,
                         const char *name)
{
    finding_add_detail(finding, "%s: %s", name,
                       entity_has(survey->features, feature) ? "yes" : "not listed");
}

void server_check(struct survey *survey, struct finding *finding)
{
    char why[SURVEY_WHY_BYTES];
    ask_version(survey, finding);
    look_at_limit(survey, finding);
    survey->features = entity_ask(survey->link, survey->domain, survey_timeout_ms(survey, ASK_MS),
                                  why, sizeof why);
    if (!survey->features) {
        finding_say(finding, FINDING_WARN, "it doesn't answer what it can: %s", why);
        finding_advise(finding, "disco has to be among its modules");
        survey_advise(survey, finding, "\"disco\" in modules_enabled", "mod_disco in modules");
        return;
    }
    note_feature(survey, finding, "urn:xmpp:ping", "ping");
    note_feature(survey, finding, "urn:xmpp:carbons:2", "carbons");
    note_feature(survey, finding, "msgoffline", "offline messages");
}

/* ---- message ---- */

void server_check_message(struct survey *survey, struct finding *finding)
{
    bool is_wanted = survey->config->messages != 0;
    if (survey->is_component) {
        finding_say(finding, FINDING_SKIP, "a component: its server stores no messages for it");
        return;
    }
    if (!survey->features) {
        finding_say(finding, FINDING_SKIP, "the server hasn't said what it can: see server");
        return;
    }
    if (entity_has(survey->features, "msgoffline")) {
        finding_say(finding, FINDING_OK, "the server stores messages for who is offline%s",
                    is_wanted ? ""
                              : "; this account doesn't serve them (SOAP_XMPP_MESSAGES=1 would)");
        return;
    }
    finding_say(finding, FINDING_WARN,
                "offline messages aren't listed: calls by message are lost "
                "while their receiver is offline");
    survey_advise(survey, finding, "\"offline\" in modules_enabled", "mod_offline in modules");
}
