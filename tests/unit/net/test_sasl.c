/* SASL exchanges step by step: what is chosen, what is sent, what ends them, what is kept. */
#include "net/sasl.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "../../lib/shortage.h"
#include "../../lib/suite.h"
#include "../../lib/wipes.h"

#define COUNT(array)  (sizeof(array) / sizeof(array)[0])
#define BIT(name)     (1U << SX_MECHANISM_##name)
#define PLUS          ((unsigned)SX_MECHANISM_PLUS)
#define BINDING(name) (1U << SX_BINDING_##name)

/* RFC 7677 3 */
#define NONCE "rOprNGfwEbeRWgbNEkqO"
/* By PLAIN: "a<NBSP>b", and what SASLprep makes of it. */
#define GIVEN     "AHVzZXIAYcKgYg=="
#define PREPARED  "AHVzZXIAYSBi"
#define BOTH      NONCE "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
#define SALT      "W22ZaJ0SNY7soEsUEjb6gQ=="
#define FIRST     "r=" BOTH ",s=" SALT ",i=4096"
#define FINAL     "c=biws,r=" BOTH ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
#define SIGNATURE "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="

static const char PASSWORD[] = "pencil";
static unsigned absent; /* bindings that the channel has no data of */

static bool read_binding(enum sx_binding binding, unsigned char out[SX_BINDING_BYTES], size_t *len)
{
    *len = 3;
    memcpy(out, "abc", 3);
    return !(absent & 1U << binding);
}

struct world {
    struct sx_sasl_account account;
    struct sx_sasl_memory memory;
    struct sx_sasl_channel channel;
    struct sx_sasl_offer offer;
    struct sx_sasl sasl;
};

/* With TLS 1.3, a password, and an offer of SCRAM-SHA-256. */
static void prepare(struct world *world)
{
    memset(world, 0, sizeof *world);
    absent = BINDING(UNIQUE);
    world->account = (struct sx_sasl_account){
        .user = "user", .password = PASSWORD, .mechanisms = SX_MECHANISM_ALL};
    world->channel = (struct sx_sasl_channel){
        .may_send_password = true, .has_tls = true, .read_binding = read_binding};
    world->offer.mechanisms = BIT(SCRAM_SHA_256);
    strcpy(world->offer.names, "SCRAM-SHA-256");
}

/* Another stream of the same link. */
static enum sx_sasl_step begin(struct world *world)
{
    sx_sasl_fini(&world->sasl);
    memset(&world->sasl, 0, sizeof world->sasl);
    world->sasl.account = &world->account;
    world->sasl.memory = &world->memory;
    world->sasl.channel = &world->channel;
    strcpy(world->sasl.scram.nonce, NONCE);
    return sx_sasl_begin(&world->sasl, &world->offer);
}

/* bytes is the text's, decoded; malloc'ed. */
static char *decode(const char *text)
{
    char *bytes = strdup(text);
    size_t len = 0;
    CU_ASSERT(sx_base64_decode(bytes, strlen(bytes), &len));
    bytes[len] = '\0';
    return bytes;
}

static void assert_sent(struct world *world, const char *message)
{
    char *bytes = decode(world->sasl.text.bytes);
    ASSERT_TEXT(bytes, message);
    free(bytes);
}

static void assert_sent_begins(struct world *world, const char *message)
{
    char *bytes = decode(world->sasl.text.bytes);
    bytes[strlen(bytes) < strlen(message) ? strlen(bytes) : strlen(message)] = '\0';
    ASSERT_TEXT(bytes, message);
    free(bytes);
}

typedef enum sx_sasl_step say_fn(struct sx_sasl *sasl, const char *text);

static enum sx_sasl_step say(struct world *world, say_fn *element, const char *message)
{
    struct sx_buffer text = {0};
    enum sx_sasl_step step;
    sx_base64_add(&text, message, strlen(message));
    step = element(&world->sasl, text.bytes ? text.bytes : "");
    sx_buffer_fini(&text);
    return step;
}

