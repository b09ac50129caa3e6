/* offer.c - invariant: offer.h.
 *
 * Happy path: <stream:stream> -> <stream:features> -> its children -> its end. Failure modes:
 * whatever isn't well-formed, or goes on for too long, is OFFER_BROKEN.
 */
#include "doctor/offer.h"

#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void note_start(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                       int namespace_count, const xmlChar **namespaces, int attribute_count,
                       int defaulted_count, const xmlChar **attributes)
{
    struct offer *offer = user;
    const char *local = (const char *)name;
    (void)prefix, (void)uri, (void)namespace_count, (void)namespaces, (void)attribute_count;
    (void)defaulted_count, (void)attributes;
    offer->depth++;
    offer->text[0] = '\0';
    if (offer->state != OFFER_INCOMPLETE)
        return;
    if (offer->depth == 2)
        snprintf(offer->element, sizeof offer->element, "%s", local);
    else if (offer->depth == 3 && !offer->condition[0])
        snprintf(offer->condition, sizeof offer->condition, "%s", local);
    if (strcmp(local, "starttls") == 0)
        offer->has_starttls = true;
    else if (strcmp(local, "required") == 0 && offer->depth == 4 && offer->has_starttls)
        offer->requires_starttls = true;
}

static void note_text(void *user, const xmlChar *text, int len)
{
    struct offer *offer = user;
    size_t had = strlen(offer->text);
    if (len > 0 && (size_t)len < sizeof offer->text - had) {
        memcpy(offer->text + had, text, (size_t)len);
        offer->text[had + (size_t)len] = '\0';
    }
}

static void note_end(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    struct offer *offer = user;
    size_t had = strlen(offer->mechanisms);
    (void)prefix, (void)uri;
    if (offer->state == OFFER_INCOMPLETE && strcmp((const char *)name, "mechanism") == 0 &&
        offer->text[0])
        snprintf(offer->mechanisms + had, sizeof offer->mechanisms - had, "%s%s", had ? " " : "",
                 offer->text);
    if (offer->state == OFFER_INCOMPLETE && strcmp((const char *)name, "max-bytes") == 0)
        offer->max_bytes = strtoul(offer->text, NULL, 10);
    offer->text[0] = '\0';
    if (offer->depth == 2 && offer->state == OFFER_INCOMPLETE)
        offer->state = strcmp(offer->element, "features") == 0 ? OFFER_FEATURES : OFFER_ELEMENT;
    offer->depth--;
}

/* RFC 6120 11.1: no stream has one, and entities come from nowhere else. */
static void note_doctype(void *user, const xmlChar *name, const xmlChar *id, const xmlChar *system)
{
    struct offer *offer = user;
    (void)name, (void)id, (void)system;
    offer->state = OFFER_BROKEN;
}

int offer_begin(struct offer *offer, bool in_stream)
{
    static xmlSAXHandler handler = {.initialized = XML_SAX2_MAGIC,
                                    .internalSubset = note_doctype,
                                    .startElementNs = note_start,
                                    .endElementNs = note_end,
                                    .characters = note_text};
    xmlParserCtxtPtr parser;
    *offer = (struct offer){0};
    parser = xmlCreatePushParserCtxt(&handler, offer, NULL, 0, NULL);
    if (!parser)
        return -1;
    xmlCtxtUseOptions(parser, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    offer->parser = parser;
    if (in_stream)
        (void)xmlParseChunk(parser, "<s>", 3, 0);
    return 0;
}

void offer_end(struct offer *offer)
{
    xmlParserCtxtPtr parser = offer->parser;
    if (parser) {
        xmlFreeDoc(parser->myDoc);
        xmlFreeParserCtxt(parser);
    }
    offer->parser = NULL;
}

enum offer_state offer_read(struct offer *offer, const char *bytes, size_t count)
{
    size_t i;
    /* Byte by byte: libxml2 would keep the end of a small chunk to itself until more comes. */
    for (i = 0; i < count && offer->state == OFFER_INCOMPLETE; i++) {
        if (++offer->read_bytes > OFFER_MOST_BYTES ||
            xmlParseChunk(offer->parser, bytes + i, 1, 0) != 0)
            offer->state = OFFER_BROKEN;
    }
    return offer->state;
}
