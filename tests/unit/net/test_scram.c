/* The client's side of SCRAM: the RFCs' own examples, what is refused, and PBKDF2 in slices.
 *
 * What no RFC has was computed with Python: hashlib.pbkdf2_hmac(hash, b"pencil", salt, iterations),
 * then hmac and hashlib by the formulas of RFC 5802 3.
 */
#include "net/scram.h"

#include <openssl/evp.h>
#include <string.h>

#include "net/salted_password.h"
#include "../../lib/shortage.h"
#include "../../lib/suite.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define NONCE1 "fyko+d2lbbFgONRv9qkxdawL"
#define BOTH1  NONCE1 "3rfcNHYJY1ZVvWVs7j"
#define NONCE2 "rOprNGfwEbeRWgbNEkqO"
#define BOTH2  NONCE2 "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
#define SALT2  "W22ZaJ0SNY7soEsUEjb6gQ=="
#define FIRST2 "r=" BOTH2 ",s=" SALT2 ",i=4096"

struct vector {
    const char *hash, *header;
    size_t data_len; /* 00 01 02 ... */
    const char *nonce, *client_first, *server_first, *client_final, *server_final;
};

static const struct vector vectors[] = {
    /* RFC 5802 5 */
    {"SHA1", "n,,", 0, NONCE1, "n,,n=user,r=" NONCE1, "r=" BOTH1 ",s=QSXCR+Q6sek8bf92,i=4096",
     "c=biws,r=" BOTH1 ",p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="},
    /* RFC 7677 3 */
    {"SHA256", "n,,", 0, NONCE2, "n,,n=user,r=" NONCE2, FIRST2,
     "c=biws,r=" BOTH2 ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
     "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="},
    {"SHA512", "n,,", 0, NONCE2, "n,,n=user,r=" NONCE2, FIRST2,
     "c=biws,r=" BOTH2 ",p=gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN8PPC6wdp6dy"
     "bEmDYXYTxwnYPJQ==",
     "v=ZQnYEgWQMFmmsM8aQMF0nDDCy/AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVGT4+5ZxXnJq199RVG2rR7N7Zw=="},
    /* the last slice is of one round */
    {"SHA512", "n,,", 0, NONCE2, "n,,n=user,r=" NONCE2, "r=" BOTH2 ",s=" SALT2 ",i=10001",
     "c=biws,r=" BOTH2 ",p=6Et3qxz53Q62+3DHNBfVkNJPtNDgT8JinFRi9wvSF9IETTd2UPsuQPWnpvO9I/SrxEdNhE6"
     "tMONXiO063SstWg==",
     "v=7xS+UVDP7/7wUdTmVP3oKr1jL/1IgCY50jvwbiHuxb6unN63lzXPa2SVPXpsL+8s5/i4wlIRG59vtP54F9awJQ=="},
    {"SHA256", "p=tls-exporter,,", 32, NONCE2, "p=tls-exporter,,n=user,r=" NONCE2, FIRST2,
     "c=cD10bHMtZXhwb3J0ZXIsLAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f,r=" BOTH2
     ",p=QC6CS20quADQRb3mT99YUH+n3VJxUvzuK0K0E1Vrs2M=",
     "v=2GiAgapEppLVlUXbxUDksL3VgYHzuqiK5tR4mhJGgvs="},
    {"SHA256", "p=tls-server-end-point,,", 32, NONCE2, "p=tls-server-end-point,,n=user,r=" NONCE2,
     FIRST2,
     "c=cD10bHMtc2VydmVyLWVuZC1wb2ludCwsAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=,r=" BOTH2
     ",p=nY1Wus9a+gM2DrbQ1msXFgyhW6KM5ktOxWiU+/P/EGY=",
     "v=RwppMGddhz/J0lFYaRReBjXcQeNUFP5Qc76Lo5Exrig="},
    {"SHA256", "p=tls-unique,,", 12, NONCE2, "p=tls-unique,,n=user,r=" NONCE2, FIRST2,
     "c=cD10bHMtdW5pcXVlLCwAAQIDBAUGBwgJCgs=,r=" BOTH2
     ",p=Rr4VnwDlwUO/uvbHAzRRwznbdQOFy5XDW+M3J/2eRsM=",
     "v=ZJuwKpNCjUerKmZZIEw+5Ekce5mUJI1hCYcv5LoylDQ="},
};

