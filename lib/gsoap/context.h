/* context.h - the state that the plugin keeps for one struct soap, and what its files share.
 *
 * Folder gsoap/: the plugin, what a link looks like from inside gSOAP. Its callbacks carry a stub's
 * envelope to the link and the answer's bytes to gSOAP's parser, and the same the other way round
 * for a service. This is the only folder that includes stdsoap2.h. It may see base, soap, wire,
 * config, exchange, request and link. From the ground up:
 *
 *     mapping, attachments     namespaces of a service; what gSOAP would send beside an envelope
 *     gate, logging            whether gSOAP reads what was allowed; gSOAP's logging plugin
 *     context, action          role, parked settings, faults; what ends a call or a request
 *     http, client, service    endpoints that aren't ours; a stub's call; one request
 *     input                    what is read without either
 *     relay, call, pool        an answer that goes elsewhere; a call as an object; accept and serve
 *     callbacks                the callbacks, and registration
 *
 * Thread: a struct soap belongs to one thread at a time, and so does its context. No function here
 * waits for anything, but for sx_context_end and sx_context_release: what they refuse is an answer
 * (link/answer.h says how long one may wait for room).
 */
#ifndef SX_GSOAP_CONTEXT_H
#define SX_GSOAP_CONTEXT_H

#include "soap_xmpp.h" /* first: the headers below would choose the half without gSOAP */

#include "base/buffer.h"
#include "gsoap/gate.h"
#include "gsoap/logging.h"
#include "link/link.h"
#include "wire/message_id.h"

/* What the plugin does with its struct soap right now; sx_context_set_role() is the only setter. */
enum sx_role {
    SX_ROLE_IDLE,      /* the struct soap is as its owner set it up */
    SX_ROLE_SENDING,   /* fconnect has seen an xmpp: endpoint, the envelope is being collected */
    SX_ROLE_WAITING,   /* the request is sent; call is under way */
    SX_ROLE_RECEIVING, /* the answer is here; frecv serves its envelope */
    SX_ROLE_SERVING,   /* a request was accepted and isn't answered yet */
    SX_ROLE_RELAYING,  /* as SERVING, but the answer being collected goes to another endpoint */
    SX_ROLE_ANSWERED   /* the request is answered; what the operation still writes is dropped */
};

/* Why an idle struct soap has no answer or request to read, where somebody might think it has. */
enum sx_missing {
    SX_MISSING_NOTHING = 0,
    SX_MISSING_CALL_OF_ORIGINAL, /* soap_copy() was called when its original had one under way */
    SX_MISSING_REQUEST_OF_ORIGINAL,
    SX_MISSING_DETACHED, /* the last call was */
    SX_MISSING_OVER      /* the last call is */
};

/* The callbacks that stood in struct soap before ours. */
struct sx_callbacks {
    int (*fconnect)(struct soap *, const char *, const char *, int);
    int (*fdisconnect)(struct soap *);
    int (*fclose)(struct soap *);
    int (*fsend)(struct soap *, const char *, size_t);
    size_t (*frecv)(struct soap *, char *, size_t);
    int (*fpoll)(struct soap *);
    int (*fprepareinitsend)(struct soap *);
    int (*fprepareinitrecv)(struct soap *);
    int (*fpreparefinalrecv)(struct soap *);
};

/* The owner's settings that don't fit XMPP, put aside while the role isn't idle. */
struct sx_parked {
    bool modes_valid, socket_valid;
    soap_mode omode, imode; /* only the bits that the plugin changes */
    const char *prolog;
    SOAP_SOCKET socket; /* an HTTP connection that waits for its next call */
    int keep_alive;
    int sendfd, recvfd; /* where gSOAP writes and reads without a socket: 1 and 0, unless changed */
    bool descriptors_valid;
    int (*fresponse)(struct soap *, int, ULONG64); /* NULL: not put aside */
    bool fheader_valid;
    int (*fheader)(struct soap *);
};

enum { SX_NO_DESCRIPTOR = -1 };

struct sx_context {
    /* immutable */
    struct soap_xmpp_link *link; /* a reference */
    struct sx_callbacks previous;
    struct sx_logging logging; /* empty in a copy */

    enum sx_role role;
    enum sx_missing missing; /* while the role is idle */
    struct sx_parked parked;
    bool ends_call;             /* between fdisconnect and fclose of a call or request of ours */
    struct sx_checker *checker; /* NULL until the first envelope goes out */
    struct sx_buffer out;       /* the envelope being collected */
    struct sx_reader reading;   /* of answer or request, by frecv */

    /* client */
    char *endpoint;    /* of the last call, as its caller wrote it */
    char *to;          /* the same as a normal JID; NULL: endpoint isn't valid */
    bool any_resource; /* to's is the default one, and another may take its place */
    bool is_message;   /* the endpoint's query said so */
    char name[SX_MESSAGE_ID_BYTES + 1]; /* of the next call, "" for none: soap_xmpp_name() */
    struct soap_xmpp_call *call;        /* ours while waiting */
    bool is_attached; /* call came by soap_xmpp_attach(): it has its own deadline, and endpoint and
                       * to aren't its */
    struct sx_envelope answer;
    int64_t read_deadline; /* of the answer: when reading it ends, whatever is left */
    enum soap_xmpp_outcome_value outcome; /* of the last call, and its stanza error: */
    char condition[48];

