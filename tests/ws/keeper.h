/* keeper.h - the service of a sequence, as a process of its own: gSOAP's wsrm plugin has one table
 * of sequences and one lock per process, and holds that lock while it sends messages again, so that
 * its two ends can't live in one process.
 *
 * Invariant: what was recorded is told in the order in which it was run, each run once.
 *
 * Started by tests/lib/child.h as "ws --keeper SERVER". It says "online", "begun N" when record(N)
 * runs and, asked "list K", "list K: N N N ..."; told "hold N" it says "held N", and record(N)
 * answers after "go" only.
 */
#ifndef TESTS_WS_KEEPER_H
#define TESTS_WS_KEEPER_H

#define KEEPER_ACTION "urn:soapxmpp:ws#record"

/* main() of that process. */
int keeper_main(const char *server);

#endif
