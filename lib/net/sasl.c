/* sasl.c - the steps of the mechanism that was chosen.
 *
 * Invariant: stage says what the server may say next: FIRST and LAST belong to SCRAM.
 *
 * Failure: a challenge that the mechanism has none of, or more of them than any needs, is the end;
 * so is a <success/> before its time.
 */
#include "net/sasl.h"

#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"

enum { MAX_CHALLENGES = 4, CHALLENGE_BYTES = 4096 };

enum stage { FIRST, HASHING, LAST, PROVED, NO_CHALLENGE };

static const struct hash {
    enum sx_mechanism with_binding, without;
    const char *name;
    size_t len;
} hashes[] = {
    {SX_MECHANISM_SCRAM_SHA_512_PLUS, SX_MECHANISM_SCRAM_SHA_512, "SHA512", 64},
    {SX_MECHANISM_SCRAM_SHA_256_PLUS, SX_MECHANISM_SCRAM_SHA_256, "SHA256", 32},
    {SX_MECHANISM_SCRAM_SHA_1_PLUS, SX_MECHANISM_SCRAM_SHA_1, "SHA1", 20},
};
enum { HASHES = sizeof hashes / sizeof hashes[0] };

__attribute__((format(printf, 3, 4))) static enum sx_sasl_step
end(struct sx_sasl *sasl, enum sx_err err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    sasl->err = err;
    vsnprintf(sasl->why, sizeof sasl->why, format, arguments);
    va_end(arguments);
    return SX_SASL_END;
}

static enum sx_sasl_step end_short(struct sx_sasl *sasl)
{
    return end(sasl, SX_ENOMEM, "memory ran short");
}

/* What is sent holds a password, or what can be guessed from: it is wiped. */
static enum sx_sasl_step send_message(struct sx_sasl *sasl, const struct sx_buffer *message)
{
    sx_buffer_wipe(&sasl->text);
    sx_base64_add(&sasl->text, message->bytes, message->len);
    return sasl->text.failed || message->failed ? end_short(sasl) : SX_SASL_SEND;
}

static enum sx_sasl_step send_text(struct sx_sasl *sasl, const char *text)
{
    sx_buffer_wipe(&sasl->text);
    if (sx_buffer_reserve(&sasl->text, 1)) /* so that bytes isn't NULL */
        sx_buffer_add_text(&sasl->text, text);
    return sasl->text.failed ? end_short(sasl) : SX_SASL_SEND;
}

/* ---- mechanisms ---- */

/* It is the server that prepares it (RFC 4616 2), or hands it on as it came, to a directory
 * perhaps: so first as it was given. One that compares bytes may have kept what SASLprep makes of
 * it. */
static const char *plain_password(const struct sx_sasl *sasl)
{
    const struct sx_sasl_account *account = sasl->account;
    bool is_prepared = !account->typed || sasl->refused.is_typed || sasl->memory->wants_prepared;
    return is_prepared ? account->password : account->typed;
}

static enum sx_sasl_step begin_plain(struct sx_sasl *sasl)
{
    const char *user = sasl->account->user, *password = plain_password(sasl);
    struct sx_buffer message = {0};
    enum sx_sasl_step step;
    sasl->stage = NO_CHALLENGE;
    /* In one piece, so that no copy stays behind. */
    sx_buffer_reserve(&message, 2 + strlen(user) + strlen(password));
    sx_buffer_add(&message, "", 1);
    sx_buffer_add_text(&message, user);
    sx_buffer_add(&message, "", 1);
    sx_buffer_add_text(&message, password);
    step = send_message(sasl, &message);
    sx_buffer_wipe(&message);
    return step;
}

static enum sx_sasl_step begin_scram(struct sx_sasl *sasl, const struct hash *hash)
{
    const struct sx_sasl_choice *choice = &sasl->choice;
    struct sx_buffer message = {0};
    enum sx_sasl_step step;
    enum sx_err err =
        sx_scram_begin(&sasl->scram, hash->name, sasl->account->user, choice->header, choice->data,
                       choice->is_bound ? choice->data_len : 0, &message);
    sasl->stage = FIRST;
    step = err ? end_short(sasl) : send_message(sasl, &message);
    sx_buffer_fini(&message);
    return step;
}

