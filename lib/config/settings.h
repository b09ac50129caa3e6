/* settings.h - what a link is configured to: struct sx_config. */
#ifndef SX_CONFIG_SETTINGS_H
#define SX_CONFIG_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef SOAP_XMPP_NO_GSOAP
#define SOAP_XMPP_NO_GSOAP
#endif
#include "soap_xmpp.h"

#include "base/log.h"

/* Made by sx_config_make: every value is set and inside its bounds. */
struct sx_config {
    char *jid;            /* normal, with a resource unless a domain */
    char *password;       /* prepared; "" when a client certificate stands for it; wiped by fini */
    char *typed_password; /* as the program gave it; NULL: the same; wiped by fini */
    /* where it comes from at each attempt, or NULL: a file, the program */
    char *password_file;
    soap_xmpp_password_fn *password_callback;
    void *password_user;
    char *host;                               /* NULL: by DNS SRV */
    int port;                                 /* 0: the usual one of tls */
    bool is_component;                        /* jid is a domain: XEP-0114; host and port are set */
    enum soap_xmpp_tls tls;                   /* OFF for a component */
    unsigned mechanisms;                      /* a set of mechanism.h; none for a component */
    char *ca_file, *cert_file, *key_file;     /* NULL if unset */
    bool password_is_exposed, key_is_exposed; /* others may read or write the file */
    char *allow;      /* NULL: it lets nobody call; its rules are read by access.c */
    char *allow_file; /* NULL: none */
    char *wsdl_file;  /* NULL: none */
    int64_t timeout_us, connect_timeout_us, keepalive_us, ping_timeout_us;
    bool soap_action, plain_delivery, packs, trace_context;
    bool is_shared; /* other processes serve this JID, too */
    bool presence;  /* sent, and listened to; so with messages */
    bool messages;  /* requests come as messages, too */
    enum soap_xmpp_policy policy;
    bool gives_up;      /* after a refusal */
    int64_t max_age_us; /* of those; SX_NEVER: any */
    char *name_key;     /* NULL if unset; wiped by fini */
    size_t max_stanza_bytes, max_outgoing_bytes, max_queued_bytes, max_request_bytes;
    size_t max_remembered_bytes, max_trace_bytes, max_message_bytes;
    size_t max_memory_bytes;
    size_t peer_memory_bytes; /* of these: what peers share */
    unsigned max_depth, max_attributes, max_namespaces;
    unsigned max_calls, max_requests, max_running, max_remembered, max_peers;
    enum soap_xmpp_trace_level trace; /* not DEFAULT */
    char *trace_to;                   /* the log's file, NULL: none */
    struct sx_log log;
    soap_xmpp_trace_fn *trace_callback;
    void *trace_user;
    soap_xmpp_state_fn *state_callback;
    void *state_user;
    soap_xmpp_progress_fn *progress_callback;
    void *progress_user;
};

#endif
