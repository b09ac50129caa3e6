/* features.h - service discovery (XEP-0030): our answers, what others answered.
 *
 * Invariant: the cache holds at most max_peers entities, each for SX_DISCO_TTL_S seconds;
 * the oldest goes first.
 */
#ifndef SX_PEERS_FEATURES_H
#define SX_PEERS_FEATURES_H

#include <stdint.h>
#include "wire/element.h"

#include "base/buffer.h"
#include "wire/namespaces.h"

enum { SX_DISCO_TTL_S = 300 };

/* ---- answers ---- */

/* The payload of our disco#info result: identity automation/soap and the SOAP feature only while
 * serving, and with it that we deliver once, under this incarnation (NULL: not that); that we
 * understand packed envelopes always, so that nobody falls back to plain before we serve. */
void sx_disco_format_info(struct sx_buffer *out, bool serving, const char *incarnation, bool packs);

/* The payload of a question. */
void sx_disco_format_question(struct sx_buffer *out);

/* The features in a disco#info result's <query/>, as exchange.h's sx_reply.features; NULL: no
 * memory. At most 200 features are kept. */
char *sx_disco_parse_features(struct sx_element *query);

/* ---- cache ---- any thread */

struct sx_features;
struct sx_features *sx_features_new(unsigned max_peers); /* NULL: no memory */
void sx_features_free(struct sx_features *disco);
/* Remembers (copies) the features of jid. No memory, or one of this library that doesn't serve yet:
 * what is remembered stays as it was. */
void sx_features_put(struct sx_features *disco, const char *jid, const char *features,
                     int64_t now_us);
/* 1 listed, 0 not listed, -1 unknown or too old. */
int sx_features_has(struct sx_features *disco, const char *jid, const char *feature,
                    int64_t now_us);
/* Whether any entity of jid's account (its bare JID) is known to list the feature: one that lists
 * it not is no other resource's business. Looks through all that are known. */
bool sx_features_account_has(struct sx_features *disco, const char *jid, const char *feature,
                             int64_t now_us);
/* The incarnation of jid, as its features or sx_features_renew told it. 1: there is one, 0: it has
 * none, a foreign entity, -1 unknown or too old. */
int sx_features_incarnation(struct sx_features *disco, const char *jid, int64_t now_us, char *out,
                            size_t out_bytes);

/* Whether the incarnation of jid has become old, by time or by the calls that were made with it:
 * ids that carry it may soon be stale, and the peer is better asked again. True once; then not
 * until it has been put or renewed, or has become as old again. Counts a call. */
enum { SX_DISCO_FRESH_S = 10, SX_DISCO_FRESH_CALLS = 1000 };
bool sx_features_is_worn(struct sx_features *disco, const char *jid, int64_t now_us);
/* A stale reply told the new one. Nothing is remembered of unknown entities. */
void sx_features_renew(struct sx_features *disco, const char *jid, const char *incarnation,
                       int64_t now_us);

/* jid went away or answered otherwise: forget it. */
void sx_features_forget(struct sx_features *disco, const char *jid);

/* Whether a feature is in such a list. */
bool sx_disco_list_has(const char *features, const char *feature);

#endif
