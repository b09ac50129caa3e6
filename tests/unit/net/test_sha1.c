/* sha1.c beside OpenSSL's own SHA-1, and as libstrophe uses it. */
#include "net/sha1.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <strophe.h>

#include "../../lib/suite.h"

enum { LONGEST = 300, MILLION = 1000000, ROUNDS = 20000, HASHERS = 4 };

static bool is_digest_of(const uint8_t *digest, const uint8_t *data, size_t len)
{
    unsigned char expected[EVP_MAX_MD_SIZE];
    unsigned expected_len = 0;
    return EVP_Digest(data, len, expected, &expected_len, EVP_sha1(), NULL) == 1 &&
           expected_len == SX_SHA1_BYTES && memcmp(digest, expected, SX_SHA1_BYTES) == 0;
}

static void fill(uint8_t *data, size_t len)
{
    size_t i;
    for (i = 0; i < len; i++)
        data[i] = (uint8_t)(i * 7 + i / 64);
}

static void every_length_is_hashed_right(void)
{
    uint8_t data[LONGEST], digest[SX_SHA1_BYTES];
    size_t len, wrong = 0;
    fill(data, sizeof data);
    for (len = 0; len <= LONGEST; len++) {
        crypto_SHA1(data, len, digest);
        wrong += !is_digest_of(digest, data, len);
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

static void pieces_are_hashed_as_the_whole(void)
{
    uint8_t data[LONGEST], digest[SX_SHA1_BYTES];
    size_t piece, at, wrong = 0;
    struct sx_sha1 context;
    fill(data, sizeof data);
    for (piece = 1; piece <= 130; piece++) {
        crypto_SHA1_Init(&context);
        for (at = 0; at < LONGEST; at += piece)
            crypto_SHA1_Update(&context, data + at, at + piece < LONGEST ? piece : LONGEST - at);
        crypto_SHA1_Final(&context, digest);
        wrong += !is_digest_of(digest, data, LONGEST);
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

/* RFC 3174 7.3, its third test. */
static void a_million_times_a_is_hashed_right(void)
{
    static const uint8_t expected[SX_SHA1_BYTES] = {0x34, 0xaa, 0x97, 0x3c, 0xd4, 0xc4, 0xda,
                                                    0xa4, 0xf6, 0x1e, 0xeb, 0x2b, 0xdb, 0xad,
                                                    0x27, 0x31, 0x65, 0x34, 0x01, 0x6f};
    static uint8_t data[MILLION];
    uint8_t digest[SX_SHA1_BYTES];
    memset(data, 'a', sizeof data);
    crypto_SHA1(data, sizeof data, digest);
    CU_ASSERT_EQUAL(memcmp(digest, expected, sizeof expected), 0);
}

/* The counter's low half holds 512 MiB. */
static void more_than_half_a_gibibyte_is_counted(void)
{
    struct sx_sha1 context;
    uint8_t data[1] = {0}, digest[SX_SHA1_BYTES];
    crypto_SHA1_Init(&context);
    context.count[0] = 0xffffffff - 7; /* as after so many zeros, but for the state */
    crypto_SHA1_Update(&context, data, 0);
    context.buffer[62] = 0;
    crypto_SHA1_Update(&context, data, 1);
    CU_ASSERT_EQUAL(context.count[0], 0);
    CU_ASSERT_EQUAL(context.count[1], 1);
    crypto_SHA1_Final(&context, digest);
}

static void nothing_of_a_password_stays_behind(void)
{
    static const struct sx_sha1 clean;
    struct sx_sha1 context;
    uint8_t digest[SX_SHA1_BYTES];
    crypto_SHA1_Init(&context);
    crypto_SHA1_Update(&context, (const uint8_t *)"secret", 6);
    crypto_SHA1_Final(&context, digest);
    CU_ASSERT_EQUAL(memcmp(&context, &clean, sizeof clean), 0);
}

static void libstrophe_hashes_by_it(void)
{
    xmpp_ctx_t *ctx = xmpp_ctx_new(NULL, NULL);
    uint8_t digest[SX_SHA1_BYTES];
    CU_ASSERT_PTR_NOT_NULL_FATAL(ctx);
    xmpp_sha1_digest((const unsigned char *)"abc", 3, digest);
    CU_ASSERT(is_digest_of(digest, (const uint8_t *)"abc", 3));
    xmpp_ctx_free(ctx);
}

static void *hash_often(void *arg)
{
    uint8_t data[SX_SHA1_BLOCK_BYTES], digest[SX_SHA1_BYTES];
    size_t *wrong = arg, i;
    memset(data, (int)*wrong, sizeof data);
    *wrong = 0;
    for (i = 0; i < ROUNDS; i++) {
        crypto_SHA1(data, sizeof data, digest);
        *wrong += !is_digest_of(digest, data, sizeof data);
    }
    return NULL;
}

static void threads_hash_at_once(void)
{
    pthread_t threads[HASHERS];
    size_t wrong[HASHERS], i;
    for (i = 0; i < HASHERS; i++) {
        wrong[i] = i;
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, hash_often, &wrong[i]), 0);
    }
    for (i = 0; i < HASHERS; i++) {
        pthread_join(threads[i], NULL);
        CU_ASSERT_EQUAL(wrong[i], 0);
    }
}

CU_TestInfo tests_sha1[] = {
    {"every length is hashed right", every_length_is_hashed_right},
    {"pieces are hashed as the whole", pieces_are_hashed_as_the_whole},
    {"a million times a is hashed right", a_million_times_a_is_hashed_right},
    {"more than half a gibibyte is counted", more_than_half_a_gibibyte_is_counted},
    {"nothing of a password stays behind", nothing_of_a_password_stays_behind},
    {"libstrophe hashes by it", libstrophe_hashes_by_it},
    {"threads hash at once", threads_hash_at_once},
    CU_TEST_INFO_NULL,
};
