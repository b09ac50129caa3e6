/* The error table: no row missing, and the names that the specifications and gSOAP give. */
#include "../../lib/suite.h"

#include <stdio.h>
#include <string.h>

#include "base/fault.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* of stdsoap2.h */
enum { CODE_EOF = -1, CODE_EOM = 20, CODE_TCP_ERROR = 28 };

/* RFC 6120 8.3.3, and XEP-0086 as far as it knows them */
static const struct {
    const char *condition, *type;
    int number;
} conditions[] = {
    {"bad-request", "modify", 400},
    {"conflict", "cancel", 409},
    {"feature-not-implemented", "cancel", 501},
    {"forbidden", "auth", 403},
    {"gone", "cancel", 302},
    {"internal-server-error", "cancel", 500},
    {"item-not-found", "cancel", 404},
    {"jid-malformed", "modify", 400},
    {"not-acceptable", "modify", 406},
    {"not-allowed", "cancel", 405},
    {"not-authorized", "auth", 401},
    {"policy-violation", "modify", 403},
    {"recipient-unavailable", "wait", 404},
    {"redirect", "modify", 302},
    {"registration-required", "auth", 407},
    {"remote-server-not-found", "cancel", 404},
    {"remote-server-timeout", "wait", 504},
    {"resource-constraint", "wait", 500},
    {"service-unavailable", "cancel", 503},
    {"subscription-required", "auth", 407},
    {"undefined-condition", "cancel", 500},
    {"unexpected-request", "wait", 400},
};

static bool is_condition(const char *text)
{
    size_t i;
    for (i = 0; i < COUNT(conditions); i++)
        if (strcmp(conditions[i].condition, text) == 0)
            return true;
    return false;
}

static void every_error_has_a_row(void)
{
    int err, other;
    for (err = SX_OK; err < SX_ERR_COUNT; err++) {
        CU_ASSERT_PTR_NOT_NULL_FATAL(sx_fault_text(err));
        CU_ASSERT_TRUE(strlen(sx_fault_text(err)) > 3);
        CU_ASSERT_PTR_NOT_NULL_FATAL(sx_fault_condition(err));
        CU_ASSERT_TRUE(is_condition(sx_fault_condition(err)));
        CU_ASSERT_EQUAL(sx_fault_soap_code(err) == 0, err == SX_OK);
        for (other = SX_OK; other < err; other++)
            CU_ASSERT_STRING_NOT_EQUAL(sx_fault_text(err), sx_fault_text(other));
    }
}

static void wild_values_are_errors(void)
{
    CU_ASSERT_PTR_NOT_NULL(sx_fault_text(SX_ERR_COUNT));
    CU_ASSERT_PTR_NOT_NULL(sx_fault_text((enum sx_err)12345));
    CU_ASSERT_NOT_EQUAL(sx_fault_soap_code((enum sx_err) - 1), 0);
}

static void unreachable_is_tcp_error(void)
{
    static const enum sx_err errors[] = {SX_EOFFLINE,  SX_EUNRESOLVED, SX_EUNREACHABLE, SX_ETLS,
                                         SX_ECERT,     SX_EHOSTNAME,   SX_EAUTH,        SX_ESTREAM,
                                         SX_ECONFLICT, SX_EPROTOCOL,   SX_ECONNECT,     SX_ESTOPPED,
                                         SX_EROOM,     SX_EPOLICY,     SX_ESESSIONS};
    size_t i;
    for (i = 0; i < COUNT(errors); i++)
        CU_ASSERT_EQUAL(sx_fault_soap_code(errors[i]), CODE_TCP_ERROR);
}

static void sent_calls_are_not_tried_again(void)
{
    CU_ASSERT_EQUAL(sx_fault_soap_code(SX_ETIMEOUT), CODE_EOF);
    CU_ASSERT_EQUAL(sx_fault_soap_code(SX_ELOST), CODE_EOF);
    CU_ASSERT_EQUAL(sx_fault_soap_code(SX_ENOMEM), CODE_EOM);
    CU_ASSERT_EQUAL(sx_fault_soap_code(SX_ESTANZA), 500);
    CU_ASSERT_EQUAL(sx_fault_soap_code(SX_EFORBIDDEN), 403);
    CU_ASSERT_NOT_EQUAL(sx_fault_soap_code(SX_EENDPOINT), CODE_TCP_ERROR);
}