static enum sx_err begin(struct sx_scram *scram, const struct vector *vector, const char *user,
                         struct sx_buffer *out)
{
    unsigned char data[64];
    unsigned i;
    memset(scram, 0, sizeof *scram);
    for (i = 0; i < sizeof data; i++)
        data[i] = (unsigned char)i;
    strcpy(scram->nonce, vector->nonce);
    return sx_scram_begin(scram, vector->hash, user, vector->header, data, vector->data_len, out);
}

/* The slices that were needed; 0: memory was short. */
static unsigned hash(const struct sx_scram *scram, const char *password, unsigned char *out)
{
    struct sx_salted_password salted = {0};
    enum sx_salted_password_state state = SX_SALTED_PASSWORD_SHORT;
    unsigned slices = 0;
    if (sx_salted_password_begin(&salted, scram->hash, password, scram->salt, scram->salt_len,
                                 scram->iterations))
        do {
            state = sx_salted_password_slice(&salted);
            slices++;
        } while (state == SX_SALTED_PASSWORD_MORE);
    memcpy(out, salted.bytes, sizeof salted.bytes);
    sx_salted_password_fini(&salted);
    return state == SX_SALTED_PASSWORD_DONE ? slices : 0;
}

static void test_vectors(void)
{
    size_t i;
    for (i = 0; i < COUNT(vectors); i++) {
        const struct vector *vector = &vectors[i];
        unsigned char salted[SX_SALTED_PASSWORD_BYTES];
        struct sx_buffer first = {0}, final = {0};
        struct sx_scram scram;
        CU_ASSERT_EQUAL(begin(&scram, vector, "user", &first), SX_OK);
        ASSERT_TEXT(first.bytes, vector->client_first);
        CU_ASSERT_EQUAL_FATAL(sx_scram_read_first(&scram, vector->server_first), SX_OK);
        CU_ASSERT_EQUAL(hash(&scram, "pencil", salted),
                        (scram.iterations - 1 + SX_SALTED_PASSWORD_SLICE - 1) /
                            SX_SALTED_PASSWORD_SLICE);
        CU_ASSERT_EQUAL(sx_scram_prove(&scram, salted, &final), SX_OK);
        ASSERT_TEXT(final.bytes, vector->client_final);
        CU_ASSERT_EQUAL(sx_scram_read_last(&scram, vector->server_final), SX_OK);
        ASSERT_TEXT(scram.why, "");
        sx_scram_fini(&scram);
        sx_buffer_fini(&first);
        sx_buffer_fini(&final);
    }
}

/* RFC 5802 5.1 */
static void test_names(void)
{
    struct sx_scram scram;
    struct sx_buffer first = {0};
    CU_ASSERT_EQUAL(begin(&scram, &vectors[1], "meter=17,b\xC3\xBC==", &first), SX_OK);
    ASSERT_TEXT(first.bytes, "n,,n=meter=3D17=2Cb\xC3\xBC=3D=3D,r=" NONCE2);
    sx_scram_fini(&scram);
    sx_buffer_fini(&first);
}

static void test_nonces(void)
{
    struct sx_scram one = {0}, other = {0};
    struct sx_buffer first = {0};
    CU_ASSERT_EQUAL(sx_scram_begin(&one, "SHA1", "user", "n,,", "", 0, &first), SX_OK);
    CU_ASSERT_EQUAL(sx_scram_begin(&other, "SHA1", "user", "n,,", "", 0, &first), SX_OK);
    CU_ASSERT_EQUAL(strlen(one.nonce), 32);
    CU_ASSERT(strcmp(one.nonce, other.nonce) != 0);
    CU_ASSERT_PTR_NULL(strchr(one.nonce, '='));
    sx_scram_fini(&one);
    sx_scram_fini(&other);
    sx_buffer_fini(&first);
}