static enum sx_sasl_step hash_all(struct world *world, unsigned *slices)
{
    enum sx_sasl_step step;
    *slices = 0;
    do {
        step = sx_sasl_hash(&world->sasl);
        ++*slices;
    } while (step == SX_SASL_HASH);
    return step;
}

/* As far as our proof. */
static void prove(struct world *world)
{
    unsigned slices;
    CU_ASSERT_EQUAL(begin(world), SX_SASL_SEND);
    if (say(world, sx_sasl_challenge, FIRST) == SX_SASL_HASH)
        CU_ASSERT_EQUAL(hash_all(world, &slices), SX_SASL_SEND);
}

static void test_success(void)
{
    struct world world;
    unsigned slices;
    prepare(&world);
    world.account.mechanisms &= ~PLUS;
    CU_ASSERT_EQUAL(begin(&world), SX_SASL_SEND);
    CU_ASSERT_EQUAL(world.sasl.choice.mechanism, SX_MECHANISM_SCRAM_SHA_256);
    assert_sent(&world, "n,,n=user,r=" NONCE);
    CU_ASSERT_EQUAL(say(&world, sx_sasl_challenge, FIRST), SX_SASL_HASH);
    CU_ASSERT_EQUAL(hash_all(&world, &slices), SX_SASL_SEND);
    CU_ASSERT_EQUAL(slices, 3);
    assert_sent(&world, FINAL);
    CU_ASSERT(!world.sasl.has_proof);
    CU_ASSERT_EQUAL(say(&world, sx_sasl_success, SIGNATURE), SX_SASL_DONE);
    CU_ASSERT(world.sasl.has_proof);
    ASSERT_TEXT(world.sasl.note, "");
    /* The next one needs no hashing, and has the proof in a challenge. */
    CU_ASSERT_EQUAL(begin(&world), SX_SASL_SEND);
    CU_ASSERT_EQUAL(say(&world, sx_sasl_challenge, FIRST), SX_SASL_SEND);
    assert_sent(&world, FINAL);
    CU_ASSERT_EQUAL(say(&world, sx_sasl_challenge, SIGNATURE), SX_SASL_SEND);
    ASSERT_TEXT(world.sasl.text.bytes, "");
    CU_ASSERT_EQUAL(sx_sasl_success(&world.sasl, ""), SX_SASL_DONE);
    CU_ASSERT(world.sasl.has_proof);
    sx_sasl_fini(&world.sasl);
}

/* Hash, salt, iterations, password: another one of each is hashed anew. */
static void test_memory(void)
{
    static const char *const others[] = {
        "r=" BOTH ",s=W22ZaJ0SNY7soEsUEjb6gA==,i=4096",
        "r=" BOTH ",s=" SALT ",i=4097",
    };
    struct world world;
    size_t i;
    prepare(&world);
    for (i = 0; i < COUNT(others); i++) {
        prove(&world);
        CU_ASSERT_EQUAL(begin(&world), SX_SASL_SEND);
        CU_ASSERT_EQUAL(say(&world, sx_sasl_challenge, others[i]), SX_SASL_HASH);
        /* never finished: nothing is kept for the next one */
        CU_ASSERT_EQUAL(begin(&world), SX_SASL_SEND);
        CU_ASSERT_EQUAL(say(&world, sx_sasl_challenge, others[i]), SX_SASL_HASH);
    }
    prove(&world);
    world.offer.mechanisms = BIT(SCRAM_SHA_512);
    CU_ASSERT_EQUAL(begin(&world), SX_SASL_SEND);
    CU_ASSERT_EQUAL(say(&world, sx_sasl_challenge, FIRST), SX_SASL_HASH);
    world.offer.mechanisms = BIT(SCRAM_SHA_256);
    prove(&world);
    world.account.password = "pencils";
    CU_ASSERT_EQUAL(begin(&world), SX_SASL_SEND);
    CU_ASSERT_EQUAL(say(&world, sx_sasl_challenge, FIRST), SX_SASL_HASH);
    sx_sasl_fini(&world.sasl);
}

