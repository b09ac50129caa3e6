/* wsdl_operations.h - the operations of a set of documents, by what a request for each holds.
 *
 * Noun: the operations, as "{namespace}local" of the body's first child: that is what a rule names,
 * and what a scan tells of a request. Of document/literal it is the element of the input's first
 * part, of rpc/literal the operation's name in the namespace of its soap:body.
 *
 * Pure functions, any thread.
 */
#ifndef SX_SOAP_WSDL_OPERATIONS_H
#define SX_SOAP_WSDL_OPERATIONS_H

#include "base/buffer.h"
#include "soap/wsdl_set.h"

enum { SX_WSDL_OPERATIONS = 1000 /* are listed at most */ };

/* Appends each once, in the order of the documents: NUL-terminated, an empty one ends the list.
 * Errors show in out->failed. */
void sx_wsdl_operations_list(const struct sx_wsdl_set *set, struct sx_buffer *out);

#endif
