/* Envelopes for people. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pretty.h"
#include "../../lib/suite.h"

extern CU_TestInfo tests_pretty[];

static char *print(const char *xml, size_t len)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    pretty_print(out, xml, len, 1);
    fclose(out);
    return text;
}

static void check(const char *xml, const char *printed)
{
    char *text = print(xml, strlen(xml));
    ASSERT_TEXT(text, printed);
    free(text);
}

static void test_a_line_for_each_element(void)
{
    check("<a><b c='d>e'>f</b>\n\t<g/><h></h></a>",
          " <a>\n   <b c='d>e'>f</b>\n   <g/>\n   <h></h>\n </a>\n");
    check("<a> </a>", " <a></a>\n");
    check("<?xml version='1.0'?><!-- <b> --><a><![CDATA[<c>]]></a>",
          " <?xml version='1.0'?>\n <!-- <b> -->\n <a>\n   <![CDATA[<c>]]>\n </a>\n");
}

static void test_whatever_it_is_given_it_ends(void)
{
    static const char whole[] = "<a b='c'>d<!-- e --><![CDATA[f]]><?g h?></a>";
    size_t len;
    for (len = 0; len < sizeof whole; len++) {
        char *text = print(whole, len);
        CU_ASSERT(strlen(text) >= 1 && text[strlen(text) - 1] == '\n');
        free(text);
    }
    check("</a></a>", " </a>\n </a>\n");
}

static void test_depth_is_bounded(void)
{
    char xml[3001], *text;
    int i;
    for (i = 0; i < 1000; i++)
        memcpy(xml + 3 * i, "<a>", 3);
    xml[3000] = '\0';
    text = print(xml, 3000);
    CU_ASSERT(strlen(text) < 1000 * (3 + 2 * 40 + 2));
    free(text);
}

CU_TestInfo tests_pretty[] = {
    {"there is a line for each element", test_a_line_for_each_element},
    {"whatever it is given, it ends", test_whatever_it_is_given_it_ends},
    {"the indentation is bounded", test_depth_is_bounded},
    CU_TEST_INFO_NULL,
};