/* What ends the salt isn't what begins the password. */
static void test_memory_boundary(void)
{
    struct world world;
    unsigned slices;
    prepare(&world);
    world.account.password = "xpencil";
    CU_ASSERT_EQUAL(begin(&world), SX_SASL_SEND);
    CU_ASSERT_EQUAL(say(&world, sx_sasl_challenge, "r=" BOTH ",s=c2FsdA==,i=4096"), SX_SASL_HASH);
    CU_ASSERT_EQUAL(hash_all(&world, &slices), SX_SASL_SEND);
    world.account.password = "pencil";
    CU_ASSERT_EQUAL(begin(&world), SX_SASL_SEND);
    CU_ASSERT_EQUAL(say(&world, sx_sasl_challenge, "r=" BOTH ",s=c2FsdHg=,i=4096"), SX_SASL_HASH);
    sx_sasl_fini(&world.sasl);
}

static bool is_clean(const struct sx_sasl_memory *memory)
{
    static const unsigned char zero[SX_SALTED_PASSWORD_BYTES];
    return !memory->salted_len && memcmp(memory->salted, zero, sizeof zero) == 0;
}

static void test_wiping(void)
{
    struct world world;
    prepare(&world);
    prove(&world);
    CU_ASSERT(!is_clean(&world.memory));
    CU_ASSERT_EQUAL(sx_sasl_failure(&world.sasl, false), SX_SASL_END);
    CU_ASSERT(!is_clean(&world.memory));
    prove(&world);
    CU_ASSERT_EQUAL(sx_sasl_failure(&world.sasl, true), SX_SASL_END);
    CU_ASSERT_EQUAL(world.sasl.err, SX_EAUTH);
    ASSERT_TEXT(world.sasl.why, "");
    CU_ASSERT(is_clean(&world.memory));
    prove(&world);
    CU_ASSERT_EQUAL(sx_sasl_success(&world.sasl, "dj1h"), SX_SASL_END);
    CU_ASSERT(is_clean(&world.memory));
    sx_sasl_fini(&world.sasl);
    /* PLAIN: the message and its base64 */
    world.offer.mechanisms = BIT(PLAIN);
    wipes_begin(PASSWORD);
    CU_ASSERT_EQUAL(begin(&world), SX_SASL_SEND);
    CU_ASSERT_EQUAL(wipes_end(), 1);
    assert_sent(&world, "");
    ASSERT_TEXT(world.sasl.text.bytes, "AHVzZXIAcGVuY2ls");
    wipes_begin("AHVzZXIAcGVuY2ls");
    CU_ASSERT_EQUAL(sx_sasl_success(&world.sasl, ""), SX_SASL_DONE);
    sx_sasl_fini(&world.sasl);
    CU_ASSERT_EQUAL(wipes_end(), 1);
}

