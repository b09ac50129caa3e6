/* survey.c - invariant: survey.h. A JID without a domain leaves has_domain false: config says so.
 */
#include "doctor/survey.h"

#include <idn2.h>
#include <stdio.h>
#include <string.h>

/* The domain in A-labels, which DNS and certificates have; what has none stays as it is. */
static void write_ascii(const char *domain, char ascii[SURVEY_DOMAIN_BYTES])
{
    uint8_t *found = NULL;
    snprintf(ascii, SURVEY_DOMAIN_BYTES, "%s", domain);
    if (idn2_lookup_u8((const uint8_t *)domain, &found, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) ==
            IDN2_OK &&
        strlen((const char *)found) < SURVEY_DOMAIN_BYTES)
        snprintf(ascii, SURVEY_DOMAIN_BYTES, "%s", (const char *)found);
    idn2_free(found);
}

bool survey_read_domain(const char *jid, char domain[SURVEY_DOMAIN_BYTES])
{
    const char *at, *slash;
    size_t len;
    if (strncmp(jid, "xmpp:", 5) == 0)
        jid += 5;
    len = strcspn(jid, "?");
    slash = memchr(jid, '/', len);
    len = slash ? (size_t)(slash - jid) : len;
    at = memchr(jid, '@', len);
    if (at) {
        len -= (size_t)(at + 1 - jid);
        jid = at + 1;
    }
    if (!len || len >= SURVEY_DOMAIN_BYTES)
        return false;
    memcpy(domain, jid, len);
    domain[len] = '\0';
    return true;
}

void survey_init(struct survey *survey, const struct soap_xmpp_config *config,
                 struct deadline deadline)
{
    *survey = (struct survey){.config = config, .deadline = deadline};
    if (!config->jid)
        return;
    survey->is_component = !strchr(config->jid, '@');
    survey->has_domain = survey_read_domain(config->jid, survey->domain);
    write_ascii(survey->domain, survey->ascii);
}

void survey_fini(struct survey *survey)
{
    soap_xmpp_close(survey->link);
    survey->link = NULL;
    survey->is_online = false;
    json_decref(survey->features);
    survey->features = NULL;
}

struct fact {
    const char *name;
    char *out;
    size_t out_bytes;
};

static int note_fact(void *user, const char *kind, const char *name, const char *value)
{
    struct fact *fact = user;
    (void)kind;
    if (strcmp(name, fact->name) != 0)
        return 0;
    snprintf(fact->out, fact->out_bytes, "%s", value);
    return 1;
}

void survey_find_fact(const struct survey *survey, const char *name, char *out, size_t out_bytes)
{
    struct fact fact = {name, out, out_bytes};
    out[0] = '\0';
    (void)soap_xmpp_facts(survey->link, note_fact, &fact);
}

int survey_timeout_ms(const struct survey *survey, int within_ms)
{
    return deadline_left_ms(&survey->deadline, within_ms);
}

void survey_advise(const struct survey *survey, struct finding *finding, const char *prosody,
                   const char *ejabberd)
{
    if (survey->software != SURVEY_EJABBERD)
        finding_advise(finding, "Prosody: %s", prosody);
    if (survey->software != SURVEY_PROSODY)
        finding_advise(finding, "ejabberd: %s", ejabberd);
}
