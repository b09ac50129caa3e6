/* Unit tests of lib/soap/payload.c and lib/soap/reader.c: envelopes packed into their element,
 * taken apart again, and read piece by piece; with memory that runs short, too.
 */
#include "../envelope_fixture.h"

#include <stdint.h>

#include "base/base64.h"
#include "soap/pack.h"
#include "soap/payload.h"
#include "soap/reader.h"
#include "../../lib/shortage.h"

extern CU_TestInfo tests_payload[];

#define PLAIN  ROOT11 BODY "<add a='&#9;'><b>&#13;</b></add>" TAIL
#define PACKED "<packed xmlns='urn:soap-xmpp:packed:1'"

#define TRACEPARENT "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

enum { ENOUGH = 1 << 20 };

static struct sx_payload pack(struct sx_checker *checker, const char *envelope, const char *action)
{
    struct sx_payload payload = {0};
    char why[200] = "";
    CU_ASSERT_EQUAL_FATAL(sx_payload_packed(&payload, checker, envelope, strlen(envelope), action,
                                            SIZE_MAX, why, sizeof why),
                          SX_OK);
    ASSERT_TEXT(why, "");
    return payload;
}

/* What is left out makes no room for what is put in. */
static void test_white_space_around(void)
{
    struct sx_checker *checker = sx_checker_new(MAX_DEPTH);
    struct sx_payload bare = {0}, spaced = {0};
    char why[200] = "", envelope[2000];
    snprintf(envelope, sizeof envelope, "%400s%s%400s", "", PLAIN, "");
    CU_ASSERT_EQUAL(sx_payload_plain(&bare, checker, PLAIN, strlen(PLAIN), "urn:a", TRACEPARENT,
                                     why, sizeof why),
                    SX_OK);
    CU_ASSERT_EQUAL(sx_payload_plain(&spaced, checker, envelope, strlen(envelope), "urn:a",
                                     TRACEPARENT, why, sizeof why),
                    SX_OK);
    ASSERT_TEXT(spaced.bytes, bare.bytes);
    CU_ASSERT_EQUAL(spaced.rewritten_bytes, bare.rewritten_bytes);
    sx_payload_fini(&bare);
    sx_payload_fini(&spaced);
    sx_checker_free(checker);
}

static void test_packed(void)
{
    struct sx_checker *checker = sx_checker_new(MAX_DEPTH);
    struct sx_payload payload = pack(checker, PLAIN, NULL), plain = {0};
    char why[200] = "";
    CU_ASSERT_EQUAL(strncmp(payload.bytes, PACKED ">", sizeof PACKED), 0);
    CU_ASSERT_EQUAL(payload.len, strlen(payload.bytes));
    CU_ASSERT_TRUE(payload.rewritten_bytes >= payload.len);
    ASSERT_TEXT(payload.scan->operation, "add");
    CU_ASSERT_TRUE(sx_payload_is_packed(payload.bytes));
    CU_ASSERT_FALSE(payload.is_loose);
    CU_ASSERT_EQUAL(sx_payload_unpacked(&plain, checker, payload.bytes, ENOUGH, why, sizeof why),
                    SX_OK);
    ASSERT_CONTAINS(plain.bytes, "<add a='&#9;'><b>&#13;</b></add>");
    CU_ASSERT_FALSE(sx_payload_is_packed(plain.bytes));
    sx_payload_fini(&plain);
    CU_ASSERT_EQUAL(sx_payload_unpacked(&plain, checker, payload.bytes, 10, why, sizeof why),
                    SX_ETOOBIG);
    CU_ASSERT_PTR_NULL(plain.bytes);
    sx_payload_fini(&payload);
    sx_checker_free(checker);
}