/* The server is to prepare it (RFC 4616); one that compares bytes may keep either. */
static void test_typed_password(void)
{
    struct world world;
    prepare(&world);
    world.account.password = "a b";
    world.account.typed = "a\xC2\xA0"
                          "b";
    world.offer.mechanisms = BIT(PLAIN);
    CU_ASSERT_EQUAL(begin(&world), SX_SASL_SEND);
    ASSERT_TEXT(world.sasl.text.bytes, GIVEN);
    CU_ASSERT_EQUAL(sx_sasl_failure(&world.sasl, false), SX_SASL_END);
    CU_ASSERT_EQUAL(begin(&world), SX_SASL_SEND);
    wipes_begin(GIVEN);
    CU_ASSERT_EQUAL(sx_sasl_failure(&world.sasl, true), SX_SASL_SEND);
    CU_ASSERT_EQUAL(wipes_end(), 1);
    ASSERT_TEXT(world.sasl.text.bytes, PREPARED);
    CU_ASSERT_EQUAL(sx_sasl_success(&world.sasl, ""), SX_SASL_DONE);
    /* what was taken comes first the next time */
    CU_ASSERT_EQUAL(begin(&world), SX_SASL_SEND);
    ASSERT_TEXT(world.sasl.text.bytes, PREPARED);
    CU_ASSERT_EQUAL(sx_sasl_failure(&world.sasl, true), SX_SASL_END);
    CU_ASSERT_EQUAL(begin(&world), SX_SASL_SEND);
    ASSERT_TEXT(world.sasl.text.bytes, GIVEN);
    CU_ASSERT_EQUAL(sx_sasl_failure(&world.sasl, true), SX_SASL_SEND);
    CU_ASSERT_EQUAL(sx_sasl_failure(&world.sasl, true), SX_SASL_END);
    CU_ASSERT_EQUAL(world.sasl.err, SX_EAUTH);
    CU_ASSERT_EQUAL(begin(&world), SX_SASL_SEND);
    CU_ASSERT_EQUAL(sx_sasl_success(&world.sasl, ""), SX_SASL_DONE);
    CU_ASSERT_EQUAL(begin(&world), SX_SASL_SEND);
    ASSERT_TEXT(world.sasl.text.bytes, GIVEN);
    sx_sasl_fini(&world.sasl);
}

static void test_choice(void)
{
    static const struct {
        unsigned offered;
        const char *names;
        bool has_announcement;
        unsigned bindings, absent;
        const char *tls; /* "", "1.2", "1.3" */
        enum sx_mechanism chosen;
        const char *first;
    } rows[] = {
        /* no XEP-0440: tls-unique or none */
        {PLUS | BIT(SCRAM_SHA_1), "", false, 0, 0, "1.2", SX_MECHANISM_SCRAM_SHA_512_PLUS,
         "p=tls-unique,,"},
        {PLUS | BIT(SCRAM_SHA_1), "", false, 0, 0, "1.3", SX_MECHANISM_SCRAM_SHA_1, "n,,"},
        {BIT(SCRAM_SHA_1), "", false, 0, 0, "1.3", SX_MECHANISM_SCRAM_SHA_1, "y,,"},
        {BIT(SCRAM_SHA_1), "", false, 0, 0, "1.2", SX_MECHANISM_SCRAM_SHA_1, "y,,"},
        {BIT(SCRAM_SHA_1), "", false, 0, 0, "", SX_MECHANISM_SCRAM_SHA_1, "n,,"},
        {PLUS | BIT(SCRAM_SHA_1), "", false, 0, 0, "", SX_MECHANISM_SCRAM_SHA_1, "n,,"},
        {BIT(SCRAM_SHA_1), "SCRAM-SHA3-512-PLUS", false, 0, 0, "1.3", SX_MECHANISM_SCRAM_SHA_1,
         "n,,"},
        /* by name */
        {PLUS, "", true, BINDING(EXPORTER) | BINDING(END_POINT) | BINDING(UNIQUE), 0, "1.3",
         SX_MECHANISM_SCRAM_SHA_512_PLUS, "p=tls-exporter,,"},
        {PLUS, "", true, BINDING(END_POINT) | BINDING(UNIQUE), 0, "1.3",
         SX_MECHANISM_SCRAM_SHA_512_PLUS, "p=tls-server-end-point,,"},
        {PLUS, "", true, BINDING(END_POINT) | BINDING(UNIQUE), BINDING(END_POINT), "1.2",
         SX_MECHANISM_SCRAM_SHA_512_PLUS, "p=tls-unique,,"},
        {PLUS | BIT(SCRAM_SHA_1), "", true, BINDING(UNIQUE), 0, "1.3", SX_MECHANISM_SCRAM_SHA_1,
         "n,,"},
        {PLUS | BIT(SCRAM_SHA_1), "", true, 0, 0, "1.2", SX_MECHANISM_SCRAM_SHA_1, "n,,"},
        {PLUS | BIT(SCRAM_SHA_1), "", true, BINDING(END_POINT), BINDING(END_POINT), "1.3",
         SX_MECHANISM_SCRAM_SHA_1, "n,,"},
        /* a binding is more than a longer hash, a hash more than none */
        {BIT(SCRAM_SHA_1_PLUS) | BIT(SCRAM_SHA_512), "", true, BINDING(EXPORTER), 0, "1.3",
         SX_MECHANISM_SCRAM_SHA_1_PLUS, "p=tls-exporter,,"},
        {BIT(PLAIN) | BIT(SCRAM_SHA_1) | BIT(SCRAM_SHA_256), "", false, 0, 0, "1.3",
         SX_MECHANISM_SCRAM_SHA_256, "y,,"},
        {BIT(EXTERNAL) | BIT(SCRAM_SHA_1), "", false, 0, 0, "1.3", SX_MECHANISM_SCRAM_SHA_1, "y,,"},
    };
    size_t i;
    for (i = 0; i < COUNT(rows); i++) {
        struct world world;
        prepare(&world);
        absent = rows[i].absent | (strcmp(rows[i].tls, "1.2") == 0 ? 0 : BINDING(UNIQUE));
        world.offer = (struct sx_sasl_offer){.mechanisms = rows[i].offered,
                                             .has_bindings = rows[i].has_announcement,
                                             .bindings = rows[i].bindings};
        strcpy(world.offer.names, rows[i].names);
        world.channel.has_tls = rows[i].tls[0] != '\0';
        CU_ASSERT_EQUAL(begin(&world), SX_SASL_SEND);
        ASSERT_TEXT(sx_mechanism_name(world.sasl.choice.mechanism),
                    sx_mechanism_name(rows[i].chosen));
        assert_sent_begins(&world, rows[i].first);
        sx_sasl_fini(&world.sasl);
    }
}

