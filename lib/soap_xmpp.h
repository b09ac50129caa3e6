/* soap_xmpp.h - SOAP calls over XMPP (XEP-0072) for gSOAP programs: the one installed header.
 *
 * A *link* is one persistent, outbound, TLS-protected XMPP connection. It is duplex: through the
 * same link a program calls services and serves its own. A `struct soap` gets its link by
 * registering the plugin; from then on endpoints that begin with "xmpp:" travel through the link
 * and every other endpoint (http:, https:, ...) works as before.
 *
 * Client, with the stubs that soapcpp2 generated:
 *
 *     struct soap_xmpp_config config;
 *     char why[256];
 *     soap_xmpp_config_init(&config);
 *     config.jid = "alice@example.org/desk";
 *     config.password = "...";
 *     link = soap_xmpp_open(&config, why, sizeof why);
 *     soap_register_plugin_arg(soap, soap_xmpp, link);
 *     soap_call_c__add(soap, "xmpp:calc@example.org/soap", NULL, 1, 2, &sum);
 *
 * Endpoints: "xmpp:calc@example.org/soap". An account without a resource means its "/soap", or,
 * with config.presence, whichever of its resources is there and serves. "?message" behind an
 * endpoint sends a message, which servers keep for who is offline, in the place of an IQ, which
 * wants somebody who is there.
 *
 * Service: say in config.allow who may call, register the plugin the same way, then
 * soap_xmpp_serve(soap, soap_serve, 4).
 *
 * Threads: a link is shared by any number of threads and `struct soap` contexts. A
 * `struct soap` belongs to one thread at a time, as always in gSOAP. Unless a function says
 * otherwise it may be called from any thread but not from inside the trace callback.
 *
 * Processes: a link is its process's. In a child that was forked after the link was opened, calls
 * fail at once, not executed ("the link was opened before a fork"), soap_xmpp_state() is CLOSED,
 * and what else is asked of it does nothing; the parent's connection isn't touched, and the child
 * has no copy of its socket. It may close the link, which wipes its secrets, and open links of its
 * own. A program that becomes a daemon opens its links after that.
 *
 * Times: names end in their unit. gSOAP's own soap->connect_timeout, send_timeout and
 * recv_timeout keep gSOAP's meaning (> 0 seconds, < 0 microseconds), but 0 stands for the link's
 * timeout_ms: over XMPP no wait is without a deadline.
 *
 * The header is C89 and C++ clean. Define SOAP_XMPP_NO_GSOAP before including it in a file that
 * opens links but has no stdsoap2.h.
 */
#ifndef SOAP_XMPP_H
#define SOAP_XMPP_H

#include <stddef.h>
#ifndef SOAP_XMPP_NO_GSOAP
#include "stdsoap2.h"
#ifdef WITH_LEANER
#error "soap_xmpp needs callbacks of gSOAP that WITH_LEANER leaves out; WITH_LEAN will do"
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define SOAP_XMPP_VERSION "0.1.0"
#define SOAP_XMPP_ID      "soap_xmpp/0.1" /* the plugin's id, for soap_lookup_plugin() */

struct soap;
struct soap_plugin;
struct soap_xmpp_link; /* one persistent XMPP connection; reference counted inside */
struct soap_xmpp_call; /* one request under way, see soap_xmpp_detach() */

/* ---- configuration ---- */

enum soap_xmpp_tls {
    SOAP_XMPP_TLS_REQUIRED = 0, /* STARTTLS, refused if the server doesn't offer it (RFC 6120 5) */
    SOAP_XMPP_TLS_DIRECT,       /* TLS from the first byte (XEP-0368), port 5223 unless given */
    SOAP_XMPP_TLS_OFF           /* no encryption: loopback hosts only, anything else is refused */
};

/* Between two peers of this library envelopes travel packed: compressed, byte for byte, one element
 * of base64 in the place of many. Others get plain XEP-0072 whatever this says. */
enum soap_xmpp_packing {
    SOAP_XMPP_PACKING_AUTO = 0, /* to peers that list it, once that is known */
    SOAP_XMPP_PACKING_NEVER     /* neither sent nor taken: see docs/packing.md */
};
#define SOAP_XMPP_HAS_PACKING 1 /* for programs that an older header compiles as well */

/* Which of the processes that serve one account a call to its bare JID goes to. */
enum soap_xmpp_policy {
    SOAP_XMPP_POLICY_STICKY = 0, /* the one of the last call, as long as it is there */
    SOAP_XMPP_POLICY_ROUND_ROBIN,
    SOAP_XMPP_POLICY_LEAST_OUTSTANDING /* of our calls */
};
#define SOAP_XMPP_HAS_SHARING 1

/* What a link does after a refusal, see SOAP_XMPP_FAILED. */
enum soap_xmpp_give_up {
    SOAP_XMPP_GIVE_UP_NEVER = 0,    /* it tries again, rarely */
    SOAP_XMPP_GIVE_UP_AFTER_REFUSAL /* not before soap_xmpp_kick(): soap_xmpp_serve() returns, for a
                                     * program that is to end so that its supervisor knows */
};

enum soap_xmpp_trace_level {
    SOAP_XMPP_TRACE_NONE = -1,   /* silence */
    SOAP_XMPP_TRACE_DEFAULT = 0, /* ERROR */
    SOAP_XMPP_TRACE_ERROR,       /* what somebody has to mend */
    SOAP_XMPP_TRACE_INFO,        /* and each change of state */
    SOAP_XMPP_TRACE_DEBUG,       /* and each call, request and dropped answer */
    SOAP_XMPP_TRACE_STANZA       /* and every stanza, secrets blotted out */
};

/* A trace line, without a newline, valid during the call. Runs on the thread that has something to
 * tell, one line at a time, never with a lock of the library held; must not call the library. Must
 * not block: it holds the thread it runs on, often the link's own, on which every answer arrives.
 * On the program's thread it holds the call that is being made there, past its deadline if it
 * blocks for that long. While it blocks, lines of other threads are lost; their number is told with
 * the next one. Without a callback lines go where config.trace_to says, to standard error if it
 * says nothing, where one that can't be written at once is lost likewise.
 */
typedef void soap_xmpp_trace_fn(void *user, enum soap_xmpp_trace_level level, const char *line);

/* What a link does at the moment; soap_xmpp_state_text() has words for it. */
enum soap_xmpp_state_value {
    SOAP_XMPP_BACKING_OFF = 0, /* offline, the next attempt is due some time */
    SOAP_XMPP_CONNECTING,
    SOAP_XMPP_ONLINE,
    /* Refused, for a reason that seldom ends by itself: who calls or waits learns it at once. The
     * next attempt follows after 1 minute, then 2, 5, 10, and up to half as long again each time;
     * at once when the password or a certificate file or the machine's clock changes, or on
     * soap_xmpp_kick(). With give_up on that alone */
    SOAP_XMPP_FAILED,
    SOAP_XMPP_STOPPING, /* soap_xmpp_stop() or soap_xmpp_interrupt() */
    SOAP_XMPP_CLOSED
};

