/* gate.c - gSOAP's place in a request is compared with ours while it reads.
 *
 * Invariant: nothing behind a tag is given out before gSOAP has asked for it, until the gate is
 * open. A gate that is shut gives nothing out any longer.
 *
 * Happy path: next (root, Header...) -> next: gSOAP asks at the Body's tag -> next: it asks at the
 * operation's tag -> open, bytes pass.
 * Failure modes: gSOAP asks from elsewhere: shut, SX_EMALFORMED with a clause. What follows the
 * Body's start tag and is no element: the same.
 *
 * The tokenizer isn't that of the scan, and simpler: bytes are well-formed up to the operation,
 * without comments, instructions and DOCTYPE.
 */
#include "gsoap/gate.h"

#include <stdio.h>
#include <string.h>

#include "gsoap/mapping.h"

enum state { TEXT, TAG_BEGINS, TAG_NAME, START_TAG, END_TAG, VALUE, SECTION };
enum { BODY_DEPTH = 2, OPERATION_DEPTH = 3, BODY_LEVEL = 2 };

/* ---- what is given out ---- */

static const char *local_name(const char *tag)
{
    const char *colon = strchr(tag, ':');
    return colon ? colon + 1 : tag;
}

/* The '>' of a start tag. */
static void end_start_tag(struct sx_gate *gate)
{
    gate->is_empty = gate->last == '/';
    gate->tag[gate->tag_len] = '\0';
    gate->state = TEXT;
    gate->depth++;
    if (gate->place == SX_GATE_IN_BODY)
        gate->place = gate->depth == OPERATION_DEPTH ? SX_GATE_AT_OPERATION : SX_GATE_SHUT;
    else if (gate->depth == BODY_DEPTH && strcmp(local_name(gate->tag), "Body") == 0)
        gate->place = gate->is_empty ? SX_GATE_SHUT : SX_GATE_AT_BODY;
    gate->depth -= gate->is_empty;
}

static void end_end_tag(struct sx_gate *gate)
{
    gate->state = TEXT;
    if (gate->place == SX_GATE_IN_BODY || !gate->depth)
        gate->place = SX_GATE_SHUT;
    else
        gate->depth--;
}

static void begin_tag(struct sx_gate *gate, char c)
{
    gate->tag_len = 0;
    gate->last = gate->matched = 0;
    gate->state = c == '/' ? END_TAG : c == '!' ? SECTION : TAG_NAME;
    if (gate->state == TAG_NAME)
        gate->tag[gate->tag_len++] = c;
    else if (gate->state == SECTION && gate->place == SX_GATE_IN_BODY)
        gate->place = SX_GATE_SHUT;
}

/* Of a name or between attributes. */
static bool read_start_tag(struct sx_gate *gate, char c)
{
    bool ends_name = c == '>' || c == '/' || sx_scan_is_space(c);
    if (gate->state == TAG_NAME && !ends_name) {
        if (gate->tag_len < sizeof gate->tag - 1)
            gate->tag[gate->tag_len++] = c;
        return false;
    }
    gate->state = START_TAG;
    if (c == '>') {
        end_start_tag(gate);
        return true;
    }
    gate->last = (unsigned char)c;
    if (c == '"' || c == '\'') {
        gate->state = VALUE;
        gate->quote = (unsigned char)c;
    }
    return false;
}

static void read_section(struct sx_gate *gate, char c)
{
    if (c == '>' && gate->matched == 2)
        gate->state = TEXT;
    else if (c != ']')
        gate->matched = 0;
    else if (gate->matched < 2)
        gate->matched++;
}

static void read_text(struct sx_gate *gate, char c)
{
    if (c == '<')
        gate->state = TAG_BEGINS;
    else if (gate->place == SX_GATE_IN_BODY && !sx_scan_is_space(c))
        gate->place = SX_GATE_SHUT;
}

/* Whether the byte ends a tag. */
static bool read_byte(struct sx_gate *gate, char c)
{
    switch ((enum state)gate->state) {
    case TEXT:
        read_text(gate, c);
        return false;
    case TAG_BEGINS:
        begin_tag(gate, c);
        return false;
    case TAG_NAME:
    case START_TAG:
        return read_start_tag(gate, c);
    case END_TAG:
        if (c == '>')
            end_end_tag(gate);
        return c == '>';
    case VALUE:
        if ((unsigned char)c == gate->quote)
            gate->state = START_TAG;
        return false;
    case SECTION:
        read_section(gate, c);
        return false;
    }
    return false;
}

/* ---- where gSOAP stands ---- */

static bool is_before_body(const struct sx_gate *gate, const struct soap *soap)
{
    if (soap->part >= SOAP_BEGIN_RECV && soap->part <= SOAP_END_HEADER)
        return true;
    /* Behind a Header it looks for the Body. */
    return soap->part == SOAP_IN_BODY && soap->level == 1 && gate->depth == 1;
}

/* No action: it would choose the operation, whatever element comes. */
static bool is_at_body(const struct sx_gate *gate, const struct soap *soap)
{
    return soap->part == SOAP_IN_BODY && soap->level == BODY_LEVEL && !soap->action &&
           strcmp(soap->tag, gate->tag) == 0;
}

