/* dial.h - a link of the benchmark's: configured by the environment, its bounds wide enough.
 *
 * Noun: the link's opening. SOAP_XMPP_JID and the others as in docs/configuration.md; beyond it
 * with BENCH_PACKING=never no envelope is packed, and with BENCH_IN_PIECES set what is
 * larger than the usual 256 KiB travels as a bytestream.
 */
#ifndef BENCH_DIAL_H
#define BENCH_DIAL_H

struct soap_xmpp_link;

/* A link under way, the caller's to close; resource replaces that of SOAP_XMPP_JID unless NULL.
 * Dies of a refused configuration. */
struct soap_xmpp_link *dial_begin(const char *resource);

/* The same, online. Dies if it can't be. */
struct soap_xmpp_link *dial(const char *resource);

#endif
