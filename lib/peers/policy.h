/* policy.h - which of the resources that serve a bare JID the next call goes to.
 *
 * Noun: the policy. Invariant: of at most max_contacts bare JIDs the resource chosen last is
 * remembered; the bare JID not used for longest is forgotten first. For one that was forgotten the
 * choice is made as for the first time.
 *
 * Sticky: the one of the last call, as long as it is there; else any, at random, so that many
 * callers don't all come to the same one. Round robin: the next one by name. Least outstanding: the
 * one with the fewest of our calls under way, of several the next one by name.
 *
 * Thread: any.
 */
#ifndef SX_PEERS_POLICY_H
#define SX_PEERS_POLICY_H

#include <stdint.h>

#ifndef SOAP_XMPP_NO_GSOAP
#define SOAP_XMPP_NO_GSOAP
#endif
#include "soap_xmpp.h"

struct sx_policy;
struct sx_policy *sx_policy_new(enum soap_xmpp_policy kind, unsigned max_contacts);
void sx_policy_free(struct sx_policy *policy); /* NULL allowed */

/* Chooses one of count (1 at least) full JIDs of the bare one, which are in the order of their
 * names; its index. loads: how many calls are under way to each. It is remembered, unless there is
 * no memory. */
unsigned sx_policy_choose(struct sx_policy *policy, const char *bare, const char *const *jids,
                          const unsigned *loads, unsigned count, uint64_t random);

#endif
