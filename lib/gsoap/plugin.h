/* plugin.h - what plugin.c, client.c, service.c and relay.c share: the state that the plugin keeps
 * per struct soap.
 *
 * Private to these four files; includes stdsoap2.h.
 */
#ifndef SX_GSOAP_PLUGIN_H
#define SX_GSOAP_PLUGIN_H

#include "soap_xmpp.h" /* first: the headers below would choose the half without gSOAP */

#include "base/buffer.h"
#include "link/link.h"
#include "wire/message_id.h"

#define SX_ATTACHMENT_MODES (SOAP_ENC_DIME | SOAP_ENC_MIME | SOAP_ENC_MTOM)

/* What the plugin does with its struct soap right now; sx_plugin_set_role() is the only setter. */
enum sx_role {
    SX_ROLE_IDLE,      /* the struct soap is as its owner set it up */
    SX_ROLE_SENDING,   /* fconnect has seen an xmpp: endpoint, the envelope is being collected */
    SX_ROLE_WAITING,   /* the request is sent; call is under way */
    SX_ROLE_RECEIVING, /* the reply is here; frecv serves its envelope */
    SX_ROLE_SERVING,   /* a request was accepted and not answered yet */
    SX_ROLE_RELAYING,  /* ... and its answer, being collected, is to go to another endpoint */
    SX_ROLE_ANSWERED   /* ... and is answered; what the operation still writes is dropped */
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
};

/* The owner's settings that don't fit XMPP, put aside while the role isn't idle. */
struct sx_parked {
    bool modes_valid, socket_valid;
    soap_mode omode, imode; /* only the bits that the plugin changes */
    const char *prolog;
    SOAP_SOCKET socket; /* an HTTP connection that waits for its next call */
    int keep_alive;
    int (*fresponse)(struct soap *, int, ULONG64); /* NULL: not put aside */
};

struct sx_plugin {
    struct soap_xmpp_link *link; /* a reference */
    struct sx_callbacks previous;
    enum sx_role role;
    struct sx_parked parked;
    struct sx_checker *checker; /* NULL until the first envelope goes out */
    struct sx_buffer out;       /* the envelope being collected */

    /* client */
    char *endpoint, *to; /* of the last call that wasn't attached: as its caller wrote it; as
                          * a normal JID, NULL if it was none */
    bool any_resource;   /* to's is the default one, and another may take its place */
    bool is_message;     /* the endpoint's query said so */
    char name[SX_MESSAGE_ID_BYTES + 1]; /* of the next call, "" for none: soap_xmpp_name() */
    struct soap_xmpp_call *call;        /* ours while waiting */
    bool is_detached;                   /* call came by soap_xmpp_attach: it has its own deadline */
    struct sx_envelope answer;
    enum soap_xmpp_outcome_value outcome;
    char condition[48];          /* of the last call */
    bool expects_xmpp;           /* the last endpoint was an xmpp: one, so the next may be */
    bool skipped_count;          /* gSOAP's count pass was skipped on that guess */
    bool restored_at_close;      /* the HTTP socket came back in fclose, see sx_plugin's delete */
    bool ends_call;              /* between fdisconnect and fclose of a call or request of ours */
    char http_host[SOAP_TAGLEN]; /* to whom soap->socket is connected: soap->host changes */
    int http_port;               /* 0: nobody we know */

    /* service */
    struct sx_request *request; /* ours until freed */
    bool is_begun;              /* somebody has begun to read the request */
    bool was_answered;          /* the caller has its result, an answer goes elsewhere */
    bool has_attachments;       /* the answer refers to attachments that can't go along */

    struct sx_reader reading; /* of answer or request, by frecv */
};

/* NULL when the plugin isn't registered. */
struct sx_plugin *sx_plugin_of(struct soap *soap);

void sx_plugin_set_role(struct sx_plugin *plugin, enum sx_role role);

