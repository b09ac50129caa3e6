/* See verdict.h. The table is read from its top: the first row that fits is meant. */
#include "serve/verdict.h"

#include <stdio.h>
#include <string.h>

#include "contract/plain.h"

enum { ANY = -1, SHOWN_BYTES = 200 };

struct row {
    int end, was_sent, least_status, most_status, content; /* ANY */
    struct gw_verdict verdict;
};

static const struct row rows[] = {
    {GW_CLIENT_UNREACHED, ANY, 0, 999, ANY, {GW_REPLY_DECLINE, "service-unavailable"}},
    {GW_CLIENT_STOPPED, false, 0, 999, ANY, {GW_REPLY_DECLINE, "service-unavailable"}},
    /* Whatever the status: a fault may come with any, and says more. */
    {GW_CLIENT_ANSWERED, ANY, 0, 999, GW_CONTENT_ENVELOPE, {GW_REPLY_ANSWER, NULL}},
    {GW_CLIENT_ANSWERED, true, 200, 299, GW_CONTENT_EMPTY, {GW_REPLY_EMPTY, NULL}},
    /* RFC 9110 15.5: each says that the request wasn't carried out. */
    {GW_CLIENT_ANSWERED, ANY, 401, 401, ANY, {GW_REPLY_DECLINE, "not-allowed"}},
    {GW_CLIENT_ANSWERED, ANY, 403, 403, ANY, {GW_REPLY_DECLINE, "forbidden"}},
    {GW_CLIENT_ANSWERED, ANY, 404, 404, ANY, {GW_REPLY_DECLINE, "item-not-found"}},
    {GW_CLIENT_ANSWERED, ANY, 405, 405, ANY, {GW_REPLY_DECLINE, "not-allowed"}},
    {GW_CLIENT_ANSWERED, ANY, 407, 407, ANY, {GW_REPLY_DECLINE, "not-allowed"}},
    {GW_CLIENT_ANSWERED, ANY, 413, 413, ANY, {GW_REPLY_DECLINE, "policy-violation"}},
    {GW_CLIENT_ANSWERED, ANY, 415, 415, ANY, {GW_REPLY_DECLINE, "not-acceptable"}},
    {GW_CLIENT_ANSWERED, ANY, 421, 421, ANY, {GW_REPLY_DECLINE, "service-unavailable"}},
    {GW_CLIENT_ANSWERED, ANY, 429, 429, ANY, {GW_REPLY_DECLINE, "resource-constraint"}},
    /* It answered before the body had begun. */
    {GW_CLIENT_ANSWERED, false, 300, 599, ANY, {GW_REPLY_DECLINE, "service-unavailable"}},
    /* 502 to 504 among them: a proxy before the backend doesn't know either. */
    {ANY, ANY, 0, 999, ANY, {GW_REPLY_REFUSE, NULL}},
};

static bool is_row(const struct row *row, enum gw_client_end end, bool was_sent, int status,
                   enum gw_content content)
{
    return (row->end == ANY || row->end == (int)end) &&
           (row->was_sent == ANY || row->was_sent == was_sent) && row->least_status <= status &&
           status <= row->most_status && (row->content == ANY || row->content == (int)content);
}

struct gw_verdict gw_verdict_decide(enum gw_client_end end, bool was_sent, int status,
                                    enum gw_content content)
{
    const struct row *row = rows;
    if (status < 0 || status > 999)
        status = 999;
    while (!is_row(row, end, was_sent, status, content))
        row++; /* the last fits all */
    return row->verdict;
}

void gw_verdict_text(int status, const char *body, size_t body_bytes, char *out, size_t out_bytes)
{
    char shown[SHOWN_BYTES + 1];
    size_t skipped = 0, bytes;
    while (skipped < body_bytes && strchr(" \t\r\n", body[skipped]))
        skipped++;
    bytes = body_bytes - skipped < SHOWN_BYTES ? body_bytes - skipped : SHOWN_BYTES;
    if (bytes > 0)
        memcpy(shown, body + skipped, bytes);
    for (size_t i = 0; i < bytes; i++)
        if (shown[i] == '\0')
            shown[i] = '?';
    shown[bytes] = '\0';
    if (bytes == SHOWN_BYTES)
        ct_plain_cut(shown);
    ct_plain_make(shown);
    snprintf(out, out_bytes, "the backend answered %d%s%s", status, bytes ? ": " : "", shown);
}
