/* negotiation.c - reads the stanzas that are about the stream itself.
 *
 * Invariant: texts are cut between two characters: they are told to people.
 */
#include "net/negotiation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "wire/namespaces.h"

enum {
    LEAST_MAX_BYTES = 10000, /* RFC 6120 13.12: less can't be meant */
    MOST_FEATURES = 100
};

#define NS_STREAM_ERRORS "urn:ietf:params:xml:ns:xmpp-streams"
#define NS_LIMITS        "urn:xmpp:stream-limits:0"
#define NS_BINDINGS      "urn:xmpp:sasl-cb:0"

static void copy(const char *text, char *out, size_t out_bytes)
{
    size_t len = strlen(text);
    if (len >= out_bytes)
        len = sx_utf8_cut(text, out_bytes - 1);
    memcpy(out, text, len);
    out[len] = '\0';
}

void sx_negotiation_read_condition(const struct sx_element *element, const char *uri,
                                   struct sx_negotiation_condition *condition)
{
    const struct sx_element *child;
    condition->name[0] = condition->text[0] = '\0';
    for (child = sx_element_first(element); child; child = sx_element_next(child)) {
        if (strcmp(sx_element_ns(child), uri) != 0)
            continue;
        if (strcmp(sx_element_name(child), "text") == 0)
            copy(sx_element_text(child), condition->text, sizeof condition->text);
        else if (!condition->name[0])
            copy(sx_element_name(child), condition->name, sizeof condition->name);
    }
}

/* One of a condition of the server's own, or of words alone, is an error all the same. */
static enum sx_err read_error(struct sx_negotiation *negotiation, const struct sx_element *error,
                              const char **why)
{
    const struct sx_element *other = sx_element_child_of(error, "see-other-host", NS_STREAM_ERRORS);
    struct sx_negotiation_condition *condition = &negotiation->error;
    sx_negotiation_read_condition(error, NS_STREAM_ERRORS, condition);
    if (other)
        copy(sx_element_text(other), negotiation->other_host, sizeof negotiation->other_host);
    if (!condition->name[0] && (sx_element_first(error) || *sx_element_text(error)))
        copy("undefined-condition", condition->name, sizeof condition->name);
    if (condition->name[0])
        return SX_OK;
    *why = "the server sent a stream error without a condition";
    return SX_ESTREAM;
}

/* The number in <limits><name/></limits>; 0 if there is none, or none that means anything. */
static uint32_t read_limit(const struct sx_element *limits, const char *name)
{
    const struct sx_element *child = limits ? sx_element_child(limits, name) : NULL;
    const char *text = child ? sx_element_text(child) : "";
    unsigned long long number;
    char *end;
    if (text[0] < '0' || text[0] > '9')
        return 0;
    number = strtoull(text, &end, 10);
    return *end || number > UINT32_MAX ? 0 : (uint32_t)number;
}

/* XEP-0478 4.1: those of the newest features hold. */
static void read_limits(struct sx_negotiation *negotiation, const struct sx_element *features)
{
    const struct sx_element *limits = sx_element_child_of(features, "limits", NS_LIMITS);
    negotiation->server_max_bytes = read_limit(limits, "max-bytes");
    if (negotiation->server_max_bytes && negotiation->server_max_bytes < LEAST_MAX_BYTES)
        negotiation->server_max_bytes = LEAST_MAX_BYTES;
    negotiation->server_idle_s = read_limit(limits, "idle-seconds");
}

enum sx_err sx_negotiation_read(struct sx_negotiation *negotiation, const struct sx_element *stanza,
                                const char **why)
{
    if (sx_element_is(stanza, "error", SX_NS_STREAMS))
        return read_error(negotiation, stanza, why);
    if (sx_element_is(stanza, "features", SX_NS_STREAMS))
        read_limits(negotiation, stanza);
    return SX_OK;
}

/* Names are told as long as there is room, and only if they are names (RFC 4422 3.1): a server's
 * text goes into a sentence. */
static void add_name(char names[SX_SASL_NAMES_BYTES], const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    size_t used = strlen(names), len = strlen(name);
    if (len == 0 || len > 20 || strspn(name, letters) != len ||
        used + len + 3 > SX_SASL_NAMES_BYTES)
        return;
    snprintf(names + used, SX_SASL_NAMES_BYTES - used, "%s%s", used ? ", " : "", name);
}

void sx_negotiation_read_offer(const struct sx_element *features, struct sx_sasl_offer *offer)
{
    const struct sx_element *child = sx_element_child_of(features, "mechanisms", SX_NS_SASL);
    const struct sx_element *bindings =
        sx_element_child_of(features, "sasl-channel-binding", NS_BINDINGS);
    *offer = (struct sx_sasl_offer){.has_bindings = bindings != NULL};
    for (child = child ? sx_element_first(child) : NULL; child; child = sx_element_next(child)) {
        const char *name = sx_element_text(child);
        if (strcmp(sx_element_name(child), "mechanism") != 0)
            continue;
        offer->mechanisms |= sx_mechanism_find(name, strlen(name));
        add_name(offer->names, name);
    }
    for (child = bindings ? sx_element_first(bindings) : NULL; child;
         child = sx_element_next(child)) {
        const char *type = sx_element_attribute(child, "type");
        if (strcmp(sx_element_name(child), "channel-binding") == 0 && type)
            offer->bindings |= sx_binding_find(type);
    }
}

void sx_negotiation_note_features(const struct sx_element *features, struct sx_facts *facts)
{
    const struct sx_element *feature = sx_element_first(features);
    unsigned count;
    for (count = 0; feature && count < MOST_FEATURES; count++) {
        sx_facts_add(facts, "fact", "stream.feature", sx_element_ns(feature));
        feature = sx_element_next(feature);
    }
}
