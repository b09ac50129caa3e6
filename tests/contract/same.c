/* See same.h. */
#include "same.h"

#include <stdio.h>
#include <string.h>
#include <libxml/parser.h>
#include <libxml/tree.h>

#include "contract/xml.h"

static size_t count_attributes(const xmlNode *node)
{
    size_t count = 0;
    for (const xmlAttr *a = node->properties; a; a = a->next)
        count++;
    return count;
}

static bool same_attributes(const xmlNode *a, const xmlNode *b)
{
    if (count_attributes(a) != count_attributes(b))
        return false;
    for (const xmlAttr *one = a->properties; one; one = one->next) {
        const char *other = ct_xml_attribute_of(b, one->ns ? (const char *)one->ns->href : "",
                                                (const char *)one->name);
        const char *value = ct_xml_value(one);
        const char *colon = strchr(value, ':'), *other_colon = other ? strchr(other, ':') : NULL;
        bool is_type = one->ns && strcmp((const char *)one->name, "type") == 0;
        if (!other || (is_type && colon && other_colon ? strcmp(colon, other_colon) != 0
                                                       : strcmp(value, other) != 0))
            return false;
    }
    return true;
}

static bool tell(const char *what, const xmlNode *a, const xmlNode *b)
{
    printf("%s: %s differs from %s, lines %ld and %ld\n", what, a ? ct_xml_local(a) : "nothing",
           b ? ct_xml_local(b) : "nothing", a ? xmlGetLineNo(a) : 0, b ? xmlGetLineNo(b) : 0);
    return false;
}

static bool same(const xmlNode *a, const xmlNode *b, enum same_text text, const char *what)
{
    if (!ct_xml_is(b, ct_xml_ns(a), ct_xml_local(a)) ||
        (text == SAME_TEXT && !same_attributes(a, b)))
        return tell(what, a, b);
    const xmlNode *x = ct_xml_first(a), *y = ct_xml_first(b);
    if (text == SAME_TEXT && !x && !y) {
        xmlChar *one = xmlNodeGetContent(a), *other = xmlNodeGetContent(b);
        bool equal = xmlStrEqual(one, other);
        xmlFree(one);
        xmlFree(other);
        return equal || tell(what, a, b);
    }
    for (; x && y; x = ct_xml_next(x), y = ct_xml_next(y))
        if (!same(x, y, text, what))
            return false;
    return (!x && !y) || tell(what, x, y);
}

bool same_bodies(const char *a, const char *b, enum same_text text, const char *what)
{
    xmlDocPtr one = xmlReadMemory(a, (int)strlen(a), NULL, NULL, XML_PARSE_NONET);
    xmlDocPtr other = xmlReadMemory(b, (int)strlen(b), NULL, NULL, XML_PARSE_NONET);
    const xmlNode *x = one ? xmlDocGetRootElement(one) : NULL;
    const xmlNode *y = other ? xmlDocGetRootElement(other) : NULL;
    x = x ? ct_xml_child(x, ct_xml_ns(x), "Body") : NULL;
    y = y ? ct_xml_child(y, ct_xml_ns(y), "Body") : NULL;
    bool equal = x && y && same(x, y, text, what);
    xmlFreeDoc(one);
    xmlFreeDoc(other);
    return equal;
}
