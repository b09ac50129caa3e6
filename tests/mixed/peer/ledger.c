/* ledger.c - the service: each request that runs is written down.
 *
 * Invariant: a number stands in the ledger as often as its operation has begun to run, even if the
 * process dies in the next instant: one write to a file opened with O_APPEND.
 *
 * Happy path: write the number down, wait if it is held, answer. Failure: a ledger that can't be
 * written answers with a fault.
 */
#include "soapH.h"
#include "../../lib/line.h"
#include "peer.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

enum { MAX_HELD = 1000 };

static int ledger_fd = -1;

static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t finished_more = PTHREAD_COND_INITIALIZER;
static bool finished[MAX_HELD], all_finished; /* under mu */

int ledger_open(const char *path)
{
    ledger_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return ledger_fd < 0 ? -1 : 0;
}

void ledger_finish(int number)
{
    pthread_mutex_lock(&mu);
    if (number < 0)
        all_finished = true;
    else if (number < MAX_HELD)
        finished[number] = true;
    pthread_cond_broadcast(&finished_more);
    pthread_mutex_unlock(&mu);
}

static bool write_down(int number)
{
    char line[32];
    int len = snprintf(line, sizeof line, "%d\n", number);
    return write(ledger_fd, line, (size_t)len) == len;
}

int mixed__enter(struct soap *soap, int number, int held, char *text, struct mixed__Entry *entry)
{
    if (held && (number < 0 || number >= MAX_HELD))
        return soap_sender_fault(soap, "number out of range", NULL);
    if (!write_down(number))
        return soap_receiver_fault(soap, "the ledger can't be written", NULL);
    if (held)
        line_tell("run %d", number);
    pthread_mutex_lock(&mu);
    while (held && !finished[number] && !all_finished)
        pthread_cond_wait(&finished_more, &mu);
    pthread_mutex_unlock(&mu);
    entry->number = number;
    entry->text = text;
    return SOAP_OK;
}

int mixed__reject(struct soap *soap, int number, int *never)
{
    *never = 0;
    if (!write_down(number))
        return soap_receiver_fault(soap, "the ledger can't be written", NULL);
    return soap_sender_fault(soap, "rejected on purpose", NULL);
}

int mixed__note(struct soap *soap, int number)
{
    if (!write_down(number))
        return soap_receiver_fault(soap, "the ledger can't be written", NULL);
    return soap_send_empty_response(soap, 202);
}