/* A trace's id stands beside the action; who doesn't know it reads the same envelope. */
static void test_marks(void)
{
    static const char trace[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const struct sx_payload_marks marks = {"urn:a", trace}, none = {NULL, NULL};
    struct sx_checker *checker = sx_checker_new(MAX_DEPTH);
    struct sx_payload payload = {0}, whole = pack(checker, PLAIN, NULL), plain = {0}, element = {0};
    struct sx_buffer reference = {0};
    char why[200] = "";
    CU_ASSERT_EQUAL(
        sx_payload_packed(&payload, checker, PLAIN, sizeof PLAIN - 1, NULL, 1, why, sizeof why),
        SX_OK);
    CU_ASSERT_TRUE(payload.is_loose);
    CU_ASSERT_FALSE(sx_payload_may_join(&payload, 4096));
    CU_ASSERT_TRUE(sx_payload_may_join(&payload, 4096 + 4 * payload.len));
    sx_payload_refer(&reference, payload.form, "urn:a", "t1", payload.len, "00ff");
    sx_payload_add_traceparent(&reference, NULL);
    ASSERT_CONTAINS(reference.bytes, " action='urn:a'/>");
    sx_payload_add_traceparent(&reference, trace);
    ASSERT_CONTAINS(reference.bytes,
                    " action='urn:a' traceparent='00-4bf92f3577b34da6a3ce929d0e0e4736-"
                    "00f067aa0ba902b7-01'/>");
    CU_ASSERT_TRUE(sx_payload_is_reference(reference.bytes));
    CU_ASSERT_EQUAL(sx_payload_join(&payload, &marks, &element), SX_OK);
    CU_ASSERT_FALSE(element.is_loose);
    CU_ASSERT_TRUE(element.rewritten_bytes >= element.len);
    ASSERT_CONTAINS(element.bytes, " action='urn:a' traceparent='00-4bf9");
    CU_ASSERT_EQUAL(sx_payload_unpacked(&plain, checker, element.bytes, ENOUGH, why, sizeof why),
                    SX_OK);
    ASSERT_CONTAINS(plain.bytes, "<add a='&#9;'><b>&#13;</b></add>");
    sx_payload_fini(&plain);
    sx_payload_fini(&element);
    CU_ASSERT_EQUAL(sx_payload_join(&payload, &none, &element), SX_OK);
    ASSERT_TEXT(element.bytes, whole.bytes);
    sx_payload_fini(&element);
    sx_payload_fini(&payload);
    sx_payload_fini(&whole);
    sx_buffer_fini(&reference);
    sx_checker_free(checker);
}

/* Short ones that don't compress are stored, and so are those beyond the ratio. */
static void test_stored(void)
{
    enum { DULL_BYTES = 2000000 };
    struct sx_checker *checker = sx_checker_new(MAX_DEPTH);
    struct sx_buffer dull = {0};
    struct sx_payload payload, plain = {0};
    char why[200] = "";
    sx_buffer_add_text(&dull, ROOT11 BODY "<add>");
    while (dull.len < DULL_BYTES)
        sx_buffer_add_text(&dull, "0123456789");
    sx_buffer_add_text(&dull, "</add>" TAIL);
    payload = pack(checker, dull.bytes, "x form='zstd'>");
    ASSERT_CONTAINS(payload.bytes, PACKED " form='stored' action='x form=&apos;zstd&apos;&gt;'>");
    CU_ASSERT_EQUAL(
        sx_payload_unpacked(&plain, checker, payload.bytes, 2 * DULL_BYTES, why, sizeof why),
        SX_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(plain.bytes, "0123456789</add>"));
    sx_payload_fini(&plain);
    sx_payload_fini(&payload);
    payload = pack(checker, PLAIN, "x form='stored'>");
    CU_ASSERT_EQUAL(sx_payload_unpacked(&plain, checker, payload.bytes, ENOUGH, why, sizeof why),
                    SX_OK);
    sx_payload_fini(&plain);
    sx_payload_fini(&payload);
    sx_buffer_fini(&dull);
    sx_checker_free(checker);
}

static void test_forms(void)
{
    CU_ASSERT_EQUAL(sx_payload_form(NULL), SX_FORM_ZSTD);
    CU_ASSERT_EQUAL(sx_payload_form("stored"), SX_FORM_STORED);
    CU_ASSERT_EQUAL(sx_payload_form(""), SX_FORM_PLAIN);
    CU_ASSERT_EQUAL(sx_payload_form("zstd"), SX_FORM_PLAIN);
}

static void test_refused(void)
{
    static const struct {
        const char *envelope, *why;
    } rows[] = {
        {"", "byte 0: it is empty"},
        {"\n x", "byte 2: it doesn't begin with an element"},
        {ROOT11 "<!-- -->" BODY TAIL, "byte 64: XMPP forbids comments"},
        {ROOT11 "<a x:b=''/>" BODY TAIL, "byte 64: the prefix of the attribute x:b is bound"},
        {ROOT11 "<a>\x01</a>" BODY TAIL, "byte 67: XML forbids the character U+0001"},
        {ROOT11 "</E:Envelope>", "the envelope has no Body"},
    };
    struct sx_checker *checker = sx_checker_new(MAX_DEPTH);
    size_t i;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sx_payload payload = {0};
        char why[200] = "";
        CU_ASSERT_EQUAL(sx_payload_packed(&payload, checker, rows[i].envelope,
                                          strlen(rows[i].envelope), NULL, SIZE_MAX, why,
                                          sizeof why),
                        SX_EUNCARRIABLE);
        ASSERT_CONTAINS(why, rows[i].why);
        CU_ASSERT_PTR_NULL(payload.bytes);
    }
    sx_checker_free(checker);
}

