/* Trace lines: levels, cuts, and no secret in any of them. */
#include "../../lib/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/trace.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char NAME[] = "alice@example.org";

/* The lines a trace wrote, the last one kept. */
struct lines {
    unsigned count;
    enum soap_xmpp_trace_level level;
    char last[20000];
};

static void collect(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    struct lines *lines = user;
    lines->count++;
    lines->level = level;
    snprintf(lines->last, sizeof lines->last, "%s", line);
    errno = EIO;
}

static void lines_begin_with_the_name(void)
{
    struct lines lines = {0};
    struct sx_trace trace;
    sx_trace_init(&trace, SOAP_XMPP_TRACE_INFO, collect, &lines, NAME);
    sx_trace(&trace, SOAP_XMPP_TRACE_ERROR, "%s after %d s", "no answer", 5);
    ASSERT_TEXT(lines.last, "alice@example.org: no answer after 5 s");
    CU_ASSERT_EQUAL(lines.level, SOAP_XMPP_TRACE_ERROR);
    CU_ASSERT_EQUAL(lines.count, 1);
}

static void lines_of_peers_are_few_and_counted(void)
{
    enum { MORE = 5, SECOND_US = 1000000 };
    struct lines lines = {0};
    struct sx_trace trace;
    int64_t now_us = 7 * (int64_t)SECOND_US;
    int i;
    sx_trace_init(&trace, SOAP_XMPP_TRACE_ERROR, collect, &lines, NAME);
    for (i = 0; i < SX_TRACE_PEER_LINES + MORE; i++)
        sx_trace_peer(&trace, now_us + i, "request %d", i);
    CU_ASSERT_EQUAL(lines.count, SX_TRACE_PEER_LINES);
    sx_trace(&trace, SOAP_XMPP_TRACE_ERROR, "our own");
    CU_ASSERT_EQUAL(lines.count, SX_TRACE_PEER_LINES + 1);
    sx_trace_peer(&trace, now_us + SECOND_US, "one more");
    ASSERT_TEXT(lines.last, "alice@example.org: one more (5 other lines about requests left out)");
    sx_trace_peer(&trace, now_us + SECOND_US, "another");
    ASSERT_TEXT(lines.last, "alice@example.org: another");
    CU_ASSERT_EQUAL(lines.level, SOAP_XMPP_TRACE_ERROR);
}

static void names_are_cut_between_characters(void)
{
    struct lines lines = {0};
    struct sx_trace trace;
    char name[100], want[70];
    memset(name, 'n', sizeof name);
    memcpy(name + 62, "\xC3\x96", 2);
    name[99] = '\0';
    sx_trace_init(&trace, SOAP_XMPP_TRACE_INFO, collect, &lines, name);
    sx_trace(&trace, SOAP_XMPP_TRACE_INFO, "x");
    snprintf(want, sizeof want, "%.62s: x", name);
    ASSERT_TEXT(lines.last, want);
}

static void levels_include_those_below(void)
{
    int set, asked;
    for (set = SOAP_XMPP_TRACE_NONE; set <= SOAP_XMPP_TRACE_STANZA; set++) {
        for (asked = SOAP_XMPP_TRACE_NONE; asked <= SOAP_XMPP_TRACE_STANZA; asked++) {
            struct lines lines = {0};
            struct sx_trace trace;
            sx_trace_init(&trace, set, collect, &lines, NAME);
            sx_trace(&trace, asked, "line");
            CU_ASSERT_EQUAL(lines.count, asked > SOAP_XMPP_TRACE_DEFAULT && asked <= set);
            CU_ASSERT_EQUAL(sx_trace_on(&trace, asked), lines.count == 1);
        }
    }
}

static void stanzas_need_their_level(void)
{
    struct lines lines = {0};
    struct sx_trace trace;
    sx_trace_init(&trace, SOAP_XMPP_TRACE_DEBUG, collect, &lines, NAME);
    sx_trace_stanza(&trace, "sent", "<iq/>", 5);
    CU_ASSERT_EQUAL(lines.count, 0);
    sx_trace_init(&trace, SOAP_XMPP_TRACE_STANZA, collect, &lines, NAME);
    sx_trace_stanza(&trace, "sent", "<iq/>rest", 5);
    ASSERT_TEXT(lines.last, "alice@example.org: sent <iq/>");
    CU_ASSERT_EQUAL(lines.level, SOAP_XMPP_TRACE_STANZA);
}

