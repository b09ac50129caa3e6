/* hostile_steps.h - the steps of a scripted server (hostile.h) in one word each, for tables of
 * them.
 */
#ifndef TESTS_HOSTILE_STEPS_H
#define TESTS_HOSTILE_STEPS_H

#include "hostile.h"

#define AWAIT(awaited)                                                                             \
    {                                                                                              \
        HOSTILE_EXPECT, .text = awaited                                                            \
    }
#define PLAY(played)                                                                               \
    {                                                                                              \
        HOSTILE_PLAY, .steps = played                                                              \
    }
#define SEND(sent)                                                                                 \
    {                                                                                              \
        HOSTILE_SEND, .text = sent                                                                 \
    }
#define REPEAT(sent, times)                                                                        \
    {                                                                                              \
        HOSTILE_SEND_REPEATED, .text = sent, .count = times                                        \
    }
/* What is wrong with it: members of a scram_script. */
#define SCRAM(...)                                                                                 \
    {                                                                                              \
        .kind = HOSTILE_SCRAM, .scram = &(const struct scram_script)                               \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
/* Until the peer closes. */
#define SILENCE                                                                                    \
    {                                                                                              \
        .kind = HOSTILE_SILENCE_MS                                                                 \
    }
#define HANG_UP                                                                                    \
    {                                                                                              \
        .kind = HOSTILE_CLOSE                                                                      \
    }
#define END                                                                                        \
    {                                                                                              \
        HOSTILE_END                                                                                \
    }

/* A stream, and more behind its header; one that offers TLS, and the handshake. */
#define OPENED(more) AWAIT("<stream:stream"), SEND(HOSTILE_STREAM more)
#define TLS                                                                                        \
    PLAY(hostile_offer_tls),                                                                       \
    {                                                                                              \
        .kind = HOSTILE_STARTTLS                                                                   \
    }

#endif