static const struct hash *find_hash(enum sx_mechanism mechanism)
{
    size_t i;
    for (i = 0; i < HASHES; i++)
        if (hashes[i].with_binding == mechanism || hashes[i].without == mechanism)
            return &hashes[i];
    return NULL;
}

static bool choose(struct sx_sasl *sasl)
{
    return sx_sasl_offer_choose(&sasl->offer, sasl->account, sasl->channel,
                                sasl->refused.mechanisms, &sasl->choice);
}

static enum sx_sasl_step begin_chosen(struct sx_sasl *sasl)
{
    const struct hash *hash;
    if (sasl->choice.mechanism == SX_MECHANISM_PLAIN && sasl->memory->has_scram)
        return end(
            sasl, SX_EPROTOCOL,
            "the server offers PLAIN alone, where it had SCRAM before: somebody may want the "
            "password; it offers: %s",
            sasl->offer.names);
    hash = find_hash(sasl->choice.mechanism);
    if (hash)
        return begin_scram(sasl, hash);
    if (sasl->choice.mechanism == SX_MECHANISM_PLAIN)
        return begin_plain(sasl);
    sasl->stage = NO_CHALLENGE;
    return send_text(sasl, "=");
}

/* A server that has named the binding, or has taken one before, can do it: what it refuses is the
 * password, or comes through somebody in between, to whom "n" is just what they need. */
static bool is_binding_capable(const struct sx_sasl *sasl)
{
    return sasl->offer.has_bindings || sasl->memory->has_binding;
}

/* What the last stream's second try was begun without: it may have been lost before its answer. */
static void recall_refusals(struct sx_sasl *sasl)
{
    sasl->refused = sasl->memory->refused;
    if (is_binding_capable(sasl))
        sasl->refused.mechanisms &= ~(unsigned)SX_MECHANISM_PLUS;
}

enum sx_sasl_step sx_sasl_begin(struct sx_sasl *sasl, const struct sx_sasl_offer *offer)
{
    sasl->offer = *offer;
    recall_refusals(sasl);
    if (choose(sasl))
        return begin_chosen(sasl);
    sasl->refused = (struct sx_sasl_refused){0}; /* it offers nothing else now */
    if (choose(sasl))
        return begin_chosen(sasl);
    sasl->err = offer->names[0] ? SX_EAUTH : SX_ELOST; /* it may have just started */
    sx_sasl_offer_explain(offer, sasl->account, sasl->why, sizeof sasl->why);
    return SX_SASL_END;
}

/* ---- steps of SCRAM ---- */

static bool make_origin(const struct sx_scram *scram, const char *password,
                        unsigned char origin[32])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    char text[64];
    int len =
        snprintf(text, sizeof text, "%s %lu %zu ", scram->hash, scram->iterations, scram->salt_len);
    bool made = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
                EVP_DigestUpdate(ctx, text, (size_t)len) == 1 &&
                EVP_DigestUpdate(ctx, scram->salt, scram->salt_len) == 1 &&
                EVP_DigestUpdate(ctx, password, strlen(password)) == 1 &&
                EVP_DigestFinal_ex(ctx, origin, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    return made;
}

static enum sx_sasl_step send_proof(struct sx_sasl *sasl)
{
    struct sx_buffer message = {0};
    enum sx_err err = sx_scram_prove(&sasl->scram, sasl->memory->salted, &message);
    enum sx_sasl_step step = err ? end_short(sasl) : send_message(sasl, &message);
    sx_buffer_wipe(&message);
    sasl->stage = LAST;
    return step;
}