static void test_external(void)
{
    struct world world;
    prepare(&world);
    world.account.has_certificate = true;
    world.offer.mechanisms = SX_MECHANISM_ALL;
    CU_ASSERT_EQUAL(begin(&world), SX_SASL_SEND);
    CU_ASSERT_EQUAL(world.sasl.choice.mechanism, SX_MECHANISM_EXTERNAL);
    ASSERT_TEXT(world.sasl.text.bytes, "=");
    CU_ASSERT_EQUAL(sx_sasl_success(&world.sasl, ""), SX_SASL_DONE);
    CU_ASSERT(!world.sasl.has_proof);
    sx_sasl_fini(&world.sasl);
}

static void test_no_mechanism(void)
{
#define NO_WAY "the server offers no way to log in that we have credentials for; it offers: "
    static const struct {
        unsigned offered, allowed;
        bool may_send_password;
        const char *password, *why;
    } rows[] = {
        {0, SX_MECHANISM_ALL, true, "pencil",
         NO_WAY "X-A, X-B; we have: SCRAM-SHA-512-PLUS, SCRAM-SHA-256-PLUS, SCRAM-SHA-1-PLUS, "
                "SCRAM-SHA-512, SCRAM-SHA-256, SCRAM-SHA-1, PLAIN"},
        {BIT(PLAIN), SX_MECHANISM_ALL & ~BIT(PLAIN), true, "pencil", NO_WAY},
        {BIT(PLAIN), SX_MECHANISM_ALL, false, "pencil", NO_WAY},
        {BIT(PLAIN) | BIT(SCRAM_SHA_1), SX_MECHANISM_ALL, true, "",
         NO_WAY "X-A, X-B; we have: none"},
        /* TLS 1.3 without a name for them */
        {PLUS, SX_MECHANISM_ALL, true, "pencil",
         "SCRAM-SHA-1, PLAIN; no channel binding is common to both"},
        {BIT(EXTERNAL), SX_MECHANISM_ALL, true, "pencil", NO_WAY},
    };
    size_t i;
    for (i = 0; i < COUNT(rows); i++) {
        struct world world;
        prepare(&world);
        world.offer.mechanisms = rows[i].offered;
        strcpy(world.offer.names, "X-A, X-B");
        world.account.mechanisms = rows[i].allowed;
        world.account.password = rows[i].password;
        world.channel.may_send_password = rows[i].may_send_password;
        CU_ASSERT_EQUAL(begin(&world), SX_SASL_END);
        CU_ASSERT_EQUAL(world.sasl.err, SX_EAUTH);
        ASSERT_CONTAINS(world.sasl.why, rows[i].why);
        sx_sasl_fini(&world.sasl);
    }
}

