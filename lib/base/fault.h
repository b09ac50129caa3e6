/* fault.h - one table: what can go wrong, and what it is called in each of the four worlds.
 *
 * Noun: the error. Invariant: every value of enum sx_err has exactly one row in fault.c, and no
 * other file maps errors to SOAP codes, stanza conditions or numbers.
 *
 * Folder base/: what every other folder may use and nothing of the field: bytes that grow,
 * characters, digits, base64, random numbers, monotonic time, threads, memory by the page, this
 * table of errors, the lines of a trace. It knows neither XML nor XMPP nor SOAP, but for the words
 * in which errors and secrets are told. May include soap_xmpp.h without gSOAP; of the outside libc
 * and OpenSSL's base64.
 */
#ifndef SX_BASE_FAULT_H
#define SX_BASE_FAULT_H

#include <stdbool.h>
#include <stddef.h>

enum sx_err {
    SX_OK = 0,
    SX_ENOMEM,       /* memory is short */
    SX_ECONFIG,      /* a configuration value was refused */
    SX_EENDPOINT,    /* the endpoint is no usable xmpp: URI */
    SX_ESHARED,      /* several processes share our JID: answers would reach another one */
    SX_EFORKED,      /* this process isn't the one that opened the link */
    SX_EOFFLINE,     /* the link isn't online (yet), nothing more is known */
    SX_EUNRESOLVED,  /* the server's name can't be resolved for the moment */
    SX_ENOHOST,      /* the server's name doesn't exist */
    SX_EUNREACHABLE, /* no TCP connection to the server */
    SX_EREFUSED,     /* for this reason: nothing listens there */
    SX_EMISDIRECTED, /* what answers is no XMPP server for the JID's domain, or wants other TLS */
    SX_ETLS,         /* TLS failed, for another reason than the certificate */
    SX_ECERT,        /* the server's certificate isn't trusted */
    SX_EHOSTNAME,    /* the certificate is for another host */
    SX_EAUTH,        /* the server refused the credentials (SASL) */
    SX_EFILE,        /* a file can't be used as it is now, or there is no password */
    SX_ECLIENTCERT,  /* the server doesn't take our certificate, or wants one that we don't have */
    SX_ESTREAM,      /* the server closed the stream with an error (RFC 6120 4.9) */
    SX_EPOLICY,      /* with policy-violation (4.9.3.14): a stanza of ours was too much, mostly */
    SX_ESILENT,      /* the server gave no sign of life */
    SX_ECONFLICT,    /* another connection took our resource */
    SX_ESESSIONS,    /* the account has more connections than the server allows */
    SX_EPROTOCOL,    /* the server sent what is no XMPP */
    SX_ECONNECT,     /* connecting took longer than connect_timeout_ms */
    SX_ESTOPPED,     /* the link was stopped or closed by its owner */
    SX_EROOM,        /* no room to send within send_timeout */
    SX_ESLOW,        /* the server reads so slowly that the deadline can't be met */
    SX_ETIMEOUT,     /* no answer in time */
    SX_ELOST,        /* the connection was lost while the answer was awaited */
    SX_ESTANZA,      /* a stanza error came instead of an answer: see its condition */
    SX_ENOTSOAP,     /* the answer holds no SOAP envelope */
    SX_EMALFORMED,   /* the envelope is not namespace-well-formed or lacks a body */
    SX_EVERSION,     /* its Envelope is of no version of SOAP */
    SX_EUNCARRIABLE, /* the envelope can't be put into a stanza: which byte, why */
    SX_ETOOBIG,      /* larger than a limit */
    SX_EDEPTH,       /* nested deeper than the limit */
    SX_EABSENT,      /* what the stanza refers to isn't here */
    SX_EFULL,        /* a bounded queue is full */
    SX_ETAKEN,       /* all the memory that peers may take (memory.h) is taken */
    SX_EFORBIDDEN,   /* no rule allows the caller this operation */
    SX_ERR_COUNT
};

/* What is wrong in a few words, for messages: "no answer in time". Never NULL. */
const char *sx_fault_text(enum sx_err err);

/* gSOAP's soap->error for it. SX_ESTANZA gives 500, the caller knows better
 * (sx_fault_number). Values are those of stdsoap2.h; gsoap/ asserts so at compile time. */
int sx_fault_soap_code(enum sx_err err);

/* Whether it is a refusal: waiting for the link to come online is of no use, and the next attempt
 * is far away. */
bool sx_fault_permanent(enum sx_err err);

/* Whether something answered, and not as the server of a link would: a wrong port, say, or a server
 * that isn't up yet. Who waits for a link that has never been online is told so at once. */
bool sx_fault_is_misdirected(enum sx_err err);

/* Whether a call that ended with this has been answered: SX_OK, and what is wrong with an answer.
 */
bool sx_fault_is_answered(enum sx_err err);

/* The stanza error (RFC 6120 8.3.3) with which a request that fails for this reason is
 * answered. */
const char *sx_fault_condition(enum sx_err err);

/* Whether it is a stanza error condition of RFC 6120 8.3.3. */
bool sx_fault_is_condition(const char *condition);

/* HTTP-like number of a stanza error condition (XEP-0086): "service-unavailable" is 503;
 * unknown conditions are 500. */
int sx_fault_number(const char *condition);

enum { SX_FAULT_SENTENCE_BYTES = 320 };

/* Who, and what is wrong: "nobody is online as bank@example.org/soap, or it serves no SOAP"; "" if
 * the condition says all there is to say. peer: who was called, cut if it is long; is_there: its
 * own program said so, not a server on the way. */
void sx_fault_explain(const char *condition, const char *peer, bool is_there,
                      char text[SX_FAULT_SENTENCE_BYTES]);

/* Condition -> error type ("cancel", "modify", "wait", "auth") that RFC 6120 8.3.3 recommends,
 * "cancel" when unknown. */
const char *sx_fault_condition_type(const char *condition);

/* SOAP fault codes of XEP-0072 section 6, by local name. */
struct sx_fault_code {
    const char *element; /* <Sender/> in http://jabber.org/protocol/soap#fault */
    int number;          /* 400 or 500 */
    const char *type;    /* of the stanza error */
};

/* local_name: a SOAP 1.1 or 1.2 code without its prefix: "Client", "Client.Auth", "Sender",
 * "MustUnderstand", ...; unknown or empty codes are Receiver's. Never NULL. */
const struct sx_fault_code *sx_fault_code(const char *local_name);

#endif
