/* What the gateway says on standard error. */
#include "../../lib/suite.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

enum { TEXT_BYTES = 8192 };

static int saved, ends[2];

/* Standard error is a pipe, or a socket. */
static void begin(bool is_socket, bool is_json)
{
    int result = is_socket ? socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)
                           : pipe2(ends, O_CLOEXEC);
    CU_ASSERT_EQUAL_FATAL(result, 0);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    fflush(stderr);
    saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    dup2(ends[1], STDERR_FILENO);
    gw_log_set(is_json, GW_LOG_INFO);
}

static const char *take(char text[TEXT_BYTES])
{
    ssize_t len = read(ends[0], text, TEXT_BYTES - 1);
    text[len < 0 ? 0 : len] = '\0';
    return text;
}

static void end(void)
{
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[0]);
    close(ends[1]);
    unsetenv("JOURNAL_STREAM");
    gw_log_set(false, GW_LOG_INFO);
}

static void a_sentence_is_a_line(void)
{
    char text[TEXT_BYTES];
    for (int is_socket = 0; is_socket < 2; is_socket++) {
        begin(is_socket, false);
        gw_log(GW_LOG_WARNING, "%d of %s", 3, "them");
        ASSERT_TEXT(take(text), "3 of them\n");
        end();
    }
}

static void levels_below_the_least_are_left_out(void)
{
    char text[TEXT_BYTES];
    begin(false, false);
    gw_log_set(false, GW_LOG_WARNING);
    gw_log(GW_LOG_NOTICE, "news");
    gw_log_fields(GW_LOG_INFO, (struct gw_log_field[]){{"a", "b", false}, {0}});
    gw_log(GW_LOG_ERROR, "trouble");
    ASSERT_TEXT(take(text), "trouble\n");
    end();
}

static void the_journal_gets_priorities(void)
{
    char text[TEXT_BYTES], stream[100];
    struct stat status;
    begin(false, false);
    CU_ASSERT_EQUAL_FATAL(fstat(STDERR_FILENO, &status), 0);
    snprintf(stream, sizeof stream, "%lu:%lu", (unsigned long)status.st_dev,
             (unsigned long)status.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
    gw_log_set(false, GW_LOG_INFO);
    gw_log(GW_LOG_ERROR, "trouble");
    gw_log(GW_LOG_INFO, "news");
    ASSERT_TEXT(take(text), "<3>trouble\n<6>news\n");
    snprintf(stream, sizeof stream, "%lu:%lu", (unsigned long)status.st_dev,
             (unsigned long)status.st_ino + 1);
    setenv("JOURNAL_STREAM", stream, 1);
    gw_log_set(false, GW_LOG_INFO);
    gw_log(GW_LOG_INFO, "news");
    ASSERT_TEXT(take(text), "news\n");
    end();
}

static void text_of_strangers_is_made_fit(void)
{
    static const struct {
        const char *text, *line;
    } rows[] = {
        {"a\nb\tc\x1b[2Jd\x7f", "a?b?c?[2Jd?\n"},
        {"\xc3\xa4\xe2\x82\xac", "\xc3\xa4\xe2\x82\xac\n"},
        {"\xc3", "?\n"},
        {"\xff\xfe", "??\n"},
        {"\xc0\x80", "??\n"},
        {"\xc2\x9bz", "??z\n"}, /* CSI in one character */
        /* right to left; NOLINTNEXTLINE(misc-misleading-bidirectional) */
        {"\xe2\x80\xae"
         "abc",
         "???abc\n"},
        {"\xe2\x80\xa8"
         "a forged line",
         "???a forged line\n"},    /* a line separator */
        {"\xed\xa0\x80", "???\n"}, /* a surrogate */
    };
    char text[TEXT_BYTES];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin(false, false);
        gw_log(GW_LOG_INFO, "%s", rows[i].text);
        ASSERT_TEXT(take(text), rows[i].line);
        end();
    }
}