static enum sx_sasl_step prove_or_hash(struct sx_sasl *sasl, const unsigned char *origin)
{
    const struct sx_scram *scram = &sasl->scram;
    struct sx_sasl_memory *memory = sasl->memory;
    if (memory->salted_len && memcmp(origin, memory->origin, sizeof memory->origin) == 0)
        return send_proof(sasl);
    memory->salted_len = 0;
    memcpy(memory->origin, origin, sizeof memory->origin);
    if (!sx_salted_password_begin(&sasl->salted, scram->hash, sasl->account->password, scram->salt,
                                  scram->salt_len, scram->iterations))
        return end_short(sasl);
    sasl->stage = HASHING;
    return SX_SASL_HASH;
}

static enum sx_sasl_step answer_first(struct sx_sasl *sasl, const char *message)
{
    struct sx_scram *scram = &sasl->scram;
    unsigned char origin[sizeof sasl->memory->origin];
    enum sx_err err = sx_scram_read_first(scram, message);
    enum sx_sasl_step step;
    if (err)
        return end(sasl, err, "%s", err == SX_ENOMEM ? "memory ran short" : scram->why);
    step = make_origin(scram, sasl->account->password, origin) ? prove_or_hash(sasl, origin)
                                                               : end_short(sasl);
    OPENSSL_cleanse(origin, sizeof origin); /* the password can be guessed from it */
    return step;
}

enum sx_sasl_step sx_sasl_hash(struct sx_sasl *sasl)
{
    struct sx_sasl_memory *memory = sasl->memory;
    switch (sx_salted_password_slice(&sasl->salted)) {
    case SX_SALTED_PASSWORD_MORE:
        return SX_SASL_HASH;
    case SX_SALTED_PASSWORD_SHORT:
        return end_short(sasl);
    case SX_SALTED_PASSWORD_DONE:
        break;
    }
    memcpy(memory->salted, sasl->salted.bytes, sasl->salted.len);
    memory->salted_len = sasl->salted.len;
    sx_salted_password_fini(&sasl->salted);
    return send_proof(sasl);
}

static enum sx_sasl_step judge_last(struct sx_sasl *sasl, const char *message)
{
    enum sx_err err = sx_scram_read_last(&sasl->scram, message);
    if (err) {
        sx_sasl_memory_wipe(sasl->memory);
        return end(sasl, err, "%s", sasl->scram.why);
    }
    sasl->has_proof = true;
    sasl->stage = PROVED;
    return send_text(sasl, "");
}

/* Decodes what the server says; false: it is no base64, or has a NUL in it. */
static bool decode(const char *text, char message[CHALLENGE_BYTES])
{
    size_t len = strlen(text);
    if (len >= CHALLENGE_BYTES)
        return false;
    memcpy(message, text, len + 1);
    if (strcmp(text, "=") == 0) /* RFC 6120 6.4.5: empty */
        len = 0;
    else if (!sx_base64_decode(message, len, &len))
        return false;
    message[len] = '\0';
    return strlen(message) == len;
}

enum sx_sasl_step sx_sasl_challenge(struct sx_sasl *sasl, const char *text)
{
    char message[CHALLENGE_BYTES];
    if (++sasl->challenges > MAX_CHALLENGES)
        return end(sasl, SX_EPROTOCOL, "the server's SASL challenges have no end");
    if (sasl->stage != FIRST && sasl->stage != LAST)
        return end(sasl, SX_EPROTOCOL, "the server sent a challenge that %s has no answer to",
                   sx_mechanism_name(sasl->choice.mechanism));
    if (strlen(text) >= sizeof message)
        return end(sasl, SX_EPROTOCOL, "the server's SASL challenge is longer than 4,095 bytes");
    if (!decode(text, message))
        return end(sasl, SX_EPROTOCOL, "the server's SASL challenge is no base64");
    return sasl->stage == FIRST ? answer_first(sasl, message) : judge_last(sasl, message);
}

/* ---- the end ---- */

/* What the last login by SCRAM had and this one hasn't: an attacker, or a server that was changed.
 * Prosody's binding goes when TLS goes from 1.2 to 1.3. */