/* A link's state has changed, and why: one clause, "" if there is nothing to say; valid during the
 * call. Each change is told once, in order, one call at a time, never with a lock of the library
 * held; on the link's thread, STOPPING and CLOSED mostly on the stopping one. The first call may
 * come before soap_xmpp_open() has returned; the last, CLOSED, is over when soap_xmpp_stop()
 * returns. It must return soon, since the link stands still meanwhile; of the library it may call
 * soap_xmpp_state(), soap_xmpp_reason(), soap_xmpp_jid() and soap_xmpp_kick() (which answers
 * BACKING_OFF or FAILED with another attempt at once: a server that refuses is hammered by a
 * callback that does so each time). */
typedef void soap_xmpp_state_fn(void *user, enum soap_xmpp_state_value state, const char *reason);

/* A big message is on its way in pieces, ahead of the call or answer that it belongs to. */
struct soap_xmpp_progress {
    const char *peer; /* full JID; valid during the call */
    int is_outgoing;
    size_t done_bytes, size_bytes; /* packed; done as acknowledged by, or arrived from, the peer */
};

/* Told for about each percent, and at the end of the bytes; again from less when a peer has lost
 * what it had. On the link's thread, never with a lock of the library held; must return soon, since
 * the link stands still meanwhile, and must not call the library. */
typedef void soap_xmpp_progress_fn(void *user, const struct soap_xmpp_progress *progress);

/* The program is asked for the password, at each attempt to log in: copies it into password, NUL
 * included, and returns 0. Another result: there is none now; that attempt fails, and the next one
 * asks again. The library wipes what it got once the attempt is over, logged in or not. Runs on the
 * link's thread, never with a lock of the library held; the first call may come before
 * soap_xmpp_open() has returned. It may block, for a vault or a person: the link stays offline
 * meanwhile, calls wait no longer than they would, but soap_xmpp_stop() and soap_xmpp_close() wait
 * for it. Must not call the library. */
typedef int soap_xmpp_password_fn(void *user, char *password, size_t password_bytes);

/* Strings are copied by soap_xmpp_open(). NULL or 0 means the default. Prepare the struct with
 * soap_xmpp_config_init(), so that a program built today runs with a library of tomorrow. */
struct soap_xmpp_config {
    size_t size; /* set by soap_xmpp_config_init() */
    /* Who we are. node@domain, an account, gets the resource "soap". A domain is a component
     * (XEP-0114): whatever@domain/whatever reaches it. Required */
    const char *jid;
    const char *password; /* this or password_file, unless a client certificate stands for it; a
                           * component's is the secret that it shares with its server */
    const char *password_file; /* its first line is the password; a byte order mark is none of it.
                                * Read at open, and anew for each login */
    const char *host;          /* server to connect to; default: DNS SRV of the JID's domain, for a
                                * component localhost */
    int port; /* default 5222, with TLS_DIRECT 5223; needs host. A component's: 5347 */
    enum soap_xmpp_tls tls; /* not for a component, nor the files: its stream has no TLS */
    const char *ca_file;    /* PEM file of trusted CAs, beside the system's own. All three files are
                             * checked at open, and read anew for each login */
    const char *cert_file;  /* client certificate, PEM (SASL EXTERNAL), with key_file; intermediate
                             * CAs' may follow it */
    const char *key_file;
    int timeout_ms;         /* what a gSOAP timeout of 0 means. Default 60,000 */
    int connect_timeout_ms; /* one attempt, from DNS to resource binding. Default 20,000 */
    int soap_action;        /* 1: carry soapAction as a SOAP header block (XEP-0072 3.4) */
    int plain_delivery;     /* 1: nothing is ever sent again, no peer is asked whether it may be */
    /* Who may call our services: "alice@example.org, *@example.org:add+subtract", see
     * soap_xmpp_allow(). Default: nobody */
    const char *allow;
    int keepalive_ms;    /* silence after which the server is asked for a sign (XEP-0199). 60,000 */
    int ping_timeout_ms; /* how long it may take for that, then the link reconnects. 10,000. The
                            time that a slow server needs to read what it has doesn't count */
    /* Limits, each in its own unit. A peer that goes over one is told so (resource-constraint,
     * policy-violation), and the link lives on. */
    size_t max_stanza_bytes;     /* a larger incoming stanza is refused. Default 1 MiB */
    size_t max_outgoing_bytes;   /* what the servers on the way take, which may make a stanza grow;
                                  * more isn't sent. 256 KiB, or what our server announces */
    size_t max_queued_bytes;     /* outgoing bytes not yet written; a sender waits. Default 8 MiB */
    size_t max_request_bytes;    /* envelopes of requests waiting for a worker, packed ones as they
                                  * came. Default 16 MiB, max_message_bytes if that is more */
    size_t max_remembered_bytes; /* requests remembered, with their answers. Default 16 MiB */
    size_t max_trace_bytes;      /* of a trace line, the rest is cut. Default 16 KiB */
    unsigned max_depth;          /* nesting of elements, both directions. Default 256 */
    unsigned max_attributes;     /* of an incoming stanza, all elements together. 100,000 */
    unsigned max_namespaces;     /* declarations in an incoming stanza. Default 100,000 */
    unsigned max_calls;          /* calls under way per link; a sender waits. As many more may wait
                                  * for it to come online. Default 10,000 */
    unsigned max_requests;       /* requests waiting for a worker. Callers take turns, and share
                                  * the places: one alone gets half. Default 1,000 */
    unsigned max_running;    /* requests of one caller (a bare JID) running at once. Default: all
                              * threads of soap_xmpp_serve() but one, from three on */
    unsigned max_remembered; /* requests remembered, so that none runs twice. 20,000 */
    unsigned max_peers;      /* whose disco#info is remembered; with presence as many accounts whose
                              * resources are known. Default 1,000 */
    enum soap_xmpp_trace_level trace;
    soap_xmpp_trace_fn *trace_callback; /* default: trace_to */
    void *trace_user;
    soap_xmpp_state_fn *state_callback; /* default: none */
    void *state_user;
    enum soap_xmpp_packing packing;
    size_t max_message_bytes; /* of an envelope that travels packed, both directions. Over the
                               * stanza limits it goes in pieces. Default 64 MiB */
    soap_xmpp_progress_fn *progress_callback; /* default: none */
    void *progress_user;
    /* A component's stream has no TLS (XEP-0114): a host that isn't loopback is refused, unless
     * this names it once more and so says that nobody listens on the way there. */
    const char *trusted_host;
    int shared_jid; /* 1: other processes serve this JID, too, and its server deals out the
                     * requests: several processes of one component. Each request runs in one of
                     * them at most. Such a link calls nobody: the answer would reach another one */
    int presence; /* 1: tells who may see it that we are there, and sees who is there of those that
                   * we subscribed to (RFC 6121 4): calls to their bare JIDs go to one of them */
    enum soap_xmpp_policy policy; /* for calls to bare JIDs */
    int messages;         /* 1: requests that come as messages are served, too; implies presence,
                           * without which no server delivers them */
    int max_age_s;        /* older ones, stored while we were offline (XEP-0203), are refused.
                           * Default: as old as they may be */
    const char *name_key; /* a secret of the program, for soap_xmpp_name(): by it a caller that was
                           * restarted knows its answers */
    /* Bytes that the link may hold: for itself, and for all peers together (queued and running
     * requests, transfers, answers). A request that finds no room is refused (resource-constraint),
     * not run. Default 1 GiB, or more if the other limits need it: see docs/configuration.md */
    size_t max_memory_bytes;
    /* The SASL mechanisms that may log in, with spaces between them: EXTERNAL, SCRAM-SHA-512-PLUS,
     * SCRAM-SHA-256-PLUS, SCRAM-SHA-1-PLUS, SCRAM-SHA-512, SCRAM-SHA-256, SCRAM-SHA-1, PLAIN. Of
     * those that the server offers the first of this list is taken. Default: all */
    const char *mechanisms;
    /* Where trace lines go without a callback: "stderr" (default), "syslog", or the path of a file,
     * with a '/' in it. When standard error is systemd's journal (JOURNAL_STREAM), lines have their
     * priority there. A file is created for its owner alone, and opened anew for each line; lines
     * that it doesn't take go to standard error */
    const char *trace_to;
    soap_xmpp_password_fn *password_callback; /* in the place of password and password_file */
    void *password_user;
    enum soap_xmpp_give_up give_up;
    /* A file of rules as allow's, one or more in a line, # comments. Whom a rule of it or of allow
     * lets call may call. Read at open, and anew by soap_xmpp_reload() */
    const char *allow_file;
    /* A WSDL that the service describes itself with, as soap_xmpp_describe() does. Read at open,
     * with what it imports */
    const char *wsdl_file;
    /* 1: a call's traceparent goes along with plain envelopes, too, as a SOAP header block that
     * nobody has to understand. With packed ones it always does */
    int trace_context;
};

