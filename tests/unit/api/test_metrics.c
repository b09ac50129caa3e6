/* What links have done, as Prometheus reads it: soap_xmpp_metrics(). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/namespaces.h"
#include "../../lib/suite.h"
#include "../link/responder.h"

extern CU_TestInfo tests_metrics[];

#define PEER RESPONDER_PEER
#define ENVELOPE(body)                                                                             \
    "<e:Envelope xmlns:e='" SX_NS_SOAP12 "'><e:Body>" body "</e:Body></e:Envelope>"
#define PAGE "docs/metrics.md"

enum { TEXT_BYTES = 64 * 1024, LINES_MOST = 1000 };

static char text[TEXT_BYTES];

static void scrape(struct soap_xmpp_link *const *links, const char *const *names, size_t count)
{
    size_t len = soap_xmpp_metrics(links, names, count, text, sizeof text);
    CU_ASSERT_FATAL(len < sizeof text);
    CU_ASSERT_EQUAL(strlen(text), len);
}

static unsigned count_of(const char *part)
{
    const char *at = text;
    unsigned count = 0;
    for (; (at = strstr(at, part)) != NULL; at++)
        count++;
    return count;
}

static struct soap_xmpp_call *begin(struct responder *responder)
{
    struct soap_xmpp_call *call = NULL;
    CU_ASSERT_EQUAL_FATAL(sx_exchange_begin(responder->link->exchange, PEER, "add", 1, &call),
                          SX_OK);
    return call;
}

static void end_by_answer(struct responder *responder)
{
    struct soap_xmpp_call *call = begin(responder);
    struct sx_reply reply;
    responder_say(responder, "result", sx_exchange_id(call), ENVELOPE("<a/>"));
    sx_exchange_wait(call, 1, &reply);
    sx_reply_fini(&reply);
    sx_exchange_release(call);
}

TEST(a_link_that_is_none_has_zeros)
{
    struct soap_xmpp_link *const links[] = {NULL};
    scrape(links, NULL, 1);
    ASSERT_CONTAINS(text, "# HELP soapxmpp_link_state 1 for the state that the link is in.\n"
                          "# TYPE soapxmpp_link_state gauge\n"
                          "soapxmpp_link_state{link=\"\",state=\"backing-off\"} 0\n");
    ASSERT_CONTAINS(text, "\nsoapxmpp_link_state{link=\"\",state=\"closed\"} 1\n");
    ASSERT_CONTAINS(text, "\nsoapxmpp_calls_total{link=\"\",end=\"lost\",outcome=\"unknown\"} 0\n");
    ASSERT_CONTAINS(text, "\nsoapxmpp_call_seconds_bucket{link=\"\",le=\"+Inf\"} 0\n"
                          "soapxmpp_call_seconds_sum{link=\"\"} 0.000000\n"
                          "soapxmpp_call_seconds_count{link=\"\"} 0\n");
    CU_ASSERT_EQUAL(count_of("} 1\n"), 1);
    scrape(links, NULL, 0);
    CU_ASSERT_EQUAL(count_of("{"), 0);
    CU_ASSERT(count_of("# TYPE ") > 15);
}

TEST(calls_are_there_by_end_and_outcome_and_time)
{
    static struct responder responder;
    struct soap_xmpp_call *call;
    responder_serve(&responder, PEER ":add");
    end_by_answer(&responder);
    end_by_answer(&responder);
    sx_exchange_release(begin(&responder)); /* cancelled */
    call = begin(&responder);
    scrape(&responder.link, NULL, 1);
    ASSERT_CONTAINS(text, "soapxmpp_link_state{link=\"calc@example.org/soap\",");
    ASSERT_CONTAINS(text, "end=\"answer\",outcome=\"executed\"} 2\n");
    ASSERT_CONTAINS(text, "end=\"cancelled\",outcome=\"unknown\"} 1\n");
    ASSERT_CONTAINS(text, "soapxmpp_calls_in_flight{link=\"calc@example.org/soap\"} 1\n");
    ASSERT_CONTAINS(text, "le=\"60\"} 3\n");
    ASSERT_CONTAINS(text, "le=\"+Inf\"} 3\n");
    ASSERT_CONTAINS(text, "soapxmpp_call_seconds_count{link=\"calc@example.org/soap\"} 3\n");
    sx_exchange_release(call);
    responder_stop(&responder);
}

TEST(a_time_is_counted_where_it_belongs)
{
    struct sx_ends ends = {0};
    unsigned i;
    sx_ends_note_time(&ends, -1); /* a clock that lies */
    for (i = 0; i < SX_ENDS_BUCKETS; i++) {
        sx_ends_note_time(&ends, sx_ends_bounds_us[i]);
        sx_ends_note_time(&ends, sx_ends_bounds_us[i] + 1);
    }
    CU_ASSERT_EQUAL(ends.buckets[0], 2);
    for (i = 1; i < SX_ENDS_BUCKETS; i++)
        CU_ASSERT_EQUAL(ends.buckets[i], 2);
    CU_ASSERT_EQUAL(ends.buckets[SX_ENDS_BUCKETS], 1);
}

