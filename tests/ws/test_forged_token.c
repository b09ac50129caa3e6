/* samples/guard: tokens as those write them who saw one, or know no secret. gSOAP's plugin alone
 * takes a used one in each of these forms, and most of those that say less. */
#include "end.h"

#include <CUnit/CUnit.h>
#include <malloc.h>
#include <openssl/sha.h>
#include <string.h>
#include <time.h>

#include "plugin/wsseapi.h"

#include "base/base64.h"
#include "../lib/suite.h"

extern CU_TestInfo tests_forged_token[];

#define TYPE                                                                                       \
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#Password"
#define HEX                                                                                        \
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#HexBinary"

enum { LIFETIME_S = 60, NONCE_BYTES = 20, LONG_NONCE_BYTES = 150000, STRANGERS = 30 };

/* A token in which everything can be written as one likes. */
struct token {
    const char *name, *type, *encoding;
    char nonce[2 * NONCE_BYTES + 1], created[40], digest[40];
    const char *long_nonce;            /* NULL: none */
    const char *ends;                  /* of the Timestamp; NULL: it has no end */
    bool has_timestamp, has_no_digest; /* an element Password that is nil */
};

static const char *text_of(const void *bytes, size_t len, char *text, size_t text_bytes)
{
    struct sx_buffer out = {0};
    sx_base64_add(&out, bytes, len);
    snprintf(text, text_bytes, "%.*s", (int)out.len, out.bytes);
    sx_buffer_fini(&out);
    return text;
}

/* The digest that fits, whatever the nonce is. */
static void digest(struct token *token, const void *nonce, size_t nonce_len, const char *secret)
{
    struct sx_buffer all = {0};
    unsigned char hash[SHA_DIGEST_LENGTH];
    sx_buffer_add(&all, nonce, nonce_len);
    sx_buffer_add(&all, token->created, strlen(token->created));
    sx_buffer_add(&all, secret, strlen(secret));
    SHA1((const unsigned char *)all.bytes, all.len, hash);
    text_of(hash, sizeof hash, token->digest, sizeof token->digest);
    sx_buffer_fini(&all);
}

