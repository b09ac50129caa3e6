/* answer.c - invariant: answer.h. libxml2 reads it, without entities, network or messages. */
#include "doctor/answer.h"

#include <libxml/parser.h>
#include <stdio.h>
#include <string.h>

void answer_child(const char *xml, const char *name, char *out, size_t out_bytes)
{
    xmlDocPtr document = xmlReadMemory(xml, (int)strlen(xml), NULL, "UTF-8",
                                       XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    xmlNodePtr root = document ? xmlDocGetRootElement(document) : NULL, at;
    out[0] = '\0';
    for (at = root ? root->children : NULL; at; at = at->next) {
        xmlChar *text;
        if (at->type != XML_ELEMENT_NODE || strcmp((const char *)at->name, name) != 0)
            continue;
        text = xmlNodeGetContent(at);
        snprintf(out, out_bytes, "%s", text ? (const char *)text : "");
        xmlFree(text);
        break;
    }
    xmlFreeDoc(document);
}
