/* What a <packed/> element of a trace line holds: soap_xmpp_unpack(). */
#include <stdlib.h>
#include <string.h>

#ifndef SOAP_XMPP_NO_GSOAP
#define SOAP_XMPP_NO_GSOAP
#endif
#include "soap_xmpp.h"
#include "base/base64.h"
#include "soap/pack.h"
#include "../../lib/shortage.h"
#include "../../lib/suite.h"

extern CU_TestInfo tests_unpack[];

enum { PLENTY = 1 << 20, LINE = 76 };

static const char small[] = "<a/>";

/* An envelope that is worth packing. */
static void make_envelope(struct sx_buffer *out)
{
    unsigned i;
    sx_buffer_add_text(out,
                       "<e:Envelope xmlns:e='http://www.w3.org/2003/05/soap-envelope'><e:Body>");
    for (i = 0; i < 200; i++)
        sx_buffer_add_format(out, "<record><id>%u</id></record>", i);
    sx_buffer_add_text(out, "</e:Body></e:Envelope>");
}

static enum sx_form pack(const char *bytes, size_t len, struct sx_buffer *base64)
{
    struct sx_buffer packed = {0};
    enum sx_form form = SX_FORM_PLAIN;
    CU_ASSERT_EQUAL_FATAL(sx_pack(bytes, len, &packed, &form), SX_OK);
    sx_base64_add(base64, packed.bytes, packed.len);
    sx_buffer_fini(&packed);
    return form;
}

static void check_same(const struct sx_buffer *envelope, const char *base64, size_t len)
{
    size_t out_bytes = 0;
    char why[200] = "", *out;
    out = soap_xmpp_unpack(base64, len, 0, PLENTY, &out_bytes, why, sizeof why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    CU_ASSERT_EQUAL(out_bytes, envelope->len);
    CU_ASSERT_STRING_EQUAL(out, envelope->bytes);
    CU_ASSERT_STRING_EQUAL(why, "");
    free(out);
}

static void test_comes_back_byte_for_byte(void)
{
    struct sx_buffer envelope = {0}, base64 = {0};
    make_envelope(&envelope);
    CU_ASSERT_EQUAL(pack(envelope.bytes, envelope.len, &base64), SX_FORM_ZSTD);
    check_same(&envelope, base64.bytes, base64.len);
    sx_buffer_fini(&base64);
    sx_buffer_fini(&envelope);
}

static void test_a_pasted_line_has_white_space(void)
{
    struct sx_buffer envelope = {0}, base64 = {0}, pasted = {0};
    size_t i;
    make_envelope(&envelope);
    pack(envelope.bytes, envelope.len, &base64);
    sx_buffer_add_text(&pasted, "\t ");
    for (i = 0; i < base64.len; i += LINE) {
        sx_buffer_add(&pasted, base64.bytes + i, base64.len - i < LINE ? base64.len - i : LINE);
        sx_buffer_add_text(&pasted, "\r\n");
    }
    check_same(&envelope, pasted.bytes, pasted.len);
    sx_buffer_fini(&pasted);
    sx_buffer_fini(&base64);
    sx_buffer_fini(&envelope);
}

static void test_a_stored_one_is_itself(void)
{
    struct sx_buffer base64 = {0};
    size_t out_bytes = 0;
    char *out;
    CU_ASSERT_EQUAL(pack(small, sizeof small - 1, &base64), SX_FORM_STORED);
    out = soap_xmpp_unpack(base64.bytes, base64.len, 1, PLENTY, &out_bytes, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    CU_ASSERT_EQUAL(out_bytes, sizeof small - 1);
    CU_ASSERT_STRING_EQUAL(out, small);
    free(out);
    sx_buffer_fini(&base64);
}

static void check_refused(const char *base64, size_t len, size_t max_bytes, const char *sentence)
{
    size_t out_bytes = 42;
    char why[200] = "";
    CU_ASSERT_PTR_NULL(soap_xmpp_unpack(base64, len, 0, max_bytes, &out_bytes, why, sizeof why));
    CU_ASSERT_EQUAL(out_bytes, 42);
    CU_ASSERT_STRING_EQUAL(why, sentence);
}

static void test_whatever_else_is_refused(void)
{
    static const char damaged[] = "these bytes are no packed envelope, or a part of one";
    struct sx_buffer envelope = {0}, base64 = {0};
    size_t len;
    make_envelope(&envelope);
    pack(envelope.bytes, envelope.len, &base64);
    check_refused(NULL, 0, PLENTY, "no packed element was given");
    check_refused("", 0, PLENTY, "this is no base64");
    check_refused("<p/>", 4, PLENTY, "this is no base64");
    check_refused("AAAA", 4, PLENTY, damaged);
    check_refused(base64.bytes, base64.len, envelope.len - 1, "larger than a limit");
    for (len = 4; len < base64.len - 4; len += 4)
        check_refused(base64.bytes, len, PLENTY, damaged);
    CU_ASSERT_PTR_NULL(soap_xmpp_unpack("AAAA", 4, 0, PLENTY, NULL, NULL, 0));
    sx_buffer_fini(&base64);
    sx_buffer_fini(&envelope);
}

static bool attempt_unpacking(struct shortage shortage)
{
    struct sx_buffer envelope = {0}, base64 = {0};
    char why[200] = "", *out;
    bool has_failed;
    make_envelope(&envelope);
    pack(envelope.bytes, envelope.len, &base64);
    sx_pack_trim();
    shortage_begin(shortage);
    out = soap_xmpp_unpack(base64.bytes, base64.len, 0, PLENTY, NULL, why, sizeof why);
    has_failed = shortage_end();
    CU_ASSERT(out ? !has_failed : strcmp(why, "memory is short") == 0);
    free(out);
    sx_buffer_fini(&base64);
    sx_buffer_fini(&envelope);
    return has_failed;
}
SHORTAGE_TEST(unpacking, 4)

CU_TestInfo tests_unpack[] = {
    {"an envelope comes back byte for byte", test_comes_back_byte_for_byte},
    {"a pasted line may have white space", test_a_pasted_line_has_white_space},
    {"a stored one is itself", test_a_stored_one_is_itself},
    {"whatever else is refused, in one sentence", test_whatever_else_is_refused},
    {"short memory is told", test_unpacking},
    CU_TEST_INFO_NULL,
};
