/* terminal.c - what differs when a person sits there: colour, progress, questions.
 *
 * Invariant: however a question ends, the terminal echoes again.
 *
 * Failure modes: no terminal, a signal, no answer in time, one that is too long: -1, and nothing
 * was told. */
#include "terminal.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "interrupt.h"

static const char *choice = "auto";

void terminal_choose_colour(const char *word)
{
    choice = word;
}

static bool is_coloured(FILE *stream)
{
    const char *term = getenv("TERM"), *no = getenv("NO_COLOR");
    if (strcmp(choice, "auto") != 0)
        return strcmp(choice, "always") == 0;
    if ((no && *no) || !term || strcmp(term, "dumb") == 0)
        return false;
    return isatty(fileno(stream));
}

const char *terminal_begin(FILE *stream, enum terminal_colour colour)
{
    static const char *const codes[] = {
        [TERMINAL_PLAIN] = "",          [TERMINAL_RED] = "\033[31m", [TERMINAL_GREEN] = "\033[32m",
        [TERMINAL_YELLOW] = "\033[33m", [TERMINAL_DIM] = "\033[2m",  [TERMINAL_BOLD] = "\033[1m",
    };
    return is_coloured(stream) ? codes[colour] : "";
}

const char *terminal_end(FILE *stream)
{
    return is_coloured(stream) ? "\033[0m" : "";
}

bool terminal_has_progress(bool is_quiet)
{
    return !is_quiet && isatty(STDERR_FILENO);
}

/* One line from fd, or -1. */
static int read_answer(int fd, char *answer, size_t answer_bytes, const struct deadline *deadline)
{
    size_t len = 0;
    for (;;) {
        struct pollfd ready[] = {{.fd = fd, .events = POLLIN},
                                 {.fd = interrupt_fd(), .events = POLLIN}};
        char byte;
        poll(ready, 2, deadline_left_ms(deadline, INT_MAX));
        if (interrupt_signal() || (!ready[0].revents && deadline_is_over(deadline)))
            return -1;
        if (!ready[0].revents)
            continue;
        if (read(fd, &byte, 1) != 1)
            return -1;
        if (byte == '\n')
            break;
        if (len + 1 >= answer_bytes)
            return -1;
        answer[len++] = byte;
    }
    answer[len] = '\0';
    return 0;
}

static int ask(const char *question, char *answer, size_t answer_bytes,
               const struct deadline *deadline, bool is_secret)
{
    struct termios before, after;
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY), result = -1;
    if (fd < 0)
        return -1;
    if (tcgetattr(fd, &before) == 0) {
        after = before;
        if (is_secret)
            after.c_lflag &= ~(tcflag_t)ECHO;
        /* First the echo, then the question: whoever answers at once isn't seen, nor lost. */
        if (tcsetattr(fd, TCSAFLUSH, &after) == 0) {
            dprintf(fd, "%s", question);
            result = read_answer(fd, answer, answer_bytes, deadline);
        }
        tcsetattr(fd, TCSAFLUSH, &before);
        if (is_secret || result)
            dprintf(fd, "\n");
    }
    close(fd);
    return result;
}

int terminal_ask(const char *question, char *answer, size_t answer_bytes,
                 const struct deadline *deadline)
{
    return ask(question, answer, answer_bytes, deadline, false);
}

int terminal_ask_secret(const char *question, char *answer, size_t answer_bytes,
                        const struct deadline *deadline)
{
    return ask(question, answer, answer_bytes, deadline, true);
}
