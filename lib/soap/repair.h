/* repair.h - the prefixes of QName values that a server on the way has lost.
 *
 * Noun: the repair of an envelope that arrived. Servers write each stanza anew, and Prosody drops
 * every declaration that no name of an element or attribute needs: values lose theirs, and the
 * "ns1", "ns2" that it makes up for attributes may be what a value says. What a value can mean
 * follows from where it stands and from the receiver's table. The first rule that fits counts:
 *
 *     xsi:type, arrayType, itemType    a local name of XML Schema's own types: XMLSchema;
 *                                      of SOAP's encoding alone (Array): the encoding;
 *                                      the only namespace of the table's own (not W3C's, SOAP's,
 *                                      OASIS's); if there are several, the one that the table binds
 *                                      the prefix to, then that of the Body's child, if it is one
 *                                      of these; the table's or the usual name of another one
 *     faultcode, Code's Value          SOAP's own codes: the envelope; the namespace that the table
 *                                      binds the prefix to, or a usual name; the only namespace of
 *                                      the table's own; the envelope
 *     other values of this form        the table's or the usual name; else they are left alone
 *
 * A type that stays unknown is refused: gSOAP would read the base type in its place, without a
 * word. Not so in a fault, which is worth more than a type in its detail. SOAP's namespaces are
 * those of the envelope's own version.
 *
 * A prefix that is bound keeps its binding, with one exception: it is Prosody's own, and so
 * unbound, when it is numbered and bound to XMLSchema-instance or to a namespace of SOAP's that
 * has no such name, or when the whole envelope bears Prosody's mark (no element has a prefix, and
 * all that are declared are numbered, each for the attribute that follows).
 */
#ifndef SX_SOAP_REPAIR_H
#define SX_SOAP_REPAIR_H

#include "base/trace.h"
#include "soap/envelope.h"
#include "soap/vocabulary.h"

struct sx_repair {
    sx_vocabulary_row_fn *row; /* the receiver's table; NULL: none */
    void *user;
    const struct sx_trace *trace; /* gets one line (debug) for each name or prefix; NULL: none */
    const char *sender;           /* named in it */
};

enum {
    SX_REPAIR_MEANINGS = 64, /* different names of types and codes in an envelope that need one */
    SX_REPAIR_WHY_BYTES = 320
};

/* Whether the scan has found a value that may need it. */
bool sx_repair_is_due(const struct sx_envelope *envelope);

/* Binds what is unbound: by declarations on the root, and where a prefix means two things, or
 * Prosody's own is in the way, by another prefix in the value. Costs nothing unless the scan has
 * found such a value. SX_OK (also when nothing was to do); SX_ENOMEM; SX_EMALFORMED with a sentence
 * in why (SX_REPAIR_WHY_BYTES): a type that stays unknown, or more than SX_REPAIR_MEANINGS names.
 * After an error the envelope is as it was. */
enum sx_err sx_repair_envelope(const struct sx_repair *repair, struct sx_envelope *envelope,
                               char *why);

#endif
