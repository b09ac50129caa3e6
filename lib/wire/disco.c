/* disco.c - disco#info: our own answer and question, and the features in another's answer.
 *
 * Invariant: a list of features holds MAX_FEATURES at most, each shorter than FEATURE_BYTES.
 *
 * Happy path: the <query/> of a result -> its <feature/>s, in the order they came -> a list.
 * Failure modes: no memory: NULL. What a peer lists beyond the bounds is left out.
 */
#include "wire/disco.h"

#include <string.h>

#include "wire/namespaces.h"

enum {
    MAX_FEATURES = 200,
    FEATURE_BYTES = 256 /* with NUL; longer ones are left out, so that a list is 50 KiB at most */
};

void sx_disco_format_info(struct sx_buffer *out, bool serving, const char *incarnation, bool packs)
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
    sx_buffer_add_text(out, "<feature var='" SX_NS_PING "'/></query>");
}

void sx_disco_format_question(struct sx_buffer *out)
{
    sx_buffer_add_text(out, "<query xmlns='" SX_NS_DISCO_INFO "'/>");
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