static void control_characters_become_spaces(void)
{
    struct lines lines = {0};
    struct sx_trace trace;
    sx_trace_init(&trace, SOAP_XMPP_TRACE_STANZA, collect, &lines, "a\nb");
    sx_trace(&trace, SOAP_XMPP_TRACE_INFO, "1\r\n2\t3\x1b[0m4\x7F\xC2\x9B\xC3\x96");
    ASSERT_TEXT(lines.last, "a b: 1  2 3 [0m4   \xC3\x96");
    sx_trace_stanza(&trace, "received", "<a>\n</a>", 8);
    ASSERT_TEXT(lines.last, "a b: received <a> </a>");
}

/* A text of len bytes, malloc'ed: prefix, then characters of two bytes. */
static char *make_text(const char *prefix, size_t len)
{
    char *text = malloc(len + 1);
    size_t at = strlen(prefix);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    memcpy(text, prefix, at);
    for (; at < len; at += 2)
        memcpy(text + at, "\xC3\x96", len - at < 2 ? 1 : 2);
    text[len] = '\0';
    return text;
}

static void check_cut(const char *line, size_t most)
{
    size_t len = strlen(line);
    CU_ASSERT_TRUE(len <= most);
    CU_ASSERT_TRUE_FATAL(len >= most - 1);
    ASSERT_TEXT(line + len - 3, "...");
    CU_ASSERT_EQUAL((unsigned char)line[len - 4], 0x96);
}

static void long_lines_are_cut(void)
{
    struct lines lines = {0};
    struct sx_trace trace;
    size_t len;
    sx_trace_init(&trace, SOAP_XMPP_TRACE_INFO, collect, &lines, "n");
    for (len = 998; len < 1002; len++) {
        char *text = make_text("", len);
        sx_trace(&trace, SOAP_XMPP_TRACE_INFO, "%s", text);
        check_cut(lines.last, 1000);
        sx_trace(&trace, SOAP_XMPP_TRACE_INFO, "+%s", text);
        check_cut(lines.last, 1000);
        free(text);
    }
    {
        char *text = make_text("", 996);
        sx_trace(&trace, SOAP_XMPP_TRACE_INFO, "%s-", text);
        CU_ASSERT_EQUAL(strlen(lines.last), 1000);
        ASSERT_TEXT(lines.last + 999, "-");
        free(text);
    }
}

static void long_stanzas_are_cut(void)
{
    struct lines lines = {0};
    struct sx_trace trace;
    static const size_t limits[] = {0, 200, 999, 1000, 1001, 8192, 8193, 19000};
    size_t i;
    char *even = make_text("<a>", 20001), *odd = make_text("<ab>", 20001);
    sx_trace_init(&trace, SOAP_XMPP_TRACE_STANZA, collect, &lines, NAME);
    for (i = 0; i < sizeof limits / sizeof *limits; i++) {
        if (limits[i])
            trace.max_bytes = limits[i];
        sx_trace_stanza(&trace, "sent", even, 20001);
        check_cut(lines.last, trace.max_bytes);
        sx_trace_stanza(&trace, "sent", odd, 20001);
        check_cut(lines.last, trace.max_bytes);
        sx_trace(&trace, SOAP_XMPP_TRACE_INFO, "%s", even + 3);
        check_cut(lines.last, trace.max_bytes < 1000 ? trace.max_bytes : 1000);
    }
    CU_ASSERT_EQUAL(lines.count, 3 * sizeof limits / sizeof *limits);
    free(even);
    free(odd);
}

