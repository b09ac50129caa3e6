/* What a caller is told of what came from a backend: every row. */
#include <stdio.h>
#include <string.h>

#include "serve/verdict.h"
#include "suite.h"

static const struct row {
    enum gw_client_end end;
    bool was_sent;
    int status;
    enum gw_content content;
    enum gw_reply reply;
    const char *condition;
} rows[] = {
    {GW_CLIENT_UNREACHED, false, 0, GW_CONTENT_EMPTY, GW_REPLY_DECLINE, "service-unavailable"},
    {GW_CLIENT_LOST, true, 0, GW_CONTENT_EMPTY, GW_REPLY_REFUSE, NULL},
    {GW_CLIENT_LOST, true, 200, GW_CONTENT_EMPTY, GW_REPLY_REFUSE, NULL},
    {GW_CLIENT_TOO_LARGE, true, 200, GW_CONTENT_EMPTY, GW_REPLY_REFUSE, NULL},
    {GW_CLIENT_STOPPED, false, 0, GW_CONTENT_EMPTY, GW_REPLY_DECLINE, "service-unavailable"},
    {GW_CLIENT_STOPPED, true, 0, GW_CONTENT_EMPTY, GW_REPLY_REFUSE, NULL},
    {GW_CLIENT_ANSWERED, true, 200, GW_CONTENT_ENVELOPE, GW_REPLY_ANSWER, NULL},
    {GW_CLIENT_ANSWERED, true, 202, GW_CONTENT_ENVELOPE, GW_REPLY_ANSWER, NULL},
    {GW_CLIENT_ANSWERED, true, 400, GW_CONTENT_ENVELOPE, GW_REPLY_ANSWER, NULL},
    {GW_CLIENT_ANSWERED, true, 401, GW_CONTENT_ENVELOPE, GW_REPLY_ANSWER, NULL},
    {GW_CLIENT_ANSWERED, true, 500, GW_CONTENT_ENVELOPE, GW_REPLY_ANSWER, NULL},
    {GW_CLIENT_ANSWERED, true, 503, GW_CONTENT_ENVELOPE, GW_REPLY_ANSWER, NULL},
    {GW_CLIENT_ANSWERED, true, 200, GW_CONTENT_EMPTY, GW_REPLY_EMPTY, NULL},
    {GW_CLIENT_ANSWERED, true, 202, GW_CONTENT_EMPTY, GW_REPLY_EMPTY, NULL},
    {GW_CLIENT_ANSWERED, true, 204, GW_CONTENT_EMPTY, GW_REPLY_EMPTY, NULL},
    {GW_CLIENT_ANSWERED, true, 200, GW_CONTENT_OTHER, GW_REPLY_REFUSE, NULL},
    {GW_CLIENT_ANSWERED, true, 301, GW_CONTENT_EMPTY, GW_REPLY_REFUSE, NULL},
    {GW_CLIENT_ANSWERED, true, 303, GW_CONTENT_OTHER, GW_REPLY_REFUSE, NULL},
    {GW_CLIENT_ANSWERED, true, 307, GW_CONTENT_EMPTY, GW_REPLY_REFUSE, NULL},
    {GW_CLIENT_ANSWERED, true, 400, GW_CONTENT_OTHER, GW_REPLY_REFUSE, NULL},
    {GW_CLIENT_ANSWERED, true, 401, GW_CONTENT_OTHER, GW_REPLY_DECLINE, "not-allowed"},
    {GW_CLIENT_ANSWERED, false, 401, GW_CONTENT_EMPTY, GW_REPLY_DECLINE, "not-allowed"},
    {GW_CLIENT_ANSWERED, true, 402, GW_CONTENT_OTHER, GW_REPLY_REFUSE, NULL},
    {GW_CLIENT_ANSWERED, true, 403, GW_CONTENT_OTHER, GW_REPLY_DECLINE, "forbidden"},
    {GW_CLIENT_ANSWERED, true, 404, GW_CONTENT_OTHER, GW_REPLY_DECLINE, "item-not-found"},
    {GW_CLIENT_ANSWERED, true, 405, GW_CONTENT_EMPTY, GW_REPLY_DECLINE, "not-allowed"},
    {GW_CLIENT_ANSWERED, true, 407, GW_CONTENT_OTHER, GW_REPLY_DECLINE, "not-allowed"},
    {GW_CLIENT_ANSWERED, true, 408, GW_CONTENT_OTHER, GW_REPLY_REFUSE, NULL},
    {GW_CLIENT_ANSWERED, true, 409, GW_CONTENT_OTHER, GW_REPLY_REFUSE, NULL},
    {GW_CLIENT_ANSWERED, true, 413, GW_CONTENT_OTHER, GW_REPLY_DECLINE, "policy-violation"},
    {GW_CLIENT_ANSWERED, true, 415, GW_CONTENT_OTHER, GW_REPLY_DECLINE, "not-acceptable"},
    {GW_CLIENT_ANSWERED, true, 421, GW_CONTENT_OTHER, GW_REPLY_DECLINE, "service-unavailable"},
    {GW_CLIENT_ANSWERED, true, 429, GW_CONTENT_OTHER, GW_REPLY_DECLINE, "resource-constraint"},
    {GW_CLIENT_ANSWERED, true, 500, GW_CONTENT_OTHER, GW_REPLY_REFUSE, NULL},
    {GW_CLIENT_ANSWERED, true, 500, GW_CONTENT_EMPTY, GW_REPLY_REFUSE, NULL},
    {GW_CLIENT_ANSWERED, true, 502, GW_CONTENT_OTHER, GW_REPLY_REFUSE, NULL},
    {GW_CLIENT_ANSWERED, true, 503, GW_CONTENT_EMPTY, GW_REPLY_REFUSE, NULL},
    {GW_CLIENT_ANSWERED, false, 413, GW_CONTENT_OTHER, GW_REPLY_DECLINE, "policy-violation"},
    {GW_CLIENT_ANSWERED, false, 503, GW_CONTENT_OTHER, GW_REPLY_DECLINE, "service-unavailable"},
    {GW_CLIENT_ANSWERED, false, 302, GW_CONTENT_EMPTY, GW_REPLY_DECLINE, "service-unavailable"},
    {GW_CLIENT_ANSWERED, false, 200, GW_CONTENT_EMPTY, GW_REPLY_REFUSE, NULL},
    {GW_CLIENT_ANSWERED, false, 500, GW_CONTENT_ENVELOPE, GW_REPLY_ANSWER, NULL},
    {GW_CLIENT_ANSWERED, true, 504, GW_CONTENT_OTHER, GW_REPLY_REFUSE, NULL},
    {GW_CLIENT_ANSWERED, true, 999, GW_CONTENT_OTHER, GW_REPLY_REFUSE, NULL},
    {GW_CLIENT_ANSWERED, true, -7, GW_CONTENT_OTHER, GW_REPLY_REFUSE, NULL},
    {GW_CLIENT_ANSWERED, true, 70000, GW_CONTENT_OTHER, GW_REPLY_REFUSE, NULL},
};