/* ---- reading ---- */

static const struct sx_reader_limits limits = {.max_bytes = ENOUGH, .gauge = {5, 3, 0}};

static struct sx_envelope envelope_of(const char *text)
{
    struct sx_envelope envelope = {0};
    struct sx_buffer out = {0};
    CU_ASSERT_EQUAL_FATAL(sx_pack(text, strlen(text), &out, &envelope.form), SX_OK);
    envelope.bytes = sx_buffer_take(&out, &envelope.len);
    return envelope;
}

static enum sx_err read_all(const struct sx_envelope *envelope,
                            const struct sx_reader_limits *bounds, size_t room,
                            struct sx_buffer *out, char *why, size_t why_bytes)
{
    struct sx_reader reading = {0};
    char piece[64];
    size_t got = 1;
    enum sx_err err = SX_OK;
    while (!err && got) {
        err = sx_reader_next(&reading, envelope, bounds, piece, room, &got, why, why_bytes);
        sx_buffer_add(out, piece, got);
    }
    if (err) /* and again */
        CU_ASSERT_EQUAL(
            sx_reader_next(&reading, envelope, bounds, piece, room, &got, why, why_bytes), err);
    CU_ASSERT_EQUAL(got, 0);
    sx_reader_fini(&reading);
    return err;
}

static void test_reading(void)
{
    struct sx_envelope packed = envelope_of(PLAIN);
    struct sx_envelope plain = {.bytes = PLAIN, .len = sizeof PLAIN - 1};
    size_t room;
    for (room = 1; room <= 64; room += 7) {
        struct sx_buffer out = {0};
        char why[160] = "";
        CU_ASSERT_EQUAL(read_all(&packed, &limits, room, &out, why, sizeof why), SX_OK);
        ASSERT_TEXT(out.bytes, PLAIN);
        sx_buffer_clear(&out);
        CU_ASSERT_EQUAL(read_all(&plain, &limits, room, &out, why, sizeof why), SX_OK);
        ASSERT_TEXT(out.bytes, PLAIN);
        ASSERT_TEXT(why, "");
        sx_buffer_fini(&out);
    }
    sx_envelope_fini(&packed);
}

static void test_reading_is_bounded(void)
{
    static const struct {
        const char *text;
        enum sx_err err;
        const char *why;
    } rows[] = {
        {"<a><a><a><a><a><a/></a></a></a></a></a>", SX_EDEPTH, "nested deeper"},
        {"<a b='' c='' d='' e=''/>", SX_ETOOBIG, "too many attributes"},
        {"<a><!DOCTYPE a></a>", SX_EMALFORMED, ""},
    };
    static const struct sx_reader_limits few = {.max_bytes = 10, .gauge = {5, 0, 0}};
    size_t i;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sx_envelope envelope = envelope_of(rows[i].text);
        struct sx_buffer out = {0};
        char why[160] = "";
        CU_ASSERT_EQUAL(read_all(&envelope, &limits, 3, &out, why, sizeof why), rows[i].err);
        ASSERT_CONTAINS(why, rows[i].why);
        sx_buffer_clear(&out);
        CU_ASSERT_EQUAL(read_all(&envelope, &few, 3, &out, why, sizeof why), SX_ETOOBIG);
        sx_buffer_fini(&out);
        sx_envelope_fini(&envelope);
    }
}

/* ---- short memory ---- */

