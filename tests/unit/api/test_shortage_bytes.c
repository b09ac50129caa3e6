/* Requests as bytes, and a descriptor, while memory runs short. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "link/link.h"
#include "link/link_state.h"
#include "../../lib/shortage.h"

extern CU_TestInfo tests_shortage_bytes[];

#define SOAP12 "http://www.w3.org/2003/05/soap-envelope"
#define REQUEST                                                                                    \
    "<e:Envelope xmlns:e='" SOAP12 "'><e:Body><c:add xmlns:c='urn:c'/></e:Body></e:Envelope>"
#define ANSWER                                                                                     \
    "<e:Envelope xmlns:e='" SOAP12 "'><e:Body><c:sum xmlns:c='urn:c'/></e:Body></e:Envelope>"

static struct soap_xmpp_link *make_link(void)
{
    struct soap_xmpp_config config;
    struct soap_xmpp_link *link;
    soap_xmpp_config_init(&config);
    config.jid = "calc@example.org/soap";
    config.password = "secret";
    config.tls = SOAP_XMPP_TLS_OFF;
    config.host = "127.0.0.1";
    config.allow = "*";
    config.trace = SOAP_XMPP_TRACE_NONE;
    CU_ASSERT_PTR_NOT_NULL_FATAL(link = sx_link_new(&config, NULL, 0));
    CU_ASSERT_PTR_NULL(soap_xmpp_take(link, 0, NULL)); /* it serves */
    return link;
}

/* Packed, and nobody has looked into it. */
static void add_request(struct soap_xmpp_link *link)
{
    struct sx_request *request = sx_request_new("alice@b/c", "calc@example.org/soap", "1");
    struct sx_buffer packed = {0};
    CU_ASSERT_PTR_NOT_NULL_FATAL(request);
    CU_ASSERT_EQUAL_FATAL(sx_pack(REQUEST, sizeof REQUEST - 1, &packed, &request->envelope.form),
                          SX_OK);
    request->envelope.bytes = sx_buffer_take(&packed, &request->envelope.len);
    CU_ASSERT_EQUAL_FATAL(sx_queue_add(link->queue, request), SX_OK);
}

/* False: memory was short. */
static bool read_all(struct soap_xmpp_request *request)
{
    char bytes[1000], why[200] = "";
    size_t len = 0;
    long got;
    while ((got = soap_xmpp_request_read(request, bytes + len, 50, why, sizeof why)) > 0)
        len += (size_t)got;
    CU_ASSERT(got == 0 || strstr(why, "memory is short"));
    CU_ASSERT(got < 0 || (len == sizeof REQUEST - 1 && memcmp(bytes, REQUEST, len) == 0));
    return got == 0;
}

static bool attempt_request(struct shortage shortage)
{
    struct soap_xmpp_link *link = make_link();
    struct soap_xmpp_request *request;
    bool was_read = false, was_answered = false, has_failed;
    char why[300] = "";
    int is_stopped = 7;
    add_request(link);
    shortage_begin(shortage);
    request = soap_xmpp_take(link, 0, &is_stopped);
    if (request) {
        was_read = read_all(request);
        was_answered = soap_xmpp_answer(request, ANSWER, sizeof ANSWER - 1, why, sizeof why) == 0;
        if (!was_answered)
            soap_xmpp_refuse(request, why);
    }
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(is_stopped, 0);
    CU_ASSERT(has_failed || was_answered);
    CU_ASSERT(has_failed || was_read);
    CU_ASSERT(!request || was_answered || strstr(why, "memory is short"));
    if (!request && (request = soap_xmpp_take(link, 0, NULL)) != NULL) /* it still waited */
        soap_xmpp_decline(request, NULL, NULL);
    sx_link_unref(link);
    return has_failed;
}

SHORTAGE_TEST(request, 8)

static bool attempt_descriptor(struct shortage shortage)
{
    struct soap_xmpp_link *link = make_link();
    bool has_failed;
    int fd;
    shortage_begin(shortage);
    errno = 0;
    fd = soap_xmpp_fd(link);
    CU_ASSERT(fd >= 0 || errno == ENOMEM);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(has_failed, fd < 0);
    CU_ASSERT(soap_xmpp_fd(link) >= 0);
    sx_link_unref(link);
    return has_failed;
}

SHORTAGE_TEST(descriptor, 1)

CU_TestInfo tests_shortage_bytes[] = {
    {"a request is taken, read and answered, or says that memory is short", test_request},
    {"a descriptor is made, or says that memory is short", test_descriptor},
    CU_TEST_INFO_NULL,
};