/* Sets every member to its default ("unset"). */
#define soap_xmpp_config_init(config) soap_xmpp_config_init_bytes((config), sizeof *(config))
void soap_xmpp_config_init_bytes(struct soap_xmpp_config *config, size_t size);

/* Fills members from the environment: SOAP_XMPP_JID, _PASSWORD, _PASSWORD_FILE, _HOST, _PORT,
 * _CAFILE, _CERTFILE, _KEYFILE, _TLS (required | direct | off), _ALLOW, _PACKING (auto | never),
 * _TRUSTED_HOST, _SHARED_JID (0 | 1), _PRESENCE (0 | 1), _MESSAGES (0 | 1), _POLICY (sticky |
 * round-robin | least-outstanding), _TRACE (none | error | info | debug | stanza),
 * _MAX_MEMORY_BYTES, _MECHANISMS, _TRACE_TO (stderr | syslog | a file's path), _GIVE_UP (never |
 * after_refusal), _ALLOW_FILE, _WSDL, _TRACE_CONTEXT (0 | 1). A variable that isn't set leaves its
 * member alone. The members point into the environment: don't change it before soap_xmpp_open().
 * Returns 0, or -1 with one sentence in why (why_bytes long, may be NULL) when a value, or a
 * SOAP_XMPP_ variable, is unknown; config is then unchanged. */
int soap_xmpp_config_from_env(struct soap_xmpp_config *config, char *why, size_t why_bytes);

/* Fills one member from text, for programs with a configuration file of their own: name is that of
 * its variable without "SOAP_XMPP_", in lower case, or the member's ("cafile", "ca_file"); what has
 * no variable can't be set by name. The same values are allowed as in the environment. Copies
 * nothing: a text has to stay until soap_xmpp_open() has returned. Returns 0, or -1 with one
 * sentence in why (may be NULL), in which name stands, when name or value is unknown or empty;
 * config is then unchanged. Any thread; doesn't block. */
int soap_xmpp_config_set(struct soap_xmpp_config *config, const char *name, const char *value,
                         char *why, size_t why_bytes);

/* ---- link ---- */

/* Checks the configuration, starts the link's thread and returns at once: the link connects in
 * the background and reconnects by itself when the connection breaks. Returns NULL, with one
 * sentence in why (why_bytes long, may be NULL), when the configuration is refused or memory or
 * threads are short. The caller owns the link and ends it with soap_xmpp_close(). */
struct soap_xmpp_link *soap_xmpp_open(const struct soap_xmpp_config *config, char *why,
                                      size_t why_bytes);

/* Blocks until the link is online, at most timeout_ms (0: only looks, < 0: the link's
 * timeout_ms). Returns 0 when online, else -1; soap_xmpp_reason() then says why. Returns early
 * when waiting can't help: wrong password, untrusted certificate (SOAP_XMPP_FAILED), stopped
 * link; before the link has been online for the first time also when what answers isn't its server,
 * or wants the other kind of TLS. A port that is closed it waits for, which a call doesn't. */
int soap_xmpp_wait_online(struct soap_xmpp_link *link, int timeout_ms);

/* Copies one sentence on why the link is not online into text (text_bytes long, always
 * terminated): "online" if it is. */
void soap_xmpp_reason(struct soap_xmpp_link *link, char *text, size_t text_bytes);

/* What the link does now; and a state in one or two words, a string constant. Neither blocks. */
enum soap_xmpp_state_value soap_xmpp_state(struct soap_xmpp_link *link);
const char *soap_xmpp_state_text(enum soap_xmpp_state_value state);

/* The network has changed, or whoever repaired something knows better: a link that is offline, or
 * was refused, connects at once and its back-off begins anew; one that is online asks the
 * server for a sign at once, so that a dead connection is noticed within ping_timeout_ms. An
 * attempt under way goes on; should it fail, the next follows at once. Returns at once, and what is
 * called next waits for the new attempt; nothing happens once the link was stopped. */
void soap_xmpp_kick(struct soap_xmpp_link *link);

/* Copies the JID the server bound for us into jid (jid_bytes long, always terminated), before the
 * first connection the configured one. */
void soap_xmpp_jid(struct soap_xmpp_link *link, char *jid, size_t jid_bytes);

/* Goes offline gracefully: from now on calls are refused here and new requests are answered
 * service-unavailable; requests that arrived before are still served and answered for up to
 * drain_ms (< 0: the link's timeout_ms); then the stream is closed. Blocks until the link is
 * offline, drain_ms + 3 s at most. A second stop waits for the first, but no longer than its own
 * drain_ms + 3 s. soap_xmpp_serve() returns. May be called from a thread that serves, not from
 * inside a service operation. Idempotent. */
void soap_xmpp_stop(struct soap_xmpp_link *link, int drain_ms);

/* The signal-safe half of it: asks the link to stop, and returns at once. soap_xmpp_serve()
 * lets the running operations answer and returns. May be called from a signal handler. */
void soap_xmpp_interrupt(struct soap_xmpp_link *link);

/* soap_xmpp_stop(link, 0) if that wasn't done, then gives the caller's reference back. Contexts
 * that still have the plugin registered may be used (calls fail) and freed afterwards. NULL is
 * allowed. */
void soap_xmpp_close(struct soap_xmpp_link *link);

