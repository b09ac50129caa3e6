/* entity.c - what somebody on the network says of itself (disco#info), as JSON.
 *
 * Invariant: no more than FACTS_MOST facts are kept, whatever comes.
 *
 * Failure modes: nobody answers, or with an error: the library's sentence. Without memory a fact is
 * left out. */
#include "entity.h"

#include <stdio.h>
#include <string.h>

#include "contract/plain.h"
#include "soap_xmpp.h"

enum { FACTS_MOST = 1000 };

#define FEATURE_DELIVERY "urn:soap-xmpp:delivery:1"
#define FEATURE_PACKED   "urn:soap-xmpp:packed:1"

/* One entity being told. */
struct telling {
    json_t *identities, *features, *forms, *entity;
    unsigned count;
};

static json_t *member(json_t *object, const char *name, json_t *otherwise)
{
    json_t *there = json_object_get(object, name);
    if (there) {
        json_decref(otherwise);
        return there;
    }
    json_object_set_new(object, name, otherwise);
    return json_object_get(object, name);
}

static void note_feature(struct telling *telling, const char *feature)
{
    json_array_append_new(telling->features, json_string(feature));
    if (strcmp(feature, SOAP_XMPP_FEATURE) == 0)
        json_object_set_new(telling->entity, "soap", json_true());
    if (strcmp(feature, FEATURE_PACKED) == 0)
        json_object_set_new(telling->entity, "packed", json_true());
    if (strcmp(feature, FEATURE_DELIVERY) == 0)
        json_object_set_new(telling->entity, "delivery", json_true());
}

static int note_fact(void *user, const char *kind, const char *name, const char *value)
{
    struct telling *telling = user;
    if (++telling->count > FACTS_MOST) {
        json_object_set_new(telling->entity, "cut", json_true());
        return 1;
    }
    if (strcmp(kind, "identity") == 0)
        json_array_append_new(telling->identities,
                              json_pack("{s:s, s:s}", "category", name, "name", value));
    else if (strcmp(kind, "feature") == 0)
        note_feature(telling, name);
    else
        json_array_append_new(
            member(member(telling->forms, kind, json_object()), name, json_array()),
            json_string(value));
    return 0;
}

json_t *entity_ask(struct soap_xmpp_link *link, const char *endpoint, int timeout_ms, char *why,
                   size_t why_bytes)
{
    struct telling telling = {.identities = json_array(),
                              .features = json_array(),
                              .forms = json_object(),
                              .entity = json_object()};
    int result;
    json_object_set_new(telling.entity, "identities", telling.identities);
    json_object_set_new(telling.entity, "features", telling.features);
    json_object_set_new(telling.entity, "forms", telling.forms);
    json_object_set_new(telling.entity, "soap", json_false());
    json_object_set_new(telling.entity, "packed", json_false());
    json_object_set_new(telling.entity, "delivery", json_false());
    result = soap_xmpp_info(link, endpoint, timeout_ms, note_fact, &telling, why, why_bytes);
    if (result == 0 || telling.count > FACTS_MOST)
        return telling.entity;
    json_decref(telling.entity);
    return NULL;
}

const json_t *entity_values(const json_t *entity, const char *form, const char *field)
{
    return json_object_get(json_object_get(json_object_get(entity, "forms"), form), field);
}

const char *entity_value(const json_t *entity, const char *form, const char *field)
{
    return json_string_value(json_array_get(entity_values(entity, form, field), 0));
}

const char *entity_name(const json_t *entity)
{
    const char *name = entity_value(entity, SOAP_XMPP_SERVICE_FORM, "name");
    const json_t *identity;
    size_t i;
    if (name && *name)
        return name;
    json_array_foreach(json_object_get(entity, "identities"), i, identity) {
        name = json_string_value(json_object_get(identity, "name"));
        if (name && *name)
            return name;
    }
    return "";
}

bool entity_is(const json_t *entity, const char *name)
{
    return json_is_true(json_object_get(entity, name));
}

bool entity_has(const json_t *entity, const char *feature)
{
    const json_t *listed;
    size_t i;
    json_array_foreach(json_object_get(entity, "features"), i, listed)
        if (strcmp(json_string_value(listed), feature) == 0)
            return true;
    return false;
}

const char *entity_incarnation(const json_t *entity)
{
    static const char prefix[] = FEATURE_DELIVERY "#";
    const json_t *listed;
    size_t i;
    json_array_foreach(json_object_get(entity, "features"), i, listed)
        if (strncmp(json_string_value(listed), prefix, sizeof prefix - 1) == 0)
            return json_string_value(listed) + sizeof prefix - 1;
    return NULL;
}

void entity_print_text(const char *text)
{
    char *copy = strdup(text);
    if (copy) {
        ct_plain_make(copy);
        fputs(copy, stdout);
    }
    free(copy);
}
