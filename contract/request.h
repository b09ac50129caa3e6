/* request.h - the envelope of a request, built from arguments like NAME=VALUE.
 *
 * Noun: the request. Invariant: with a contract, what is written is what the contract asks for: its
 * names, namespaces and order, whatever the arguments' order is; and all that is required is there.
 *
 * An argument is a path, and what belongs there:
 *
 *   a=1              the element a: as text, whatever stands behind the first '='
 *   rec.name=x       the element name in rec; deeper likewise
 *   list=1 list=2    a, twice
 *   p[2].x=1         x in the second p (the first is 1)
 *   @id=7            the attribute id of the operation's element;  x.@unit=m: of x
 *   x=@FILE          the text that the file holds;  x=@@FILE: its bytes in base64;
 *                    x=\@...: text that begins with '@' (or x=\\...: with '\')
 *   x:=              xsi:nil='true';  x=: an empty element
 *   x<TYPE>.y=1      x with xsi:type: TYPE is derived from what the contract says. Its local name,
 *                    {namespace}local, or xsd:int
 *
 * Names are local names; {namespace}name where two differ in nothing else. A '.', '[', '<', '@',
 * ':' or '=' inside a name is written with '\' before it; '.', too, only where the contract has a
 * name that ends before it. */
#ifndef CT_REQUEST_H
#define CT_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "contract/contract.h"
#include "contract/text.h"

/* How the envelope is to be. Zeroed: as the contract says, no header, no files. */
struct ct_request_form {
    enum ct_version version;
    const char *header;     /* content of the Header: XML, declares its own prefixes; or NULL */
    ct_fetch_fn *read_file; /* for '@FILE': ct_file_read, say; NULL: that is refused */
    void *file_context;
};

enum {
    CT_REQUEST_ARGUMENTS = 100000,
    CT_REQUEST_BYTES = 16 * 1024 * 1024, /* of the envelope */
    CT_REQUEST_DEPTH = 64                /* of an argument's path */
};

/* Adds the envelope to out. CT_EUSAGE: an argument is wrong, a value isn't of its type, something
 * is missing; CT_EUNSUPPORTED: the operation needs what isn't understood, or has no binding of
 * form->version; CT_ECONTRACT: a type isn't defined; CT_ENOMEM, CT_ELIMIT. On an error out has what
 * it had. */
enum ct_err ct_request_write(const struct ct_contract *contract,
                             const struct ct_operation *operation,
                             const struct ct_request_form *form, const char *const *arguments,
                             size_t count, struct ct_text *out, struct ct_error *error);

/* The same without a contract: the operation's element in this namespace ("": none) with the values
 * in the order given, all qualified or (as with rpc) none of what is in it. Types are not checked;
 * 'x<TYPE>' is for types of XML Schema alone. CT_SOAP_ANY is 1.2. */
enum ct_err ct_request_write_plain(const char *namespace_uri, bool qualified, const char *operation,
                                   const struct ct_request_form *form, const char *const *arguments,
                                   size_t count, struct ct_text *out, struct ct_error *error);

#endif