    /* service */
    struct sx_request *request;              /* ours until freed */
    struct sx_gate gate;                     /* between the request and gSOAP */
    char *action;                            /* the request's, withheld; NULL: none */
    const struct Namespace *told_namespaces; /* the table whose namespaces the link knows */
    bool is_begun;                           /* somebody has begun to read the request */
    bool was_taken;       /* and has come to its end, or has begun to answer it */
    bool was_answered;    /* the caller has its result, an answer goes elsewhere */
    bool has_attachments; /* the answer has attachments that can't go along */

    /* http */
    bool expects_xmpp;           /* the last endpoint was an xmpp: one, so the next may be */
    bool skipped_count;          /* gSOAP's count pass was skipped on that guess */
    bool restored_at_close;      /* the HTTP socket came back in fclose: see callbacks.c's delete */
    char http_host[SOAP_TAGLEN]; /* to whom soap->socket is connected: soap->host changes */
    int http_port;               /* 0: nobody we know */
};

enum {
    SX_ENDPOINT_SHOWN_BYTES = 200, /* of an endpoint in a message */
    SX_LABEL_BYTES = 400
};

/* A context for link, of which it takes a reference. Free with sx_context_free. NULL: no memory. */
struct sx_context *sx_context_new(struct soap_xmpp_link *link);
/* The context of soap, a copy whose members are those of original's struct soap: a call or request
 * that is under way there isn't here, and soap gets its owner's settings. NULL: no memory. */
struct sx_context *sx_context_copy(struct soap *soap, const struct sx_context *original);
/* After sx_context_release. */
void sx_context_free(struct sx_context *context);

/* NULL when the plugin isn't registered. */
struct sx_context *sx_context_of(struct soap *soap);

void sx_context_set_role(struct sx_context *context, enum sx_role role);

/* Sets soap's fault to one line and returns soap->error = code (SOAP_EOM: no memory for the line).
 */
int sx_context_fail(struct soap *soap, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Likewise for what is wrong with a request's envelope: a fault of its sender's, in the request's
 * version of SOAP. */
int sx_context_fail_request(struct soap *soap, const struct sx_context *context, enum sx_err err,
                            const char *why);

/* Writes soap's fault as soap_print_fault() has it, cut to text_bytes; "" if there is none, or no
 * memory. */
void sx_context_print_fault(struct soap *soap, char *text, size_t text_bytes);

/* Fails a call on the struct soap that serves: SOAP_USER_ERROR. */
int sx_context_refuse_call(struct soap *soap, const char *endpoint);

/* Fails what was asked of a link in a process that was forked from the link's: SOAP_USER_ERROR. */
int sx_context_fail_forked(struct soap *soap, const char *what);

/* "xmpp:calc@example.org/soap: add" into label (SX_LABEL_BYTES), the beginning of every message
 * about the call. Returns label. */
const char *sx_context_label(const struct sx_context *context, char *label);

/* This context's checker, which it keeps; NULL: no memory. */
struct sx_checker *sx_context_checker(struct sx_context *context);

/* Binds the prefixes that a server on the way dropped (repair.h), from soap's own namespace table;
 * for requests and answers. Returns soap->error: SOAP_EOM, or a fault with a sentence for a type
 * that stays unknown. */
int sx_context_repair(struct soap *soap, const struct sx_context *context,
                      struct sx_envelope *envelope);

/* Whether a request is served whose caller isn't allowed everything. */
bool sx_context_is_guarded(const struct sx_context *context);

/* ---- settings put aside ---- */

/* Puts modes, prolog and socket aside and sets what XMPP needs. Idempotent. */
void sx_context_park(struct soap *soap, struct sx_context *context);
/* Set anew what sx_context_park has set for writing, or for reading, and in gSOAP's pass that has
 * just begun: the program, or the operation, may have set other modes since. */
void sx_context_renew_output(struct soap *soap);
void sx_context_renew_input(struct soap *soap);
/* Puts modes and prolog aside and leaves them as they are. Idempotent. */
void sx_context_park_modes(struct soap *soap, struct sx_context *context);
/* Puts soap's fheader aside, and another one in its place. Idempotent. */
void sx_context_park_header(struct soap *soap, struct sx_context *context,
                            int (*header)(struct soap *));
/* Puts aside where soap would write and read without a socket, and leaves it nothing: what is made
 * of this struct soap by soap_copy_stream() must not answer its request to standard output. A copy
 * gets them back. Idempotent. */
void sx_context_park_descriptors(struct soap *soap, struct sx_context *context);
/* Puts back what sx_context_park_modes put aside, if it did. */
void sx_context_restore_modes(struct soap *soap, struct sx_context *context);

/* ---- what ends ---- */

/* Cancels the call if it is under way and frees its answer. */
void sx_context_forget_call(struct sx_context *context);

/* Ends what is under way (a call is cancelled, an unanswered request refused) and gives soap back
 * to its owner, but for the socket: SX_ROLE_IDLE. */
void sx_context_end(struct soap *soap, struct sx_context *context);
/* After sx_context_end: the socket. */
void sx_context_restore_socket(struct soap *soap, struct sx_context *context);
/* Both. */
void sx_context_release(struct soap *soap, struct sx_context *context);

#endif