static void each_row_has_its_verdict(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        struct gw_verdict verdict =
            gw_verdict_decide(row->end, row->was_sent, row->status, row->content);
        if (verdict.reply != row->reply)
            printf("\nrow %zu: %d", i, verdict.reply);
        CU_ASSERT_EQUAL(verdict.reply, row->reply);
        if (row->condition)
            ASSERT_TEXT(verdict.condition, row->condition);
        else
            CU_ASSERT_PTR_NULL(verdict.condition);
    }
}

/* Whatever comes after a byte of the body has gone is no decline, unless a status says so. */
static void what_was_sent_is_declined_by_a_status_alone(void)
{
    for (int status = 0; status < 1000; status++) {
        CU_ASSERT_EQUAL(gw_verdict_decide(GW_CLIENT_LOST, true, status, GW_CONTENT_OTHER).reply,
                        GW_REPLY_REFUSE);
        CU_ASSERT_EQUAL(gw_verdict_decide(GW_CLIENT_STOPPED, true, status, GW_CONTENT_OTHER).reply,
                        GW_REPLY_REFUSE);
        if (status < 401 || status > 429)
            CU_ASSERT_NOT_EQUAL(
                gw_verdict_decide(GW_CLIENT_ANSWERED, true, status, GW_CONTENT_OTHER).reply,
                GW_REPLY_DECLINE);
    }
}

static void a_sentence_shows_200_bytes_on_one_line(void)
{
    char body[400], out[600];
    gw_verdict_text(503, "", 0, out, sizeof out);
    ASSERT_TEXT(out, "the backend answered 503");
    gw_verdict_text(503, " \r\n<h1>x</h1>\r\n\033[2J\0y", 21, out, sizeof out);
    ASSERT_TEXT(out, "the backend answered 503: <h1>x</h1>???[2J?y");
    memset(body, 'a', sizeof body);
    body[199] = '\303'; /* the first byte of two */
    body[200] = '\266';
    gw_verdict_text(500, body, sizeof body, out, sizeof out);
    CU_ASSERT_EQUAL(strlen(out), strlen("the backend answered 500: ") + 199);
}

CU_TestInfo gateway_tests_verdict[] = {
    {"each row has its verdict", each_row_has_its_verdict},
    {"what was sent is declined by a status alone", what_was_sent_is_declined_by_a_status_alone},
    {"a sentence shows 200 bytes, on one line", a_sentence_shows_200_bytes_on_one_line},
    CU_TEST_INFO_NULL,
};
