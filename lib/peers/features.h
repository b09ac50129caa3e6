/* features.h - what other entities list as their features, for as long as that may be believed.
 *
 * Noun: the features, by JID. Invariant: at most max_peers entities are remembered, each for
 * SX_FEATURES_TTL_S seconds; the oldest goes first.
 *
 * Thread: any; one mutex, no call out with it held.
 */
#ifndef SX_PEERS_FEATURES_H
#define SX_PEERS_FEATURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"

enum { SX_FEATURES_TTL_S = 300 };

struct sx_features;
/* memory: in which lists are counted (base/memory.h), outlives it; NULL: they aren't. Returns NULL
 * if there is no memory. */
struct sx_features *sx_features_new(unsigned max_peers, struct sx_memory *memory);
void sx_features_free(struct sx_features *features);
/* Remembers (copies) the list (disco.h) of jid. No memory, no room in the memory, or one of this
 * library that doesn't serve yet: what is remembered stays as it was. */
void sx_features_put(struct sx_features *features, const char *jid, const char *list,
                     int64_t now_us);
/* 1 listed, 0 not listed, -1 unknown or too old. */
int sx_features_has(struct sx_features *features, const char *jid, const char *feature,
                    int64_t now_us);
/* Whether any entity of jid's account (its bare JID) is known to list the feature, even if another
 * one is known not to. Looks through all that are known. */
bool sx_features_account_has(struct sx_features *features, const char *jid, const char *feature,
                             int64_t now_us);
/* The incarnation of jid, as its features or sx_features_renew told it. 1: there is one, 0: it has
 * none, a foreign entity, -1 unknown or too old. */
int sx_features_incarnation(struct sx_features *features, const char *jid, int64_t now_us,
                            char *out, size_t out_bytes);

/* Counts a call to jid, and says whether its incarnation has become old by time or by calls: ids
 * that carry it may soon be stale, so that the peer had better be asked again. After it has said so
 * once, the incarnation counts as new. */
enum { SX_FEATURES_FRESH_S = 10, SX_FEATURES_FRESH_CALLS = 1000 };
bool sx_features_is_old(struct sx_features *features, const char *jid, int64_t now_us);
/* A stale reply told the new incarnation of jid. Of an entity that isn't known nothing is
 * remembered. No memory, or no room in the memory: it is forgotten. */
void sx_features_renew(struct sx_features *features, const char *jid, const char *incarnation,
                       int64_t now_us);

/* jid went away or answered otherwise: forget it. */
void sx_features_forget(struct sx_features *features, const char *jid);

#endif