static void errno_survives(void)
{
    struct lines lines = {0};
    struct sx_trace trace;
    sx_trace_init(&trace, SOAP_XMPP_TRACE_STANZA, collect, &lines, NAME);
    errno = ENOENT;
    sx_trace(&trace, SOAP_XMPP_TRACE_INFO, "x");
    CU_ASSERT_EQUAL(errno, ENOENT);
    sx_trace_stanza(&trace, "sent", "<iq/>", 5);
    CU_ASSERT_EQUAL(errno, ENOENT);
    CU_ASSERT_EQUAL(lines.count, 2);
}

/* Runs write with standard error going to a pipe; what came through is in text. */
static void capture_stderr(void (*write_lines)(void), char *text, size_t text_bytes)
{
    int ends[2], saved;
    ssize_t len;
    fflush(stderr);
    CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_CLOEXEC), 0);
    saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    dup2(ends[1], STDERR_FILENO);
    write_lines();
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[1]);
    len = read(ends[0], text, text_bytes - 1); /* one write is read by one read */
    text[len > 0 ? len : 0] = '\0';
    close(ends[0]);
}

static void write_two_lines(void)
{
    struct sx_trace trace;
    sx_trace_init(&trace, SOAP_XMPP_TRACE_INFO, NULL, NULL, NAME);
    sx_trace(&trace, SOAP_XMPP_TRACE_INFO, "one");
    sx_trace(&trace, SOAP_XMPP_TRACE_DEBUG, "not this");
    sx_trace(&trace, SOAP_XMPP_TRACE_ERROR, "two");
}

static void standard_error_is_the_default(void)
{
    char text[256];
    capture_stderr(write_two_lines, text, sizeof text);
    ASSERT_TEXT(text, "alice@example.org: one\nalice@example.org: two\n");
}

enum { THREADS = 4, LINES = 200, LINE_TEXT = 100 };

static void *write_many(void *argument)
{
    const struct sx_trace *trace = argument;
    int i;
    for (i = 0; i < LINES; i++)
        sx_trace(trace, SOAP_XMPP_TRACE_INFO, "%0*d", LINE_TEXT, i);
    return NULL;
}

static int stderr_file;

static void write_from_threads(void)
{
    struct sx_trace trace;
    pthread_t threads[THREADS];
    int i;
    sx_trace_init(&trace, SOAP_XMPP_TRACE_INFO, NULL, NULL, "n");
    dup2(stderr_file, STDERR_FILENO);
    for (i = 0; i < THREADS; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, write_many, &trace), 0);
    for (i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

static void threads_do_not_mix_lines(void)
{
    char path[] = "/tmp/test_trace_XXXXXX", line[256], rest[1];
    unsigned count = 0;
    FILE *stream;
    int fd = mkstemp(path);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    close(fd);
    stderr_file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    capture_stderr(write_from_threads, rest, sizeof rest);
    close(stderr_file);
    stream = fopen(path, "re");
    CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
    for (; fgets(line, sizeof line, stream); count++)
        CU_ASSERT_TRUE(strlen(line) == 3 + LINE_TEXT + 1 && strncmp(line, "n: 0", 4) == 0);
    CU_ASSERT_EQUAL(count, THREADS * LINES);
    fclose(stream);
    unlink(path);
}

/* A callback that blocks the first thread in it until it may go on. */
struct block {
    pthread_mutex_t mu;
    pthread_cond_t changed;
    bool has_begun, may_end;
    struct lines lines;
    struct sx_trace trace;
};

static void block_once(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    struct block *block = user;
    pthread_mutex_lock(&block->mu);
    if (!block->has_begun) {
        block->has_begun = true;
        pthread_cond_broadcast(&block->changed);
        while (!block->may_end)
            pthread_cond_wait(&block->changed, &block->mu);
    } else if (strstr(line, "lost")) {
        ASSERT_TEXT(line, "alice@example.org: 50 lines lost, the trace callback was blocked");
        CU_ASSERT_EQUAL(block->lines.count, 0);
    }
    pthread_mutex_unlock(&block->mu);
    if (!strstr(line, "first"))
        collect(&block->lines, level, line);
}

static void *write_first(void *argument)
{
    struct block *block = argument;
    sx_trace(&block->trace, SOAP_XMPP_TRACE_INFO, "first");
    return NULL;
}

static void a_blocked_callback_holds_one_thread(void)
{
    struct block block = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, .may_end = false};
    pthread_t thread;
    int64_t begun_us;
    int i;
    sx_trace_init(&block.trace, SOAP_XMPP_TRACE_STANZA, block_once, &block, NAME);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, write_first, &block), 0);
    pthread_mutex_lock(&block.mu);
    while (!block.has_begun)
        pthread_cond_wait(&block.changed, &block.mu);
    pthread_mutex_unlock(&block.mu);
    begun_us = sx_clock_now_us();
    for (i = 0; i < 25; i++) {
        sx_trace(&block.trace, SOAP_XMPP_TRACE_INFO, "other");
        sx_trace_stanza(&block.trace, "sent", "<iq/>", 5);
    }
    CU_ASSERT_TRUE(sx_clock_now_us() - begun_us < 20 * SX_TURN_WAIT_MS * 1000);
    CU_ASSERT_EQUAL(block.lines.count, 0);
    pthread_mutex_lock(&block.mu);
    block.may_end = true;
    pthread_cond_broadcast(&block.changed);
    pthread_mutex_unlock(&block.mu);
    pthread_join(thread, NULL);
    sx_trace(&block.trace, SOAP_XMPP_TRACE_INFO, "after");
    CU_ASSERT_EQUAL(block.lines.count, 2);
    ASSERT_TEXT(block.lines.last, "alice@example.org: after");
}

