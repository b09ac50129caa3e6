/* fuzz_challenge.c - a login with a server that says whatever it likes.
 *
 * Input: its first byte says what is offered and on which stream, the rest are lines. The first
 * letter of each says what comes: c challenge, s success, f failure, t a passing trouble; behind it
 * stands the message without base64, in which '$' is our nonce, '@' the right signature, '~' a
 * wrong one. A line that begins with '=' is text of a challenge as it is, of another stream with
 * 'n'.
 *
 * Claims: a proof leaves only for a challenge that, by the fuzzer's own reading, has our nonce and
 * more, a salt, no m= and iterations within bounds; hashing ends after so many slices; a login by
 * SCRAM is done only after the right signature; PLAIN isn't sent after it, nor where others read
 * it; whatever ends a login says why, but for a failure; what is told are words.
 */
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/utf8.h"
#include "net/sasl.h"
#include "fuzz.h"

enum {
    SLICES = (SX_SCRAM_MOST_ITERATIONS + SX_SALTED_PASSWORD_SLICE - 1) / SX_SALTED_PASSWORD_SLICE
};
enum { HASHED = 20000 /* rounds that are done, rather than skipped */ };

struct world {
    struct sx_sasl_account account;
    struct sx_sasl_memory memory;
    struct sx_sasl_channel channel;
    struct sx_sasl_offer offer;
    struct sx_sasl sasl;
    bool may_be_proved, has_signature, had_scram;
};

static bool has_unique; /* of TLS 1.2 */

static bool read_binding(enum sx_binding binding, unsigned char out[SX_BINDING_BYTES], size_t *len)
{
    memset(out, 'b', 12);
    *len = 12;
    return binding == SX_BINDING_EXPORTER || (binding == SX_BINDING_UNIQUE && has_unique);
}

/* ---- by the fuzzer's own reading ---- */

static bool may_prove(const struct world *world, const char *message)
{
    const char *nonce = world->sasl.scram.nonce, *salt = strstr(message, ",s="), *i;
    unsigned long iterations;
    if (strncmp(message, "r=", 2) != 0 || strncmp(message + 2, nonce, strlen(nonce)) != 0)
        return false;
    if (strchr(",", message[2 + strlen(nonce)]) || strstr(message, ",m=") || !salt)
        return false;
    i = strchr(salt + 1, ',');
    if (!i || i == salt + 3 || strncmp(i, ",i=", 3) != 0 || i[3] < '1' || i[3] > '9')
        return false;
    iterations = strtoul(i + 3, NULL, 10);
    return iterations >= 4096 && iterations <= 1000000;
}

static bool is_scram(enum sx_mechanism mechanism)
{
    return mechanism != SX_MECHANISM_EXTERNAL && mechanism != SX_MECHANISM_PLAIN;
}

static void claim_words(const char *text, size_t bytes)
{
    CLAIM(memchr(text, '\0', bytes));
    while (*text) {
        CLAIM(*text >= ' ' && *text <= '~');
        text++;
    }
}

/* ---- steps ---- */

static void claims_about(struct world *world, enum sx_sasl_step step, bool is_failure)
{
    struct sx_sasl *sasl = &world->sasl;
    claim_words(sasl->why, sizeof sasl->why);
    claim_words(sasl->note, sizeof sasl->note);
    switch (step) {
    case SX_SASL_SEND:
        CLAIM(sasl->text.bytes);
        CLAIM(sasl->choice.mechanism != SX_MECHANISM_PLAIN ||
              (world->channel.may_send_password && !world->had_scram));
        break;
    case SX_SASL_DONE:
        CLAIM(sasl->has_proof == is_scram(sasl->choice.mechanism));
        CLAIM(!is_scram(sasl->choice.mechanism) || world->has_signature);
        world->had_scram |= is_scram(sasl->choice.mechanism);
        break;
    case SX_SASL_END:
        CLAIM(sasl->err == SX_EAUTH || sasl->err == SX_EPROTOCOL ||
              (sasl->err == SX_ELOST && !world->offer.names[0]));
        CLAIM(is_failure || sasl->why[0]);
        break;
    case SX_SASL_HASH:
        CLAIM(world->may_be_proved);
        break;
    }
}

static enum sx_sasl_step hash_all(struct world *world)
{
    enum sx_sasl_step step = SX_SASL_HASH;
    unsigned slices = 0;
    CLAIM(world->sasl.salted.left < SX_SCRAM_MOST_ITERATIONS);
    if (world->sasl.salted.left > HASHED) /* the same claims, sooner */
        world->sasl.salted.left = HASHED;
    while (step == SX_SASL_HASH) {
        CLAIM(slices++ < SLICES);
        step = sx_sasl_hash(&world->sasl);
    }
    CLAIM(step == SX_SASL_SEND);
    return step;
}