/* A good one, whose nonce ends with what may begin a time. */
static struct token good_token(unsigned char nonce[NONCE_BYTES])
{
    static unsigned count;
    struct token token = {.name = "ann", .type = TYPE "Digest", .has_timestamp = true};
    time_t now = time(NULL);
    struct tm tm;
    memset(nonce, 0xB5, NONCE_BYTES - 1);
    memcpy(nonce, &now, sizeof now);
    memcpy(nonce + sizeof now, &count, sizeof count);
    count++;
    nonce[NONCE_BYTES - 1] = ' ';
    strftime(token.created, sizeof token.created, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
    token.ends = "2099-01-01T00:00:00Z";
    text_of(nonce, NONCE_BYTES, token.nonce, sizeof token.nonce);
    digest(&token, nonce, NONCE_BYTES, "secret");
    return token;
}

/* ---- on the way ---- */

static void write_token(struct soap *soap, const struct token *token)
{
    struct _wsse__Security *security;
    struct _wsse__UsernameToken *out;
    soap->header = NULL;
    soap_wsse_add_UsernameTokenText(soap, "User", token->name, token->digest);
    if (token->has_timestamp)
        soap_wsse_add_Timestamp(soap, "Time", LIFETIME_S);
    security = soap_wsse_Security(soap);
    if (token->has_timestamp)
        security->wsu__Timestamp->Expires = soap_strdup(soap, token->ends);
    out = security->UsernameToken;
    out->Password->Type = soap_strdup(soap, token->type);
    if (token->has_no_digest)
        out->Password->__item = NULL;
    out->Nonce = soap_malloc(soap, sizeof *out->Nonce);
    soap_default_wsse__EncodedString(soap, out->Nonce);
    out->Nonce->__item = soap_strdup(soap, token->long_nonce ? token->long_nonce : token->nonce);
    out->Nonce->EncodingType = soap_strdup(soap, token->encoding);
    out->wsu__Created = soap_strdup(soap, token->created);
}

static bool is_taken(struct end ends[2], const struct token *token)
{
    struct soap *soap = ends[0].soap;
    char *answer = NULL, greeting[] = "hello";
    int err;
    write_token(soap, token);
    err = soap_call_w__greet(soap, ends[1].endpoint, NULL, greeting, &answer);
    if (err)
        ASSERT_CONTAINS(end_fault(soap), err == SOAP_FAULT ? "" : "(a fault)");
    soap_wsse_delete_Security(soap);
    end_forget(&ends[0]);
    return !err;
}

static void open_two(struct end ends[2], const struct site *site)
{
    struct end_options options = {0};
    end_open(&ends[0], site, "alice", "desk", options);
    end_open(&ends[1], site, "bob", "soap", options);
    end_serve(&ends[1]);
}

static void close_two(struct end ends[2])
{
    end_close(&ends[0]);
    end_close(&ends[1]);
}

/* ---- a used token, written otherwise ---- */

static void without_its_end(struct token *token, const unsigned char *nonce)
{
    (void)nonce;
    token->nonce[strlen(token->nonce) - 1] = '\0';
}

static void with_a_blank(struct token *token, const unsigned char *nonce)
{
    (void)nonce;
    memmove(token->nonce + 9, token->nonce + 8, strlen(token->nonce + 8) + 1);
    token->nonce[8] = ' ';
}

static void with_bits_to_spare(struct token *token, const unsigned char *nonce)
{
    (void)nonce;
    token->nonce[26]++; /* two of its bits are none of the nonce's */
}

static void in_hex(struct token *token, const unsigned char *nonce)
{
    size_t i;
    for (i = 0; i < NONCE_BYTES; i++)
        snprintf(token->nonce + 2 * i, 3, "%02x", nonce[i]);
    token->encoding = HEX;
}

/* The digest is over one behind the other. */
static void with_a_byte_moved(struct token *token, const unsigned char *nonce)
{
    text_of(nonce, NONCE_BYTES - 1, token->nonce, sizeof token->nonce);
    memmove(token->created + 1, token->created, strlen(token->created) + 1);
    token->created[0] = (char)nonce[NONCE_BYTES - 1];
}

static void run_used(const struct site *site)
{
    static void (*const forms[])(struct token *, const unsigned char *) = {
        without_its_end, with_a_blank, with_bits_to_spare, in_hex, with_a_byte_moved};
    struct end ends[2];
    size_t i;
    open_two(ends, site);
    for (i = 0; i < sizeof forms / sizeof *forms; i++) {
        unsigned char nonce[NONCE_BYTES];
        struct token token = good_token(nonce);
        CU_ASSERT_TRUE(is_taken(ends, &token));
        CU_ASSERT_FALSE(is_taken(ends, &token));
        forms[i](&token, nonce);
        CU_ASSERT_FALSE(is_taken(ends, &token));
    }
    close_two(ends);
}

static void a_used_token_is_used_however_it_is_written(void)
{
    site_each(run_used);
}

/* ---- what isn't there ---- */

static void without_timestamp(struct token *token)
{
    token->has_timestamp = false;
}

static void without_its_expiry(struct token *token)
{
    token->ends = NULL;
}

static void with_another_end(struct token *token)
{
    token->ends = "never";
}

static void with_the_secret_itself(struct token *token)
{
    token->type = TYPE "Text";
    strcpy(token->digest, "secret");
}

static void without_a_type(struct token *token)
{
    token->type = NULL;
    strcpy(token->digest, "secret");
}

static void with_a_digest_that_is_nil(struct token *token)
{
    token->has_no_digest = true;
}

static void run_less(const struct site *site)
{
    static void (*const forms[])(struct token *) = {without_timestamp, without_its_expiry,
                                                    with_another_end,  with_the_secret_itself,
                                                    without_a_type,    with_a_digest_that_is_nil};
    struct end ends[2];
    unsigned char nonce[NONCE_BYTES];
    struct token token;
    size_t i;
    open_two(ends, site);
    for (i = 0; i < sizeof forms / sizeof *forms; i++) {
        token = good_token(nonce);
        forms[i](&token);
        CU_ASSERT_FALSE(is_taken(ends, &token));
    }
    token = good_token(nonce);
    CU_ASSERT_TRUE(is_taken(ends, &token));
    close_two(ends);
}

static void a_token_that_says_less_is_refused(void)
{
    site_each(run_less);
}

/* ---- strangers ---- */

static size_t allocated(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/* Whose name isn't the user's chose the secret; and a nonce was kept for its length. */
static bool is_stranger_taken(struct end ends[2], unsigned number)
{
    static char bytes[LONG_NONCE_BYTES];
    unsigned char unused[NONCE_BYTES];
    struct token token = good_token(unused);
    struct sx_buffer text = {0};
    bool taken;
    memcpy(bytes, &number, sizeof number);
    sx_base64_add(&text, bytes, sizeof bytes);
    sx_buffer_add(&text, "", 1);
    token.long_nonce = text.bytes;
    token.name = number % 2 ? "eve" : "";
    digest(&token, bytes, sizeof bytes, "");
    taken = is_taken(ends, &token);
    sx_buffer_fini(&text);
    return taken;
}

static void run_strangers(const struct site *site)
{
    struct end ends[2];
    size_t before;
    unsigned i;
    open_two(ends, site);
    CU_ASSERT_FALSE(is_stranger_taken(ends, 0));
    before = allocated(); /* buffers have grown by now */
    for (i = 1; i <= STRANGERS; i++)
        CU_ASSERT_FALSE(is_stranger_taken(ends, i));
    CU_ASSERT_TRUE(allocated() < before + STRANGERS * (size_t)LONG_NONCE_BYTES / 4);
    close_two(ends);
}

static void nothing_is_kept_of_strangers(void)
{
    site_each(run_strangers);
}

CU_TestInfo tests_forged_token[] = {
    {"a used token stays used, however it is written", a_used_token_is_used_however_it_is_written},
    {"a token that says less is refused", a_token_that_says_less_is_refused},
    {"nothing is kept of who isn't the user", nothing_is_kept_of_strangers},
    CU_TEST_INFO_NULL,
};