/* Slow, so that the threads meet. */
static void slow(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    static const struct timespec pause = {.tv_nsec = 100000};
    struct lines *lines = user;
    (void)level;
    (void)line;
    lines->count++; /* not atomic: one line at a time */
    nanosleep(&pause, NULL);
}

static void a_callback_has_one_line_at_a_time(void)
{
    struct lines lines = {0};
    struct sx_trace trace;
    pthread_t threads[THREADS];
    int i;
    sx_trace_init(&trace, SOAP_XMPP_TRACE_INFO, slow, &lines, NAME);
    for (i = 0; i < THREADS; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, write_many, &trace), 0);
    for (i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    CU_ASSERT_TRUE(lines.count > 0); /* how many, on a machine that has time: test_turn.c */
    CU_ASSERT_TRUE(lines.count <= THREADS * LINES);
}

struct redaction {
    const char *in, *out;
};

static void redact_all(const struct redaction *rows, size_t count)
{
    char out[512];
    size_t i;
    for (i = 0; i < count; i++) {
        sx_trace_redact(rows[i].in, strlen(rows[i].in), out, sizeof out);
        ASSERT_TEXT(out, rows[i].out);
    }
}

static void secrets_are_blotted_out(void)
{
    static const struct redaction rows[] = {
        {"<wsse:Password Type='x'>S</wsse:Password>",
         "<wsse:Password Type='x'>***</wsse:Password>"},
        {"<Password>S</Password>", "<Password>***</Password>"},
        {"<password>S</password>", "<password>***</password>"},
        {"<a:BinarySecret>S</a:BinarySecret>", "<a:BinarySecret>***</a:BinarySecret>"},
        {"<auth mechanism='PLAIN'>S</auth>", "<auth mechanism='PLAIN'>***</auth>"},
        {"<response>S</response>", "<response>***</response>"},
        {"<challenge>S</challenge>", "<challenge>***</challenge>"},
        {"<success>S</success>", "<success>***</success>"},
        {"<handshake>S</handshake>", "<handshake>***</handshake>"},
        {"<packed xmlns='urn:soap-xmpp:packed:1'>S</packed>",
         "<packed xmlns='urn:soap-xmpp:packed:1'>***</packed>"},
        {"<p:packed form='z'>S</p:packed>", "<p:packed form='z'>***</p:packed>"},
        {"<data seq='1' xmlns='http://jabber.org/protocol/ibb'>S</data>",
         "<data seq='1' xmlns='http://jabber.org/protocol/ibb'>***</data>"},
        {"<i:data xmlns:i=\"http://jabber.org/protocol/ibb\">S</i:data>",
         "<i:data xmlns:i=\"http://jabber.org/protocol/ibb\">***</i:data>"},
        {"<a><auth\n>S</auth ><b>t</b></a>", "<a><auth\n>***</auth ><b>t</b></a>"},
        {"<auth>S</auth>-<auth>S</auth>", "<auth>***</auth>-<auth>***</auth>"},
    };
    redact_all(rows, COUNT(rows));
}