/* Asks the entity behind an endpoint ("xmpp:..." or a JID) whether it lists a feature in its
 * disco#info (XEP-0030), e.g. SOAP_XMPP_FEATURE; answers are remembered for a few minutes.
 * With config.presence a bare JID stands for one of its live resources, as in a call.
 * Returns 1 yes, 0 no, -1 when there is no answer within timeout_ms (< 0: the link's
 * timeout_ms) or the endpoint is bad; why (may be NULL) gets one sentence. Blocks. */
#define SOAP_XMPP_FEATURE "http://jabber.org/protocol/soap"
int soap_xmpp_discover(struct soap_xmpp_link *link, const char *endpoint, const char *feature,
                       int timeout_ms, char *why, size_t why_bytes);

/* Asks the account behind an endpoint ("xmpp:..." or a JID, whose resource doesn't matter) to let
 * us see which of its resources are there (RFC 6121 3.1): calls to its bare JID then go to a live
 * one. The servers remember the answer, so once for ever is enough; a service with config.presence
 * says yes to everybody whom its rules let call something, and the trace (info) tells when it has.
 * Waits until online, for the link's timeout_ms at most. Returns 0 once the question is sent, -1
 * with one sentence in why (may be NULL): without config.presence, for a bad endpoint, offline. */
int soap_xmpp_subscribe(struct soap_xmpp_link *link, const char *endpoint, char *why,
                        size_t why_bytes);

/* ---- service ---- */

/* Serves with a pool of threads until the link is stopped: each thread works on a soap_copy() of
 * soap, calls serve (soap_serve, or a function of yours that dispatches to several services) once
 * per request and frees what the request allocated. The threads block all signals, so handlers run
 * on the program's own threads; a child that an operation starts inherits that mask. Blocks;
 * returns SOAP_OK after a stop, else soap->error (no plugin registered, threads < 1, no memory);
 * SOAP_TCP_ERROR, with the reason as its fault, once the link was refused and config.give_up has it
 * stay so: after soap_xmpp_kick() it may be called again. */
int soap_xmpp_serve(struct soap *soap, int (*serve)(struct soap *), int threads);

/* Lets somebody call: who is "alice@example.org" (that account, any resource),
 * "alice@example.org/desk", "example.org" (the domain itself), "*@example.org" (each account of
 * that domain) or "*"; operation is the local name of the body's first child, which is in one of
 * the namespaces of soap->namespaces then, or "{namespace}name"; NULL for all. Who isn't allowed
 * all has its operation chosen by that element alone, never by an action (docs/access.md). The rule
 * joins those of config.allow, and holds at once; what no rule of these or of config.allow_file
 * lets pass is answered forbidden, and a trace line says who it was and how to allow it. Returns 0,
 * or -1 with one sentence in why (may be NULL): who is no rule, or 10,000 rules are there. */
int soap_xmpp_allow(struct soap_xmpp_link *link, const char *who, const char *operation, char *why,
                    size_t why_bytes);

/* Takes rules back that the program or config.allow gave to this very who: the rule for this
 * operation, or, with NULL, all for that who. Holds once it returns: requests of whom no other rule
 * lets call are then answered forbidden, not executed, those too that have arrived and that no
 * thread has begun; those that were begun are finished and answered, and a later copy of one gets
 * the same answer. What a caller that no rule names any longer is sending in pieces ends, and its
 * bytes are freed. Returns 0, or -1 with one sentence in why (may be NULL): there is no such rule,
 * or it stands in config.allow_file; nothing has changed then. Another rule may still let that who
 * call: alice@example.org is one of *@example.org, too.
 *
 * This function and the two below may be called from service operations, not from the callbacks of
 * the configuration, nor from a signal handler: docs/access.md says how a SIGHUP becomes a reload.
 */
int soap_xmpp_disallow(struct soap_xmpp_link *link, const char *who, const char *operation,
                       char *why, size_t why_bytes);

/* Replaces all rules of the program and of config.allow by those of a text in config.allow's form
 * ("" for none), in one step: no caller whom old and new rules let pass is refused meanwhile. Holds
 * as soap_xmpp_disallow(). The rules of config.allow_file stay. Returns 0, or -1 with one sentence
 * in why (may be NULL) that names the rule that is none; nothing has changed then. */
int soap_xmpp_set_rules(struct soap_xmpp_link *link, const char *rules, char *why,
                        size_t why_bytes);

/* Reads config.allow_file anew: its rules replace those that it had before, in one step. Holds as
 * soap_xmpp_disallow(). The program's rules stay. Blocks while the file is read. Returns 0, or -1
 * with one sentence in why (may be NULL), which the trace (error) has, too: the link has no such
 * file, or it can't be read, is empty or larger than 4 MiB, or has a line that is no rule
 * ("FILE:LINE"), or more than 10,000 rules; nothing has changed then. */
int soap_xmpp_reload(struct soap_xmpp_link *link, char *why, size_t why_bytes);

/* Rules by themselves, without a link, for a program that decides more than whether a request
 * reaches it: which of its backends a caller may have, say; and to check a text before it is used.
 * One that was read never changes: any number of threads may ask it. */
struct soap_xmpp_rules;

/* Reads rules in config.allow's form; "" lets nobody call. Returns them, for
 * soap_xmpp_rules_free(), or NULL with one sentence in why (may be NULL), which names the rule that
 * is none. */
struct soap_xmpp_rules *soap_xmpp_rules_read(const char *text, char *why, size_t why_bytes);
void soap_xmpp_rules_free(struct soap_xmpp_rules *rules); /* NULL is fine */

/* Whether they let this caller call this operation: 1 or 0. What is asked about is what
 * soap_xmpp_request_from(), _namespace() and _operation() say ("" as operation: of an empty body).
 * The answer is that of a link which has these rules and no others, whose requests soap_xmpp_take()
 * takes, and whose description names no namespace: so a rule without a namespace means the
 * namespaces that other rules of the same text name or, where there are none, no namespace. No
 * rules (NULL): 0. Its time doesn't grow with the number of rules; doesn't block. */
int soap_xmpp_rules_allow(const struct soap_xmpp_rules *rules, const char *from, const char *uri,
                          const char *operation);

/* In soap_bind()'s place, for a program that calls and is called back (WS-Addressing's ReplyTo and
 * FaultTo, the acknowledgements of WS-ReliableMessaging), and accepts between its own calls, on the
 * same thread even. From its return on, requests that a rule lets pass wait for soap_xmpp_accept()
 * on any context of the link, as many as the limits let; before that, and before the first
 * soap_xmpp_accept() or soap_xmpp_serve(), they are refused (service-unavailable). It lasts until
 * the link is stopped, whatever becomes of soap. Whose requests nobody accepts waits for its own
 * recv_timeout or transfer_timeout, the shorter one (0: its link's timeout_ms), with a thread: a
 * service that sends its answer here by WS-Addressing has one thread less for as long.
 *
 * soap->endpoint is then the link's own address, which others call it by: "xmpp:" and the JID that
 * the server has bound, percent-encoded. gSOAP overwrites it in the next call or request: copy it.
 * A call under way on soap stays.
 *
 * Blocks until the link is online, for connect_timeout at most, and returns early as
 * soap_xmpp_wait_online() does: a port that is closed is waited for. Returns SOAP_OK or
 * soap->error, with one sentence in soap's fault, and nothing has changed: SOAP_TCP_ERROR (not
 * online in time), SOAP_USER_ERROR (forked), SOAP_LENGTH (soap->endpoint has no room for the
 * address), SOAP_EOM; SOAP_PLUGIN_ERROR without a plugin. A second time it does the same, after a
 * reconnect with another JID, too. */
