/* trace_decode.c - packed envelopes in lines that a server or a client has logged.
 *
 * Invariant: the lines pass unchanged; what is unpacked stands behind its line.
 *
 * Failure modes: an element that was cut or damaged is told by line number, and the next one is
 * tried. An envelope of more than unpacked_most isn't unpacked. */
#include "trace_decode.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "interrupt.h"
#include "pretty.h"
#include "soap_xmpp.h"

enum { WHY_BYTES = 512 };
static const size_t unpacked_most = (size_t)64 << 20;

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
        fwrite(envelope, 1, bytes, stdout);
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

int trace_decode(struct run *run)
{
    struct decoding decoding = {.run = run,
                                .is_exact = option_text(&run->options, "exact") != NULL};
    char *line = NULL;
    size_t room = 0;
    ssize_t len;
    while (!interrupt_signal() && (len = getline(&line, &room, stdin)) > 0) {
        decoding.line++;
        if (!run->report.is_json)
            fwrite(line, 1, (size_t)len, stdout);
        if (!run->report.is_json && line[len - 1] != '\n')
            putchar('\n');
        read_line(&decoding, line);
    }
    free(line);
    report_set(&run->report, "lines", json_integer((json_int_t)decoding.line));
    report_set(&run->report, "packed", json_integer((json_int_t)decoding.found));
    report_set(&run->report, "failed", json_integer((json_int_t)decoding.failed));
    if (decoding.failed)
        return report_end(&run->report, REPORT_UNUSABLE, "%lu of %lu could not be unpacked",
                          decoding.failed, decoding.found);
    return report_end(&run->report, REPORT_OK, NULL);
}
