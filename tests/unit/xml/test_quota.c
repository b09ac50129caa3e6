/* quota.c: memory that a document takes from expat is counted and ends; restricted markup is told.
 */
#include "xml/quota.h"

#include <stdio.h>
#include <string.h>

#include "../../lib/suite.h"

struct seen {
    char text[200];
};

static void note(void *user, enum sx_quota_markup markup, const char *encoding)
{
    static const char *const names[] = {"comment ", "instruction ", "doctype ", "declaration "};
    struct seen *seen = user;
    strcat(seen->text, names[markup]);
    if (encoding)
        strcat(seen->text, encoding);
}

static enum XML_Status parse(struct sx_quota *quota, XML_Parser parser, const char *text)
{
    return sx_quota_parse(quota, parser, text, (int)strlen(text), false);
}

static void memory_is_counted_and_given_back(void)
{
    struct sx_quota quota = {.max_bytes = 1 << 20, .restricted = note};
    XML_Parser parser = sx_quota_parser(&quota);
    size_t at_first = quota.held_bytes;
    CU_ASSERT_PTR_NOT_NULL_FATAL(parser);
    CU_ASSERT_TRUE(at_first > 0);
    CU_ASSERT_EQUAL(parse(&quota, parser, "<a b='c' d='e'>"), XML_STATUS_OK);
    CU_ASSERT_TRUE(quota.held_bytes > at_first);
    XML_ParserFree(parser);
    CU_ASSERT_EQUAL(quota.held_bytes, 0);
}

static void names_without_end_are_refused(void)
{
    struct sx_quota quota = {.max_bytes = 1 << 20, .restricted = note};
    XML_Parser parser = sx_quota_parser(&quota);
    enum XML_Status status = parse(&quota, parser, "<a>");
    char text[64];
    int i;
    for (i = 0; i < 100000 && status == XML_STATUS_OK; i++) {
        snprintf(text, sizeof text, "<name%d/>", i);
        status = parse(&quota, parser, text);
        CU_ASSERT_TRUE_FATAL(quota.held_bytes <= quota.max_bytes);
    }
    CU_ASSERT_EQUAL(status, XML_STATUS_ERROR);
    CU_ASSERT_EQUAL(XML_GetErrorCode(parser), XML_ERROR_NO_MEMORY);
    XML_ParserFree(parser);
    CU_ASSERT_EQUAL(quota.held_bytes, 0);
}

static void no_room_for_a_parser_is_no_parser(void)
{
    struct sx_quota quota = {.max_bytes = 10, .restricted = note};
    CU_ASSERT_PTR_NULL(sx_quota_parser(&quota));
    CU_ASSERT_EQUAL(quota.held_bytes, 0);
}

static void restricted_markup_is_told_of_each_document(void)
{
    struct sx_quota quota = {.max_bytes = 1 << 20, .restricted = note};
    XML_Parser parser = sx_quota_parser(&quota);
    int round;
    for (round = 0; round < 2; round++) {
        struct seen seen = {""};
        XML_SetUserData(parser, &seen);
        CU_ASSERT_EQUAL(
            parse(&quota, parser,
                  "<?xml version='1.0' encoding='UTF-8'?><!DOCTYPE a><!-- --><a><?b?></a>"),
            XML_STATUS_OK);
        ASSERT_TEXT(seen.text, "declaration UTF-8doctype comment instruction ");
        CU_ASSERT_TRUE(sx_quota_reset(&quota, parser));
    }
    XML_ParserFree(parser);
}

CU_TestInfo tests_quota[] = {
    {"memory is counted, and given back", memory_is_counted_and_given_back},
    {"names without end are refused", names_without_end_are_refused},
    {"no room for a parser is no parser", no_room_for_a_parser_is_no_parser},
    {"restricted markup is told of, in each document", restricted_markup_is_told_of_each_document},
    CU_TEST_INFO_NULL,
};
