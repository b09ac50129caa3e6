/* glance.c - one look at an envelope: what it is, and what a gateway must know of it.
 *
 * Happy path: a scan tells elements; the depth says what they are: 1 Envelope, 2 Header and Body, 3
 * header blocks and the operation, 4 and 5 what a Fault says. Failure modes: no XML, a DOCTYPE, no
 * envelope, no Body, more than 256 nested elements, no memory: one sentence. */
#include "soap/glance.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "soap/fault.h"
#include "soap/scan.h"

#define SOAP_11   "http://schemas.xmlsoap.org/soap/envelope/"
#define SOAP_12   "http://www.w3.org/2003/05/soap-envelope"
#define WSA_2004  "http://schemas.xmlsoap.org/ws/2004/08/addressing"
#define WSA_2005  "http://www.w3.org/2005/08/addressing"
#define SIGNATURE "http://www.w3.org/2000/09/xmldsig#"

/* Between a namespace and a local name. */
enum { SEPARATOR = '\n', MOST_DEPTH = 256, CODE_BYTES = 64 };

struct look {
    struct gw_glance *glance;
    unsigned depth;
    bool in_header, in_body, in_fault, in_code, has_body;
    char code[CODE_BYTES];
    char *text; /* where the element's text goes; NULL: nowhere */
    size_t text_bytes, text_len;
    const char *wrong; /* why the look ended; NULL: it hasn't */
};

static void end_look(struct look *look, const char *wrong)
{
    if (!look->wrong)
        look->wrong = wrong;
}

/* Whether an expat name is that element. */
static bool is(const char *name, const char *ns, const char *local)
{
    size_t len = strlen(ns);
    return strncmp(name, ns, len) == 0 && name[len] == SEPARATOR &&
           strcmp(name + len + 1, local) == 0;
}

static const char *namespace_of(const struct look *look)
{
    return look->glance->version == 12 ? SOAP_12 : SOAP_11;
}

static void gather(struct look *look, char *text, size_t text_bytes)
{
    if (*text)
        return; /* the first one counts */
    look->text = text;
    look->text_bytes = text_bytes;
    look->text_len = 0;
}

/* Cuts a text that was too long, between two characters. */
static void cut(char *text, size_t len)
{
    while (len && ((unsigned char)text[len] & 0xC0) == 0x80)
        len--;
    text[len] = '\0';
}

static void keep_operation(struct look *look, const char *name)
{
    struct gw_glance *glance = look->glance;
    const char *separator = strchr(name, SEPARATOR);
    const char *local = separator ? separator + 1 : name;
    if (*glance->operation)
        return;
    size_t len = strlen(local), ns_len = separator ? (size_t)(separator - name) : 0;
    size_t most = sizeof glance->operation - 1;
    memcpy(glance->operation, local, len < most ? len + 1 : most);
    if (len >= most) {
        glance->operation[most] = '\0';
        if (len > most && ((unsigned char)local[most] & 0xC0) == 0x80)
            cut(glance->operation, most - 1);
    }
    if (ns_len < sizeof glance->namespace_) {
        memcpy(glance->namespace_, name, ns_len);
        glance->namespace_[ns_len] = '\0';
    }
}

static void begin_envelope(struct look *look, const char *name)
{
    if (is(name, SOAP_11, "Envelope"))
        look->glance->version = 11;
    else if (is(name, SOAP_12, "Envelope"))
        look->glance->version = 12;
    else
        end_look(look, "it is no envelope of SOAP 1.1 or 1.2");
}

static void begin_block(struct look *look, const char *name)
{
    struct gw_glance *glance = look->glance;
    if (is(name, WSA_2005, "MessageID") || is(name, WSA_2004, "MessageID"))
        gather(look, glance->message_id, sizeof glance->message_id);
    else if (is(name, WSA_2005, "Action") || is(name, WSA_2004, "Action"))
        gather(look, glance->action, sizeof glance->action);
    else if (is(name, GW_FAULT_NAMESPACE, "cargo"))
        glance->has_cargo = true;
}

