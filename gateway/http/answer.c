/* answer.c - an answer as it is sent. */
#include "http/answer.h"

#include <stdlib.h>
#include <strings.h>

#include "contract/text.h"
#include "http/packing.h"

static const char ASK[] = "Basic realm=\"soapxmpp\", charset=\"UTF-8\"";

/* Without a control character, and not empty, which libmicrohttpd takes no more. */
static bool is_text(const char *text)
{
    if (!*text)
        return false;
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    return true;
}

static bool is_fit(const struct gw_header *header)
{
    return is_text(header->name) && is_text(header->value);
}

static bool may_be_packed(const struct gw_request *request, const struct gw_header *headers)
{
    for (; headers && headers->name; headers++)
        if (strcasecmp(headers->name, "Content-Encoding") == 0)
            return false;
    return request->takes_gzip;
}

static bool add(struct MHD_Response *response, const char *name, const char *value)
{
    return MHD_add_response_header(response, name, value) == MHD_YES;
}

static bool add_fields(const struct gw_request *request, int status,
                       const struct gw_header *headers, struct MHD_Response *response)
{
    for (; headers && headers->name; headers++)
        if (is_fit(headers) && !add(response, headers->name, headers->value))
            return false;
    if ((request->is_last || gw_intake_is_draining(request->intake)) &&
        !add(response, "Connection", "close"))
        return false;
    return status != 401 || !request->asks_password || add(response, "WWW-Authenticate", ASK);
}

struct MHD_Response *gw_answer_make(const struct gw_request *request, int status,
                                    const struct gw_header *headers, char *body, size_t body_bytes)
{
    bool may_pack = body && may_be_packed(request, headers);
    struct MHD_Response *packed = may_pack ? gw_packing_answer(body, body_bytes) : NULL;
    struct MHD_Response *response = packed;
    if (!response)
        response = MHD_create_response_from_buffer(
            body ? body_bytes : 0, body, body ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
    if (!response) {
        free(body);
        return NULL;
    }
    if ((!packed || add(response, "Content-Encoding", "gzip")) &&
        (!may_pack || add(response, "Vary", "Accept-Encoding")) &&
        add_fields(request, status, headers, response))
        return response;
    MHD_destroy_response(response);
    return NULL;
}

void gw_answer_write(struct gw_request *request, int status, const struct gw_header *headers,
                     const char *body, size_t body_bytes)
{
    struct ct_text text = {0};
    const char *reason = MHD_get_reason_phrase_for((unsigned)status);
    ct_text_print(&text, "HTTP/1.1 %d %s\r\n", status, reason ? reason : "Refused");
    for (; headers && headers->name; headers++)
        if (is_fit(headers))
            ct_text_print(&text, "%s: %s\r\n", headers->name, headers->value);
    ct_text_print(&text, "Content-Length: %zu\r\nConnection: close\r\n\r\n", body ? body_bytes : 0);
    if (body)
        ct_text_add(&text, body, body_bytes);
    request->midway_bytes = text.len;
    request->midway_answer = ct_text_take(&text);
    ct_text_fini(&text);
}