static void test_refused_challenges(void)
{
#define UNREADABLE                                                                                 \
    "the server's SCRAM challenge can't be read: it has no nonce, salt and iterations in this "    \
    "order"
#define EXTENSION "the server wants an extension of SCRAM (m=) that we don't know"
    static const struct {
        const char *message, *why;
    } rows[] = {
        {"", UNREADABLE},
        {"r", UNREADABLE},
        {"s=" SALT2 ",r=" BOTH2 ",i=4096", UNREADABLE},
        {"r=" BOTH2, UNREADABLE},
        {"r=" BOTH2 ",s=" SALT2, UNREADABLE},
        {"r=" BOTH2 ",s=" SALT2 ",x=1,i=4096", UNREADABLE},
        {"m=1," FIRST2, EXTENSION},
        {FIRST2 ",m=1", EXTENSION},
        {"r=x" BOTH2 ",s=" SALT2 ",i=4096", "the server's SCRAM nonce doesn't begin with ours"},
        {"r=,s=" SALT2 ",i=4096", "the server's SCRAM nonce doesn't begin with ours"},
        {"r=rOpr,s=" SALT2 ",i=4096", "the server's SCRAM nonce doesn't begin with ours"},
        {"r=" NONCE2 ",s=" SALT2 ",i=4096", "the server's SCRAM nonce is ours alone"},
        {"r=" NONCE2 "\xC3\xBC,s=" SALT2 ",i=4096", "the server's SCRAM nonce isn't printable"},
        {"r=" NONCE2 "a b,s=" SALT2 ",i=4096", "the server's SCRAM nonce isn't printable"},
        {"r=" BOTH2 ",s=,i=4096", "the server's SCRAM salt is empty"},
        {"r=" BOTH2 ",s=W22Z=,i=4096", "the server's SCRAM salt is no base64"},
        {"r=" BOTH2 ",s= W22Z,i=4096", "the server's SCRAM salt is no base64"},
        {"r=" BOTH2 ",s=====,i=4096", "the server's SCRAM salt is no base64"},
        {"r=" BOTH2 ",s=" SALT2 ",i=1",
         "the server wants 1 iterations of SCRAM; allowed: 4096 to 1000000"},
        {"r=" BOTH2 ",s=" SALT2 ",i=4095",
         "the server wants 4095 iterations of SCRAM; allowed: 4096 to 1000000"},
        {"r=" BOTH2 ",s=" SALT2 ",i=1000001",
         "the server wants 1000001 iterations of SCRAM; allowed: 4096 to 1000000"},
        {"r=" BOTH2 ",s=" SALT2 ",i=1000000000",
         "the server wants 1000000000 iterations of SCRAM; allowed: 4096 to 1000000"},
        {"r=" BOTH2 ",s=" SALT2 ",i=18446744073709555712",
         "the server wants 18446744073709555712 iterations of SCRAM; allowed: 4096 to 1000000"},
        {"r=" BOTH2 ",s=" SALT2 ",i=", "the server's number of SCRAM iterations is none"},
        {"r=" BOTH2 ",s=" SALT2 ",i=-5", "the server's number of SCRAM iterations is none"},
        {"r=" BOTH2 ",s=" SALT2 ",i=4096x", "the server's number of SCRAM iterations is none"},
        {"r=" BOTH2 ",s=" SALT2 ",i=04096", "the server's number of SCRAM iterations is none"},
    };
    size_t i;
    for (i = 0; i < COUNT(rows); i++) {
        struct sx_scram scram;
        struct sx_buffer first = {0};
        CU_ASSERT_EQUAL(begin(&scram, &vectors[1], "user", &first), SX_OK);
        CU_ASSERT_EQUAL(sx_scram_read_first(&scram, rows[i].message), SX_EPROTOCOL);
        CU_ASSERT_EQUAL(strncmp(scram.why, rows[i].why, strlen(rows[i].why)), 0);
        ASSERT_CONTAINS(scram.why, rows[i].why);
        sx_scram_fini(&scram);
        sx_buffer_fini(&first);
    }
}

static void test_taken_challenges(void)
{
    static const char *const messages[] = {
        "r=" BOTH2 ",s=" SALT2 ",i=4096,x=1,d=abc",
        "r=" BOTH2 ",s=" SALT2 ",i=1000000",
        "r=" BOTH2 ",s=QQ==,i=4096",
    };
    size_t i;
    for (i = 0; i < COUNT(messages); i++) {
        struct sx_scram scram;
        struct sx_buffer first = {0};
        CU_ASSERT_EQUAL(begin(&scram, &vectors[1], "user", &first), SX_OK);
        CU_ASSERT_EQUAL(sx_scram_read_first(&scram, messages[i]), SX_OK);
        sx_scram_fini(&scram);
        sx_buffer_fini(&first);
    }
}