static void everything_else_stays(void)
{
    static const struct redaction rows[] = {
        {"", ""},
        {"text", "text"},
        {"<data>t</data>", "<data>t</data>"},
        {"<data xmlns='urn:a'>t</data>", "<data xmlns='urn:a'>t</data>"},
        {"<Username>u</Username>", "<Username>u</Username>"},
        {"<Passwords>t</Passwords>", "<Passwords>t</Passwords>"},
        {"<Password:a>t</Password:a>", "<Password:a>t</Password:a>"},
        {"<success xmlns='u'/><a>t</a>", "<success xmlns='u'/><a>t</a>"},
        {"<auth/>t", "<auth/>t"},
        {"<auth></auth>t", "<auth></auth>t"},
        {"</auth>t", "</auth>t"},
        {"<a b='<auth>'>t</a>", "<a b='<auth>***"},
        {"<a b=\"/auth'>\" c='\">'>t</a>", "<a b=\"/auth'>\" c='\">'>t</a>"},
        {"<!--<auth>-->t", "<!--<auth>-->t"},
        {"<?auth ?>t", "<?auth ?>t"},
        {"<![CDATA[<auth>]]>t", "<![CDATA[<auth>]]>t"},
    };
    redact_all(rows, COUNT(rows));
}

static void nothing_inside_a_secret_shows(void)
{
    static const struct redaction rows[] = {
        {"<auth a='>'>S</auth>", "<auth a='>'>***</auth>"},
        {"<auth><b>S</b>S</auth>t", "<auth>***</auth>t"},
        {"<auth><auth>S</auth>S</auth>t", "<auth>***</auth>t"},
        {"<auth><auth/>S</auth>t", "<auth>***</auth>t"},
        {"<auth><b c='</auth>t", "<auth>***</auth>t"},
        {"<auth><![CDATA[></auth>S]]>S</auth>t", "<auth>***</auth>t"},
        {"<auth><!--></auth>-->S</auth>t", "<auth>***</auth>t"},
        {"<auth></b>S</auth>t", "<auth>***</auth>t"},
        {"<x:auth></y:auth>t", "<x:auth></y:auth>t"},
    };
    redact_all(rows, COUNT(rows));
}

static void broken_xml_shows_no_secret(void)
{
    static const struct redaction rows[] = {
        {"<Password>S", "<Password>***"},
        {"<Password>S</Passwor", "<Password>***"},
        {"<Password>S<", "<Password>***"},
        {"<Password>S<![CDATA[S", "<Password>***"},
        {"<Password", "<Password"},
        {"<Password a='b", "<Password a='b"},
        {"<Password<b>S</b>", "<Password***"},
        {"<a b='><Password>S</Password>", "<a b='><Password>***</Password>"},
        {"<", "<"},
        {"<<auth>S", "<<auth>***"},
        {"<>t", "<>t"},
        {"</", "</"},
    };
    redact_all(rows, COUNT(rows));
}

static void output_has_its_size(void)
{
    char out[8];
    memset(out, '#', sizeof out);
    sx_trace_redact("<auth>secret</auth>", 19, out, sizeof out);
    ASSERT_TEXT(out, "<auth>*");
    memset(out, '#', sizeof out);
    sx_trace_redact("<a/>", 4, out, 1);
    ASSERT_TEXT(out, "");
    CU_ASSERT_EQUAL(out[1], '#');
    sx_trace_redact("<a/>", 4, out + 1, 0);
    CU_ASSERT_EQUAL(out[1], '#');
}

