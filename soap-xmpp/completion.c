/* completion.c - soap-xmpp completion: scripts for bash and zsh, made from the table of commands.
 *
 * Invariant: whatever is an option or a command there is completed here, without more to maintain.
 * Both scripts ask nothing but the names of contexts, by `soap-xmpp context ls`. */
#include <stdio.h>
#include <string.h>

#include "command.h"

static const struct option_row options[] = {{.name = NULL}};

static const char description[] =
    "Prints a script that completes commands, options and contexts:\n"
    "  bash: source <(soap-xmpp completion bash)\n"
    "  zsh:  soap-xmpp completion zsh > a folder of $fpath/_soap-xmpp\n"
    "make install has put both where the shells look.";

static bool is_path(const struct option_row *row)
{
    return row->value && (strstr(row->value, "FILE") || strstr(row->value, "DIR"));
}

static void print_words(const char *words)
{
    for (; *words; words++)
        putchar(*words == '|' ? ' ' : *words);
}

/* ---- bash ---- */

/* case "$before" in: what may follow an option with a value. */
static void print_bash_values(const struct option_row *row)
{
    for (; row->name; row++) {
        if (!row->value)
            continue;
        printf("    --%s", row->name);
        if (row->letter)
            printf(" | -%c", row->letter);
        printf(")\n");
        if (row->words) {
            printf("        mapfile -t COMPREPLY < <(compgen -W '");
            print_words(row->words);
            printf("' -- \"$word\")\n");
        } else if (is_path(row)) {
            printf("        compopt -o filenames\n"
                   "        mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n");
        } else if (strcmp(row->name, "context") == 0) {
            printf(
                "        mapfile -t COMPREPLY < <(compgen -W "
                "\"$(soap-xmpp context ls 2>/dev/null | cut -c 3- | cut -f 1)\" -- \"$word\")\n");
        }
        printf("        return 0\n        ;;\n");
    }
}

static void print_bash_names(const struct option_row *row)
{
    for (; row->name; row++)
        printf(" --%s", row->name);
}

static bool has_values(const struct option_row *row)
{
    while (row->name && !row->value)
        row++;
    return row->name != NULL;
}

static void print_bash(void)
{
    const struct command *const *at;
    const char *close = "";
    printf("# bash completion of soap-xmpp; made by: soap-xmpp completion bash\n\n"
           "_soap_xmpp_value() { # COMMAND BEFORE WORD: whether BEFORE is an option with a value\n"
           "    local command=$1 before=$2 word=$3\n    case $before in\n");
    print_bash_values(command_globals);
    printf("    esac\n");
    for (at = command_table; *at; at++) {
        if (!has_values((*at)->options))
            continue;
        printf("    [[ $command != %s ]] || case $before in\n", (*at)->name);
        print_bash_values((*at)->options);
        printf("    esac\n");
    }
    printf("    return 1\n}\n");
    printf("\n_soap_xmpp() {\n    local word=$2 before=$3 command='' at words globals='");
    print_bash_names(command_globals);
    printf("'\n    COMPREPLY=()\n    for ((at = 1; at < COMP_CWORD; at++)); do\n"
           "        case ${COMP_WORDS[at]} in\n        ");
    for (at = command_table; *at; at++, close = " | ")
        printf("%s%s", close, (*at)->name);
    printf(")\n            command=${COMP_WORDS[at]}\n            break\n            ;;\n"
           "        esac\n    done\n"
           "    _soap_xmpp_value \"$command\" \"$before\" \"$word\" && return\n"
           "    case $command in\n    '')\n        words='");
    for (at = command_table; *at; at++)
        printf("%s%s", at == command_table ? "" : " ", (*at)->name);
    printf("'\n        ;;\n");
    for (at = command_table; *at; at++) {
        printf("    %s)\n        words='", (*at)->name);
        if ((*at)->words)
            print_words((*at)->words);
        printf("'\n        globals+='");
        print_bash_names((*at)->options);
        printf("'\n        ;;\n");
    }
    printf("    esac\n    if [[ $word == -* ]]; then\n"
           "        mapfile -t COMPREPLY < <(compgen -W \"$globals\" -- \"$word\")\n    else\n"
           "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n    fi\n}\n\n"
           "complete -o default -F _soap_xmpp soap-xmpp\n");
}

