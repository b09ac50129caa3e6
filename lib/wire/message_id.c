/* message_id.c - names and proofs in the ids of messages.
 *
 * Invariant: proofs[] holds the last KEPT_PROOFS proofs that were asked about.
 *
 * Happy path: write -> the peer answers, perhaps to another process with the same key -> read:
 * proven -> is_first. Failure: any other form, key, caller or peer: nothing is proven; the tag may
 * still say that the id is ours, on which nothing depends that could do harm.
 */
#include "wire/message_id.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "wire/jid.h"
#include "wire/request_id.h"

enum {
    PROOF_BYTES = 16,
    PROOF_HEX = 2 * PROOF_BYTES,
    TAG_HEX = 16,
    KEPT_PROOFS = 4096,
    DIGEST_BYTES = 32 /* SHA-256 */
};

struct sx_message_ids {
    /* immutable */
    char *key;              /* NULL: none */
    char own[SX_JID_BYTES]; /* bare */
    char tag[TAG_HEX + 1];
    /* loop thread */
    unsigned char (*proofs)[PROOF_BYTES]; /* NULL without a key */
    unsigned long count;                  /* ever put there */
};

struct sx_message_ids *sx_message_ids_new(const char *key, const char *own_jid)
{
    struct sx_message_ids *ids = calloc(1, sizeof *ids);
    unsigned char digest[DIGEST_BYTES];
    if (!ids)
        return NULL;
    sx_jid_bare(own_jid, ids->own, sizeof ids->own);
    if (EVP_Digest(ids->own, strlen(ids->own), digest, NULL, EVP_sha256(), NULL) != 1)
        goto err_after_alloc;
    sx_hex_format(digest, TAG_HEX / 2, ids->tag);
    if (!key)
        return ids;
    ids->key = strdup(key);
    ids->proofs = calloc(KEPT_PROOFS, sizeof *ids->proofs);
    if (ids->key && ids->proofs)
        return ids;
err_after_alloc:
    sx_message_ids_free(ids);
    return NULL;
}

void sx_message_ids_wipe(struct sx_message_ids *ids)
{
    if (ids->key)
        OPENSSL_cleanse(ids->key, strlen(ids->key));
}

void sx_message_ids_free(struct sx_message_ids *ids)
{
    if (!ids)
        return;
    sx_message_ids_wipe(ids);
    free(ids->key);
    free(ids->proofs);
    free(ids);
}

bool sx_message_ids_has_key(const struct sx_message_ids *ids)
{
    return ids->key != NULL;
}

/* Texts behind each other, each with its NUL, which none of them holds. */
static bool prove(const struct sx_message_ids *ids, const char *peer, const char *head,
                  size_t head_len, const char *name, unsigned char proof[PROOF_BYTES])
{
    struct sx_buffer text = {0};
    unsigned char digest[EVP_MAX_MD_SIZE];
    char *bare = NULL, part[SX_JID_BYTES];
    bool proven = false;
    sx_jid_bare(peer, part, sizeof part);
    /* who was called is prepared, who answers is as servers stamp it: the same but for ASCII */
    if (sx_jid_read(part, &bare) != SX_OK)
        return false;
    sx_buffer_add(&text, ids->own, strlen(ids->own) + 1);
    sx_buffer_add(&text, bare, strlen(bare) + 1);
    sx_buffer_add(&text, head, head_len);
    sx_buffer_add(&text, "", 1);
    sx_buffer_add(&text, name, strlen(name) + 1);
    if (!text.failed)
        proven = HMAC(EVP_sha256(), ids->key, (int)strlen(ids->key),
                      (const unsigned char *)text.bytes, text.len, digest, NULL) != NULL;
    if (proven)
        memcpy(proof, digest, PROOF_BYTES);
    sx_buffer_fini(&text);
    free(bare);
    return proven;
}

