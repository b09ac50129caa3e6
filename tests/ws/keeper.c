/* keeper.c - records numbers in the order of their sequence. */
#include "keeper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "end.h"
#include "plugin/wsrmapi.h"

enum { MAX_RECORDS = 1000, LINE_BYTES = 100 };

static struct {
    pthread_mutex_t mu;
    pthread_cond_t changed;
    int numbers[MAX_RECORDS], count;
    int held; /* 0: none */
} keeper = {.mu = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static int keep(int number)
{
    int count;
    pthread_mutex_lock(&keeper.mu);
    if (keeper.count < MAX_RECORDS)
        keeper.numbers[keeper.count++] = number;
    count = keeper.count;
    printf("begun %d\n", number);
    while (keeper.held == number)
        pthread_cond_wait(&keeper.changed, &keeper.mu);
    pthread_mutex_unlock(&keeper.mu);
    return count;
}

int w__record(struct soap *soap, int number, struct w__recordResponse *out)
{
    if (soap_wsrm_check(soap))
        return soap->error; /* SOAP_STOP: it is known, or out of order */
    out->count = keep(number);
    return soap_wsrm_reply(soap, soap_wsa_rand_uuid(soap), KEEPER_ACTION "Response");
}

static void hold(int number)
{
    pthread_mutex_lock(&keeper.mu);
    keeper.held = number;
    printf("held %d\n", number);
    pthread_cond_broadcast(&keeper.changed);
    pthread_mutex_unlock(&keeper.mu);
}

static void list(int key)
{
    int i;
    pthread_mutex_lock(&keeper.mu);
    printf("list %d :", key);
    for (i = 0; i < keeper.count; i++)
        printf(" %d", keeper.numbers[i]);
    printf("\n");
    pthread_mutex_unlock(&keeper.mu);
}

int keeper_main(const char *server)
{
    const struct site *site = site_find(server);
    struct end end;
    char line[LINE_BYTES];
    int number;
    if (!site)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    end_open(&end, site, "bob", "soap", (struct end_options){0});
    end_serve(&end);
    printf("online\n");
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "hold %d", &number) == 1)
            hold(number);
        else if (sscanf(line, "list %d", &number) == 1)
            list(number);
        else
            hold(0);
    }
    hold(0);
    end_close(&end);
    return 0;
}