static void fields_are_told_with_their_names(void)
{
    static const struct gw_log_field fields[] = {
        {"route", "/cam/{name}", false}, {"from", "a \"b\"=\\", false}, {"to", "", false},
        {"trace", NULL, false},          {"status", "200", true},       {NULL, NULL, false}};
    char text[TEXT_BYTES];
    begin(false, false);
    gw_log_fields(GW_LOG_INFO, fields);
    ASSERT_TEXT(take(text), "route=/cam/{name} from=\"a \\\"b\\\"=\\\\\" status=200\n");
    end();
    begin(false, true);
    gw_log_fields(GW_LOG_INFO, fields);
    take(text);
    ASSERT_CONTAINS(text, "\", \"level\": \"info\", \"route\": \"/cam/{name}\", "
                          "\"from\": \"a \\\"b\\\"=\\\\\", \"status\": 200}\n");
    CU_ASSERT(strncmp(text, "{\"time\": \"2", 11) == 0);
    end();
}

static void a_line_is_never_longer_than_a_pipe_takes_at_once(void)
{
    char text[TEXT_BYTES], *large = malloc(100000);
    memset(large, 'a', 99999);
    large[99999] = '\0';
    for (int is_json = 0; is_json < 2; is_json++) {
        begin(false, is_json);
        gw_log(GW_LOG_INFO, "%s", large);
        CU_ASSERT(strlen(take(text)) > 1000);
        CU_ASSERT(strlen(text) <= PIPE_BUF && text[strlen(text) - 1] == '\n');
        gw_log_fields(GW_LOG_INFO,
                      (struct gw_log_field[]){{"a", large, false}, {"b", large, false}, {0}});
        take(text);
        CU_ASSERT(strlen(text) <= PIPE_BUF && text[strlen(text) - 1] == '\n');
        CU_ASSERT(!is_json || text[strlen(text) - 2] == '}');
        end();
    }
    free(large);
}

static void nobody_waits_for_a_reader(void)
{
    char text[TEXT_BYTES];
    for (int is_socket = 0; is_socket < 2; is_socket++) {
        unsigned long lines = 0;
        bool is_told = false;
        begin(is_socket, false);
        for (int i = 0; i < 100000; i++)
            gw_log(GW_LOG_INFO, "a line that nobody reads, and that fills what is between");
        while (*take(text))
            lines++;
        CU_ASSERT(lines > 0);
        gw_log(GW_LOG_INFO, "the last");
        take(text);
        is_told = strstr(text, " lines lost, standard error was full\nthe last\n") != NULL;
        CU_ASSERT(is_told);
        end();
    }
}

static void what_is_told_rarely_says_how_many_were_left_out(void)
{
    char text[TEXT_BYTES];
    begin(false, false);
    gw_log_rarely("a", GW_LOG_WARNING, "a happened");
    gw_log_rarely("b", GW_LOG_WARNING, "b happened");
    for (int i = 0; i < 5; i++)
        gw_log_rarely("a", GW_LOG_WARNING, "a happened");
    ASSERT_TEXT(take(text), "a happened\nb happened\n");
    /* As many others as are remembered: "a" is forgotten and told anew. */
    static char names[64][8];
    for (int i = 0; i < 64; i++) {
        snprintf(names[i], sizeof names[i], "n%d", i);
        gw_log_rarely(names[i], GW_LOG_INFO, "x");
    }
    take(text);
    gw_log_rarely("a", GW_LOG_WARNING, "a happened");
    ASSERT_TEXT(take(text), "a happened\n");
    end();
}

CU_TestInfo gateway_tests_log[] = {
    {"a sentence is a line", a_sentence_is_a_line},
    {"levels below the least are left out", levels_below_the_least_are_left_out},
    {"the journal gets priorities", the_journal_gets_priorities},
    {"text of strangers is made fit", text_of_strangers_is_made_fit},
    {"fields are told with their names", fields_are_told_with_their_names},
    {"a line is never longer than a pipe takes at once",
     a_line_is_never_longer_than_a_pipe_takes_at_once},
    {"nobody waits for a reader", nobody_waits_for_a_reader},
    {"what is told rarely says how many were left out",
     what_is_told_rarely_says_how_many_were_left_out},
    CU_TEST_INFO_NULL,
};
