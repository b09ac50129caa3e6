/* output.c - an answer, printed in the form that was asked for, and in the report's object.
 *
 * Invariant: an envelope is printed byte for byte, and all other forms whole or not at all; a
 * terminal gets nothing that it would obey.
 *
 * Failure modes: an answer that is no envelope: its bytes still go out where "envelope" was asked
 * for, and the exit code is 5. */
#include "output.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "contract/answer.h"
#include "pretty.h"
#include "request.h"

static void set_members(struct run *run, const struct request *request,
                        const struct exchange_answer *answer)
{
    struct report *report = &run->report;
    report_set_text(report, "peer", answer->peer);
    report_set_text(report, "end", exchange_end_word(answer->end));
    if (*answer->condition)
        report_set_text(report, "condition", answer->condition);
    report_set(report, "bytes",
               json_pack("{s:I, s:I}", "out", (json_int_t)request->envelope.len, "in",
                         (json_int_t)answer->envelope_bytes));
    if (answer->envelope)
        report_set(report, "packed", json_boolean(answer->is_packed));
    report_set(report, "ms", json_real((double)(long)(answer->ms * 1000 + 0.5) / 1000));
    if (answer->envelope)
        report_set(report, "envelope", json_stringn(answer->envelope, answer->envelope_bytes));
}

static void set_fault(struct run *run, const struct ct_fault *fault)
{
    report_set(&run->report, "fault",
               json_pack("{s:s, s:s, s:s, s:s}", "code", fault->code, "subcode", fault->subcode,
                         "reason", fault->reason, "detail", fault->detail));
}

/* Standard output gets what was asked for, with a line end behind it if there is none. */
static void print(const char *bytes, size_t len)
{
    pretty_write(stdout, bytes, len);
    if (len && bytes[len - 1] != '\n')
        putchar('\n');
}

static enum ct_err write_form(const struct ct_answer *answer, const char *form, struct ct_text *out,
                              struct ct_error *error)
{
    bool is_terminal = isatty(STDOUT_FILENO);
    if (!form)
        form = is_terminal ? "value" : "body";
    if (strcmp(form, "value") == 0)
        return ct_answer_write_values(answer, out, error);
    if (strcmp(form, "json") == 0)
        return ct_answer_write_json(answer, is_terminal ? 2 : 0, out, error);
    return ct_answer_write_body(answer, is_terminal, out, error);
}

static int print_answer(struct run *run, const struct ct_answer *answer, const char *form)
{
    struct ct_text text = {0};
    struct ct_error error = {0};
    int result = 0;
    if (run->report.is_json) {
        if (ct_answer_write_json(answer, 0, &text, &error))
            result = report_end(&run->report, REPORT_UNUSABLE, "%s", error.text);
        else
            report_set_raw(&run->report, "body", text.bytes ? text.bytes : "null");
    } else if (write_form(answer, form, &text, &error)) {
        result = report_end(&run->report, REPORT_UNUSABLE, "%s", error.text);
    } else {
        print(text.bytes ? text.bytes : "", text.len);
    }
    ct_text_fini(&text);
    return result;
}

static int show_envelope(struct run *run, const struct request *request,
                         const struct exchange_answer *answer, int code, const char *form)
{
    bool is_exact = form && strcmp(form, "envelope") == 0;
    struct ct_answer *read;
    struct ct_error error;
    const struct ct_fault *fault;
    int result = 0;
    if (is_exact && !run->report.is_json)
        print(answer->envelope, answer->envelope_bytes);
    if (ct_answer_read(request->contract, request->details, answer->envelope,
                       answer->envelope_bytes, &read, &error)) {
        report_ran(&run->report, REPORT_UNUSABLE);
        return report_end(&run->report, REPORT_UNUSABLE, "%s", error.text);
    }
    report_set_text(&run->report, "soap", ct_answer_version(read) == CT_SOAP_11 ? "1.1" : "1.2");
    fault = ct_answer_fault(read);
    if (!is_exact || run->report.is_json)
        result = print_answer(run, read, form);
    if (!result && fault) {
        set_fault(run, fault);
        result = report_end(&run->report, code, "%s%s%s: %s", fault->code,
                            *fault->subcode ? "/" : "", fault->subcode, fault->reason);
    }
    ct_answer_free(read);
    report_ran(&run->report, result ? result : code);
    return result ? result : report_end(&run->report, code, NULL);
}

int output_answer(struct run *run, const struct request *request,
                  const struct exchange_answer *answer, int code, const char *form)
{
    set_members(run, request, answer);
    if (answer->envelope)
        return show_envelope(run, request, answer, code, form);
    if (code == REPORT_USAGE) /* it was never a call */
        return report_end(&run->report, code, "%s", answer->text);
    report_ran(&run->report, code);
    return report_end(&run->report, code, code == REPORT_OK ? NULL : "%s", answer->text);
}
