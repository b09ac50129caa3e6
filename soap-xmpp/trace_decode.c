/* trace_decode.c - packed envelopes in lines that a server or a client has logged.
 *
 * Invariant: the lines pass unchanged; what is unpacked stands behind its line.
 *
 * Failure modes: an element that was cut or damaged is told by line number, and the next one is
 * tried. An envelope of more than unpacked_most isn't unpacked, and a line of more than line_most
 * ends the command. */
#include "trace_decode.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "document.h"
#include "interrupt.h"
#include "pretty.h"
#include "soap_xmpp.h"

enum { WHY_BYTES = 512, STEP_BYTES = 64 * 1024 };
static const size_t unpacked_most = (size_t)64 << 20;
static const size_t line_most = (size_t)96 << 20; /* as large an envelope, stored, in base64 */

struct decoding {
    struct run *run;
    bool is_exact;
    unsigned long line, found, failed;
};

static void tell_failure(struct decoding *decoding, const char *why)
{
    decoding->failed++;
    report_note(&decoding->run->report, "line %lu: %s", decoding->line, why);
}

static void show(struct decoding *decoding, const char *base64, size_t len, bool is_stored)
{
    const struct report *report = &decoding->run->report;
    char why[WHY_BYTES];
    size_t bytes;
    char *envelope =
        soap_xmpp_unpack(base64, len, is_stored, unpacked_most, &bytes, why, sizeof why);
    decoding->found++;
    if (!envelope) {
        tell_failure(decoding, why);
        return;
    }
    if (report->is_json) {
        report_event(report,
                     json_pack("{s:s, s:I, s:I, s:s%}", "event", "packed", "line",
                               (json_int_t)decoding->line, "bytes", (json_int_t)bytes, "envelope",
                               envelope, bytes),
                     "%s", "");
    } else if (decoding->is_exact) {
        pretty_write(stdout, envelope, bytes);
        putchar('\n');
    } else {
        pretty_print(stdout, envelope, bytes, 2);
    }
    free(envelope);
}

/* The end of the tag that begins at `at`; NULL if the line ends before. */
static const char *end_of_tag(const char *at)
{
    return strchr(at, '>');
}

static bool has(const char *tag, const char *end, const char *text)
{
    return memmem(tag, (size_t)(end - tag), text, strlen(text)) != NULL;
}

static bool is_stored(const char *tag, const char *end)
{
    return has(tag, end, "form='stored'") || has(tag, end, "form=\"stored\"");
}

static void read_line(struct decoding *decoding, const char *line)
{
    const char *at = line;
    while ((at = strstr(at, "<packed"))) {
        const char *end = end_of_tag(at), *close;
        /* Not <packedthing>, and not a reference to what goes in pieces. */
        if (!end || !strchr(" \t/>", at[7]) || end[-1] == '/' || has(at, end, "transfer=")) {
            at += 7;
            continue;
        }
        close = strchr(end, '<');
        if (close)
            show(decoding, end + 1, (size_t)(close - end - 1), is_stored(at, end));
        else
            tell_failure(decoding, "the line ends in the middle of a <packed/> element");
        at = end;
    }
}

/* ---- lines ---- */

/* What has been read and not yet shown: the beginning of a line, NUL-terminated where it ends. */
struct input {
    char *bytes;
    size_t len, room;
};

/* Makes room for a step more and a NUL. Returns 0, or -1 with errno. */
static int make_room(struct input *input)
{
    size_t room = input->len + STEP_BYTES + 1;
    char *more;
    if (room <= input->room)
        return 0;
    errno = EFBIG;
    if (input->len > line_most)
        return -1;
    room += input->len; /* twice as much, so that a long line isn't copied for each step */
    more = realloc(input->bytes, room);
    if (!more)
        return -1;
    input->bytes = more;
    input->room = room;
    return 0;
}

static void show_line(struct decoding *decoding, const char *line, size_t len)
{
    decoding->line++;
    if (!decoding->run->report.is_json) {
        fwrite(line, 1, len, stdout);
        putchar('\n');
    }
    read_line(decoding, line);
}

/* Shows the lines that are whole, of which the first ends at `from` or behind it. */
static void show_lines(struct decoding *decoding, struct input *input, size_t from)
{
    char *line = input->bytes, *at = input->bytes + from, *end = input->bytes + input->len, *stop;
    while (!interrupt_signal() && (stop = memchr(at, '\n', (size_t)(end - at)))) {
        *stop = '\0';
        show_line(decoding, line, (size_t)(stop - line));
        line = at = stop + 1;
    }
    input->len = (size_t)(end - line);
    memmove(input->bytes, line, input->len);
}

/* Up to the input's end, a signal or the end of the command's time. Returns 0, or -1 with errno. */
static int read_input(struct decoding *decoding)
{
    struct input input = {0};
    ssize_t more = -1;
    int error;
    while (make_room(&input) == 0 &&
           (more = document_read_step(decoding->run, STDIN_FILENO, input.bytes + input.len,
                                      STEP_BYTES)) > 0) {
        size_t from = input.len;
        input.len += (size_t)more;
        show_lines(decoding, &input, from);
        more = -1;
    }
    error = errno;
    if (more == 0 && input.len) {
        input.bytes[input.len] = '\0';
        show_line(decoding, input.bytes, input.len);
    }
    free(input.bytes);
    errno = error;
    return more == 0 || error == ETIME || error == EINTR ? 0 : -1;
}

int trace_decode(struct run *run)
{
    struct decoding decoding = {.run = run,
                                .is_exact = option_text(&run->options, "exact") != NULL};
    int error = read_input(&decoding) ? errno : 0;
    report_set(&run->report, "lines", json_integer((json_int_t)decoding.line));
    report_set(&run->report, "packed", json_integer((json_int_t)decoding.found));
    report_set(&run->report, "failed", json_integer((json_int_t)decoding.failed));
    if (error == EFBIG)
        return report_end(&run->report, REPORT_UNUSABLE, "line %lu: it is longer than %zu MiB",
                          decoding.line + 1, line_most >> 20);
    if (error)
        return report_end(&run->report, REPORT_USAGE, "standard input: %s", strerror(error));
    if (decoding.failed)
        return report_end(&run->report, REPORT_UNUSABLE, "%lu of %lu could not be unpacked",
                          decoding.failed, decoding.found);
    return report_end(&run->report, REPORT_OK, NULL);
}
