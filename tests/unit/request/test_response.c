/* What a request was answered with: the same stanza for each head. */
#include "../../lib/shortage.h"
#include "../../lib/suite.h"

#include <stdlib.h>
#include <string.h>

#include "request/response.h"

static struct sx_buffer out;

static const char *write_to(const struct sx_response *response, const struct sx_head *head)
{
    sx_buffer_clear(&out);
    sx_response_write(response, head, &out);
    return out.failed ? "" : out.bytes;
}

static struct sx_response *make(const char *payload, const char *fault_code)
{
    return sx_response_new(payload ? strdup(payload) : NULL, payload ? strlen(payload) : 0, 700,
                           fault_code);
}

static const struct sx_head ALICE = {.to = "alice@a/1", .id = "x-1~any"};
static const struct sx_head AGAIN = {.from = "calc.b", .to = "alice@a/2", .id = "x-1~again"};

static void test_result(void)
{
    struct sx_response *response = make("<a/>", NULL), *empty = make(NULL, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(response);
    CU_ASSERT_PTR_NOT_NULL_FATAL(empty);
    ASSERT_TEXT(write_to(response, &ALICE),
                "<iq type='result' to='alice@a/1' id='x-1~any'><a/></iq>");
    ASSERT_TEXT(write_to(response, &AGAIN),
                "<iq type='result' from='calc.b' to='alice@a/2' id='x-1~again'><a/></iq>");
    ASSERT_TEXT(write_to(empty, &ALICE), "<iq type='result' to='alice@a/1' id='x-1~any'/>");
    CU_ASSERT_EQUAL(sx_response_rewritten_bytes(response), 700);
    CU_ASSERT_EQUAL(sx_response_rewritten_bytes(empty), 0);
    CU_ASSERT_EQUAL(sx_response_bytes(response), sx_response_bytes(empty) + 5);
    CU_ASSERT_FALSE(sx_response_is_fault(response));
    sx_response_unref(response);
    sx_response_unref(empty);
    sx_buffer_fini(&out);
}

static void test_fault(void)
{
    struct sx_response *response = make("<f/>", "Sender");
    CU_ASSERT_PTR_NOT_NULL_FATAL(response);
    ASSERT_CONTAINS(write_to(response, &AGAIN),
                    "<iq type='error' from='calc.b' to='alice@a/2' id='x-1~again'><f/><error ");
    ASSERT_CONTAINS(out.bytes, "<Sender xmlns='http://jabber.org/protocol/soap#fault'/>");
    CU_ASSERT_TRUE(sx_response_is_fault(response));
    sx_response_unref(response);
    sx_buffer_fini(&out);
}

static void test_error(void)
{
    struct sx_response *response = sx_response_error("internal-server-error", "why & <how>"),
                       *silent = sx_response_error("not-allowed", NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(response);
    CU_ASSERT_PTR_NOT_NULL_FATAL(silent);
    ASSERT_CONTAINS(write_to(response, &ALICE),
                    "<iq type='error' to='alice@a/1' id='x-1~any'><error type='cancel' code='500'>"
                    "<internal-server-error ");
    ASSERT_CONTAINS(out.bytes, ">why &amp; &lt;how&gt;</text>");
    ASSERT_CONTAINS(write_to(silent, &ALICE), "<not-allowed ");
    ASSERT_LACKS(out.bytes, "<text");
    sx_response_unref(response);
    sx_response_unref(silent);
    sx_response_unref(NULL);
    sx_buffer_fini(&out);
}

static void test_references(void)
{
    struct sx_response *response = make("<a/>", NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(response);
    CU_ASSERT_PTR_EQUAL(sx_response_ref(response), response);
    sx_response_unref(response);
    ASSERT_CONTAINS(write_to(response, &ALICE), "<a/>");
    sx_response_unref(response);
    sx_buffer_fini(&out);
}

static bool attempt_make(struct shortage shortage)
{
    char *payload = strdup("<a/>");
    struct sx_response *response;
    bool has_failed;
    shortage_begin(shortage);
    response = sx_response_new(payload, 4, 4, NULL);
    has_failed = shortage_end();
    CU_ASSERT_TRUE(response || has_failed); /* that it isn't trimmed is no failure */
    if (response)
        ASSERT_CONTAINS(write_to(response, &ALICE), "<a/>");
    sx_response_unref(response);
    sx_buffer_fini(&out);
    return has_failed;
}
SHORTAGE_TEST(make, 2)

CU_TestInfo tests_response[] = {
    {"a result is written with each head", test_result},
    {"a fault keeps its code", test_fault},
    {"an error keeps its condition and text", test_error},
    {"it lives as long as somebody refers to it", test_references},
    {"without memory there is none, and its payload is freed", test_make},
    CU_TEST_INFO_NULL,
};