int soap_xmpp_listen(struct soap *soap);

/* Waits for one request, for those who write the loop themselves: on SOAP_OK call soap_serve(soap)
 * (or begin_serve and dispatch), then soap_destroy() and soap_end(). timeout as in gSOAP: > 0
 * seconds, < 0 microseconds, 0 until the link stops. Returns SOAP_TCP_ERROR with errnum 0 when the
 * time is over, SOAP_STOP once the link is stopped, or has given up, and no request waits. A
 * request that was accepted but not answered is answered internal-server-error by the next accept
 * or by soap_free(). */
int soap_xmpp_accept(struct soap *soap, int timeout);

/* Inside a service operation: the caller's full JID as its server stamped it, the JID it called (a
 * component's may be any of its domain), the id of the IQ or message. Valid until the operation
 * returns; NULL outside of one, or when the request came by another transport. soap->endpoint is
 * the JID it called as an xmpp: URI, and soap->path what stands behind the resource
 * (docs/porting.md): "/onvif/media" of xmpp:cam@example.org/onvif/media. */
const char *soap_xmpp_from(struct soap *soap);
const char *soap_xmpp_to(struct soap *soap);
const char *soap_xmpp_id(struct soap *soap);

/* Likewise: which step of a larger piece of work the call is, as its caller says (W3C Trace
 * Context, "00-..."); "" if it doesn't. */
const char *soap_xmpp_traceparent(struct soap *soap);

/* ---- client ---- */

/* A call that is answered with an empty result where its stub wants an answer ends with
 * soap->error 202, as over HTTP: the service was run, and the answer may go elsewhere
 * (WS-Addressing). */

/* After a call that failed: the stanza error condition (RFC 6120 8.3.3) such as
 * "service-unavailable" that came instead of an answer, "" if the failure had none. Valid until
 * the next call on soap. */
const char *soap_xmpp_condition(struct soap *soap);

/* After a call: whether the service has run it. SOAP_XMPP_NOT_EXECUTED: it was never sent, or
 * refused unread. This is certain, but for a foreign service, whose refusals are believed, and
 * whose server may return a stanza as undelivered that was run (XEP-0198). SOAP_XMPP_UNKNOWN: it
 * was sent, and no answer came in time; or it was a one-way call by message, which succeeds once
 * our server has taken it, while the service may not even be there. Valid until the next call on
 * soap; of a call by another transport it tells nothing. */
enum soap_xmpp_outcome_value {
    SOAP_XMPP_EXECUTED = 0, /* an answer or a SOAP fault came */
    SOAP_XMPP_NOT_EXECUTED,
    SOAP_XMPP_UNKNOWN
};
enum soap_xmpp_outcome_value soap_xmpp_outcome(struct soap *soap);

/* Many calls under way from one `struct soap`: soap_send_ns__op(), then detach; later, in any
 * order, attach and soap_recv_ns__op(). The deadline is set at the detach from
 * soap->recv_timeout. Returns NULL when no xmpp: request has been sent on soap. The caller owns
 * the call until it is attached or cancelled. */
struct soap_xmpp_call *soap_xmpp_detach(struct soap *soap);

/* Gives a detached call to a context (not necessarily the one that sent it, but one of the same
 * link), whether it is done or not; soap_recv_ns__op() follows and waits if need be. The call
 * belongs to soap from here on, on failure too. Returns SOAP_OK or soap->error. */
int soap_xmpp_attach(struct soap *soap, struct soap_xmpp_call *call);

/* Names the next call on soap, one by message ("xmpp:user@example.org?message"): 1 to 64 bytes of
 * any text, which goes along in the clear, together with a proof made with config.name_key. An
 * answer that comes later than the call lives, to another process of the program among others, is
 * then returned by soap_xmpp_wait(), with this name. Returns SOAP_OK or soap->error: no name_key, a
 * name that is too long or empty, no plugin. A call to another endpoint fails. One call uses the
 * name up, also if it fails before it is sent; the endpoints of a fail-over list are one call.
 */
int soap_xmpp_name(struct soap *soap, const char *name);

/* Blocks until any detached call of the link is done (answered, failed or past its deadline) and
 * returns it, each once, in the order they ended; NULL after timeout_ms (0: only looks, < 0: the
 * link's timeout_ms), when the link is stopped, or at once when no detached call is under way and
 * the link has no name_key.
 *
 * With a name_key it also returns, each once, as calls that are done and detached, the answers to
 * named calls that this process doesn't know (any longer): those of a process before it, which
 * servers have stored, and those to calls that timed out or were cancelled. Attach them like the
 * others, to read them with the soap_recv_ns__op() of the operation that the name stands for. So a
 * program that was restarted calls this whether it has calls under way or not, with a link that is
 * told by its messages or presence to take stored messages. Up to max_calls of them, and
 * max_request_bytes, wait to be returned; the trace tells what is lost beyond that. */
struct soap_xmpp_call *soap_xmpp_wait(struct soap_xmpp_link *link, int timeout_ms);

/* The value of soap->user at the time of the detach, to tell the calls apart. */
void *soap_xmpp_call_user(const struct soap_xmpp_call *call);

/* The call's name, "" if it has none; whom it was sent to, and of an answer to an earlier process
 * who has sent it: a JID. Valid until the call is attached or cancelled. */
const char *soap_xmpp_call_name(const struct soap_xmpp_call *call);
const char *soap_xmpp_call_peer(const struct soap_xmpp_call *call);

/* Forgets a detached call; a late answer is dropped, unless the call has a name. The service may
 * have run it. */
void soap_xmpp_cancel(struct soap_xmpp_call *call);

/* ---- envelopes as bytes: for programs that have no stubs or skeletons ---- */

#define SOAP_XMPP_HAS_BYTES 1

/* A call to make. Strings and bytes are copied. Prepare the struct with soap_xmpp_post_init(), for
 * the same reason as the configuration. */
struct soap_xmpp_post {
    size_t size;          /* set by soap_xmpp_post_init() */
    const char *endpoint; /* "xmpp:...", with "?message" by message. Required */
    const char *envelope; /* UTF-8, see soap_xmpp_clean(). Required */
    size_t envelope_bytes;
    const char *action;      /* soapAction, or NULL */
    const char *from;        /* a component's alone: whatever@its.domain/whatever. NULL: itself */
    const char *name;        /* of a call by message, as soap_xmpp_name(), or NULL */
    const char *traceparent; /* W3C Trace Context, "00-...", or NULL; goes along with a packed
                              * envelope, to others with config.trace_context alone */
    int timeout_ms;          /* of the whole call, from now to its end. 0: the link's */
    int is_one_way;          /* 1, of a call by message: it is done, empty, once our server has it,
                              * with the outcome unknown; or by an answer that comes before our
                              * server's word. An IQ is done once its service says so */
    void *user;              /* soap_xmpp_call_user() */
    const char **condition;  /* may be NULL: where a program that answers others reads which
                              * condition of RFC 6120 8.3.3 means the same, when nothing was begun:
                              * a constant, "" if the call was begun */
};
#define soap_xmpp_post_init(post) soap_xmpp_post_init_bytes((post), sizeof *(post))
void soap_xmpp_post_init_bytes(struct soap_xmpp_post *post, size_t size);

