/* disco.c - disco#info: our own answer and question, and what another's answer says.
 *
 * Invariant: a list of features holds MAX_FEATURES at most, each shorter than FEATURE_BYTES.
 *
 * Happy path: the <query/> of a result -> its <feature/>s, in the order they came -> a list.
 * Failure modes: no memory: NULL. What a peer lists beyond the bounds is left out.
 */
#include "wire/disco.h"

#include <stdio.h>
#include <string.h>

#include "wire/fact.h"

enum {
    MAX_FEATURES = 200,
    FEATURE_BYTES = 256 /* with NUL; longer ones are left out, so that a list is 50 KiB at most */
};

void sx_disco_begin_info(struct sx_buffer *out, bool serving, const char *incarnation, bool packs)
{
    sx_buffer_add_text(out, "<query xmlns='" SX_NS_DISCO_INFO "'>");
    if (serving)
        sx_buffer_add_text(out, "<identity category='automation' type='soap' name='soapxmpp'/>");
    else
        sx_buffer_add_text(out, "<identity category='client' type='bot' name='soapxmpp'/>");
    /* sorted, as XEP-0115 5.1 hashes them */
    sx_buffer_add_text(out, "<feature var='" SX_NS_DISCO_INFO "'/>");
    if (serving)
        sx_buffer_add_text(out, "<feature var='" SX_NS_SOAP "'/>");
    if (serving && incarnation)
        sx_buffer_add_format(out,
                             "<feature var='" SX_NS_DELIVERY "'/>"
                             "<feature var='" SX_NS_DELIVERY "#%s'/>",
                             incarnation);
    if (packs)
        sx_buffer_add_text(out, "<feature var='" SX_NS_PACKED "'/>");
    sx_buffer_add_text(out, "<feature var='" SX_NS_PING "'/>");
}

void sx_disco_end_info(struct sx_buffer *out)
{
    sx_buffer_add_text(out, "</query>");
}

/* The var of a <feature/>, NULL for every other child. */
static const char *get_feature(const struct sx_element *child)
{
    const char *feature = sx_element_is(child, "feature", SX_NS_DISCO_INFO)
                              ? sx_element_attribute(child, "var")
                              : NULL;
    return feature && *feature && strlen(feature) < FEATURE_BYTES ? feature : NULL;
}

char *sx_disco_parse_features(const struct sx_element *query)
{
    struct sx_buffer list = {0};
    const struct sx_element *child = query ? sx_element_first(query) : NULL;
    unsigned count = 0;
    size_t len;

    for (; child && count < MAX_FEATURES; child = sx_element_next(child)) {
        const char *feature = get_feature(child);
        if (!feature)
            continue;
        sx_buffer_add(&list, feature, strlen(feature) + 1);
        count++;
    }
    /* the NUL that ends every buffer is the empty feature that ends the list */
    return sx_buffer_take(&list, &len);
}

static void add_identity(struct sx_facts *facts, const struct sx_element *identity)
{
    const char *category = sx_element_attribute(identity, "category");
    const char *type = sx_element_attribute(identity, "type");
    char kind[SX_FACT_BYTES];
    if (!category || !type ||
        snprintf(kind, sizeof kind, "%s/%s", category, type) >= (int)sizeof kind)
        return;
    sx_facts_add(facts, "identity", kind, sx_element_attribute(identity, "name"));
}

static const struct sx_element *next_of(const struct sx_element *element, const char *name,
                                        const char *ns)
{
    while (element && !sx_element_is(element, name, ns))
        element = sx_element_next(element);
    return element;
}

/* The value of FORM_TYPE; NULL: it has none, or isn't a result (XEP-0068, XEP-0128 2). */
static const char *find_form_type(const struct sx_element *form)
{
    const char *type = sx_element_attribute(form, "type"), *var;
    const struct sx_element *field, *value;
    if (!type || strcmp(type, "result") != 0)
        return NULL;
    for (field = next_of(sx_element_first(form), "field", SX_NS_DATA); field;
         field = next_of(sx_element_next(field), "field", SX_NS_DATA)) {
        var = sx_element_attribute(field, "var");
        value = sx_element_child_of(field, "value", SX_NS_DATA);
        if (var && value && strcmp(var, "FORM_TYPE") == 0)
            return sx_element_text(value);
    }
    return NULL;
}

static void add_form(struct sx_facts *facts, const struct sx_element *form)
{
    const char *form_type = find_form_type(form), *var;
    const struct sx_element *field, *value;
    if (!form_type)
        return;
    for (field = next_of(sx_element_first(form), "field", SX_NS_DATA); field;
         field = next_of(sx_element_next(field), "field", SX_NS_DATA)) {
        var = sx_element_attribute(field, "var");
        if (!var || strcmp(var, "FORM_TYPE") == 0)
            continue;
        for (value = next_of(sx_element_first(field), "value", SX_NS_DATA); value;
             value = next_of(sx_element_next(value), "value", SX_NS_DATA))
            sx_facts_add(facts, form_type, var, sx_element_text(value));
    }
}

static void add_facts(struct sx_facts *facts, const struct sx_element *child)
{
    const char *jid;
    if (sx_element_is(child, "identity", SX_NS_DISCO_INFO)) {
        add_identity(facts, child);
    } else if (get_feature(child)) {
        sx_facts_add(facts, "feature", get_feature(child), "");
    } else if (sx_element_is(child, "x", SX_NS_DATA)) {
        add_form(facts, child);
    } else if (sx_element_is(child, "item", SX_NS_DISCO_ITEMS)) {
        jid = sx_element_attribute(child, "jid");
        if (jid)
            sx_facts_add(facts, "item", jid, sx_element_attribute(child, "name"));
    }
}

char *sx_disco_parse_facts(const struct sx_element *query)
{
    struct sx_facts facts = {0};
    const struct sx_element *child;
    for (child = sx_element_first(query); child; child = sx_element_next(child))
        add_facts(&facts, child);
    return sx_facts_take(&facts);
}

bool sx_disco_list_has(const char *features, const char *feature)
{
    if (!features || !*feature)
        return false;
    for (; *features; features += strlen(features) + 1)
        if (strcmp(features, feature) == 0)
            return true;
    return false;
}

const char *sx_disco_find_incarnation(const char *features)
{
    static const char mark[] = SX_NS_DELIVERY "#";
    for (; *features; features += strlen(features) + 1)
        if (strncmp(features, mark, sizeof mark - 1) == 0)
            return features + sizeof mark - 1;
    return NULL;
}