static void compare(struct sx_sasl *sasl, const struct hash *hash)
{
    struct sx_sasl_memory *memory = sasl->memory;
    bool has_binding = sasl->choice.is_bound;
    bool is_smaller = memory->has_scram && hash->len < memory->hash_len;
    bool is_unbound = memory->has_scram && memory->has_binding && !has_binding;
    if (is_smaller || is_unbound)
        snprintf(sasl->note, sizeof sasl->note,
                 "%s is weaker than the last login, which had %s%s%s",
                 sx_mechanism_name(sasl->choice.mechanism), is_smaller ? "a longer hash" : "",
                 is_smaller && is_unbound ? " and " : "", is_unbound ? "a channel binding" : "");
    memory->has_scram = true;
    memory->has_binding = has_binding;
    memory->hash_len = hash->len;
}

static enum sx_sasl_step finish(struct sx_sasl *sasl)
{
    if (sasl->choice.mechanism == SX_MECHANISM_PLAIN)
        sasl->memory->wants_prepared |= sasl->refused.is_typed;
    sasl->memory->refused = (struct sx_sasl_refused){0};
    sx_buffer_wipe(&sasl->text);
    return SX_SASL_DONE;
}

enum sx_sasl_step sx_sasl_success(struct sx_sasl *sasl, const char *text)
{
    const struct hash *hash = find_hash(sasl->choice.mechanism);
    char message[CHALLENGE_BYTES];
    if (!hash)
        return finish(sasl);
    if (sasl->stage == LAST) {
        if (!decode(text, message))
            message[0] = '\0';
        if (judge_last(sasl, message) == SX_SASL_END)
            return SX_SASL_END;
    }
    if (sasl->stage != PROVED)
        return end(sasl, SX_EPROTOCOL,
                   "the server takes the login for done before it was asked for proof");
    compare(sasl, hash);
    return finish(sasl);
}

const char *sx_sasl_binding_name(const struct sx_sasl *sasl)
{
    return sasl->choice.is_bound ? sx_binding_name(sasl->choice.binding) : NULL;
}

/* What may follow a refusal in the same stream; false: nothing. */
static bool find_next_try(struct sx_sasl *sasl)
{
    unsigned unbound = sasl->account->mechanisms & sasl->offer.mechanisms & SX_MECHANISM_SCRAM;
    if (sasl->choice.is_bound) {
        sasl->refused.mechanisms |= SX_MECHANISM_PLUS;
        return !is_binding_capable(sasl) && unbound;
    }
    /* The server knows another certificate for the account, or none: there is the password. */
    if (sasl->choice.mechanism == SX_MECHANISM_EXTERNAL) {
        sasl->refused.mechanisms |= sx_mechanism_set(SX_MECHANISM_EXTERNAL);
        return sasl->account->password[0] != '\0';
    }
    if (sasl->choice.mechanism == SX_MECHANISM_PLAIN &&
        plain_password(sasl) == sasl->account->typed) {
        sasl->refused.is_typed = true;
        return true;
    }
    return false;
}

enum sx_sasl_step sx_sasl_failure(struct sx_sasl *sasl, bool is_refusal)
{
    if (is_refusal && find_next_try(sasl) && choose(sasl)) {
        sasl->memory->refused = sasl->refused;
        sasl->challenges = 0;
        sx_scram_fini(&sasl->scram);
        return begin_chosen(sasl);
    }
    if (is_refusal)
        sx_sasl_memory_wipe(sasl->memory);
    sasl->err = SX_EAUTH;
    return SX_SASL_END;
}

void sx_sasl_fini(struct sx_sasl *sasl)
{
    sx_scram_fini(&sasl->scram);
    sx_salted_password_fini(&sasl->salted);
    sx_buffer_wipe(&sasl->text);
}

/* What it says about downgrades stays. */
void sx_sasl_memory_wipe(struct sx_sasl_memory *memory)
{
    OPENSSL_cleanse(memory->salted, sizeof memory->salted);
    OPENSSL_cleanse(memory->origin, sizeof memory->origin);
    memory->salted_len = 0;
    memory->wants_prepared = false;
    memory->refused = (struct sx_sasl_refused){0};
}