/* Begins a call, and never blocks: the call waits for the link by itself, asks its peer what it
 * understands, and is sent. From the beginning it is a detached call. soap_xmpp_wait() returns it
 * when it is done, at the end of its timeout_ms at the latest. Returns the call, which the caller
 * owns and ends with soap_xmpp_cancel(). NULL, with one sentence in why (may be NULL), when nothing
 * was or will be sent: a bad endpoint, an envelope that can't be carried, max_calls under way, a
 * link that was stopped, or whose server refuses it, no memory (max_memory_bytes, or at all).
 * post->condition then says "bad-request" or "jid-malformed" (the program's mistake),
 * "policy-violation" (over a limit), "resource-constraint" (no room for now), or something else
 * (the link). soap_xmpp_attach() refuses it. Any thread. */
struct soap_xmpp_call *soap_xmpp_post(struct soap_xmpp_link *link,
                                      const struct soap_xmpp_post *post, char *why,
                                      size_t why_bytes);

/* How a call has ended. */
enum soap_xmpp_end_value {
    SOAP_XMPP_END_ANSWER = 0, /* an envelope */
    SOAP_XMPP_END_FAULT,      /* an envelope that is a SOAP fault */
    SOAP_XMPP_END_EMPTY,      /* done, without an envelope, as by HTTP's 202 */
    SOAP_XMPP_END_REFUSED,    /* a stanza error, see soap_xmpp_call_condition() */
    SOAP_XMPP_END_TIMEOUT,    /* no answer in time */
    SOAP_XMPP_END_LOST,       /* the connection broke, and the call can't be sent again; or it was
                               * never online in time, or its server refuses it */
    SOAP_XMPP_END_STOPPED,    /* the link was stopped */
    SOAP_XMPP_END_BAD         /* an answer that is none, or goes over a limit; or an envelope that
                               * can't be sent to this peer: not executed */
};

/* Of a call that soap_xmpp_wait() has returned, posted or detached. None blocks. The texts are
 * valid until the call is cancelled or attached. */
enum soap_xmpp_end_value soap_xmpp_call_end(const struct soap_xmpp_call *call);
enum soap_xmpp_outcome_value soap_xmpp_call_outcome(const struct soap_xmpp_call *call);
const char *soap_xmpp_call_condition(const struct soap_xmpp_call *call); /* RFC 6120 8.3.3, or "" */
/* One sentence; "" if answered. */
const char *soap_xmpp_call_text(const struct soap_xmpp_call *call);
int soap_xmpp_call_version(const struct soap_xmpp_call *call); /* 11, 12; 0 without an envelope */
/* Whether its answer came packed. */
int soap_xmpp_call_is_packed(const struct soap_xmpp_call *call);

/* The next bytes of the envelope that a call has ended with, byte for byte as its sender wrote them
 * if it was packed, else as the server passed them on, but for QNames in values whose prefix a
 * server has dropped: these are bound again. It is unpacked while it is read: no more than
 * out_bytes are held. Returns how many bytes were written to out, 0 at its end, -1 with one
 * sentence in why (may be NULL) when the rest is damaged or goes over max_message_bytes, or a type
 * stays unknown. From one thread at a time; doesn't block. */
long soap_xmpp_call_read(struct soap_xmpp_call *call, char *out, size_t out_bytes, char *why,
                         size_t why_bytes);

/* ---- requests as bytes ---- */

struct soap_xmpp_request; /* one request to serve */

/* The next request that a rule lets pass. From the first call on the link serves, and requests wait
 * for it as they do for soap_xmpp_accept(). Blocks for timeout_ms at most (0: only looks, < 0:
 * until there is one), and, where one that no rule lets pass any longer has to be told so, as
 * soap_xmpp_answer() does. NULL: none came, or the link was stopped, or has given up, and no
 * request is left; then *is_stopped (may be NULL) is 1, else 0; or memory is short.
 *
 * The caller owns the request until it gives it to one of soap_xmpp_answer(), _refuse() and
 * _decline(), from any thread, also after the link was closed (nothing is sent then); the texts are
 * valid until then. Until then it counts as running: of its caller's config.max_running, by
 * default without a limit here, and for soap_xmpp_stop(), which waits for it. It keeps the link's
 * memory, so that one that is never ended is lost with it.
 *
 * A rule without a namespace means, as long as neither a rule nor the description's WSDL names any,
 * an operation that is in none: what chooses the operation by these bytes nobody here knows
 * (docs/access.md). Not on a link that soap_xmpp_serve() or soap_xmpp_accept() serves as well: a
 * request goes to whoever comes first. */
struct soap_xmpp_request *soap_xmpp_take(struct soap_xmpp_link *link, int timeout_ms,
                                         int *is_stopped);

/* Who sent it, to whom, under which id: as soap_xmpp_from(), _to() and _id() in an operation. */
const char *soap_xmpp_request_from(const struct soap_xmpp_request *request);
const char *soap_xmpp_request_to(const struct soap_xmpp_request *request);
const char *soap_xmpp_request_id(const struct soap_xmpp_request *request);
/* "" also of a caller that may call some operations only: an action must not choose another. */
const char *soap_xmpp_request_action(const struct soap_xmpp_request *request);
/* The body's first child: its local name and namespace; "" of an empty body. What the rules were
 * asked about: a name is cut behind 127 bytes, and a namespace of more than 255 is " ". */
const char *soap_xmpp_request_operation(const struct soap_xmpp_request *request);
const char *soap_xmpp_request_namespace(const struct soap_xmpp_request *request);
const char *soap_xmpp_request_traceparent(const struct soap_xmpp_request *request); /* or "" */
int soap_xmpp_request_version(const struct soap_xmpp_request *request);             /* 11, 12 */
int soap_xmpp_request_is_message(const struct soap_xmpp_request *request);

/* Whether other rules admit it, too: 1 or 0. More than soap_xmpp_rules_allow() this does what a
 * link does by its own: a caller that may call some operations only has no action from then on, and
 * an envelope in which another parser could find another operation isn't admitted. */
int soap_xmpp_rules_admit(const struct soap_xmpp_rules *rules, struct soap_xmpp_request *request);

/* The next bytes of its envelope, as soap_xmpp_call_read(): 0 at its end, and from then on. A plain
 * one is well-formed, with the declarations that stood around it, and QNames in values whose prefix
 * a server has dropped are bound again. Of a packed one that is known up to its operation; the rest
 * is bounded (max_depth, max_attributes, max_namespaces), and has no DOCTYPE. */
long soap_xmpp_request_read(struct soap_xmpp_request *request, char *out, size_t out_bytes,
                            char *why, size_t why_bytes);