/* Sets soap's fault to one line and returns soap->error = code. */
int sx_plugin_fail(struct soap *soap, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts modes, prolog and socket aside and sets what XMPP needs. Idempotent. */
void sx_plugin_park(struct soap *soap, struct sx_plugin *plugin);

/* Ends whatever is under way (a call is cancelled, an unanswered request refused) and gives soap
 * back to its owner: SX_ROLE_IDLE. */
void sx_plugin_release(struct soap *soap, struct sx_plugin *plugin);

/* This plugin's checker; NULL: no memory. */
struct sx_checker *sx_plugin_checker(struct sx_plugin *plugin);

/* ---- client.c, called by the callbacks in plugin.c ---- */

enum {
    SX_ENDPOINT_SHOWN_BYTES = 200, /* of an endpoint in a message */
    SX_LABEL_BYTES = 400
};

/* soap_set_endpoint() has read "xmpp:user@" as credentials: they must not go out with HTTP. */
void sx_client_forget_credentials(struct soap *soap, const char *endpoint);
/* Fails a call that has a name and isn't one by message. */
int sx_client_refuse_name(struct soap *soap, struct sx_plugin *plugin, const char *endpoint);
/* Aims the next call at an xmpp: endpoint and waits until the link is online. */
int sx_client_reach(struct soap *soap, struct sx_plugin *plugin, const char *endpoint);
/* fconnect of an xmpp: endpoint. */
int sx_client_connect(struct soap *soap, struct sx_plugin *plugin, const char *endpoint);
/* The last fsend: sends what was collected with these last bytes. */
int sx_client_send(struct soap *soap, struct sx_plugin *plugin, const char *tail, size_t len);
/* Waits for the reply and takes its envelope; a failure is soap's fault, with the outcome. */
int sx_client_receive(struct soap *soap, struct sx_plugin *plugin, bool wants_envelope);
/* Ends the call and frees its answer. */
void sx_client_forget(struct sx_plugin *plugin);
/* fprepareinitrecv: that, and what gSOAP is told where no envelope came. */
int sx_client_await(struct soap *soap, struct sx_plugin *plugin);
/* "xmpp:calc@example.org/soap: add" into label (SX_LABEL_BYTES), the beginning of every message. */
const char *sx_client_label(const struct sx_plugin *plugin, char *label);

/* ---- service.c, called by the callbacks in plugin.c ---- */

/* Binds the prefixes that a server on the way dropped, from soap's own namespace table; for
 * requests and answers. */
enum sx_err sx_service_repair(struct soap *soap, struct sx_envelope *envelope);
/* Whether gSOAP is going to write references in the place of data, for attachments that nothing
 * will carry. */
bool sx_service_refers_to_attachments(const struct soap *soap);

/* fprepareinitsend of an answer, or of the fault that takes the place of a half-written one. */
void sx_service_prepare(struct soap *soap, struct sx_plugin *plugin);
/* Fails a call on the struct soap that serves. */
int sx_service_refuse_call(struct soap *soap, const char *endpoint);
/* fprepareinitrecv of a request. */
int sx_service_begin(struct soap *soap, struct sx_plugin *plugin);
/* fdisconnect of a request: sends what the operation wrote, once. */
void sx_service_answer(struct soap *soap, struct sx_plugin *plugin);
/* Refuses the request if it wasn't answered, and frees it. */
void sx_service_drop(struct sx_plugin *plugin);

/* ---- relay.c, called by the callbacks in plugin.c while a request is served ---- */

/* fconnect of an xmpp: endpoint: what is written next may be the answer, meant for there. */
int sx_relay_connect(struct soap *soap, struct sx_plugin *plugin, const char *endpoint);
/* Whether gSOAP is in the middle of a stub's call, not of an answer. */
bool sx_relay_is_call(const struct soap *soap);
/* fsend of such a call: fails, and lets the operation answer all the same. */
int sx_relay_refuse(struct soap *soap, struct sx_plugin *plugin);
/* fdisconnect of such a call. */
void sx_relay_abandon(struct soap *soap, struct sx_plugin *plugin);
/* fdisconnect: sends the answer to where it is to go and the caller an empty result, then waits
 * until the answer has arrived, as long as for any call. SOAP_OK or soap's error. */
int sx_relay_deliver(struct soap *soap, struct sx_plugin *plugin);

#endif