static void test_refused_ends(void)
{
#define MISSING                                                                                    \
    "the server's SCRAM signature is missing: it hasn't proved that it knows the password"
#define WRONG "the server's SCRAM signature is wrong: it doesn't know the password"
#define ERROR "the server ended SCRAM with an error: "
    static const struct {
        const char *message;
        enum sx_err err;
        const char *why;
    } rows[] = {
        {"", SX_EPROTOCOL, MISSING},
        {"x=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", SX_EPROTOCOL, MISSING},
        {"v=", SX_EPROTOCOL, WRONG},
        {"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=", SX_EPROTOCOL, WRONG},
        {"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4", SX_EPROTOCOL, WRONG},
        {"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl9", SX_EPROTOCOL, WRONG},
        {"v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", SX_EPROTOCOL, WRONG},
        {"v=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", SX_EPROTOCOL, WRONG},
        {"m=1,v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", SX_EPROTOCOL, EXTENSION},
        {"e=invalid-proof", SX_EAUTH, ERROR "invalid-proof"},
        {"e=unknown-user,v=1", SX_EAUTH, ERROR "unknown-user"},
        {"e=channel-bindings-dont-match", SX_EPROTOCOL, ERROR "channel-bindings-dont-match"},
        {"e=i", SX_EPROTOCOL, ERROR "i"},
        {"e=", SX_EPROTOCOL, ERROR "unknown"},
        {"e=Ask\ncalc@evil.example", SX_EPROTOCOL, ERROR "unknown"},
    };
    size_t i;
    for (i = 0; i < COUNT(rows); i++) {
        unsigned char salted[SX_SALTED_PASSWORD_BYTES];
        struct sx_scram scram;
        struct sx_buffer text = {0};
        CU_ASSERT_EQUAL(begin(&scram, &vectors[1], "user", &text), SX_OK);
        CU_ASSERT_EQUAL(sx_scram_read_first(&scram, FIRST2), SX_OK);
        hash(&scram, "pencil", salted);
        CU_ASSERT_EQUAL(sx_scram_prove(&scram, salted, &text), SX_OK);
        CU_ASSERT_EQUAL(sx_scram_read_last(&scram, rows[i].message), rows[i].err);
        ASSERT_TEXT(scram.why, rows[i].why);
        sx_scram_fini(&scram);
        sx_buffer_fini(&text);
    }
}

/* A key longer than a block is hashed first (RFC 2104); a block of SHA-512 is 128 bytes. */
static void test_long_passwords(void)
{
    static const char *const hashes[] = {"SHA1", "SHA256", "SHA512"};
    static const size_t lens[] = {1, 63, 64, 65, 127, 128, 129, 1023};
    size_t i, k;
    for (i = 0; i < COUNT(hashes); i++)
        for (k = 0; k < COUNT(lens); k++) {
            const EVP_MD *digest = EVP_get_digestbyname(hashes[i]);
            size_t len = (size_t)EVP_MD_get_size(digest);
            unsigned char expected[EVP_MAX_MD_SIZE], salted[SX_SALTED_PASSWORD_BYTES];
            struct sx_scram scram = {.hash = hashes[i], .salt = "salt", .salt_len = 4};
            char password[1024] = "";
            memset(password, 'p', lens[k]);
            scram.iterations = 3;
            CU_ASSERT_EQUAL(PKCS5_PBKDF2_HMAC(password, (int)lens[k], scram.salt, 4, 3, digest,
                                              (int)len, expected),
                            1);
            CU_ASSERT_EQUAL(hash(&scram, password, salted), 1);
            CU_ASSERT_EQUAL(memcmp(salted, expected, len), 0);
        }
}

static bool attempt_exchange(struct shortage shortage)
{
    unsigned char salted[SX_SALTED_PASSWORD_BYTES] = {0};
    struct sx_buffer first = {0}, final = {0};
    struct sx_scram scram;
    enum sx_err err;
    bool has_failed;
    shortage_begin(shortage);
    err = begin(&scram, &vectors[1], "user", &first);
    if (!err)
        err = sx_scram_read_first(&scram, FIRST2);
    if (!err)
        err = sx_scram_prove(&scram, salted, &final);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(err, has_failed ? SX_ENOMEM : SX_OK);
    sx_scram_fini(&scram);
    sx_buffer_fini(&first);
    sx_buffer_fini(&final);
    return has_failed;
}
SHORTAGE_TEST(exchange, 5)

CU_TestInfo tests_scram[] = {
    {"the RFCs' examples, SHA-512, and each channel binding", test_vectors},
    {"= and , in a name are escaped", test_names},
    {"a nonce is of 24 random bytes", test_nonces},
    {"a challenge that must not be answered is told by what is wrong", test_refused_challenges},
    {"extensions that may be passed over are", test_taken_challenges},
    {"no login without the right signature", test_refused_ends},
    {"passwords longer than a hash's block", test_long_passwords},
    {"without memory no message is made", test_exchange},
    CU_TEST_INFO_NULL,
};