static void permanent_errors_are_few(void)
{
    static const enum sx_err permanent[] = {SX_ECONFIG, SX_EENDPOINT,   SX_ECERT,     SX_EHOSTNAME,
                                            SX_EAUTH,   SX_ECLIENTCERT, SX_ECONFLICT, SX_ESTOPPED,
                                            SX_ESHARED, SX_EFORKED};
    size_t i, found = 0;
    int err;
    for (i = 0; i < COUNT(permanent); i++)
        CU_ASSERT_TRUE(sx_fault_permanent(permanent[i]));
    for (err = SX_OK; err < SX_ERR_COUNT; err++)
        found += sx_fault_permanent(err);
    CU_ASSERT_EQUAL(found, COUNT(permanent));
}

static void answers_are_few(void)
{
    static const enum sx_err answered[] = {SX_OK,      SX_ENOTSOAP, SX_EMALFORMED, SX_EVERSION,
                                           SX_ETOOBIG, SX_EDEPTH,   SX_EABSENT,    SX_ETAKEN};
    size_t i, found = 0;
    enum sx_err err;

    for (i = 0; i < COUNT(answered); i++)
        CU_ASSERT_TRUE(sx_fault_is_answered(answered[i]));
    for (err = SX_OK; err < SX_ERR_COUNT; err++)
        found += sx_fault_is_answered(err);
    CU_ASSERT_EQUAL(found, COUNT(answered));
}

static void requests_are_refused_with(void)
{
    static const struct {
        enum sx_err err;
        const char *condition, *type;
    } rows[] = {
        {SX_ENOTSOAP, "service-unavailable", "cancel"},
        {SX_ESTOPPED, "service-unavailable", "cancel"},
        {SX_EFULL, "resource-constraint", "wait"},
        {SX_ETAKEN, "resource-constraint", "wait"},
        {SX_ENOMEM, "resource-constraint", "wait"},
        {SX_EMALFORMED, "bad-request", "modify"},
        {SX_EVERSION, "bad-request", "modify"},
        {SX_ETOOBIG, "policy-violation", "modify"},
        {SX_EDEPTH, "policy-violation", "modify"},
        {SX_EUNCARRIABLE, "internal-server-error", "cancel"},
        {SX_EENDPOINT, "jid-malformed", "modify"},
        {SX_EFORBIDDEN, "forbidden", "auth"},
    };
    size_t i;
    for (i = 0; i < COUNT(rows); i++) {
        ASSERT_TEXT(sx_fault_condition(rows[i].err), rows[i].condition);
        ASSERT_TEXT(sx_fault_condition_type(sx_fault_condition(rows[i].err)), rows[i].type);
    }
}

static void conditions_have_number_and_type(void)
{
    size_t i;
    for (i = 0; i < COUNT(conditions); i++) {
        CU_ASSERT_EQUAL(sx_fault_number(conditions[i].condition), conditions[i].number);
        ASSERT_TEXT(sx_fault_condition_type(conditions[i].condition), conditions[i].type);
    }
}

static void unknown_conditions_are_500(void)
{
    static const char *const unknown[] = {"", "no-such-condition", "bad-request2", "bad-reques",
                                          "Bad-Request"};
    size_t i;
    for (i = 0; i < COUNT(unknown); i++) {
        CU_ASSERT_EQUAL(sx_fault_number(unknown[i]), 500);
        ASSERT_TEXT(sx_fault_condition_type(unknown[i]), "cancel");
    }
    CU_ASSERT_EQUAL(sx_fault_number(NULL), 500);
}

static const char *explain(const char *condition, bool is_there)
{
    static char text[SX_FAULT_SENTENCE_BYTES];
    sx_fault_explain(condition, "bank@example.org/soap", is_there, text);
    return text;
}

