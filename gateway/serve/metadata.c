/* See metadata.h. */
#include "serve/metadata.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/text.h"
#include "serve/rules.h" /* GW_RULES_MEX */
#include "soap/scan.h"

#define TRANSFER "http://schemas.xmlsoap.org/ws/2004/09/transfer"
#define WSDL     "http://schemas.xmlsoap.org/wsdl/"
#define SCHEMA   "http://www.w3.org/2001/XMLSchema"
#define SERVICE  "urn:soap-xmpp:service:1"

static const char *const addressings[] = {"http://www.w3.org/2005/08/addressing",
                                          "http://schemas.xmlsoap.org/ws/2004/08/addressing"};

/* ---- the question ---- */

struct reading {
    struct gw_metadata_question *question;
    char action[128];
    char *text; /* of the element that is open; NULL: it isn't wanted */
    size_t text_bytes;
    unsigned text_depth;
};

static void want(struct reading *reading, const struct gw_scan_event *event, char *text,
                 size_t text_bytes)
{
    reading->text = text;
    reading->text_bytes = text_bytes;
    reading->text_depth = event->depth;
    *text = '\0';
}

static void take_start(struct reading *reading, const struct gw_scan_event *event)
{
    struct gw_metadata_question *question = reading->question;
    for (size_t i = 0; i < 2 && event->depth == 3; i++) {
        bool is_id = gw_scan_is(event, addressings[i], "MessageID");
        if (!is_id && !gw_scan_is(event, addressings[i], "Action"))
            continue;
        snprintf(question->addressing, sizeof question->addressing, "%s", addressings[i]);
        if (is_id)
            want(reading, event, question->message_id, sizeof question->message_id);
        else
            want(reading, event, reading->action, sizeof reading->action);
    }
    if (event->depth == 4 && gw_scan_is(event, GW_RULES_MEX, "Dialect"))
        want(reading, event, question->dialect, sizeof question->dialect);
    if (event->depth == 4 && gw_scan_is(event, GW_RULES_MEX, "Identifier"))
        want(reading, event, question->identifier, sizeof question->identifier);
}

/* gw_scan_fn. What finds no room ends the text: no dialect or namespace of ours is as long. */
static int take_event(void *user, const struct gw_scan_event *event)
{
    struct reading *reading = user;
    if (event->kind == GW_SCAN_START) {
        take_start(reading, event);
    } else if (event->kind == GW_SCAN_TEXT && reading->text) {
        size_t used = strlen(reading->text), room = reading->text_bytes - used - 1;
        size_t bytes = event->len < room ? event->len : room;
        memcpy(reading->text + used, event->chars, bytes);
        reading->text[used + bytes] = '\0';
    } else if (event->kind == GW_SCAN_END && reading->text && event->depth == reading->text_depth) {
        reading->text = NULL;
    }
    return 0;
}

static void strip(char *text)
{
    size_t lead = strspn(text, " \t\r\n"), bytes = strlen(text);
    while (bytes > lead && strchr(" \t\r\n", text[bytes - 1]))
        bytes--;
    memmove(text, text + lead, bytes - lead);
    text[bytes - lead] = '\0';
}

bool gw_metadata_is_asked(const struct gw_metadata_of *of)
{
    struct gw_metadata_question question;
    struct reading reading = {.question = &question};
    char why[200];
    if (strcmp(of->operation, "GetMetadata") == 0)
        return strcmp(of->namespace_, GW_RULES_MEX) == 0;
    if (*of->operation)
        return false;
    if (strcmp(of->action, TRANSFER "/Get") == 0)
        return true;
    if (!memmem(of->envelope, of->bytes, TRANSFER, sizeof TRANSFER - 1) ||
        gw_scan_read(of->envelope, of->bytes, "the envelope", take_event, &reading, why,
                     sizeof why) != 0)
        return false;
    strip(reading.action);
    return strcmp(reading.action, TRANSFER "/Get") == 0;
}

int gw_metadata_read(struct gw_metadata_question *question, const struct gw_metadata_of *of,
                     char *why, size_t why_bytes)
{
    struct reading reading = {.question = question};
    memset(question, 0, sizeof *question);
    question->version = of->version;
    question->is_get = !*of->operation;
    if (gw_scan_read(of->envelope, of->bytes, "the envelope", take_event, &reading, why,
                     why_bytes) != 0)
        return -1;
    strip(question->dialect);
    strip(question->identifier);
    strip(question->message_id);
    return 0;
}

/* ---- the answer ---- */

static void put_header(struct ct_text *out, const struct gw_metadata_question *question)
{
    const char *action =
        question->is_get ? TRANSFER "/GetResponse" : GW_RULES_MEX "/GetMetadata/Response";
    if (!*question->addressing)
        return;
    ct_text_print(out, "<s:Header><a:Action xmlns:a=\"%s\">%s</a:Action>", question->addressing,
                  action);
    if (*question->message_id) {
        ct_text_print(out, "<a:RelatesTo xmlns:a=\"%s\">", question->addressing);
        ct_text_put_xml(out, question->message_id);
        ct_text_put(out, "</a:RelatesTo>");
    }
    ct_text_put(out, "</s:Header>");
}

static bool is_wanted(const struct gw_metadata_question *question,
                      const struct gw_document *document)
{
    const char *dialect = document->is_schema ? SCHEMA : WSDL;
    return document->bytes && (!*question->dialect || strcmp(question->dialect, dialect) == 0) &&
           (!*question->identifier ||
            strcmp(question->identifier, document->target_namespace) == 0);
}

static void put_section(struct ct_text *out, const struct gw_document *document)
{
    ct_text_print(out, "<mex:MetadataSection Dialect=\"%s\" Identifier=\"",
                  document->is_schema ? SCHEMA : WSDL);
    ct_text_put_xml(out, document->target_namespace);
    ct_text_print(out, "\" d:location=\"%s\" xmlns:d=\"" SERVICE "\">", document->name);
    ct_text_add(out, document->bytes, document->len);
    ct_text_put(out, "</mex:MetadataSection>");
}

char *gw_metadata_write(const struct gw_metadata_question *question,
                        const struct gw_documents *documents, size_t *bytes)
{
    struct ct_text out = {0};
    char *envelope;
    ct_text_print(&out, "<s:Envelope xmlns:s=\"%s\">",
                  question->version == 11 ? "http://schemas.xmlsoap.org/soap/envelope/"
                                          : "http://www.w3.org/2003/05/soap-envelope");
    put_header(&out, question);
    ct_text_put(&out, "<s:Body><mex:Metadata xmlns:mex=\"" GW_RULES_MEX "\">");
    for (size_t i = 0; i < documents->count; i++)
        if (is_wanted(question, &documents->list[i]))
            put_section(&out, &documents->list[i]);
    ct_text_put(&out, "</mex:Metadata></s:Body></s:Envelope>");
    *bytes = out.len;
    envelope = ct_text_take(&out);
    ct_text_fini(&out);
    return envelope;
}
