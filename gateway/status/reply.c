/* See reply.h. */
#include "status/reply.h"

#include <stdlib.h>
#include <string.h>

static void answer(struct gw_request *request, int status, const char *type, char *body, size_t len)
{
    const struct gw_header headers[] = {
        {"Content-Type", type},
        {"Cache-Control", "no-store"},
        {"Content-Security-Policy",
         "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
         "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "no-referrer"},
        {NULL, NULL},
    };
    gw_request_answer(request, status, headers, body, len);
}

void gw_reply_text(struct gw_request *request, int status, const char *type, struct ct_text *text)
{
    size_t len = text->len;
    char *body = ct_text_take(text);
    if (body)
        answer(request, status, type, body, len);
    else
        answer(request, 500, "text/plain; charset=utf-8", NULL, 0);
    ct_text_fini(text);
}

void gw_reply_line(struct gw_request *request, int status, const char *line)
{
    struct ct_text text = {0};
    ct_text_print(&text, "%s\n", line);
    gw_reply_text(request, status, "text/plain; charset=utf-8", &text);
}

void gw_reply_file(struct gw_request *request, const char *type, const char *text)
{
    struct ct_text copy = {0};
    ct_text_put(&copy, text);
    gw_reply_text(request, 200, type, &copy);
}