/* Answers the request, and frees it. An envelope that holds a fault is sent as one, by message,
 * too; NULL: an empty result. The caller learns that the request was executed. Returns 0, or -1
 * with one sentence in why (may be NULL), and the request is still the program's: the envelope
 * can't be carried, is of another version of SOAP than the request, or, to a caller that takes no
 * pieces, too large; the link was opened before a fork. A link that isn't online keeps the answer
 * for a caller that asks again. Blocks for the link's timeout_ms at most, for room in a full
 * outgoing queue; by message as long again, for a link that is offline. */
int soap_xmpp_answer(struct soap_xmpp_request *request, const char *envelope, size_t envelope_bytes,
                     char *why, size_t why_bytes);

/* Ends the request without an answer, and frees it. Refuse: it may have run, and its caller doesn't
 * learn more than internal-server-error and text. Decline: it certainly has not; condition is one
 * of RFC 6120 8.3.3 (NULL, and what is none: "service-unavailable"). A call to a bare JID then goes
 * to another process that serves it. text is one sentence for a human (400 bytes of it are told),
 * or NULL. Both block as soap_xmpp_answer(). */
void soap_xmpp_refuse(struct soap_xmpp_request *request, const char *text);
void soap_xmpp_decline(struct soap_xmpp_request *request, const char *condition, const char *text);

/* ---- loops ---- */

/* A descriptor for poll(), epoll, asyncio, libuv or GLib: readable while soap_xmpp_wait(link, 0)
 * would return a call or soap_xmpp_take(link, 0) a request, and once the link is stopped (or, for
 * who takes, has given up) and no request is left. Requests count from the first soap_xmpp_take()
 * on; those that max_running holds back don't count. So: poll, then wait and take until both return
 * NULL, until *is_stopped. It is readable for nothing, once, when a deadline passes of a call that
 * had ended before, or when a request that waited is refused, since its rule has gone; after the
 * look it isn't.
 *
 * It is the link's, and lasts until soap_xmpp_close(): poll it, in any number of threads, never
 * read or close it. Made by the first call, of three descriptors. -1: none is to be had, and errno
 * says why; EINVAL in a process that was forked. Doesn't block. */
int soap_xmpp_fd(struct soap_xmpp_link *link);

/* ---- what other programs write ---- */

/* Makes of an XML document one that fits in a stanza: its root element in UTF-8 whatever encoding
 * it has (by its byte order mark, charset, which stands in its Content-Type or is NULL, or its XML
 * declaration: XML 1.0 appendix F; any that iconv(3) knows), without declaration, comments and
 * processing instructions. All else stays byte for byte, so that a second time changes nothing;
 * only where a comment stood between "]]" and ">" the latter becomes "&gt;". Refused are a DOCTYPE,
 * what isn't well-formed, a prefix bound nowhere, more than 256 nested elements. Returns the
 * document, malloc'ed and NUL-terminated, its length in *out_bytes; NULL with one sentence in why
 * (may be NULL), which names the line or the byte. Needs no link; doesn't block. */
char *soap_xmpp_clean(const char *document, size_t document_bytes, const char *charset,
                      size_t *out_bytes, char *why, size_t why_bytes);

/* The envelope of a <packed/> element, as a server's or another client's log shows it (our own
 * trace blots it out, and shows the envelope): base64 is its text, in which white space is passed
 * over, is_stored 1 if its form attribute is "stored". Calls and requests are unpacked by
 * themselves. At most max_bytes come out, and no more than the packed form allows for its length
 * (docs/packing.md). Returns the envelope byte for byte, malloc'ed and NUL-terminated, its length
 * in *out_bytes (may be NULL); NULL with one sentence in why (may be NULL). Needs no link; doesn't
 * block. */
char *soap_xmpp_unpack(const char *base64, size_t base64_bytes, int is_stored, size_t max_bytes,
                       size_t *out_bytes, char *why, size_t why_bytes);

/* ---- questions ---- */

/* Each waits until online, asks once, and blocks for timeout_ms at most (< 0: the link's
 * timeout_ms). Whom they ask is an endpoint ("xmpp:...") or a JID, read as by soap_xmpp_discover():
 * an account without a resource means its "/soap" or, with config.presence, a live one. Returns 0,
 * or -1 with one sentence in why (may be NULL): a bad JID, offline, an error in the place of an
 * answer, no answer in time, a connection that broke meanwhile. A link with shared_jid asks nobody,
 * since the answer may reach another process. */

/* Pings any entity (XEP-0199), NULL: our own server; *rtt_us (may be NULL) is how long the answer
 * took, in microseconds. An entity that says feature-not-implemented has answered, and our own
 * server whatever it says. Any other error may be that of a server in its place, and is none:
 * service-unavailable means that nobody is there, or somebody who knows no pings. */
int soap_xmpp_ping(struct soap_xmpp_link *link, const char *jid, int timeout_ms, long *rtt_us,
                   char *why, size_t why_bytes);

/* Told for each fact; the strings are valid during the call. Another result than 0 ends the
 * telling. Runs on the thread that asked, without a lock of the library. */
typedef int soap_xmpp_fact_fn(void *user, const char *kind, const char *name, const char *value);

/* Asks an entity what it is and can do (XEP-0030, disco#info), anew each time. Tells as kind, name,
 * value: "identity", category/type, its name; "feature", the feature, ""; and for each value of a
 * field of a form (XEP-0128) the form's FORM_TYPE, the field, the value. 1,000 facts at most, names
 * of 1,023 bytes; longer values are cut. Calls know what it lists from then on, too. */
int soap_xmpp_info(struct soap_xmpp_link *link, const char *endpoint, int timeout_ms,
                   soap_xmpp_fact_fn *each, void *user, char *why, size_t why_bytes);

/* Asks what there is at an entity (disco#items): "item", a JID, its name or "". The same bounds. */
int soap_xmpp_items(struct soap_xmpp_link *link, const char *jid, int timeout_ms,
                    soap_xmpp_fact_fn *each, void *user, char *why, size_t why_bytes);

/* Asks any entity, NULL: our own server, a question of another protocol: an IQ of type get (RFC
 * 6120 8.2.3) with this one element, namespace included, e.g. "<time xmlns='urn:xmpp:time'/>"
 * (XEP-0202) or "<query xmlns='jabber:iq:version'/>" (XEP-0092), in UTF-8. Here a JID without a
 * resource is the account itself, for which its server answers. What isn't well-formed or goes over
 * the stanza limits isn't sent. Returns what the answer holds as XML, malloc'ed and
 * NUL-terminated, "" if it is empty, its attributes without prefixes; NULL with one sentence in why
 * (may be NULL), in which the condition of an error stands. Blocks as the others. */
char *soap_xmpp_ask(struct soap_xmpp_link *link, const char *jid, const char *element,
                    int timeout_ms, char *why, size_t why_bytes);

/* Tells what is known of our own stream: "fact", a name, a value. docs/api.md lists the names:
 * "server.address", "tls.version", "tls.expires", "sasl.mechanism", "online.since" and so on. What
 * isn't known is left out; offline that is all but "jid", "state", "reason" and the like. Nobody is
 * asked; doesn't block. Returns 0, or what each returned, whose result other than 0 ends it. */