static enum sx_sasl_step begin(struct world *world)
{
    sx_sasl_fini(&world->sasl);
    world->sasl = (struct sx_sasl){
        .account = &world->account, .memory = &world->memory, .channel = &world->channel};
    strcpy(world->sasl.scram.nonce, "nonce");
    world->has_signature = world->may_be_proved = false;
    return sx_sasl_begin(&world->sasl, &world->offer);
}

static enum sx_sasl_step challenge(struct world *world, const char *message, const char *text)
{
    enum sx_sasl_step step;
    bool was_due = !world->may_be_proved;
    world->may_be_proved |= may_prove(world, message);
    step = sx_sasl_challenge(&world->sasl, text);
    if (step == SX_SASL_SEND && was_due)
        CLAIM(world->may_be_proved);
    if (step == SX_SASL_HASH) {
        claims_about(world, step, false);
        step = hash_all(world);
    }
    return step;
}

static void expand(const struct world *world, const char *line, size_t len, struct sx_buffer *out)
{
    const struct sx_scram *scram = &world->sasl.scram;
    char wrong[sizeof scram->signature];
    size_t i;
    memcpy(wrong, scram->signature, sizeof wrong);
    wrong[0] ^= 1;
    sx_buffer_reserve(out, 1);
    for (i = 0; i < len; i++) {
        if (line[i] == '$')
            sx_buffer_add_text(out, scram->nonce);
        else if (line[i] == '@')
            sx_base64_add(out, (const char *)scram->signature, scram->signature_len);
        else if (line[i] == '~')
            sx_base64_add(out, wrong, scram->signature_len);
        else
            sx_buffer_add(out, line + i, 1);
    }
    CLAIM(!out->failed);
}

static enum sx_sasl_step act(struct world *world, char kind, const char *line, size_t len)
{
    struct sx_buffer message = {0}, text = {0};
    enum sx_sasl_step step;
    expand(world, line, len, &message);
    sx_buffer_reserve(&text, 1);
    if (kind == '=')
        sx_buffer_add(&text, message.bytes, message.len);
    else
        sx_base64_add(&text, message.bytes, message.len);
    if (world->sasl.scram.signature_len && strncmp(message.bytes, "v=", 2) == 0 &&
        memchr(line, '@', len))
        world->has_signature = true;
    switch (kind) {
    case 's':
        step = sx_sasl_success(&world->sasl, text.bytes);
        break;
    case 'f':
    case 't':
        step = sx_sasl_failure(&world->sasl, kind == 'f');
        world->may_be_proved = world->has_signature = false;
        break;
    case 'n':
        step = begin(world);
        break;
    default:
        step = challenge(world, kind == '=' ? "" : message.bytes, text.bytes);
    }
    claims_about(world, step, kind == 'f' || kind == 't');
    sx_buffer_fini(&message);
    sx_buffer_fini(&text);
    return step;
}

static void set_up(struct world *world, uint8_t first, uint8_t second)
{
    world->account = (struct sx_sasl_account){
        .user = "a=b", .password = "pencil", .mechanisms = SX_MECHANISM_ALL};
    world->account.has_certificate = (second & 1) != 0;
    has_unique = (second & 8) != 0;
    world->channel = (struct sx_sasl_channel){.may_send_password = (second & 2) != 0,
                                              .has_tls = (second & 4) != 0,
                                              .read_binding = read_binding};
    world->offer = (struct sx_sasl_offer){
        .mechanisms = first, .has_bindings = (second & 16) != 0, .bindings = second >> 5};
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct world world = {0};
    const char *line = (const char *)bytes + 2;
    enum sx_sasl_step step;
    if (len < 2)
        return 0;
    len -= 2;
    set_up(&world, bytes[0], bytes[1]);
    step = begin(&world);
    claims_about(&world, step, false);
    while (len) {
        const char *end = memchr(line, '\n', len);
        size_t line_len = end ? (size_t)(end - line) : len;
        bool is_over = step == SX_SASL_DONE || step == SX_SASL_END;
        if (line_len && (!is_over || line[0] == 'n')) {
            if (line[0] == 'n')
                world.offer.mechanisms = line_len > 1 ? (uint8_t)line[1] : world.offer.mechanisms;
            step = act(&world, line[0], line + 1, line_len - 1);
        }
        line_len += end != NULL;
        line += line_len;
        len -= line_len;
    }
    sx_sasl_fini(&world.sasl);
    sx_sasl_memory_wipe(&world.memory);
    return 0;
}