void sx_message_ids_write(const struct sx_message_ids *ids, struct sx_buffer *out, const char *head,
                          const char *name, const char *peer)
{
    unsigned char proof[PROOF_BYTES];
    char proof_hex[2 * PROOF_BYTES + 1], name_hex[2 * SX_MESSAGE_ID_BYTES + 1];
    sx_buffer_add_format(out, ".%s", ids->tag);
    if (name && ids->key && strlen(name) <= SX_MESSAGE_ID_BYTES) {
        if (prove(ids, peer, head, strlen(head), name, proof)) {
            sx_hex_format(name, strlen(name), name_hex);
            sx_hex_format(proof, PROOF_BYTES, proof_hex);
            sx_buffer_add_format(out, ".%s.%s", name_hex, proof_hex);
        } else {
            out->failed = true;
        }
    }
    sx_buffer_add_text(out, SX_REQUEST_ID_MARK SX_REQUEST_ID_MESSAGE);
}

/* The parts of an id; name NULL: it has none. */
struct parts {
    const char *tag, *name, *proof;
    size_t head_len, name_len;
};

static bool take_apart(const char *id, struct parts *parts)
{
    const char *mark = strrchr(id, SX_REQUEST_ID_MARK[0]), *dot = strchr(id, '.');
    if (!mark || strcmp(mark + 1, SX_REQUEST_ID_MESSAGE) != 0 || !dot || dot > mark)
        return false;
    *parts = (struct parts){.tag = dot + 1, .head_len = (size_t)(dot - id)};
    if (mark - parts->tag < TAG_HEX)
        return false;
    if (mark - parts->tag == TAG_HEX)
        return true;
    parts->name = parts->tag + TAG_HEX + 1;
    if (mark - parts->name < 3 + PROOF_HEX)
        return false;
    parts->proof = mark - PROOF_HEX;
    if (parts->name[-1] != '.' || parts->proof[-1] != '.')
        return false;
    parts->name_len = (size_t)(parts->proof - 1 - parts->name);
    return parts->name_len % 2 == 0 && parts->name_len <= (size_t)2 * SX_MESSAGE_ID_BYTES;
}

enum sx_message_id_kind sx_message_ids_read(const struct sx_message_ids *ids, const char *id,
                                            const char *from, char name[SX_MESSAGE_ID_BYTES + 1])
{
    unsigned char claimed[PROOF_BYTES], proof[PROOF_BYTES];
    char text[SX_MESSAGE_ID_BYTES + 1];
    struct parts parts;
    if (!take_apart(id, &parts) || strncmp(parts.tag, ids->tag, TAG_HEX) != 0)
        return SX_MESSAGE_ID_NONE;
    if (!parts.name || !ids->key || !from || !sx_hex_parse(parts.name, parts.name_len / 2, text) ||
        !sx_hex_parse(parts.proof, PROOF_BYTES, claimed))
        return SX_MESSAGE_ID_OURS;
    text[parts.name_len / 2] = '\0';
    if (strlen(text) != parts.name_len / 2 || !prove(ids, from, id, parts.head_len, text, proof) ||
        CRYPTO_memcmp(proof, claimed, PROOF_BYTES) != 0)
        return SX_MESSAGE_ID_OURS;
    memcpy(name, text, parts.name_len / 2 + 1);
    return SX_MESSAGE_ID_PROVEN;
}

bool sx_message_ids_is_first(struct sx_message_ids *ids, const char *id)
{
    unsigned char proof[PROOF_BYTES];
    struct parts parts;
    unsigned long i, kept;
    if (!ids->proofs || !take_apart(id, &parts) || !parts.name ||
        !sx_hex_parse(parts.proof, PROOF_BYTES, proof))
        return false;
    kept = ids->count < KEPT_PROOFS ? ids->count : KEPT_PROOFS;
    for (i = 0; i < kept; i++)
        if (memcmp(ids->proofs[i], proof, PROOF_BYTES) == 0)
            return false;
    memcpy(ids->proofs[ids->count++ % KEPT_PROOFS], proof, PROOF_BYTES);
    return true;
}
