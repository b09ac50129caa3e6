/* Tests of gateway/soap/fault.c: faults that the gateway writes. */
#include <stdlib.h>
#include <string.h>

#include "../../lib/suite.h"
#include "contract/answer.h"
#include "soap/fault.h"
#include "soap/glance.h"

static struct gw_fault fault_of(int version, bool is_sender)
{
    return (struct gw_fault){.version = version,
                             .is_sender = is_sender,
                             .reason = "it isn't <there> & won't be\x01",
                             .condition = "service-unavailable",
                             .outcome = "not-executed",
                             .endpoint = "xmpp:a@b/c\"d",
                             .trace = "0af7651916cd43dd8448eb211c80319c"};
}

static void check(int version, bool is_sender, const char *code, enum gw_fault_code blamed)
{
    struct gw_fault fault = fault_of(version, is_sender);
    struct gw_glance glance;
    struct ct_answer *answer = NULL;
    struct ct_error error;
    char why[256];
    size_t bytes = 0;
    char *envelope = gw_fault_write(&fault, &bytes);
    CU_ASSERT_PTR_NOT_NULL_FATAL(envelope);
    CU_ASSERT_EQUAL(strlen(envelope), bytes);
    CU_ASSERT_EQUAL(gw_glance_read(&glance, envelope, bytes, why, sizeof why), 0);
    CU_ASSERT_EQUAL(glance.version, version);
    CU_ASSERT_EQUAL(glance.fault, blamed);
    CU_ASSERT_EQUAL_FATAL(ct_answer_read(NULL, NULL, envelope, bytes, &answer, &error), CT_OK);
    const struct ct_fault *read = ct_answer_fault(answer);
    CU_ASSERT_PTR_NOT_NULL_FATAL(read);
    ASSERT_TEXT(read->code, code);
    ASSERT_TEXT(read->reason, "it isn't <there> & won't be\xEF\xBF\xBD");
    ASSERT_CONTAINS(read->detail, "condition=\"service-unavailable\"");
    ASSERT_CONTAINS(read->detail, "outcome=\"not-executed\"");
    ASSERT_CONTAINS(read->detail, "endpoint=\"xmpp:a@b/c&quot;d\"");
    ASSERT_CONTAINS(read->detail, "trace=\"0af7651916cd43dd8448eb211c80319c\"");
    ASSERT_CONTAINS(read->detail, "urn:soap-xmpp:gateway:1");
    ct_answer_free(answer);
    free(envelope);
}

static void test_a_fault_of_each_version_reads_as_one(void)
{
    check(11, true, "Client", GW_FAULT_SENDER);
    check(11, false, "Server", GW_FAULT_RECEIVER);
    check(12, true, "Sender", GW_FAULT_SENDER);
    check(12, false, "Receiver", GW_FAULT_RECEIVER);
}

static void test_what_is_not_known_is_left_out(void)
{
    struct gw_fault fault = {
        .version = 12, .reason = "no", .condition = "", .outcome = "", .endpoint = "", .trace = ""};
    size_t bytes;
    char *envelope = gw_fault_write(&fault, &bytes);
    CU_ASSERT_PTR_NOT_NULL_FATAL(envelope);
    ASSERT_CONTAINS(envelope, "<gateway xmlns=\"urn:soap-xmpp:gateway:1\"/>");
    free(envelope);
}

CU_TestInfo gateway_tests_fault[] = {
    {"a fault of each version reads as one", test_a_fault_of_each_version_reads_as_one},
    {"what isn't known is left out", test_what_is_not_known_is_left_out},
    CU_TEST_INFO_NULL,
};
