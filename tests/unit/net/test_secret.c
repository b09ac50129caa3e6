/* Nothing that a login makes of a password is left behind in memory that was freed: not the
 * password, nor its base64, nor what SCRAM makes of it.
 */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "attempt.h"
#include "base/base64.h"
#include "../../lib/freed.h"
#include "../../lib/hostile_steps.h"
#include "../../lib/suite.h"

enum { PATIENT_MS = 60000, SECRETS = 6, PLAIN_OVER_TLS = 1, KEY_BYTES = EVP_MAX_MD_SIZE };

static char words[] = "correct horse 42", long_words[1000];

/* What mustn't be found. */
struct secrets {
    struct freed_secret at[SECRETS];
    size_t count;
    unsigned char salted[KEY_BYTES], client[KEY_BYTES], stored[KEY_BYTES], server[KEY_BYTES];
    struct sx_buffer base64;
};

static void add(struct secrets *secrets, const char *name, const void *bytes, size_t len)
{
    secrets->at[secrets->count++] = (struct freed_secret){name, bytes, len};
}

/* RFC 5802 3, of scram_server.h's salt and iterations. */
static void make(struct secrets *secrets, const EVP_MD *hash, const char *password)
{
    static const char plain[] = "\0alice"; /* with a NUL behind it */
    unsigned len = (unsigned)EVP_MD_get_size(hash);
    int bytes = (int)len;
    struct sx_buffer message = {0};
    memset(secrets, 0, sizeof *secrets);
    CU_ASSERT_FATAL(PKCS5_PBKDF2_HMAC(password, -1, (const unsigned char *)"saltsalt", 8, 4096,
                                      hash, bytes, secrets->salted) == 1);
    CU_ASSERT_FATAL(HMAC(hash, secrets->salted, bytes, (const unsigned char *)"Client Key", 10,
                         secrets->client, NULL) != NULL);
    CU_ASSERT_FATAL(HMAC(hash, secrets->salted, bytes, (const unsigned char *)"Server Key", 10,
                         secrets->server, NULL) != NULL);
    CU_ASSERT_FATAL(EVP_Digest(secrets->client, len, secrets->stored, NULL, hash, NULL) == 1);
    sx_buffer_add(&message, plain, sizeof plain);
    sx_buffer_add_text(&message, password);
    sx_base64_add(&secrets->base64, message.bytes, message.len);
    sx_buffer_fini(&message);
    CU_ASSERT_FATAL(!secrets->base64.failed);
    add(secrets, "the password", password, strlen(password));
    add(secrets, "PLAIN's base64", secrets->base64.bytes, secrets->base64.len);
    add(secrets, "the salted password", secrets->salted, len);
    add(secrets, "the client's key", secrets->client, len);
    add(secrets, "the stored key", secrets->stored, len);
    add(secrets, "the server's key", secrets->server, len);
}

struct course {
    struct hostile_step script[9];
    enum soap_xmpp_tls tls;
    const char *hash;
    unsigned logins; /* with one memory: the second one hashes nothing */
    bool is_component, is_refused;
};

static void run_attempt(const struct course *course, struct attempt *attempt, char *password)
{
    static char component[] = "calc.example.org";
    attempt->timeout_ms = PATIENT_MS;
    attempt->config.password = password;
    attempt->config.is_component = course->is_component;
    if (course->is_component)
        attempt->config.jid = component;
    attempt_run(attempt);
    CU_ASSERT_EQUAL(attempt->was_online, !course->is_refused);
    if (attempt->was_online == course->is_refused)
        ASSERT_TEXT(attempt->connection.failure.text, "");
}

static void run_course(const struct course *course, char *password)
{
    struct attempt_server server;
    struct attempt first = {0};
    struct secrets secrets;
    struct sx_sasl_memory memory = {0};
    unsigned i;
    attempt_server_start(&server, course->script, &first, course->tls);
    make(&secrets, EVP_get_digestbyname(course->hash), password);
    freed_begin(secrets.at, secrets.count);
    for (i = 0; i < course->logins; i++) {
        struct attempt attempt = {.port = first.port, .config = first.config, .memory = memory};
        run_attempt(course, &attempt, password);
        memory = attempt.memory;
    }
    CU_ASSERT_EQUAL(freed_end(), 0);
    ASSERT_TEXT(freed_last(), "");
    sx_buffer_fini(&secrets.base64);
    attempt_server_stop(&server);
}

#define MECHANISM(name)                                                                            \
    "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>" name       \
    "</mechanism></mechanisms></stream:features>"
#define KNOWN    SCRAM(.password = "correct horse 42")
#define UNKNOWN  SCRAM(.password = "another one")
#define CLEAR    SOAP_XMPP_TLS_OFF
#define UPGRADED SOAP_XMPP_TLS_REQUIRED

static const struct course courses[] = {
    {{PLAY(hostile_login_plain)}, CLEAR, "SHA1", 1, false, false},
    {{PLAY(hostile_login_tls)}, UPGRADED, "SHA1", 1, false, false},
    {{OPENED(MECHANISM("SCRAM-SHA-1")), KNOWN, PLAY(hostile_bind)}, CLEAR, "SHA1", 2, false, false},
    {{OPENED(MECHANISM("SCRAM-SHA-512")), KNOWN, PLAY(hostile_bind)},
     CLEAR,
     "SHA512",
     2,
     false,
     false},
    {{TLS, OPENED(MECHANISM("SCRAM-SHA-256")), KNOWN, PLAY(hostile_bind)},
     UPGRADED,
     "SHA256",
     2,
     false,
     false},
    {{TLS, OPENED(MECHANISM("SCRAM-SHA-256")), UNKNOWN, SILENCE},
     UPGRADED,
     "SHA256",
     1,
     false,
     true},
    {{OPENED(MECHANISM("PLAIN")), AWAIT("</auth>"),
      SEND("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>"),
      SILENCE},
     CLEAR,
     "SHA1",
     1,
     false,
     true},
    {{AWAIT("<stream:stream"),
      SEND("<stream:stream xmlns='jabber:component:accept' "
           "xmlns:stream='http://etherx.jabber.org/streams' id='1'>"),
      AWAIT("</handshake>"), SEND("<handshake/>")},
     CLEAR,
     "SHA1",
     1,
     true,
     false},
};

static void test_logins(void)
{
    size_t i;
    for (i = 0; i < sizeof courses / sizeof *courses; i++)
        run_course(&courses[i], words);
    /* What grows beyond its first room must leave nothing behind there. */
    memset(long_words, 'x', sizeof long_words - 1);
    run_course(&courses[PLAIN_OVER_TLS], long_words);
}

/* A block that is freed or moved with a secret in it is seen, whichever it is. */
static void test_the_look(void)
{
    const struct freed_secret secret = {"it", "hidden", 6};
    char *block, *moved;
    freed_begin(&secret, 1);
    block = calloc(1, 100);
    CU_ASSERT_PTR_NOT_NULL_FATAL(block);
    memcpy(block + 50, "hidden", 6);
    moved = realloc(block, 200);
    CU_ASSERT_PTR_NOT_NULL_FATAL(moved);
    free(moved);
    CU_ASSERT_EQUAL(freed_end(), 2);
    ASSERT_TEXT(freed_last(), "it");
}

CU_TestInfo tests_secret[] = {
    {"no secret stands in what a login frees", test_logins},
    {"a secret that did would be seen", test_the_look},
    CU_TEST_INFO_NULL,
};
