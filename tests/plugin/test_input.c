/* A struct soap that reads without a call or request of its own: gSOAP would take standard input
 * for it, which waits for ever or holds something else. Here there is an answer in it, that nobody
 * is to read by mistake. */
#include "ground.h"

#include <string.h>
#include <unistd.h>

#define FOREIGN "99" /* what standard input says */

/* ---- standard input ---- */

static int saved_stdin, writer;

static void open_input(void)
{
    static const char bytes[] = ADD_RESPONSE(FOREIGN);
    int ends[2];
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    saved_stdin = dup(STDIN_FILENO);
    CU_ASSERT_EQUAL(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    close(ends[0]);
    writer = ends[1];
    CU_ASSERT_EQUAL(write(writer, bytes, sizeof bytes - 1), (ssize_t)sizeof bytes - 1);
    close(writer);
}

static bool is_untouched(void)
{
    char first;
    return read(STDIN_FILENO, &first, 1) == 1 && first == '<';
}

static void close_input(void)
{
    if (saved_stdin >= 0)
        dup2(saved_stdin, STDIN_FILENO), close(saved_stdin);
    else
        close(STDIN_FILENO);
}

/* ---- copies ---- */

static void copy_of_a_caller(void)
{
    struct soap *soap = ground.client, *copy;
    double sum = 0;
    open_input();
    CU_ASSERT_EQUAL(soap_send_calc__add(soap, CALC, NULL, 1, 2), SOAP_OK);
    copy = soap_copy(soap);
    CU_ASSERT_EQUAL(soap_recv_calc__add(copy, &sum), SOAP_USER_ERROR);
    ASSERT_TEXT(ground_fault(copy), "the call was sent on the struct soap that this is a "
                                    "copy of: take it there by soap_xmpp_detach(), and here "
                                    "by soap_xmpp_attach()");
    CU_ASSERT_EQUAL(soap_recv_empty_response(copy), SOAP_USER_ERROR);
    CU_ASSERT_EQUAL(soap_recv_calc__add(copy, &sum), SOAP_USER_ERROR);
    CU_ASSERT_TRUE(is_untouched());
    CU_ASSERT_EQUAL(soap_recv_calc__add(soap, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 3);
    ASSERT_ADD(copy, CALC, 3, 4); /* its own call */
    CU_ASSERT_EQUAL(copy->omode, soap->omode);
    ground_free(copy);
    close_input();
}

static void copy_of_a_copy(void)
{
    struct soap *soap = ground.client, *copy, *second;
    double sum = 0;
    open_input();
    CU_ASSERT_EQUAL(soap_send_calc__add(soap, CALC, NULL, 1, 2), SOAP_OK);
    copy = soap_copy(soap);
    second = soap_copy(copy);
    CU_ASSERT_EQUAL(soap_recv_calc__add(second, &sum), SOAP_USER_ERROR);
    CU_ASSERT_TRUE(is_untouched());
    ground_free(second);
    ground_free(copy);
    CU_ASSERT_EQUAL(soap_recv_calc__add(soap, &sum), SOAP_OK);
    close_input();
}

static void copy_with_the_call(void)
{
    struct soap *soap = ground.client, *copy;
    double sum = 0;
    open_input();
    CU_ASSERT_EQUAL(soap_send_calc__add(soap, CALC, NULL, 1, 2), SOAP_OK);
    copy = soap_copy(soap);
    CU_ASSERT_EQUAL(soap_xmpp_attach(copy, soap_xmpp_detach(soap)), SOAP_OK);
    CU_ASSERT_EQUAL(soap_recv_calc__add(copy, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 3);
    CU_ASSERT_TRUE(is_untouched());
    ground_free(copy);
    close_input();
}

/* As gSOAP's servers do it over HTTP, with a thread for each connection. */
static void copy_of_a_server(void)
{
    struct soap *soap = ground.service, *copy;
    int ends[2];
    char byte;
    double sum = 0;
    open_input();
    CU_ASSERT_EQUAL(soap_xmpp_accept(soap, -1), SOAP_TCP_ERROR);
    CU_ASSERT_EQUAL(soap_send_calc__add(ground.client, CALC, NULL, 1, 2), SOAP_OK);
    CU_ASSERT_EQUAL_FATAL(soap_xmpp_accept(soap, 10), SOAP_OK);
    copy = soap_copy(soap);
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    copy->sendfd = ends[1];
    CU_ASSERT_EQUAL(soap_serve(copy), SOAP_USER_ERROR);
    ASSERT_TEXT(ground_fault(copy), "the request was accepted on the struct soap that this is a "
                                    "copy of: soap_xmpp_accept() on the copy that serves it");
    CU_ASSERT_TRUE(is_untouched());
    ground_free(copy);
    close(ends[1]);
    CU_ASSERT_EQUAL(read(ends[0], &byte, 1), 0); /* no HTTP response either */
    close(ends[0]);
    CU_ASSERT_EQUAL(soap_serve(soap), SOAP_OK);
    soap_destroy(soap);
    soap_end(soap);
    CU_ASSERT_EQUAL(soap_recv_calc__add(ground.client, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 3);
    close_input();
}

/* ---- what a program reads on purpose ---- */

static void copy_reads_what_it_was_given(void)
{
    struct soap *soap = ground.client, *copy;
    double sum = 0;
    open_input();
    CU_ASSERT_EQUAL(soap_send_calc__add(soap, CALC, NULL, 1, 2), SOAP_OK);
    copy = soap_copy(soap);
    copy->is = ADD_RESPONSE("98");
    CU_ASSERT_EQUAL(soap_recv_calc__add(copy, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 98);
    copy->is = NULL;
    copy->recvfd = dup(STDIN_FILENO);
    CU_ASSERT_EQUAL(soap_recv_calc__add(copy, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 99);
    close(copy->recvfd);
    ground_free(copy);
    CU_ASSERT_EQUAL(soap_recv_calc__add(soap, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 3);
    close_input();
}

/* A filter: documents from standard input, a call for each. */
static void caller_reads_standard_input(void)
{
    struct soap *soap = ground.client;
    struct soap_xmpp_call *call;
    double sum = 0;
    open_input();
    ASSERT_ADD(soap, CALC, 1, 2);
    CU_ASSERT_EQUAL(soap_send_calc__add(soap, CALC, NULL, 1, 2), SOAP_OK);
    call = soap_xmpp_detach(soap);
    CU_ASSERT_EQUAL(soap_recv_calc__add(soap, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 99);
    CU_ASSERT_EQUAL(soap_recv_calc__add(soap, &sum), SOAP_EOF);
    ASSERT_TEXT(ground_fault(soap),
                "the call was detached, and not attached here again; standard input, which "
                "gSOAP reads without one, is at its end");
    CU_ASSERT_EQUAL(soap_xmpp_attach(soap, call), SOAP_OK);
    CU_ASSERT_EQUAL(soap_recv_calc__add(soap, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(soap_recv_calc__add(soap, &sum), SOAP_EOF);
    ASSERT_TEXT(ground_fault(soap), "no call is under way any more; standard input, which "
                                    "gSOAP reads without one, is at its end");
    CU_ASSERT_EQUAL(soap_send_calc__add(soap, CALC, NULL, 1, 2), SOAP_OK);
    soap_end(soap); /* cancels it */
    CU_ASSERT_EQUAL(soap_recv_empty_response(soap), SOAP_EOF);
    ASSERT_CONTAINS(ground_fault(soap), "no call is under way any more");
    ASSERT_ADD(soap, CALC, 1, 2);
    close_input();
}

CU_TestInfo tests_input[] = {
    {"a copy doesn't receive the answer to its original's call, and says so", copy_of_a_caller},
    {"a copy of such a copy likewise", copy_of_a_copy},
    {"a copy to which the call was handed receives it", copy_with_the_call},
    {"a copy reads the input that its program gives it", copy_reads_what_it_was_given},
    {"a caller reads standard input between its calls; at its end it says what is missing",
     caller_reads_standard_input},
    CU_TEST_INFO_NULL,
};

CU_TestInfo tests_input_served[] = {
    {"a copy doesn't serve its original's request, and says so", copy_of_a_server},
    CU_TEST_INFO_NULL,
};
