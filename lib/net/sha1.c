/* sha1.c - libstrophe's SHA-1, by OpenSSL's block function.
 *
 * Invariant: between two calls the context holds the state after all whole blocks, the number of
 * bits, and in buffer the bytes behind the last whole block.
 *
 * Happy path: Init -> Update -> Final, which leaves nothing of a password behind in the context.
 * Failure: none.
 */
#include "net/sha1.h"

/* SHA1_Transform() is of OpenSSL's old interface. The new one fetches, allocates and locks for each
 * hash, which for hashes as short as these takes several times as long as hashing. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <string.h>

enum { BITS_PER_BYTE = 8, LENGTH_BYTES = 8 };

static void take_block(struct sx_sha1 *context, const uint8_t *block)
{
    SHA_CTX openssl = {.h0 = context->state[0],
                       .h1 = context->state[1],
                       .h2 = context->state[2],
                       .h3 = context->state[3],
                       .h4 = context->state[4]};
    SHA1_Transform(&openssl, block);
    context->state[0] = openssl.h0;
    context->state[1] = openssl.h1;
    context->state[2] = openssl.h2;
    context->state[3] = openssl.h3;
    context->state[4] = openssl.h4;
}

static size_t buffered(const struct sx_sha1 *context)
{
    return context->count[0] / BITS_PER_BYTE % SX_SHA1_BLOCK_BYTES;
}

static void count_bytes(struct sx_sha1 *context, size_t len)
{
    uint64_t bits = (uint64_t)context->count[1] << 32 | context->count[0];
    bits += (uint64_t)len * BITS_PER_BYTE;
    context->count[0] = (uint32_t)bits;
    context->count[1] = (uint32_t)(bits >> 32);
}

void crypto_SHA1_Init(struct sx_sha1 *context)
{
    static const uint32_t initial[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    memcpy(context->state, initial, sizeof initial);
    context->count[0] = context->count[1] = 0;
}

void crypto_SHA1_Update(struct sx_sha1 *context, const uint8_t *data, size_t len)
{
    size_t held = buffered(context), room = SX_SHA1_BLOCK_BYTES - held;
    count_bytes(context, len);
    if (held && len >= room) {
        memcpy(context->buffer + held, data, room);
        take_block(context, context->buffer);
        data += room;
        len -= room;
        held = 0;
    }
    for (; len >= SX_SHA1_BLOCK_BYTES; data += SX_SHA1_BLOCK_BYTES, len -= SX_SHA1_BLOCK_BYTES)
        take_block(context, data);
    if (len)
        memcpy(context->buffer + held, data, len);
}

static void put_big_endian(uint8_t *out, uint32_t value)
{
    out[0] = (uint8_t)(value >> 24);
    out[1] = (uint8_t)(value >> 16);
    out[2] = (uint8_t)(value >> 8);
    out[3] = (uint8_t)value;
}

/* RFC 3174 4: a 1, zeros, and the length in bits fill the last block, or two. */
void crypto_SHA1_Final(struct sx_sha1 *context, uint8_t *digest)
{
    static const uint8_t padding[SX_SHA1_BLOCK_BYTES] = {0x80};
    uint8_t length[LENGTH_BYTES];
    size_t held = buffered(context), to = SX_SHA1_BLOCK_BYTES - LENGTH_BYTES;
    put_big_endian(length, context->count[1]);
    put_big_endian(length + 4, context->count[0]);
    crypto_SHA1_Update(context, padding, held < to ? to - held : SX_SHA1_BLOCK_BYTES + to - held);
    crypto_SHA1_Update(context, length, sizeof length);
    for (size_t i = 0; i < sizeof context->state / sizeof *context->state; i++)
        put_big_endian(digest + 4 * i, context->state[i]);
    OPENSSL_cleanse(context, sizeof *context);
}

void crypto_SHA1(const uint8_t *data, size_t len, uint8_t *digest)
{
    struct sx_sha1 context;
    crypto_SHA1_Init(&context);
    crypto_SHA1_Update(&context, data, len);
    crypto_SHA1_Final(&context, digest);
}