/* Of an element in a Fault: 1.1's faultcode, 1.2's Value in Code. */
static void begin_code(struct look *look, const char *name)
{
    bool is_12 = look->glance->version == 12;
    if (look->depth == 4)
        look->in_code = is(name, SOAP_12, "Code");
    bool is_code = is_12 ? look->depth == 5 && look->in_code && is(name, SOAP_12, "Value")
                         : look->depth == 4 && strcmp(name, "faultcode") == 0;
    if (is_code)
        gather(look, look->code, sizeof look->code);
}

static void start(struct look *look, const char *name)
{
    look->text = NULL;
    if (++look->depth > MOST_DEPTH) {
        end_look(look, "more than 256 elements are nested in it");
        return;
    }
    if (is(name, SIGNATURE, "Signature"))
        look->glance->is_signed = true;
    if (look->depth == 1)
        begin_envelope(look, name);
    if (look->depth == 2) {
        look->in_header = is(name, namespace_of(look), "Header");
        look->in_body = is(name, namespace_of(look), "Body");
        look->has_body = look->has_body || look->in_body;
    } else if (look->depth == 3 && look->in_header) {
        begin_block(look, name);
    } else if (look->depth == 3 && look->in_body) {
        look->in_fault = is(name, namespace_of(look), "Fault");
        keep_operation(look, name);
    } else if (look->in_fault) {
        begin_code(look, name);
    }
}

static void keep_text(struct look *look, const char *bytes, size_t len)
{
    if (!look->text)
        return;
    for (size_t i = 0; i < len; i++) {
        if (look->text_len == 0 && strchr(" \t\r\n", bytes[i]))
            continue;
        if (look->text_len + 1 >= look->text_bytes) { /* longer than it may be: none at all */
            look->glance->has_long_id |= look->text == look->glance->message_id;
            look->text[0] = '\0';
            look->text = NULL;
            return;
        }
        look->text[look->text_len++] = bytes[i];
        look->text[look->text_len] = '\0';
    }
}

static void end(struct look *look)
{
    while (look->text && look->text_len && strchr(" \t\r\n", look->text[look->text_len - 1]))
        look->text[--look->text_len] = '\0';
    look->text = NULL;
    if (look->depth == 3)
        look->in_fault = false;
    if (look->depth == 2)
        look->in_header = look->in_body = false;
    look->depth--;
}

static int take(void *user, const struct gw_scan_event *event)
{
    struct look *look = user;
    if (event->kind == GW_SCAN_START)
        start(look, event->name);
    else if (event->kind == GW_SCAN_TEXT)
        keep_text(look, event->chars, event->len);
    else if (event->kind == GW_SCAN_END)
        end(look);
    return look->wrong ? 1 : 0;
}

/* A QName's local part, and of 1.1 what stands before its first '.' (4.4.1). */
static enum gw_fault_code code_of(char *code)
{
    const char *colon = strchr(code, ':');
    const char *local = colon ? colon + 1 : code;
    size_t len = strcspn(local, ".");
    if (len == 6 && (strncmp(local, "Client", 6) == 0 || strncmp(local, "Sender", 6) == 0))
        return GW_FAULT_SENDER;
    if ((len == 6 && strncmp(local, "Server", 6) == 0) ||
        (len == 8 && strncmp(local, "Receiver", 8) == 0))
        return GW_FAULT_RECEIVER;
    if (len == 14 && strncmp(local, "MustUnderstand", 14) == 0)
        return GW_FAULT_MUST_UNDERSTAND;
    return GW_FAULT_OTHER;
}

int gw_glance_read(struct gw_glance *glance, const char *envelope, size_t bytes, char *why,
                   size_t why_bytes)
{
    struct look look = {.glance = glance};
    *glance = (struct gw_glance){0};
    if (gw_scan_read(envelope, bytes, "it", take, &look, why, why_bytes) < 0)
        return -1;
    if (!look.wrong && !look.has_body)
        look.wrong = "the envelope has no Body";
    if (look.wrong) {
        snprintf(why, why_bytes, "%s", look.wrong);
        errno = EINVAL;
        return -1;
    }
    if (strcmp(glance->operation, "Fault") == 0 &&
        strcmp(glance->namespace_, namespace_of(&look)) == 0)
        glance->fault = code_of(look.code);
    return 0;
}