static void test_downgrade(void)
{
    struct world world;
    prepare(&world);
    absent = 0;
    prove(&world);
    CU_ASSERT_EQUAL(say(&world, sx_sasl_success, SIGNATURE), SX_SASL_END); /* "y", not the RFC's */
    CU_ASSERT(!world.memory.has_scram);
    world.memory = (struct sx_sasl_memory){.has_scram = true, .has_binding = true, .hash_len = 64};
    world.account.mechanisms &= ~PLUS;
    prove(&world);
    CU_ASSERT_EQUAL(say(&world, sx_sasl_success, SIGNATURE), SX_SASL_DONE);
    ASSERT_TEXT(world.sasl.note, "SCRAM-SHA-256 is weaker than the last login, which had a longer "
                                 "hash and a channel binding");
    prove(&world);
    CU_ASSERT_EQUAL(say(&world, sx_sasl_success, SIGNATURE), SX_SASL_DONE);
    ASSERT_TEXT(world.sasl.note, "");
    world.offer.mechanisms = BIT(PLAIN);
    strcpy(world.offer.names, "PLAIN");
    CU_ASSERT_EQUAL(begin(&world), SX_SASL_END);
    CU_ASSERT_EQUAL(world.sasl.err, SX_EPROTOCOL);
    ASSERT_TEXT(world.sasl.why, "the server offers PLAIN alone, where it had SCRAM before: "
                                "somebody may want the password; it offers: PLAIN");
    sx_sasl_fini(&world.sasl);
}

static void test_refused_binding(void)
{
    struct world world;
    prepare(&world);
    absent = 0;
    world.offer.mechanisms = PLUS | BIT(SCRAM_SHA_256) | BIT(PLAIN);
    CU_ASSERT_EQUAL(begin(&world), SX_SASL_SEND);
    CU_ASSERT_EQUAL(sx_sasl_failure(&world.sasl, true), SX_SASL_SEND);
    CU_ASSERT_EQUAL(world.sasl.choice.mechanism, SX_MECHANISM_SCRAM_SHA_256);
    assert_sent_begins(&world, "n,,n=user,r=");
    CU_ASSERT_EQUAL(sx_sasl_failure(&world.sasl, true), SX_SASL_END);
    /* not for a passing trouble, not to PLAIN, not where a binding was taken before */
    CU_ASSERT_EQUAL(begin(&world), SX_SASL_SEND);
    CU_ASSERT_EQUAL(sx_sasl_failure(&world.sasl, false), SX_SASL_END);
    world.offer.mechanisms = PLUS | BIT(PLAIN);
    CU_ASSERT_EQUAL(begin(&world), SX_SASL_SEND);
    CU_ASSERT_EQUAL(sx_sasl_failure(&world.sasl, true), SX_SASL_END);
    world.offer.mechanisms = PLUS | BIT(SCRAM_SHA_256);
    world.memory.has_scram = world.memory.has_binding = true;
    CU_ASSERT_EQUAL(begin(&world), SX_SASL_SEND);
    CU_ASSERT_EQUAL(sx_sasl_failure(&world.sasl, true), SX_SASL_END);
    sx_sasl_fini(&world.sasl);
}

