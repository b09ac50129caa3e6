/* envelope.h - envelopes around content that is there already. */
#ifndef CT_ENVELOPE_H
#define CT_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>

#include "contract/contract.h"
#include "contract/text.h"

/* The namespace of a version's Envelope; of CT_SOAP_ANY that of 1.2. */
const char *ct_envelope_namespace(enum ct_version version);

/* Adds an envelope to out, around the content of its Header and Body: XML, any number of elements
 * that declare their own prefixes; NULL or "": none (no Header, an empty Body). An XML declaration
 * before them is left away. CT_EUSAGE: one of them is no well-formed XML, with line and reason;
 * CT_ENOMEM, CT_ELIMIT. what: what content is called in an error, "request.xml". */
enum ct_err ct_envelope_wrap(enum ct_version version, const char *header, const char *body,
                             const char *what, struct ct_text *out, struct ct_error *error);

/* Whether the document's root is an Envelope, of which version (otherwise CT_SOAP_ANY). CT_EUSAGE:
 * no well-formed XML, or a DOCTYPE. */
enum ct_err ct_envelope_look(const char *bytes, size_t len, const char *what,
                             enum ct_version *version, struct ct_error *error);

#endif
