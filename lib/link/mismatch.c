/* mismatch.c - VersionMismatch.
 *
 * Invariant: what is answered here is run nowhere. An Envelope of SOAP 1.1 or 1.2 has no element in
 * the tree of its stanza (net/stream.h), so that one which has is neither's.
 *
 * Happy path: find -> answer. Failure: no memory, and the answer is traced as one that is lost.
 */
#include "link/mismatch.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "wire/namespaces.h"

enum { SHOWN_BYTES = 200 /* of a namespace */, WHY_BYTES = SHOWN_BYTES + 60 };

const struct sx_element *sx_mismatch_find(const struct sx_element *stanza)
{
    const struct sx_element *child = stanza ? sx_element_first(stanza) : NULL;
    while (child && strcmp(sx_element_name(child), "Envelope") != 0)
        child = sx_element_next(child);
    return child;
}

void sx_mismatch_answer_packed(const struct sx_reception *reception,
                               const struct sx_incoming *incoming, const char *why)
{
    const struct sx_head head = sx_admission_head(reception->admission, incoming);
    struct sx_buffer fault = {0}, out = {0};
    sx_trace(sx_session_trace(reception->session), SOAP_XMPP_TRACE_DEBUG, "request %s from %s: %s",
             incoming->id, sx_incoming_text(incoming->from), why);
    sx_buffer_add_text(&fault, "<e:Envelope xmlns='' xmlns:e='" SX_NS_SOAP11 "'><e:Body><e:Fault>"
                               "<faultcode>e:VersionMismatch</faultcode><faultstring>");
    sx_buffer_add_escaped(&fault, why);
    sx_buffer_add_text(&fault, ", but in " SX_NS_SOAP11 " or " SX_NS_SOAP12
                               "</faultstring></e:Fault></e:Body></e:Envelope>");
    if (fault.failed)
        out.failed = true;
    else
        sx_stanza_fault(&out, &head, fault.bytes, fault.len, "VersionMismatch");
    sx_buffer_fini(&fault);
    sx_admission_post(reception->admission, incoming, &out);
}

void sx_mismatch_answer(const struct sx_reception *reception, const struct sx_incoming *incoming,
                        const struct sx_element *envelope)
{
    char ns[SHOWN_BYTES], why[WHY_BYTES];
    snprintf(ns, sizeof ns, "%s", sx_element_ns(envelope));
    sx_utf8_drop_broken(ns);
    snprintf(why, sizeof why, "an Envelope of SOAP is not in \"%s\"", ns);
    sx_mismatch_answer_packed(reception, incoming, why);
}
