/* gate.h - whether gSOAP is about to run what was allowed.
 *
 * Noun: the gate. A rule was found for the operation that a scan saw; here gSOAP is watched while
 * it reads the same bytes. Up to the end of the operation's start tag it gets them tag by tag, and
 * each time that it asks for more, where it stands is compared with what it was given: it must not
 * be in a Body before the Envelope's, and then at this Body and at this operation, by the name that
 * it keeps and the namespace that it found. A skeleton without input runs for any element that no
 * other one takes; by a rule's local name alone that is allowed in the service's only namespace.
 * From there on bytes pass as they come. It works without what the scan told but for the operation
 * that was admitted: either of the two stops what gSOAP would read otherwise.
 *
 * For callers that aren't allowed everything. Zero is a gate that has not begun. Thread: that of
 * the struct soap.
 */
#ifndef SX_GSOAP_GATE_H
#define SX_GSOAP_GATE_H

#include "soap_xmpp.h" /* first: the headers below would choose the half without gSOAP */

#include "request/request.h"
#include "soap/reader.h"

enum { SX_GATE_AHEAD_BYTES = 2048 };

enum sx_gate_place {
    SX_GATE_BEFORE_BODY = 0,
    SX_GATE_AT_BODY,      /* the last byte given out ends the Body's start tag */
    SX_GATE_IN_BODY,      /* gSOAP was found there */
    SX_GATE_AT_OPERATION, /* the last byte given out ends the operation's start tag */
    SX_GATE_AT_EMPTY,     /* it was found there, and is to go on to the Body's end */
    SX_GATE_OPEN,         /* gSOAP was found there */
    SX_GATE_SHUT          /* it was found elsewhere: final */
};

struct sx_gate {
    const struct sx_request *request;
    struct sx_reader *reading;
    const struct sx_reader_limits *limits;
    enum sx_gate_place place;
    char ahead[SX_GATE_AHEAD_BYTES]; /* read, not given out: start to end */
    size_t start, end;
    unsigned depth; /* elements open in what was given out */
    /* where in the text that ended: gate.c's */
    unsigned char state, quote, last, matched;
    bool is_empty; /* the last start tag's element */
    unsigned tag_len;
    char tag[SX_SCAN_QNAME_BYTES + 1]; /* the last start tag's name as it is written, cut */
};

/* For a request that reading, which has not begun, reads; all three outlive the gate. */
void sx_gate_begin(struct sx_gate *gate, const struct sx_request *request,
                   struct sx_reader *reading, const struct sx_reader_limits *limits);

/* The next bytes for gSOAP, as sx_reader_next gives them; SX_EMALFORMED with one clause in why when
 * it isn't where it should be. */
enum sx_err sx_gate_next(struct sx_gate *gate, struct soap *soap, char *out, size_t room,
                         size_t *got, char *why, size_t why_bytes);

/* Whether gSOAP was found at the operation that was admitted. */
bool sx_gate_is_open(const struct sx_gate *gate);

#endif
