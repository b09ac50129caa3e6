/* presence.c: the kinds of presence, and the mark. */
#include "wire/presence.h"

#include <stdio.h>
#include <string.h>

#include "../../lib/element_text.h"
#include "../../lib/suite.h"
#include "wire/namespaces.h"

#define INCARNATION "0123456789abcdef.1"
#define MARK(rest)  "<soap xmlns='" SX_NS_PRESENCE "'" rest "/>"

static const struct sx_presence_mark SERVES = {
    .serves = true, .packs = true, .incarnation = INCARNATION};
static const struct sx_presence_mark NOTHING = {.serves = false};

static enum sx_presence_kind read(const char *xml, struct sx_presence_mark *mark)
{
    struct sx_element *stanza = element_text_parse(xml);
    enum sx_presence_kind kind = sx_presence_read(stanza, mark);
    sx_element_free(stanza);
    return kind;
}

static void test_kinds(void)
{
    static const struct {
        const char *xml;
        enum sx_presence_kind kind;
    } rows[] = {
        {"<presence/>", SX_PRESENCE_AVAILABLE},
        {"<presence><show>dnd</show><priority>-128</priority></presence>", SX_PRESENCE_AVAILABLE},
        {"<presence type='unavailable'>" MARK("") "</presence>", SX_PRESENCE_GONE},
        {"<presence type='error'/>", SX_PRESENCE_GONE},
        {"<presence type='subscribe'/>", SX_PRESENCE_SUBSCRIBE},
        {"<presence type='subscribed'/>", SX_PRESENCE_SUBSCRIBED},
        {"<presence type='unsubscribe'/>", SX_PRESENCE_NONE},
        {"<presence type='unsubscribed'/>", SX_PRESENCE_UNSUBSCRIBED},
        {"<presence type='probe'/>", SX_PRESENCE_NONE},
        {"<presence type='available'/>", SX_PRESENCE_NONE}, /* RFC 6121 4.7.1: no such type */
        {"<presence type=''/>", SX_PRESENCE_NONE},
    };
    struct sx_presence_mark mark;
    size_t i;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        CU_ASSERT_EQUAL(read(rows[i].xml, &mark), rows[i].kind);
        CU_ASSERT_FALSE(mark.serves);
    }
}

static void test_marks(void)
{
    static const struct {
        const char *inside;
        struct sx_presence_mark mark;
    } rows[] = {
        {MARK(""), {.serves = true}},
        {"<priority>-1</priority>text" MARK(" packed='true'"), {.serves = true, .packs = true}},
        {MARK(" packed='yes' incarnation='" INCARNATION "'"),
         {.serves = true, .incarnation = INCARNATION}},
        {MARK(" incarnation='no incarnation'"), {.serves = true}},
        {"<soap xmlns='urn:soap-xmpp:presence:2'/>", {.serves = false}},
        {"<c xmlns='" SX_NS_PRESENCE "'/>", {.serves = false}},
        {"<a xmlns='urn:a'>" MARK("") "</a>", {.serves = false}},
    };
    char xml[400];
    struct sx_presence_mark mark;
    size_t i;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(xml, sizeof xml, "<presence>%s</presence>", rows[i].inside);
        CU_ASSERT_EQUAL(read(xml, &mark), SX_PRESENCE_AVAILABLE);
        CU_ASSERT_EQUAL(mark.serves, rows[i].mark.serves);
        CU_ASSERT_EQUAL(mark.packs, rows[i].mark.packs);
        ASSERT_TEXT(mark.incarnation, rows[i].mark.incarnation);
    }
}

static void test_mark_round_trip(void)
{
    struct sx_buffer out = {0};
    struct sx_presence_mark mark;
    sx_presence_format_mark(&out, &NOTHING);
    CU_ASSERT_EQUAL(out.len, 0);
    sx_buffer_add_text(&out, "<presence>");
    sx_presence_format_mark(&out, &SERVES);
    sx_buffer_add_text(&out, "</presence>");
    CU_ASSERT_EQUAL(read(out.bytes, &mark), SX_PRESENCE_AVAILABLE);
    CU_ASSERT_TRUE(mark.serves && mark.packs);
    ASSERT_TEXT(mark.incarnation, INCARNATION);
    sx_buffer_fini(&out);
}

CU_TestInfo tests_presence[] = {
    {"each type of presence is read", test_kinds},
    {"a mark is read, what is no mark isn't", test_marks},
    {"a mark is written as it is read, and none for who doesn't serve", test_mark_round_trip},
    CU_TEST_INFO_NULL,
};
