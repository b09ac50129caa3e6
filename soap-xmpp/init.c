/* init.c - soap-xmpp init: asks for an account, saves it as a context, and tries it.
 *
 * Invariant: the password is asked for without an echo, and stands in a file of its owner's alone.
 *
 * Failure modes: no terminal, a file that can't be written: exit 2. What doctor finds is its own
 * exit code; what was saved stays, to be mended. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "connection.h"
#include "context_file.h"
#include "terminal.h"

enum { LINE_BYTES = 1024, WHY_BYTES = 1024 };

static const struct option_row options[] = {{.name = NULL}};

static const char description[] =
    "Asks for an account and its server on the terminal, saves them as a context (by\n"
    "default 'default', or NAME) that is the default from now on, and tries it.";

struct account {
    char jid[LINE_BYTES], password[LINE_BYTES], host[LINE_BYTES], ca[LINE_BYTES];
};

static int ask(struct run *run, struct account *account)
{
    /* Without --timeout people take the time that they need, and what follows has its own. */
    const struct deadline until = run->has_timeout ? run->deadline : deadline_after(DEADLINE_NEVER);
    if (terminal_ask("JID (alice@example.org): ", account->jid, sizeof account->jid, &until) ||
        terminal_ask_secret("Password: ", account->password, sizeof account->password, &until) ||
        terminal_ask("Server, HOST[:PORT] (empty: by DNS): ", account->host, sizeof account->host,
                     &until) ||
        terminal_ask("File of its CA (empty: the system's CAs): ", account->ca, sizeof account->ca,
                     &until))
        return deadline_is_over(&until) ? report_end(&run->report, REPORT_USAGE,
                                                     "no answer has come in time (--timeout)")
                                        : report_end(&run->report, REPORT_USAGE,
                                                     "init asks, and there is no terminal to ask");
    return *account->jid ? 0 : report_end(&run->report, REPORT_USAGE, "a context has a JID");
}

static int save(struct run *run, const struct account *account, const char *name)
{
    const char *values[CONTEXT_FIELDS] = {
        [CONTEXT_JID] = account->jid,
        [CONTEXT_PASSWORD] = *account->password ? account->password : NULL,
        [CONTEXT_HOST] = *account->host ? account->host : NULL,
        [CONTEXT_CA] = *account->ca ? account->ca : NULL,
    };
    struct context_file file;
    char why[WHY_BYTES];
    int result = -1;
    if (context_file_load(&file, why, sizeof why))
        return report_end(&run->report, REPORT_USAGE, "%s", why);
    if (context_file_put(&file, name, values, why, sizeof why) == 0 &&
        context_file_preset(&file, name) == 0)
        result = context_file_store(&file, why, sizeof why);
    if (result == 0)
        report_note(&run->report, "saved as the context '%s' in %s", name, file.path);
    context_file_free(&file);
    return result ? report_end(&run->report, REPORT_USAGE, "%s", why) : 0;
}

static int try_it(struct run *run)
{
    const struct command *doctor = command_find("doctor");
    struct connection connection;
    struct run examination = *run;
    int result;
    if (!doctor) {
        if ((result = connection_open(run, &connection)))
            return result;
        connection_close(&connection);
        return report_end(&run->report, REPORT_OK, NULL);
    }
    examination.command = doctor;
    if (option_parse(&examination.options, doctor->options, command_globals, false, 0, NULL, NULL,
                     NULL, 0))
        return report_end(&run->report, REPORT_USAGE, "no memory");
    result = doctor->run(&examination);
    run->report = examination.report;
    option_free(&examination.options);
    return result;
}

static int run_init(struct run *run)
{
    const char *name = run->options.argument_count ? run->options.arguments[0] : "default";
    struct account account = {0};
    int result = ask(run, &account);
    if (!result)
        result = save(run, &account, name);
    explicit_bzero(&account, sizeof account);
    return result ? result : try_it(run);
}

const struct command command_init = {
    .name = "init",
    .summary = "asks for an account, saves it, and tries it",
    .arguments = "[NAME]",
    .options = options,
    .description = description,
    .most_arguments = 1,
    .run = run_init,
};
