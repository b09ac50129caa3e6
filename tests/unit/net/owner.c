/* owner.c - callbacks of a loop that do nothing. */
#include "owner.h"

#include "base/clock.h"

static void ignore(void *user)
{
    (void)user;
}

static bool begin(void *user, struct sx_failure *failure)
{
    (void)user, (void)failure;
    return true;
}

static void ignore_online(void *user, uint64_t session, const char *bound_jid)
{
    (void)user, (void)session, (void)bound_jid;
}

static void ignore_stanza(void *user, uint64_t session, const struct sx_element *stanza,
                          struct sx_stream *stream)
{
    (void)user, (void)session, (void)stanza, (void)stream;
}

static int64_t stay_offline(void *user, uint64_t session, const struct sx_failure *failure)
{
    (void)user, (void)session, (void)failure;
    return SX_NEVER;
}

static int64_t want_nothing(void *user, uint64_t session)
{
    (void)user, (void)session;
    return SX_NEVER;
}

static char *say_nothing(void *user, unsigned long *number, size_t *len)
{
    (void)user, (void)number, (void)len;
    return NULL;
}

struct sx_loop_callbacks owner_callbacks(void *user)
{
    return (struct sx_loop_callbacks){.user = user,
                                      .on_connecting = begin,
                                      .on_online = ignore_online,
                                      .on_stanza = ignore_stanza,
                                      .on_offline = stay_offline,
                                      .on_timer = want_nothing,
                                      .on_kick = ignore,
                                      .on_ping = say_nothing,
                                      .on_interrupt = ignore};
}