/* It knows which binding it means: what it refuses is the password, or comes from elsewhere. */
static void test_refused_named_binding(void)
{
    static const unsigned named[] = {BINDING(EXPORTER), BINDING(END_POINT), BINDING(UNIQUE)};
    struct world world;
    size_t i;
    for (i = 0; i < COUNT(named); i++) {
        prepare(&world);
        absent = 0;
        world.offer = (struct sx_sasl_offer){.mechanisms = PLUS | BIT(SCRAM_SHA_256) | BIT(PLAIN),
                                             .has_bindings = true,
                                             .bindings = named[i]};
        CU_ASSERT_EQUAL(begin(&world), SX_SASL_SEND);
        CU_ASSERT_EQUAL(world.sasl.choice.mechanism, SX_MECHANISM_SCRAM_SHA_512_PLUS);
        CU_ASSERT_EQUAL(sx_sasl_failure(&world.sasl, true), SX_SASL_END);
        CU_ASSERT_EQUAL(world.sasl.err, SX_EAUTH);
        sx_sasl_fini(&world.sasl);
    }
}

static void test_order(void)
{
    struct world world;
    unsigned slices;
    prepare(&world);
    CU_ASSERT_EQUAL(begin(&world), SX_SASL_SEND);
    CU_ASSERT_EQUAL(say(&world, sx_sasl_success, SIGNATURE), SX_SASL_END);
    ASSERT_TEXT(world.sasl.why,
                "the server takes the login for done before it was asked for proof");
    CU_ASSERT_EQUAL(begin(&world), SX_SASL_SEND);
    CU_ASSERT_EQUAL(sx_sasl_challenge(&world.sasl, "no base64"), SX_SASL_END);
    ASSERT_TEXT(world.sasl.why, "the server's SASL challenge is no base64");
    CU_ASSERT_EQUAL(begin(&world), SX_SASL_SEND);
    CU_ASSERT_EQUAL(sx_sasl_challenge(&world.sasl, "AAAA"), SX_SASL_END);
    CU_ASSERT_EQUAL(begin(&world), SX_SASL_SEND);
    CU_ASSERT_EQUAL(sx_sasl_challenge(&world.sasl, "="), SX_SASL_END);
    ASSERT_CONTAINS(world.sasl.why, "it has no nonce, salt and iterations");
    /* while it is hashing, and behind the proof */
    CU_ASSERT_EQUAL(begin(&world), SX_SASL_SEND);
    CU_ASSERT_EQUAL(say(&world, sx_sasl_challenge, FIRST), SX_SASL_HASH);
    CU_ASSERT_EQUAL(say(&world, sx_sasl_challenge, FIRST), SX_SASL_END);
    prove(&world);
    CU_ASSERT_EQUAL(say(&world, sx_sasl_challenge, FIRST), SX_SASL_END);
    ASSERT_CONTAINS(world.sasl.why, "signature is missing");
    world.account.mechanisms &= ~PLUS;
    CU_ASSERT_EQUAL(begin(&world), SX_SASL_SEND);
    CU_ASSERT_EQUAL(say(&world, sx_sasl_challenge, FIRST), SX_SASL_HASH);
    CU_ASSERT_EQUAL(hash_all(&world, &slices), SX_SASL_SEND);
    CU_ASSERT_EQUAL(say(&world, sx_sasl_challenge, SIGNATURE), SX_SASL_SEND);
    CU_ASSERT_EQUAL(say(&world, sx_sasl_challenge, SIGNATURE), SX_SASL_END);
    ASSERT_TEXT(world.sasl.why, "the server sent a challenge that SCRAM-SHA-256 has no answer to");
    /* PLAIN has none */
    world.offer.mechanisms = BIT(PLAIN);
    CU_ASSERT_EQUAL(begin(&world), SX_SASL_SEND);
    CU_ASSERT_EQUAL(sx_sasl_challenge(&world.sasl, ""), SX_SASL_END);
    ASSERT_TEXT(world.sasl.why, "the server sent a challenge that PLAIN has no answer to");
    sx_sasl_fini(&world.sasl);
}

