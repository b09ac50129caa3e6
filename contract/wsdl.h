/* wsdl.h - reads a contract's documents: definitions and schemas, and all that they import.
 *
 * Noun: the WSDL as it is written: messages, port types, bindings, ports, by name. operation.c
 * makes operations of them. */
#ifndef CT_WSDL_H
#define CT_WSDL_H

#include <stdbool.h>
#include <libxml/tree.h>

#include "contract/contract.h"
#include "contract/model.h"

struct ct_part {
    const char *name;
    struct ct_name element; /* local NULL: it has a type instead */
    struct ct_name type;
    struct ct_part *next;
};

struct ct_message {
    struct ct_part *parts;
};

/* An operation of a port type. */
struct ct_exchange {
    const char *name;
    struct ct_name input, output; /* messages; local NULL: none */
    const char *action;           /* wsaw:Action of the input, or NULL */
    const char *documentation;
    bool is_overloaded;             /* there is another one with this name */
    struct ct_operation *operation; /* what operation.c makes of it */
    struct ct_exchange *next;
};

struct ct_port_type {
    const char *name;
    struct ct_exchange *exchanges;
    struct ct_table by_name; /* exchanges */
};

/* A part that goes into the Header. */
struct ct_header_part {
    struct ct_name message;
    const char *part;
    struct ct_header_part *next;
};

/* A soap:body, and the soap:header beside it. */
struct ct_body {
    bool is_encoded;
    const char *parts; /* names; NULL: all but those in the Header */
    const char *ns;
    struct ct_header_part *headers;
};

struct ct_binding_operation {
    const char *name;
    const char *action; /* soapAction, or NULL */
    bool is_rpc;
    struct ct_body input, output;
    struct ct_place place;
    struct ct_binding_operation *next;
};

/* A binding to SOAP; others (HTTP, MIME) aren't kept. */
struct ct_soap_binding {
    enum ct_version version;
    struct ct_name port_type;
    const char *name;
    struct ct_binding_operation *operations;
    struct ct_soap_binding *next;
};

struct ct_port {
    const char *name;
    struct ct_name binding;
    const char *address;
    struct ct_port *next;
};

struct ct_note {
    const char *text;
    struct ct_note *next;
};

struct ct_wsdl {
    struct ct_model model;
    const char *name, *ns;
    struct ct_soap_binding *bindings, **last_binding;
    struct ct_port *ports, **last_port;
    struct ct_note *notes, **last_note;
};

/* Reads all documents. wsdl is zeroed; on an error its pool is the caller's to free, too. */
enum ct_err ct_wsdl_read(struct ct_wsdl *wsdl, const struct ct_reading *reading,
                         struct ct_error *error);

/* Adds a note: a sentence. false: no memory. */
bool ct_wsdl_note(struct ct_wsdl *wsdl, const char *text);

/* wsdl_definitions.c: what one definitions element holds, but for imports and schemas. */
enum ct_err ct_wsdl_read_definitions(struct ct_wsdl *wsdl, const xmlNode *definitions,
                                     const char *document, struct ct_error *error);

#endif
