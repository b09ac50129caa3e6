/* config.h - what gateway.conf says: constant once it is read.
 *
 * Noun: the configuration. Invariant: it never changes; a HUP makes another one, all of it or none,
 * and requests that were begun keep the one they began with by a reference. Strings are never NULL
 * unless their line says so. Times are in milliseconds, sizes in bytes. Any thread. */
#ifndef GW_CONFIG_H
#define GW_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "config/pattern.h"

/* A list of strings; list[count] is NULL. */
struct gw_strings {
    char **list;
    size_t count;
};

enum gw_auth_type { GW_AUTH_BASIC, GW_AUTH_CERTIFICATE };

/* Who may come in over HTTP. */
struct gw_auth {
    char *name;
    enum gw_auth_type type;
    char *file; /* Basic: lines "user:crypt(3)"; a certificate: "user:SHA-256 of it", or "" (its
                 * common name is the user) */
    struct gw_strings groups; /* "ops=alice,bob" */
};

/* One address to listen on. */
struct gw_listen {
    char *address; /* "127.0.0.1:8080", "[::]:8443", or a path that begins with '/': a socket */
    char *cert_file, *key_file; /* "": no TLS */
    char *client_ca_file;       /* "": no client certificates are asked for */
    const struct gw_auth *auth; /* NULL: nobody is asked who it is */
    bool is_insecure;           /* beyond loopback without TLS or auth: said on purpose */
};

/* A link to an XMPP server. Its members are those of struct soap_xmpp_config, by the names of its
 * variables in lower case: jid, password_file, host, tls, ca_file, ... */
struct gw_link_config {
    char *name;
    char *jid;
    bool is_component;               /* its jid is a domain: any node of it is ours */
    struct gw_strings names, values; /* members as they stand in the file, jid included */
    const char *file;                /* where it stands */
    int line;
};

/* What is rewritten in envelopes and contracts that pass. */
enum {
    GW_REWRITE_WSDL = 1,  /* addresses, imports and the transport of a WSDL */
    GW_REWRITE_XADDR = 2, /* ONVIF's XAddr, the Uri of a snapshot */
    GW_REWRITE_WSA = 4    /* WS-Addressing: To, and the Address of references */
};

struct gw_rewrite_config {
    unsigned categories;
    struct gw_strings elements; /* "{namespace}local": more elements whose text is an address */
    bool of_signed;             /* envelopes with a signature, too */
};

enum gw_wsdl { GW_WSDL_NONE, GW_WSDL_SERVICE, GW_WSDL_URL, GW_WSDL_FILE };
enum gw_path { GW_PATH_NONE, GW_PATH_RESOURCE, GW_PATH_HEADER };

/* HTTP -> XMPP. */
struct gw_route_config {
    struct gw_pattern *pattern; /* "/cam/{name}" */
    char *to;                   /* "xmpp:{name}@cams.example.org", maybe with "?message" */
    const struct gw_link_config *link;
    enum gw_path path;       /* where the rest of the URL's path goes */
    struct gw_strings users; /* "alice", "group:ops"; none: whoever got in */
    char *from;              /* a component's alone: "{user}@gw.example.org"; "": the link itself */
    unsigned timeout_ms;
    int fault_status; /* of each fault; 0: as SOAP's HTTP binding says */
    enum gw_wsdl wsdl;
    char *wsdl_file;
    struct gw_rewrite_config rewrite;
    bool once_by_message_id; /* a wsa:MessageID names a call as an Idempotency-Key does */
    bool may_message;        /* "?message" behind its path is a call by message */
    struct gw_strings mtom;  /* "{namespace}local": elements that become parts */
    const char *file;        /* where it stands */
    int line;
};

enum gw_login { GW_LOGIN_NONE, GW_LOGIN_BASIC, GW_LOGIN_DIGEST };

/* XMPP -> HTTP. */
struct gw_serve_config {
    struct gw_pattern *pattern; /* "{node}@cams.example.org"; an account: its bare JID */
    char *url;                  /* "http://{node}.lan/onvif/device_service" */
    const struct gw_link_config *link;
    enum gw_path path;       /* where the device's path comes from */
    struct gw_strings paths; /* "/onvif/" + '*': which it may be; none: any below url's folder */
    bool with_query;
    struct gw_strings allow; /* rules as soap_xmpp_allow() takes them: "who" or "who:operation" */
    enum gw_login login;
    char *user, *password_file;
    char *ca_file, *cert_file, *key_file; /* "": none */
    unsigned timeout_ms;
    unsigned connections;  /* to one authority at once */
    unsigned keepalive_ms; /* a connection that was idle for longer isn't used again; 0: never */
    enum gw_wsdl wsdl;
    char *wsdl_file;
    struct gw_rewrite_config rewrite;
    struct gw_strings aliases; /* "192.168.1.10": authorities that are the backend's, too */
    struct gw_strings mtom;    /* this backend takes MTOM: elements that become parts */
    const char *file;          /* where it stands */
    int line;
};

struct gw_limits {
    size_t body_bytes;    /* of an HTTP body, both directions, once unpacked. 64 MiB */
    size_t header_bytes;  /* request line and headers. 16 KiB */
    size_t memory_bytes;  /* of all that is held for requests together. 256 MiB */
    unsigned in_flight;   /* calls from HTTP at once. 1,000 */
    unsigned connections; /* from HTTP. 10,000 */
    unsigned idle_ms;     /* a connection that says nothing. 60,000 */
};

enum gw_log_form { GW_LOG_TEXT, GW_LOG_JSON };

struct gw_config {
    struct gw_listen *listens;
    size_t listen_count;
    struct gw_listen *admin; /* loopback or a socket; NULL: none */
    struct gw_auth *auths;
    size_t auth_count;
    char *public_url;                  /* "https://gw.example.org:8443"; "": as the client says */
    struct gw_strings trusted_proxies; /* addresses whose X-Forwarded-* count */
    struct gw_link_config *links;
    size_t link_count;
    struct gw_route_config *routes; /* the longest pattern first */
    size_t route_count;
    struct gw_serve_config *serves;
    size_t serve_count;
    struct gw_limits limits;
    unsigned drain_ms;
    enum gw_log_form log;
    bool has_trial;       /* admin: `try = true`: the try-it form, which calls without a user */
    bool is_ready_by_any; /* one link online is enough for /readyz */
    bool has_operation_metrics;
    struct ct_pool *pool; /* what all of it lives in */
    int references;       /* config.c's */
};

/* Reads path with all that it includes, and checks all that can be checked without a network:
 * files, patterns, names. NULL with one sentence in why ("gateway.conf:3: ..."), and nothing is
 * left. The caller owns the only reference. Blocks while files are read. */
struct gw_config *gw_config_read(const char *path, char *why, size_t why_bytes);
struct gw_config *gw_config_hold(struct gw_config *config); /* one more reference; config */
void gw_config_release(struct gw_config *config);           /* frees with the last; NULL is fine */

/* The configuration as the file would say it whole, defaults included, secrets left out; malloc'ed,
 * or NULL without memory. */
char *gw_config_print(const struct gw_config *config);

/* What a running gateway would have to restart for, to become `after`: a sentence ("link \"main\"
 * has changed"); false: nothing. */
bool gw_config_needs_restart(const struct gw_config *before, const struct gw_config *after,
                             char *what, size_t what_bytes);

#endif