/* ---- zsh ---- */

/* Between single quotes, inside brackets: what means something there is escaped. */
static void print_zsh_text(const char *text)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\''", stdout);
        else if (strchr("[]:\\", *text))
            printf("\\%c", *text);
        else
            putchar(*text);
    }
}

static void print_zsh_option(const struct option_row *row, const char *dashes, const char *name)
{
    printf("        '%s%s%s%s[", row->is_repeatable ? "*" : "", dashes, name,
           row->value && strcmp(dashes, "--") == 0 ? "="
           : row->value                            ? "+"
                                                   : "");
    print_zsh_text(row->summary);
    printf("]");
    if (row->value) {
        printf(":");
        print_zsh_text(row->value);
        printf(":");
        if (row->words) {
            printf("(");
            print_words(row->words);
            printf(")");
        } else if (is_path(row)) {
            printf("_files");
        } else if (strcmp(row->name, "context") == 0) {
            printf("_soap_xmpp_contexts");
        }
    }
    printf("'\n");
}

static void print_zsh_options(const struct option_row *row)
{
    for (; row->name; row++) {
        char letter[2] = {row->letter, '\0'};
        print_zsh_option(row, "--", row->name);
        if (row->letter)
            print_zsh_option(row, "-", letter);
    }
}

static void print_zsh(void)
{
    const struct command *const *at;
    printf(
        "#compdef soap-xmpp\n# zsh completion of soap-xmpp; made by: soap-xmpp completion zsh\n\n"
        "_soap_xmpp_contexts() {\n    local -a names\n"
        "    names=(${(f)\"$(soap-xmpp context ls 2>/dev/null | cut -c 3- | cut -f 1)\"})\n"
        "    compadd -a names\n}\n\n"
        "_soap_xmpp() {\n    local context state line\n    local -a globals commands own\n"
        "    local -A opt_args\n    globals=(\n");
    print_zsh_options(command_globals);
    printf("    )\n    commands=(\n");
    for (at = command_table; *at; at++) {
        printf("        '%s:", (*at)->name);
        print_zsh_text((*at)->summary);
        printf("'\n");
    }
    printf("    )\n    _arguments -C $globals '1: :->command' '*:: :->rest' && return\n"
           "    case $state in\n    command) _describe command commands ;;\n"
           "    rest)\n        own=()\n        case $words[1] in\n");
    for (at = command_table; *at; at++) {
        printf("        %s)\n        own=(\n", (*at)->name);
        print_zsh_options((*at)->options);
        if ((*at)->words) {
            printf("        '1: :(");
            print_words((*at)->words);
            printf(")'\n");
        }
        printf("        '*:argument:_default'\n        )\n        ;;\n");
    }
    printf("        esac\n        _arguments $globals $own\n        ;;\n    esac\n}\n\n"
           "if [[ $funcstack[1] == _soap-xmpp ]]; then\n    _soap_xmpp \"$@\"\nelse\n"
           "    compdef _soap_xmpp soap-xmpp\nfi\n");
}

static int run_completion(struct run *run)
{
    const char *shell = run->options.arguments[0];
    if (run->report.is_json)
        return report_end(&run->report, REPORT_USAGE, "a script is no JSON");
    if (strcmp(shell, "bash") == 0)
        print_bash();
    else if (strcmp(shell, "zsh") == 0)
        print_zsh();
    else
        return report_end(&run->report, REPORT_USAGE, "no completion for '%s'; can be bash, zsh",
                          shell);
    return report_end(&run->report, REPORT_OK, NULL);
}

const struct command command_completion = {
    .name = "completion",
    .summary = "a script that completes what is typed",
    .arguments = "bash|zsh",
    .options = options,
    .description = description,
    .words = "bash|zsh",
    .least_arguments = 1,
    .most_arguments = 1,
    .run = run_completion,
};