/* Each metric's lines stand together, with one help and one type. */
TEST(several_links_are_one_text)
{
    struct soap_xmpp_link *const links[] = {NULL, NULL};
    static const char *const names[] = {"main", "a\"b\\c\nd"};
    scrape(links, names, 2);
    CU_ASSERT_EQUAL(count_of("# HELP soapxmpp_calls_total "), 1);
    CU_ASSERT_EQUAL(count_of("# TYPE soapxmpp_calls_total "), 1);
    ASSERT_CONTAINS(text, "soapxmpp_resends_total{link=\"main\"} 0\n"
                          "soapxmpp_resends_total{link=\"a\\\"b\\\\c\\nd\"} 0\n"
                          "# HELP ");
    ASSERT_CONTAINS(text, "requests_total{link=\"main\",end=\"declined\"} 0\n"
                          "soapxmpp_requests_total{link=\"a\\\"b\\\\c\\nd\",end=\"answered\"} 0\n");
}

TEST(what_doesnt_fit_is_left_out_by_the_line)
{
    struct soap_xmpp_link *const links[] = {NULL};
    char *whole, *cut;
    size_t len = soap_xmpp_metrics(links, NULL, 1, NULL, 0), room;
    whole = malloc(len + 1);
    cut = malloc(len + 1);
    CU_ASSERT_FATAL(whole && cut);
    CU_ASSERT_EQUAL(soap_xmpp_metrics(links, NULL, 1, whole, len + 1), len);
    CU_ASSERT_EQUAL(strlen(whole), len);
    for (room = 1; room <= len; room += 7) {
        memset(cut, 'x', len + 1);
        CU_ASSERT_EQUAL(soap_xmpp_metrics(links, NULL, 1, cut, room), len);
        CU_ASSERT(strlen(cut) < room);
        CU_ASSERT_EQUAL(strncmp(whole, cut, strlen(cut)), 0);
        CU_ASSERT(!*cut || cut[strlen(cut) - 1] == '\n');
        CU_ASSERT_EQUAL(cut[room], 'x');
    }
    free(whole);
    free(cut);
}

/* | `name` | type | `label` | help | */
static bool read_row(const char *line, char name[100], char type[20], char help[300])
{
    return sscanf(line, "| `soapxmpp_%99[^`]` | %19[^ ] | %*[^|]| %299[^|]", name, type, help) == 3;
}

TEST(the_page_has_each_metric_and_no_other)
{
    struct soap_xmpp_link *const links[] = {NULL};
    char line[1000], name[100], type[20], help[300], head[600];
    FILE *page = fopen(PAGE, "r");
    unsigned rows = 0;
    CU_ASSERT_PTR_NOT_NULL_FATAL(page);
    scrape(links, NULL, 1);
    while (fgets(line, sizeof line, page)) {
        if (!read_row(line, name, type, help))
            continue;
        rows++;
        while (*help && help[strlen(help) - 1] == ' ')
            help[strlen(help) - 1] = '\0';
        snprintf(head, sizeof head, "# HELP soapxmpp_%s %s.\n# TYPE soapxmpp_%s %s\n", name, help,
                 name, type);
        ASSERT_CONTAINS(text, head);
    }
    fclose(page);
    CU_ASSERT_EQUAL(count_of("# HELP "), rows);
}

/* Debian's package "prometheus", where it is installed. */
TEST(promtool_takes_the_text)
{
    struct soap_xmpp_link *const links[] = {NULL, NULL};
    static const char *const names[] = {"main", "other"};
    FILE *tool;
    if (system("command -v promtool > /dev/null") != 0) /* NOLINT(cert-env33-c) */
        return;
    scrape(links, names, 2);
    tool = popen("promtool check metrics", "w"); /* NOLINT(cert-env33-c) */
    CU_ASSERT_PTR_NOT_NULL_FATAL(tool);
    CU_ASSERT(fputs(text, tool) >= 0);
    CU_ASSERT_EQUAL(pclose(tool), 0);
}

CU_TestInfo tests_metrics[] = {
    {"a link that is none has zeros", a_link_that_is_none_has_zeros},
    {"calls are there by end, outcome and time", calls_are_there_by_end_and_outcome_and_time},
    {"a time is counted where it belongs", a_time_is_counted_where_it_belongs},
    {"several links are one text", several_links_are_one_text},
    {"what doesn't fit is left out by the line", what_doesnt_fit_is_left_out_by_the_line},
    {"docs/metrics.md has each metric, and no other", the_page_has_each_metric_and_no_other},
    {"promtool takes the text", promtool_takes_the_text},
    CU_TEST_INFO_NULL,
};
