/* peer.h - what the parts of a peer (peer.c) have in common.
 *
 * Any thread.
 */
#ifndef MIXED_PEER_H
#define MIXED_PEER_H

struct soap_xmpp_link;

/* ---- the service: ledger.c ---- */

/* Appends to the file; returns 0, or -1 if it can't be opened. */
int ledger_open(const char *path);

/* Lets the operation with that number answer, which is held; -1: all, now and later. */
void ledger_finish(int number);

/* ---- calls: calls.c ---- */

/* Carries out a line of input if it is a call, by a thread of its own. */
void calls_order(struct soap_xmpp_link *link, const char *line);

/* Waits for all these threads. The link has been stopped. */
void calls_join(void);

#endif