static void test_long_challenges(void)
{
    struct world world;
    char text[5000];
    prepare(&world);
    memset(text, 'A', sizeof text);
    text[4096] = '\0';
    CU_ASSERT_EQUAL(begin(&world), SX_SASL_SEND);
    CU_ASSERT_EQUAL(sx_sasl_challenge(&world.sasl, text), SX_SASL_END);
    ASSERT_TEXT(world.sasl.why, "the server's SASL challenge is longer than 4,095 bytes");
    sx_sasl_fini(&world.sasl);
}

static bool attempt_login(struct shortage shortage)
{
    static const char first[] =
        "cj1yT3ByTkdmd0ViZVJXZ2JORWtxTyVodllEcFdVYTJSYVRDQWZ1eEZJbGopaE5sRiRrMCxzPVcyMlphSjBTTlk3"
        "c29Fc1VFamI2Z1E9PSxpPTQwOTY="; /* FIRST */
    struct world world;
    enum sx_sasl_step step;
    bool has_failed;
    prepare(&world);
    world.account.mechanisms &= ~PLUS;
    shortage_begin(shortage);
    step = begin(&world);
    if (step == SX_SASL_SEND)
        step = sx_sasl_challenge(&world.sasl, first);
    while (step == SX_SASL_HASH)
        step = sx_sasl_hash(&world.sasl);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(step, has_failed ? SX_SASL_END : SX_SASL_SEND);
    CU_ASSERT_EQUAL(world.sasl.err, has_failed ? SX_ENOMEM : SX_OK);
    sx_sasl_fini(&world.sasl);
    return has_failed;
}
SHORTAGE_TEST(login, 6)

/* EXTERNAL first, since there is a certificate; then, once, what the password serves. */
static void a_refused_certificate_is_followed_by_the_password(void)
{
    struct world world;
    prepare(&world);
    world.account.has_certificate = true;
    world.offer.mechanisms = 1U << SX_MECHANISM_EXTERNAL | 1U << SX_MECHANISM_SCRAM_SHA_1;
    CU_ASSERT_EQUAL(begin(&world), SX_SASL_SEND);
    CU_ASSERT_EQUAL(world.sasl.choice.mechanism, SX_MECHANISM_EXTERNAL);
    CU_ASSERT_EQUAL(sx_sasl_failure(&world.sasl, true), SX_SASL_SEND);
    CU_ASSERT_EQUAL(world.sasl.choice.mechanism, SX_MECHANISM_SCRAM_SHA_1);
    CU_ASSERT_EQUAL(sx_sasl_failure(&world.sasl, true), SX_SASL_END);
    sx_sasl_fini(&world.sasl);
}

CU_TestInfo tests_sasl[] = {
    {"SCRAM, its proof in <success/> or in a challenge; the second time without hashing",
     test_success},
    {"a salted password is kept for its hash, salt, iterations and password", test_memory},
    {"salt and password are told apart", test_memory_boundary},
    {"what was kept or sent of a password is wiped", test_wiping},
    {"the best mechanism that both have, bound to TLS if it can be", test_choice},
    {"a certificate comes first", test_external},
    {"no mechanism: what is offered is told", test_no_mechanism},
    {"PLAIN: the password as given, then prepared", test_typed_password},
    {"weaker than the last time: told; PLAIN alone: refused", test_downgrade},
    {"a refused binding is tried once without", test_refused_binding},
    {"one that the server has named isn't", test_refused_named_binding},
    {"what the server says out of turn ends the login", test_order},
    {"a challenge has 4,095 bytes at most", test_long_challenges},
    {"without memory a login ends", test_login},
    {"a refused certificate is followed by the password",
     a_refused_certificate_is_followed_by_the_password},
    CU_TEST_INFO_NULL,
};
