/* Presence that arrives: what the trace tells of it, which anybody could fill. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "../../lib/suite.h"
#include "responder.h"

enum { TIMES = 100 };

static void serve(struct responder *responder)
{
    struct soap_xmpp_config config;
    responder_configure(&config);
    config.presence = 1;
    responder_start(responder, &config);
}

static void say(struct responder *responder, const char *type)
{
    char stanza[200];
    snprintf(stanza, sizeof stanza,
             "<presence type='%s' from='mallory@example.com/x' to='calc@example.org'/>", type);
    responder_hear(responder, stanza, strlen(stanza));
}

static void assert_told_once(const char *type, const char *line, const char *rest,
                             struct responder *responder, struct sx_trace_rate *rate)
{
    int i;
    responder->line_count = 0;
    rate->told_us = 0;
    say(responder, type);
    CU_ASSERT_EQUAL(responder->line_count, 1);
    ASSERT_CONTAINS(responder->lines[0], line);
    rate->told_us = SX_NEVER / 2; /* as if it were now, on however slow a machine */
    for (i = 0; i < TIMES; i++)
        say(responder, type);
    CU_ASSERT_EQUAL(responder->line_count, 1);
    rate->told_us = 0;
    say(responder, type);
    CU_ASSERT_EQUAL(responder->line_count, 2);
    ASSERT_CONTAINS(responder->lines[1], rest);
}

TEST(what_anybody_can_say_is_told_once_a_second)
{
    struct responder responder;
    struct sx_announcement *announcement;
    serve(&responder);
    announcement = &responder.link->announcement;
    assert_told_once("subscribe", "mallory@example.com asks for our presence",
                     "100 other questions left out", &responder, &announcement->askers);
    assert_told_once("subscribed", "mallory@example.com lets us see its presence",
                     "100 other words of presence left out", &responder, &announcement->givers);
    assert_told_once("unsubscribed", "mallory@example.com doesn't let us see its presence",
                     "100 other words of presence left out", &responder, &announcement->givers);
    responder_stop(&responder);
}

CU_TestInfo tests_receive_presence[] = {
    {"what anybody can say is told once a second", what_anybody_can_say_is_told_once_a_second},
    CU_TEST_INFO_NULL,
};
