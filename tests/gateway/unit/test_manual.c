/* gateway.conf(5) has the options that there are, and no others; examples are what they seem. */
#include "../../lib/suite.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config/syntax.h"
#include "config_text.h"
#include "contract/file.h"
#include "link/link.h"
#include "serve/serve.h"

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

/* The files that an example names, as they have to be there. */
static void make_files(const char *example)
{
    static const char *const options[] = {"password_file = \"", "cert = \"", "key = \"",
                                          "file = \"",          "ca = \"",   NULL};
    char name[128];
    size_t i;
    for (i = 0; options[i]; i++) {
        const char *at;
        for (at = strstr(example, options[i]); at; at = strstr(at + 1, options[i])) {
            if (sscanf(at + strlen(options[i]), "%127[^\"]", name) == 1)
                config_text_write(name, "x", 0600);
        }
    }
}

static void check_example(const char *page, const char *begin, const char *end)
{
    char *example = strndup(begin, (size_t)(end - begin)), why[512];
    struct gw_config *config;
    size_t i;
    CU_ASSERT_PTR_NOT_NULL_FATAL(example);
    make_files(example);
    config = config_text_read(example, why, sizeof why);
    if (!config)
        printf("\n%s: %s\n%s\n", page, why, example);
    CU_ASSERT_PTR_NOT_NULL(config);
    for (i = 0; config && i < config->link_count; i++)
        CU_ASSERT_EQUAL(gw_link_check(&config->links[i], why, sizeof why), 0);
    if (config && gw_serves_check(config, why, sizeof why)) {
        printf("\n%s: %s\n%s\n", page, why, example);
        CU_FAIL("what a serve has is wrong");
    }
    gw_config_release(config);
    free(example);
}

/* How many there are in a page, each between a line `fence` and a line "```". */
static unsigned check_examples(const char *path, const char *fence)
{
    char why[256], *page, *begin, *end;
    unsigned count = 0;
    size_t len;
    CU_ASSERT_FATAL(ct_file_read(NULL, path, 1 << 20, &page, &len, why, sizeof why) == 0);
    for (begin = strstr(page, fence); begin; begin = strstr(end + 4, fence)) {
        begin += strlen(fence);
        end = strstr(begin, "\n```");
        CU_ASSERT_PTR_NOT_NULL_FATAL(end);
        check_example(path, begin, end);
        count++;
    }
    free(page);
    return count;
}

static void test_each_example_is_a_configuration(void)
{
    static const struct {
        const char *path, *fence;
        unsigned count;
    } pages[] = {
        {"docs/gateway.md", "\n```conf\n", 4},       {"docs/gateway-camera.md", "\n```conf\n", 3},
        {"docs/gateway-php.md", "\n```conf\n", 2},   {"docs/gateway-dotnet.md", "\n```conf\n", 1},
        {"docs/gateway-meter.md", "\n```conf\n", 2}, {"docs/gateway-several.md", "\n```conf\n", 2},
        {"man/gateway.conf.5.scd", "\n```\n", 3}};
    char folder[128];
    size_t i;
    config_text_begin();
    snprintf(folder, sizeof folder, "%sgateway.d", config_text_folder());
    CU_ASSERT(mkdir(folder, 0700) == 0);
    for (i = 0; i < sizeof pages / sizeof *pages; i++)
        CU_ASSERT_EQUAL(check_examples(pages[i].path, pages[i].fence), pages[i].count);
    config_text_end();
}

CU_TestInfo gateway_tests_manual[] = {
    {"the page has each option", test_the_page_has_each_option},
    {"the page has no other option", test_the_page_has_no_other_option},
    {"each example is a configuration", test_each_example_is_a_configuration},
    CU_TEST_INFO_NULL};