int soap_xmpp_facts(struct soap_xmpp_link *link, soap_xmpp_fact_fn *each, void *user);

/* ---- counts ---- */

/* What a link has done since it was opened. Later versions append members. A call counts once it is
 * begun, one that was posted at once; one of a thread that waited in vain for the link is none of
 * them, nor is a question. */
struct soap_xmpp_counts {
    size_t size; /* set by soap_xmpp_count() */
    unsigned long reconnects;
    unsigned long calls_under_way;
    unsigned long calls_answered, calls_faulted, calls_empty, calls_refused, calls_timed_out,
        calls_lost, calls_stopped, calls_bad, calls_cancelled;       /* by their end */
    unsigned long calls_executed, calls_not_executed, calls_unknown; /* the same by outcome */
    unsigned long requests_queued, requests_running;
    unsigned long requests_taken; /* by a thread that serves */
    unsigned long requests_answered, requests_faulted, requests_refused, requests_declined;
    unsigned long requests_denied;               /* by the rules */
    unsigned long requests_replayed;             /* copies answered from memory */
    unsigned long copies_sent;                   /* calls sent again */
    unsigned long calls_moved;                   /* to another resource */
    unsigned long replies_late, replies_foreign; /* dropped: the call was over; nobody asked */
    unsigned long bytes_in, bytes_out;           /* of stanzas, without TLS */
    unsigned long queued_bytes;                  /* outgoing, not yet written */
    unsigned long memory_bytes;                  /* of max_memory_bytes, taken */
};
/* Each number is right by itself; two of them may be of two moments. NULL as link: zeros. Doesn't
 * block. */
#define soap_xmpp_count(link, counts) soap_xmpp_count_bytes((link), (counts), sizeof *(counts))
void soap_xmpp_count_bytes(struct soap_xmpp_link *link, struct soap_xmpp_counts *counts,
                           size_t size);

/* The same for a monitoring system, with the times of the calls, in Prometheus' text format
 * (exposition format 0.0.4): docs/metrics.md has each name. links has count of them, of this
 * process; names are the values of the label "link" (NULL, as a whole or each: the link's JID as
 * configured). No other label holds what somebody else has written, so that nobody makes a series.
 * What is zero is there, too. Copies as many lines as fit into out, whole ones, NUL-terminated;
 * returns how many bytes all of them have, without the NUL, as snprintf() does: what is less than
 * out_bytes has come whole. out may be NULL with out_bytes 0. NULL as a link: zeros. Doesn't block.
 */
size_t soap_xmpp_metrics(struct soap_xmpp_link *const *links, const char *const *names,
                         size_t count, char *out, size_t out_bytes);

/* ---- a service describes itself ---- */

/* Told to a component that is asked what there is at its domain (disco#items): calls each() for
 * each device, kind "item", its JID, its name or "". Runs on the link's thread: must return soon,
 * and must not call the library otherwise. each() returns another result than 0 once a stanza is
 * full; what is told then is left out. May run once more after it was replaced. */
typedef void soap_xmpp_items_fn(void *user, soap_xmpp_fact_fn *each, void *each_user);

/* What a service says of itself. Strings are copied. Prepare the struct with
 * soap_xmpp_description_init(). */
struct soap_xmpp_description {
    size_t size;                /* set by soap_xmpp_description_init() */
    const char *name, *version; /* for a human, 256 bytes at most; NULL: none */
    const char *wsdl;           /* the document; NULL, as wsdl_file: config.wsdl_file's, or none */
    size_t wsdl_bytes;
    const char *wsdl_file; /* or its file, read now with what it imports from the same folder: 32
                            * files, 4 MiB */
    int has_statistics;    /* 1: calls, faults and times of each operation are told as well */
    soap_xmpp_items_fn *items; /* a component's devices; NULL: none */
    void *items_user;
};
#define soap_xmpp_description_init(description)                                                    \
    soap_xmpp_description_init_bytes((description), sizeof *(description))
void soap_xmpp_description_init_bytes(struct soap_xmpp_description *description, size_t size);

/* From now on the service describes itself to whom a rule names: its disco#info has a form
 * SOAP_XMPP_SERVICE_FORM with name, version, operations and the WSDL's hash, and the library
 * answers requests for its metadata (WS-MetadataExchange GetMetadata, WS-Transfer Get) before the
 * program sees them, on a thread of its own, while somebody serves. The WSDL that is given away has
 * its schemas inside, and the address that the service has. Others are told nothing of it; those
 * requests are refused (forbidden). A second time replaces what was said before. Returns 0, or -1
 * with one sentence in why (may be NULL), and nothing has changed: the WSDL is none, or too large,
 * what it imports isn't there. Blocks while files are read. docs/describe.md has the rest. */
#define SOAP_XMPP_SERVICE_FORM "urn:soap-xmpp:service:1"
int soap_xmpp_describe(struct soap_xmpp_link *link, const struct soap_xmpp_description *description,
                       char *why, size_t why_bytes);

/* ---- plugin ---- */

#ifndef SOAP_XMPP_NO_GSOAP

/* What the plugin must agree on with the program that registers it: the layout of struct soap
 * depends on macros (WITH_LEAN, WITH_LEANER, WITH_SELF_PIPE, SOAP_BUFLEN). */
struct soap_xmpp_layout {
    unsigned long gsoap_version, soap_bytes, buf_bytes;
    unsigned long offset_fsend, offset_fprepareinitrecv, offset_buf, offset_error,
        offset_namespaces;
};

/* The program's part of the registration, use soap_xmpp() below. Returns SOAP_OK, SOAP_EOM,
 * SOAP_USER_ERROR (link is NULL) or SOAP_PLUGIN_ERROR (the program and the library were built
 * with different layouts of struct soap). */
int soap_xmpp_register(struct soap *soap, struct soap_plugin *plugin, void *link,
                       const struct soap_xmpp_layout *layout);

/* The plugin: soap_register_plugin_arg(soap, soap_xmpp, link). Takes a reference to the link. It
 * is compiled into the program, which is how a mismatch of layouts is noticed. */
#if defined(__GNUC__)
__attribute__((unused))
#endif
static int
soap_xmpp(struct soap *soap, struct soap_plugin *plugin, void *link)
{
    struct soap_xmpp_layout layout;
    layout.gsoap_version = GSOAP_VERSION;
    layout.soap_bytes = (unsigned long)sizeof(struct soap);
    layout.buf_bytes = (unsigned long)SOAP_BUFLEN;
    layout.offset_fsend = (unsigned long)offsetof(struct soap, fsend);
#ifndef WITH_LEANER /* refused above, in one sentence */
    layout.offset_fprepareinitrecv = (unsigned long)offsetof(struct soap, fprepareinitrecv);
#endif
    layout.offset_buf = (unsigned long)offsetof(struct soap, buf);
    layout.offset_error = (unsigned long)offsetof(struct soap, error);
    layout.offset_namespaces = (unsigned long)offsetof(struct soap, namespaces);
    return soap_xmpp_register(soap, plugin, link, &layout);
}

#endif /* SOAP_XMPP_NO_GSOAP */

#ifdef __cplusplus
}
#endif

#endif
