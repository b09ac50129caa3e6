/* gateway.conf(5) has the options that there are, and no others. */
#include "../../lib/suite.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/syntax.h"
#include "contract/file.h"

/* The page's part about a section, malloc'ed: from its heading to the next one. */
static char *cut_part(const char *page, const struct gw_syntax_section *section)
{
    char heading[64] = "\n# ", *at = heading + 3;
    const char *name = *section->name ? section->name : "options of the whole gateway", *begin,
               *end;
    for (; *name; name++)
        *at++ = (char)toupper((unsigned char)*name);
    *at++ = '\n';
    *at = '\0';
    begin = strstr(page, heading);
    CU_ASSERT_PTR_NOT_NULL_FATAL(begin);
    end = strstr(begin + 1, "\n# ");
    CU_ASSERT_PTR_NOT_NULL_FATAL(end);
    return strndup(begin, (size_t)(end - begin));
}

static void test_the_page_has_each_option(void)
{
    const struct gw_syntax_section *section;
    const struct gw_syntax_option *option;
    char why[256], *page, *part, line[64];
    size_t len, i;
    CU_ASSERT_FATAL(
        ct_file_read(NULL, "man/gateway.conf.5.scd", 1 << 20, &page, &len, why, sizeof why) == 0);
    for (i = 0; (section = gw_syntax_at(i)); i++) {
        part = cut_part(page, section);
        for (option = section->options; option->name; option++) {
            snprintf(line, sizeof line, "\n*%s* = %s", option->name, option->is_list ? "{ " : "");
            ASSERT_CONTAINS(part, line);
        }
        free(part);
    }
    free(page);
}

/* What stands at the beginning of a line as an option: "*NAME* = ". */
static void check_known(const struct gw_syntax_section *section, const char *part)
{
    const char *line;
    char name[64];
    for (line = strstr(part, "\n*"); line; line = strstr(line + 1, "\n*")) {
        const struct gw_syntax_option *option;
        int len = 0;
        if (sscanf(line, "\n*%63[^*]*%n", name, &len) != 1 || strncmp(line + len, " = ", 3) != 0)
            continue;
        option = gw_syntax_find_option(section, name);
        CU_ASSERT_PTR_NOT_NULL(option);
        if (!option)
            printf("\n%s: no option %s\n", section->name, name);
        else
            CU_ASSERT_EQUAL(option->is_list, line[len + 3] == '{');
    }
}

static void test_the_page_has_no_other_option(void)
{
    const struct gw_syntax_section *section;
    char why[256], *page, *part;
    size_t len, i;
    CU_ASSERT_FATAL(
        ct_file_read(NULL, "man/gateway.conf.5.scd", 1 << 20, &page, &len, why, sizeof why) == 0);
    for (i = 0; (section = gw_syntax_at(i)); i++) {
        part = cut_part(page, section);
        check_known(section, part);
        free(part);
    }
    free(page);
}

CU_TestInfo gateway_tests_manual[] = {
    {"the page has each option", test_the_page_has_each_option},
    {"the page has no other option", test_the_page_has_no_other_option},
    CU_TEST_INFO_NULL};
