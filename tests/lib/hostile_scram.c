/* hostile_scram.c - SCRAM in stanzas, with the channel bindings of the guest's TLS.
 *
 * Invariant: what the guest says is believed only once scram_server.c has proved it.
 *
 * Happy path: <auth/> -> <challenge/> -> <response/> -> <success/> with the signature. Failure
 * modes: told in words, to the caller; to the guest as <failure/> where it has said something
 * wrong.
 */
#include "hostile_scram.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/clock.h"
#include "hostile_script.h"

#define NS_SASL "urn:ietf:params:xml:ns:xmpp-sasl"

enum { US_PER_MS = 1000, EXPORTED_BYTES = 32 };

struct play {
    struct guest *guest;
    struct scram_server server;
    int step_ms;
    const char *why;
};

/* ---- channel bindings ---- */

/* RFC 9266 2: the context is there, and empty. */
static bool export_key(SSL *ssl, unsigned char *out, size_t *len)
{
    static const char label[] = "EXPORTER-Channel-Binding";
    *len = EXPORTED_BYTES;
    return SSL_export_keying_material(ssl, out, *len, label, strlen(label),
                                      (const unsigned char *)"", 0, 1) == 1;
}

/* RFC 5929 4.1: by the hash of the certificate's signature, SHA-256 in place of weak ones. */
static bool digest_certificate(SSL *ssl, unsigned char *out, size_t *len)
{
    const X509 *certificate = SSL_get_certificate(ssl);
    const EVP_MD *hash;
    unsigned n;
    int nid;
    if (!certificate || !X509_get_signature_info((X509 *)certificate, &nid, NULL, NULL, NULL))
        return false;
    hash = nid == NID_md5 || nid == NID_sha1 ? EVP_sha256() : EVP_get_digestbynid(nid);
    if (!hash || !X509_digest(certificate, hash, out, &n))
        return false;
    *len = n;
    return true;
}

/* RFC 5929 3.1: the first Finished, which is the client's as no session is ever resumed. */
static bool copy_finished(const SSL *ssl, unsigned char *out, size_t *len)
{
    if (SSL_version(ssl) > TLS1_2_VERSION)
        return false;
    *len = SSL_get_peer_finished(ssl, out, SCRAM_SERVER_BINDING_BYTES);
    return *len > 0 && *len <= SCRAM_SERVER_BINDING_BYTES;
}

static bool bind_channel(void *user, const char *type,
                         unsigned char out[SCRAM_SERVER_BINDING_BYTES], size_t *len)
{
    const struct guest *guest = user;
    if (!guest->ssl)
        return false;
    if (strcmp(type, "tls-exporter") == 0)
        return export_key(guest->ssl, out, len);
    if (strcmp(type, "tls-server-end-point") == 0)
        return digest_certificate(guest->ssl, out, len);
    return strcmp(type, "tls-unique") == 0 && copy_finished(guest->ssl, out, len);
}

/* ---- stanzas ---- */

static int64_t deadline_of(const struct play *play)
{
    return sx_clock_deadline((int64_t)play->step_ms * US_PER_MS);
}

static bool judge(struct play *play, enum guest_outcome outcome)
{
    if (outcome != GUEST_DONE)
        play->why = outcome == GUEST_LATE ? "it took too long" : "the peer closed";
    return outcome == GUEST_DONE;
}

static bool expect(struct play *play, const char *text)
{
    return judge(play, guest_expect(play->guest, text, deadline_of(play)));
}

/* <name>message in base64</name> */
static bool say(struct play *play, const char *name, const struct sx_buffer *message)
{
    struct sx_buffer stanza = {0};
    bool said;
    sx_buffer_add_format(&stanza, "<%s xmlns='" NS_SASL "'>", name);
    if (message->len)
        sx_base64_add(&stanza, message->bytes, message->len);
    sx_buffer_add_format(&stanza, "</%s>", name);
    if (stanza.failed)
        abort();
    said = judge(play, guest_write(play->guest, stanza.bytes, stanza.len, deadline_of(play)));
    sx_buffer_fini(&stanza);
    return said;
}

static bool say_text(struct play *play, const char *text)
{
    return judge(play, guest_write(play->guest, text, strlen(text), deadline_of(play)));
}

static bool refuse(struct play *play)
{
    static const char failure[] = "<failure xmlns='" NS_SASL "'><not-authorized/></failure>";
    (void)say_text(play, failure);
    play->why = play->server.why;
    return false;
}

/* The text of the last element that was heard, decoded; the caller frees it. */
static char *hear_message(const struct play *play, const char *tag_begin)
{
    const struct sx_buffer *heard = &play->guest->heard;
    char base64[HOSTILE_SCRIPT_VALUE_BYTES], *message;
    size_t len = 0;
    hostile_script_text(heard->bytes, heard->len, tag_begin, base64);
    message = calloc(1, sizeof base64);
    if (!message)
        abort();
    memcpy(message, base64, strlen(base64));
    if (!sx_base64_decode(message, strlen(message), &len))
        len = 0;
    message[len] = '\0';
    return message;
}

/* ---- the exchange ---- */

static bool hear_first(struct play *play, struct sx_buffer *first)
{
    const struct sx_buffer *heard = &play->guest->heard;
    char mechanism[HOSTILE_SCRIPT_VALUE_BYTES], *message;
    bool begun;
    if (!expect(play, "</auth>"))
        return false;
    hostile_script_attribute(heard->bytes, heard->len, "<auth ", " mechanism=", mechanism);
    message = hear_message(play, "<auth ");
    begun = scram_server_begin(&play->server, mechanism, message, first);
    free(message);
    return begun || refuse(play);
}

static bool hear_final(struct play *play, struct sx_buffer *last)
{
    char *message = hear_message(play, "<response");
    bool ended = scram_server_end(&play->server, message, last);
    free(message);
    return ended || refuse(play);
}

static bool exchange(struct play *play, struct sx_buffer *first, struct sx_buffer *last)
{
    const struct sx_buffer nothing = {0};
    const struct scram_script *script = play->server.script;
    unsigned i, challenges = script->challenges ? script->challenges : 1;
    if (!hear_first(play, first))
        return false;
    for (i = 0; i < challenges; i++)
        if (!say(play, "challenge", first) || (script->behind && !say_text(play, script->behind)) ||
            !expect(play, "</response>"))
            return false;
    if (!hear_final(play, last))
        return false;
    if (!script->in_challenge)
        return say(play, "success", last);
    return say(play, "challenge", last) && expect(play, "<response") &&
           say(play, "success", &nothing);
}

const char *hostile_scram_play(struct guest *guest, const struct scram_script *script, int step_ms)
{
    static const struct scram_script right = {0};
    struct play play = {
        .guest = guest,
        .server = {.script = script ? script : &right, .binding = bind_channel, .user = guest},
        .step_ms = step_ms};
    struct sx_buffer first = {0}, last = {0};
    (void)exchange(&play, &first, &last);
    sx_buffer_fini(&first);
    sx_buffer_fini(&last);
    return play.why;
}