static bool attempt_pack(struct shortage shortage)
{
    struct sx_checker *checker = sx_checker_new(MAX_DEPTH);
    struct sx_payload payload = {0};
    char why[200] = "";
    enum sx_err err;
    bool has_failed;
    sx_pack_trim();
    shortage_begin(shortage);
    err = sx_payload_packed(&payload, checker, PLAIN, sizeof PLAIN - 1, "urn:a", SIZE_MAX, why,
                            sizeof why);
    has_failed = shortage_end();
    CU_ASSERT(err == SX_OK || (err == SX_ENOMEM && has_failed));
    CU_ASSERT_EQUAL(payload.bytes != NULL, err == SX_OK);
    ASSERT_TEXT(why, err ? "memory is short" : "");
    sx_payload_fini(&payload);
    sx_checker_free(checker);
    return has_failed;
}

static bool attempt_unpack(struct shortage shortage)
{
    struct sx_checker *checker = sx_checker_new(MAX_DEPTH);
    struct sx_payload packed = pack(checker, PLAIN, NULL), payload = {0};
    char why[200] = "";
    enum sx_err err;
    bool has_failed;
    sx_pack_trim();
    shortage_begin(shortage);
    err = sx_payload_unpacked(&payload, checker, packed.bytes, ENOUGH, why, sizeof why);
    has_failed = shortage_end();
    CU_ASSERT(err == SX_OK || (err == SX_ENOMEM && has_failed));
    CU_ASSERT_EQUAL(payload.bytes != NULL, err == SX_OK);
    ASSERT_TEXT(why, err ? "memory is short" : "");
    sx_payload_fini(&packed);
    sx_payload_fini(&payload);
    sx_checker_free(checker);
    return has_failed;
}

static bool attempt_read(struct shortage shortage)
{
    struct sx_envelope envelope = envelope_of(PLAIN);
    struct sx_reader reading = {0};
    char piece[sizeof PLAIN], why[160] = "";
    size_t got;
    enum sx_err err;
    bool has_failed;
    sx_pack_trim();
    shortage_begin(shortage);
    err = sx_reader_next(&reading, &envelope, &limits, piece, sizeof piece, &got, why, sizeof why);
    has_failed = shortage_end();
    CU_ASSERT(err == SX_OK ? got == sizeof PLAIN - 1 : err == SX_ENOMEM && has_failed && !got);
    sx_reader_fini(&reading);
    sx_envelope_fini(&envelope);
    return has_failed;
}

static bool attempt_glance(struct shortage shortage)
{
    struct sx_checker *checker = sx_checker_new(MAX_DEPTH);
    struct sx_envelope envelope = envelope_of(PLAIN);
    bool has_failed;
    sx_pack_trim();
    shortage_begin(shortage);
    sx_envelope_glance(&envelope, checker, ENOUGH, ENOUGH);
    has_failed = shortage_end();
    CU_ASSERT(envelope.err == SX_OK || (envelope.err == SX_ENOMEM && has_failed));
    CU_ASSERT_EQUAL(strncmp(envelope.why, "memory is short", 15) == 0, envelope.err != SX_OK);
    ASSERT_TEXT(envelope.operation, envelope.err ? "" : "add");
    sx_envelope_fini(&envelope);
    sx_checker_free(checker);
    return has_failed;
}

SHORTAGE_TEST(pack, 3)
SHORTAGE_TEST(unpack, 3)
SHORTAGE_TEST(read, 1)
SHORTAGE_TEST(glance, 2)

CU_TestInfo tests_payload[] = {
    {"a trace's id goes along with a packed envelope", test_marks},
    {"white space around an envelope makes no room in a stanza", test_white_space_around},
    {"an envelope is packed into one element, and taken out again", test_packed},
    {"what can't be compressed well, or too well, is stored", test_stored},
    {"a form that isn't known is none", test_forms},
    {"what hides the operation is refused with its byte", test_refused},
    {"reading gives the bytes as they were, in pieces of any size", test_reading},
    {"reading is bounded, and an error stays", test_reading_is_bounded},
    {"packing survives short memory", test_pack},
    {"unpacking survives short memory", test_unpack},
    {"reading survives short memory", test_read},
    {"a glance survives short memory", test_glance},
    CU_TEST_INFO_NULL,
};
