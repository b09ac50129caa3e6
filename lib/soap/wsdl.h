/* wsdl.h - one document of a contract, a WSDL or a schema: where it may have to change, and what it
 * tells.
 *
 * Noun: the WSDL document. It is read once, from clean bytes (UTF-8, without declaration, DOCTYPE
 * and comments). Its bytes are never written anew: whoever gives it away leaves pieces out or puts
 * others in, at the places that are noted here.
 *
 * Invariant: the places stand in the order of the bytes, and none overlaps another.
 *
 * Pure functions, any thread.
 */
#ifndef SX_SOAP_WSDL_H
#define SX_SOAP_WSDL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"

#define SX_NS_WSDL        "http://schemas.xmlsoap.org/wsdl/"
#define SX_NS_WSDL_SOAP11 "http://schemas.xmlsoap.org/wsdl/soap/"
#define SX_NS_WSDL_SOAP12 "http://schemas.xmlsoap.org/wsdl/soap12/"

enum sx_wsdl_place_kind {
    SX_WSDL_ADDRESS,     /* the value of a soap:address/@location, of either version */
    SX_WSDL_IMPORT,      /* of a WSDL: the whole element */
    SX_WSDL_XSD_IMPORT,  /* of a schema by a schema: its schemaLocation, with the space before it */
    SX_WSDL_XSD_INCLUDE, /* the whole element */
    SX_WSDL_TYPES_END,   /* before </wsdl:types>: nothing, schemas may be put in there */
    SX_WSDL_ROOT_NAME    /* behind the name of the root: nothing */
};

struct sx_wsdl_place {
    enum sx_wsdl_place_kind kind;
    size_t at, len;      /* in the bytes */
    char *location;      /* what an import or include refers to, decoded; NULL: nothing */
    char *namespace_uri; /* of the schema that imports or includes */
};

/* Names are "{namespace}local", as in rules. */
struct sx_wsdl_message {
    char *name;
    char *element; /* of its first part that has one; NULL: none has */
};
struct sx_wsdl_operation {
    char *port_type, *name, *message; /* name: local */
};
struct sx_wsdl_binding {
    char *port_type, *operation, *body_uri; /* of soap:body; NULL: it has none */
};

struct sx_wsdl {
    bool is_schema;         /* of XML Schema, or of WSDL 1.1 */
    bool declares_default;  /* the root has an xmlns attribute of its own */
    char *target_namespace; /* "": none */
    struct sx_wsdl_place *places;
    struct sx_wsdl_message *messages;
    struct sx_wsdl_operation *operations; /* with an input, in their order */
    struct sx_wsdl_binding *bindings;     /* an item for each operation of each */
    size_t place_count, message_count, operation_count, binding_count;
};

/* Reads a document. SX_OK; SX_EMALFORMED with one clause in why: it isn't well-formed, is neither a
 * WSDL 1.1 document nor a schema, or redefines a schema, which nobody could put together again;
 * SX_EDEPTH, SX_ENOMEM. On an error *wsdl is zero. */
enum sx_err sx_wsdl_read(struct sx_wsdl *wsdl, const char *bytes, size_t len, char *why,
                         size_t why_bytes);
void sx_wsdl_fini(struct sx_wsdl *wsdl); /* frees, zeroes */

#endif