/* Every prefix of a stanza, in a block of exactly its size, so that a read beyond it is seen. */
static void no_prefix_shows_a_secret(void)
{
    static const char stanza[] = "<iq id='1'><s:Envelope xmlns:s=\"u\"><!-- c --><w:Password T='>'>"
                                 "S3CRET<![CDATA[S3CRET]]></w:Password><b><![CDATA[x]]></b>"
                                 "</s:Envelope></iq>";
    size_t len;
    for (len = 0; len < sizeof stanza; len++) {
        char out[sizeof stanza + 8], *copy = malloc(len ? len : 1);
        CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
        memcpy(copy, stanza, len);
        sx_trace_redact(copy, len, out, sizeof out);
        ASSERT_LACKS(out, "S3");
        free(copy);
    }
}

static void traced_stanzas_are_redacted(void)
{
    static const char stanza[] = "<auth>S3CRET</auth>";
    struct lines lines = {0};
    struct sx_trace trace;
    sx_trace_init(&trace, SOAP_XMPP_TRACE_STANZA, collect, &lines, NAME);
    sx_trace_stanza(&trace, "sent", stanza, strlen(stanza));
    ASSERT_TEXT(lines.last, "alice@example.org: sent <auth>***</auth>");
}

static void one_line_a_second_tells_of_the_others(void)
{
    struct sx_trace_rate rate = {0};
    const int64_t now = 5000000;
    char more[SX_TRACE_MORE_BYTES] = "untouched";
    CU_ASSERT_TRUE(sx_trace_begin(&rate, now, "refusals", more));
    ASSERT_TEXT(more, "");
    CU_ASSERT_FALSE(sx_trace_begin(&rate, now + 1, "refusals", more));
    CU_ASSERT_FALSE(sx_trace_is_due(&rate, now + 999999));
    CU_ASSERT_FALSE(sx_trace_begin(&rate, now + 999999, "refusals", more));
    CU_ASSERT_TRUE(sx_trace_is_due(&rate, now + 1000000));
    CU_ASSERT_TRUE(sx_trace_begin(&rate, now + 1000000, "refusals", more));
    ASSERT_TEXT(more, " (2 other refusals left out)");
    CU_ASSERT_TRUE(sx_trace_begin(&rate, now + 2000000, "refusals", more));
    ASSERT_TEXT(more, "");
    rate.left_out = ~0ul;
    CU_ASSERT_TRUE(sx_trace_begin(&rate, now + 3000000, "questions", more));
    ASSERT_CONTAINS(more, " other questions left out)");
}

CU_TestInfo tests_trace[] = {
    {"lines that peers cause are few, and counted", lines_of_peers_are_few_and_counted},
    {"a line begins with the name", lines_begin_with_the_name},
    {"a long name is cut between two characters", names_are_cut_between_characters},
    {"a level includes those below it", levels_include_those_below},
    {"stanzas are traced at their level only", stanzas_need_their_level},
    {"control characters become spaces", control_characters_become_spaces},
    {"a line over 1,000 bytes is cut between two characters", long_lines_are_cut},
    {"a line over max_bytes, by default 16 KiB, is cut between two characters",
     long_stanzas_are_cut},
    {"errno survives a trace", errno_survives},
    {"standard error is the default", standard_error_is_the_default},
    {"lines of several threads do not mix", threads_do_not_mix_lines},
    {"a blocked callback holds one thread, and others' lines are counted",
     a_blocked_callback_holds_one_thread},
    {"a callback has one line at a time", a_callback_has_one_line_at_a_time},
    {"the text of secret elements is blotted out", secrets_are_blotted_out},
    {"everything else stays as it is", everything_else_stays},
    {"nothing inside a secret element shows", nothing_inside_a_secret_shows},
    {"broken XML shows no secret", broken_xml_shows_no_secret},
    {"a redaction stays inside its output", output_has_its_size},
    {"no prefix of a stanza shows its secret", no_prefix_shows_a_secret},
    {"a traced stanza is redacted", traced_stanzas_are_redacted},
    {"one line a second tells of the others", one_line_a_second_tells_of_the_others},
    CU_TEST_INFO_NULL,
};