/* But for two of which there is nothing more to say than their names do. */
static void conditions_have_sentences(void)
{
    static const char *const mute[] = {"conflict", "undefined-condition"};
    size_t i, silent = 0;
    for (i = 0; i < COUNT(conditions); i++) {
        const char *condition = conditions[i].condition, *text = explain(condition, true);
        if (strcmp(condition, mute[0]) == 0 || strcmp(condition, mute[1]) == 0) {
            ASSERT_TEXT(text, "");
            silent++;
            continue;
        }
        ASSERT_CONTAINS(text, "bank@example.org/soap");
        ASSERT_LACKS(text, condition);
        ASSERT_CONTAINS(explain(condition, false), "bank@example.org/soap");
    }
    CU_ASSERT_EQUAL(silent, COUNT(mute));
    ASSERT_TEXT(explain("service-unavailable", false),
                "nobody is online as bank@example.org/soap, or it serves no SOAP");
    ASSERT_TEXT(explain("service-unavailable", true),
                "bank@example.org/soap is online and serves no such calls now");
    ASSERT_TEXT(explain("forbidden", false), "bank@example.org/soap doesn't let us call this");
    ASSERT_TEXT(explain("no-such-condition", false), "");
}

static void a_long_name_is_cut_at_a_character(void)
{
    char peer[3100], text[SX_FAULT_SENTENCE_BYTES];
    size_t i;
    for (i = 0; i + 3 < sizeof peer; i += 2)
        memcpy(peer + i, "\xc3\xbc", 3);
    sx_fault_explain("service-unavailable", peer, false, text);
    ASSERT_CONTAINS(text, "\xc3\xbc, or it serves no SOAP");
    sx_fault_explain("service-unavailable", peer + 1, false, text);
    ASSERT_LACKS(text, "\xc3,");
}

static void check_code(const char *local_name, const char *element, int number, const char *type)
{
    const struct sx_fault_code *code = sx_fault_code(local_name);
    CU_ASSERT_PTR_NOT_NULL_FATAL(code);
    ASSERT_TEXT(code->element, element);
    CU_ASSERT_EQUAL(code->number, number);
    ASSERT_TEXT(code->type, type);
}

static void soap_codes_map(void)
{
    check_code("Client", "Sender", 400, "modify");
    check_code("Sender", "Sender", 400, "modify");
    check_code("Client.Authentication", "Sender", 400, "modify");
    check_code("Server", "Receiver", 500, "wait");
    check_code("Server.Memory.Short", "Receiver", 500, "wait");
    check_code("Receiver", "Receiver", 500, "wait");
    check_code("VersionMismatch", "VersionMismatch", 500, "modify");
    check_code("MustUnderstand", "MustUnderstand", 500, "modify");
    check_code("DataEncodingUnknown", "DataEncodingUnknown", 500, "modify");
}

static void unknown_soap_codes_are_receivers(void)
{
    check_code("", "Receiver", 500, "wait");
    check_code(NULL, "Receiver", 500, "wait");
    check_code("client", "Receiver", 500, "wait");
    check_code("Clients", "Receiver", 500, "wait");
    check_code("Clien", "Receiver", 500, "wait");
    check_code(".Client", "Receiver", 500, "wait");
}

CU_TestInfo tests_fault[] = {
    {"every error has a full row of its own", every_error_has_a_row},
    {"a value outside the enum is an error, too", wild_values_are_errors},
    {"what is not reachable now is SOAP_TCP_ERROR, so that gSOAP tries the next",
     unreachable_is_tcp_error},
    {"what may have been sent is never SOAP_TCP_ERROR", sent_calls_are_not_tried_again},
    {"only what waiting can't heal is permanent", permanent_errors_are_few},
    {"somebody has answered when an answer came, good or bad", answers_are_few},
    {"a request is refused with the condition that fits", requests_are_refused_with},
    {"each condition has the number of XEP-0086 and the type of RFC 6120",
     conditions_have_number_and_type},
    {"each condition has a sentence that names the peer", conditions_have_sentences},
    {"a long name is cut at a character", a_long_name_is_cut_at_a_character},
    {"an unknown condition is 500 and cancel", unknown_conditions_are_500},
    {"SOAP 1.1 and 1.2 fault codes map to the elements of XEP-0072", soap_codes_map},
    {"an unknown SOAP fault code is the receiver's", unknown_soap_codes_are_receivers},
    CU_TEST_INFO_NULL,
};