/* Whether it reads the operation's element, or has left the Body. */
static bool is_in_operation(const struct soap *soap)
{
    return soap->level == BODY_LEVEL + 1 && soap->part == SOAP_IN_BODY;
}

static bool is_behind_operation(const struct soap *soap)
{
    return soap->level == BODY_LEVEL && (soap->part == SOAP_IN_BODY || soap->part == SOAP_END_BODY);
}

/* The place that follows. An element that isn't empty, and that gSOAP skips on its way out of the
 * Body, has been taken by a skeleton without input; of an empty one that shows later. */
static enum sx_gate_place judge_operation(const struct sx_gate *gate, const struct soap *soap)
{
    const struct sx_envelope *envelope = &gate->request->envelope;
    enum sx_mapping_place where;
    const char *uri = sx_mapping_find(soap, gate->tag, &where);
    if (strcmp(soap->tag, gate->tag) != 0 ||
        strcmp(local_name(gate->tag), envelope->operation) != 0 || !uri ||
        strcmp(uri, envelope->operation_uri) != 0)
        return SX_GATE_SHUT;
    if (where == SX_MAPPING_FOREIGN && gate->request->grant != SX_GRANT_NAMED &&
        soap->local_namespaces)
        return SX_GATE_SHUT;
    if (is_in_operation(soap))
        return SX_GATE_OPEN;
    if (!is_behind_operation(soap))
        return SX_GATE_SHUT;
    if (where == SX_MAPPING_ALONE ||
        (where == SX_MAPPING_SERVED && gate->request->grant == SX_GRANT_NAMED))
        return SX_GATE_OPEN;
    return gate->is_empty ? SX_GATE_AT_EMPTY : SX_GATE_SHUT;
}

/* A clause when gSOAP isn't where it should be. */
static const char *look(struct sx_gate *gate, const struct soap *soap)
{
    bool is_there = false;
    switch (gate->place) {
    case SX_GATE_BEFORE_BODY:
        is_there = is_before_body(gate, soap);
        break;
    case SX_GATE_AT_BODY:
        is_there = is_at_body(gate, soap);
        if (is_there)
            gate->place = SX_GATE_IN_BODY;
        break;
    case SX_GATE_IN_BODY:
        is_there = soap->part == SOAP_IN_BODY && soap->level == BODY_LEVEL;
        break;
    case SX_GATE_AT_OPERATION:
        gate->place = judge_operation(gate, soap);
        is_there = gate->place != SX_GATE_SHUT;
        break;
    case SX_GATE_AT_EMPTY:
        is_there = soap->part == SOAP_END_ENVELOPE;
        if (is_there)
            gate->place = SX_GATE_OPEN;
        break;
    case SX_GATE_OPEN:
        is_there = true;
        break;
    case SX_GATE_SHUT:
        break;
    }
    if (is_there)
        return NULL;
    gate->place = SX_GATE_SHUT;
    return "gSOAP finds another operation in it than the one that the caller may run";
}

/* ---- between the two ---- */

static enum sx_err read_next(const struct sx_gate *gate, char *out, size_t room, size_t *got,
                             char *why, size_t why_bytes)
{
    return sx_reader_next(gate->reading, &gate->request->envelope, gate->limits, out, room, got,
                          why, why_bytes);
}

static size_t give(struct sx_gate *gate, char *out, size_t room)
{
    size_t len = 0;
    bool ends = false;
    while (len < room && gate->start < gate->end && !ends) {
        char c = gate->ahead[gate->start++];
        ends = gate->place != SX_GATE_OPEN && read_byte(gate, c);
        out[len++] = c;
    }
    return len;
}

/* While a fault is on its way, gSOAP may still ask. These two errors are none: a tag that isn't the
 * one it looked for. */
static bool has_failed(const struct soap *soap)
{
    return soap->error && soap->error != SOAP_TAG_MISMATCH && soap->error != SOAP_NO_TAG;
}

void sx_gate_begin(struct sx_gate *gate, const struct sx_request *request,
                   struct sx_reader *reading, const struct sx_reader_limits *limits)
{
    gate->request = request;
    gate->reading = reading;
    gate->limits = limits;
    gate->place = SX_GATE_BEFORE_BODY;
    gate->start = gate->end = 0;
    gate->depth = 0;
    gate->state = TEXT;
}

enum sx_err sx_gate_next(struct sx_gate *gate, struct soap *soap, char *out, size_t room,
                         size_t *got, char *why, size_t why_bytes)
{
    enum sx_err err = SX_OK;
    const char *clause = NULL;
    *got = 0;
    if (gate->place != SX_GATE_OPEN) {
        if (has_failed(soap))
            return SX_OK;
        clause = look(gate, soap);
    }
    if (clause) {
        snprintf(why, why_bytes, "%s", clause);
        return SX_EMALFORMED;
    }
    if (gate->start == gate->end) {
        if (gate->place == SX_GATE_OPEN)
            return read_next(gate, out, room, got, why, why_bytes);
        gate->start = 0;
        err = read_next(gate, gate->ahead, sizeof gate->ahead, &gate->end, why, why_bytes);
    }
    if (err == SX_OK)
        *got = give(gate, out, room);
    return err;
}

bool sx_gate_is_open(const struct sx_gate *gate)
{
    return gate->place == SX_GATE_OPEN;
}
