/* input.c - reading without a call or request: what gSOAP would take standard input for.
 *
 * Noun: the input, of a struct soap whose role is idle.
 *
 * Invariant: standard input isn't read in the place of what the original of a copy has. What else a
 * program reads from it, or from elsewhere, comes as if the plugin weren't there: programs read
 * documents between their calls, on the same struct soap.
 *
 * Happy path: begin finds nothing amiss -> next... gives what the callback before ours gives.
 * Failure modes: a copy is refused before it reads (begin, next) or runs (end) what its original
 * has; at the end of standard input the error stays SOAP_EOF, and has a sentence (next).
 */
#include "gsoap/input.h"

#include <unistd.h>

/* Given by the program, or, with an HTTP status in it, by a plugin with a transport of its own. */
static bool is_given(const struct soap *soap)
{
    return soap_valid_socket(soap->socket) || soap_valid_socket(soap->recvsk) || soap->is ||
           soap->status;
}

static bool is_standard(const struct soap *soap)
{
    return !is_given(soap) && soap->recvfd == STDIN_FILENO;
}

/* Of soap_copy(), or of soap_copy_stream(), which copies the descriptors that aren't there. */
static bool is_request_of_original(const struct soap *soap, const struct sx_context *context)
{
    if (context->missing == SX_MISSING_REQUEST_OF_ORIGINAL && is_standard(soap))
        return true;
    return !is_given(soap) && soap->recvfd == SX_NO_DESCRIPTOR;
}

static int fail_request(struct soap *soap, const struct sx_context *context)
{
    static const char text[] = "the request was accepted on the struct soap that this is a copy "
                               "of: soap_xmpp_accept() on the copy that serves it";
    sx_trace(sx_link_trace(context->link), SOAP_XMPP_TRACE_ERROR, "context %p: %s",
             (const void *)context, text);
    return sx_context_fail(soap, SOAP_USER_ERROR, "%s", text);
}

/* What is written until this is over goes nowhere. */
static int drop_output(struct soap *soap, struct sx_context *context)
{
    enum sx_missing missing = context->missing;
    sx_context_park(soap, context);
    sx_context_set_role(context, SX_ROLE_ANSWERED);
    context->missing = missing;
    return soap->error;
}

int sx_input_begin(struct soap *soap, struct sx_context *context)
{
    if (is_request_of_original(soap, context))
        (void)fail_request(soap, context);
    else if (context->missing == SX_MISSING_CALL_OF_ORIGINAL && is_standard(soap))
        (void)sx_context_fail(soap, SOAP_USER_ERROR,
                              "the call was sent on the struct soap that this is a copy of: take "
                              "it there by soap_xmpp_detach(), and here by soap_xmpp_attach()");
    else
        return SOAP_OK;
    if (soap->part != SOAP_BEGIN_RECV) /* soap_recv_empty_response() doesn't close */
        return soap->error;
    return drop_output(soap, context);
}

int sx_input_end(struct soap *soap, struct sx_context *context)
{
    if (!is_request_of_original(soap, context))
        return SOAP_OK;
    (void)fail_request(soap, context);
    return drop_output(soap, context);
}

size_t sx_input_next(struct soap *soap, struct sx_context *context, char *buf, size_t buf_bytes)
{
    size_t len;
    if (sx_input_end(soap, context))
        return 0;
    len = context->previous.frecv(soap, buf, buf_bytes);
    if (len || soap->error || !is_standard(soap))
        return len;
    if (context->missing == SX_MISSING_DETACHED || context->missing == SX_MISSING_OVER)
        (void)sx_context_fail(soap, SOAP_EOF,
                              "%s; standard input, which gSOAP reads without one, is at its end",
                              context->missing == SX_MISSING_OVER
                                  ? "no call is under way any more"
                                  : "the call was detached, and not attached here again");
    return len;
}
