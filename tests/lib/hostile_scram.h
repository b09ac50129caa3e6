/* hostile_scram.h - a login by SCRAM, played to a guest. Private to hostile.c. */
#ifndef TESTS_HOSTILE_SCRAM_H
#define TESTS_HOSTILE_SCRAM_H

#include "guest.h"
#include "scram_server.h"

/* From <auth/> to <success/>, each answer of the guest's within step_ms. script NULL: all zero. A
 * guest that doesn't know the password is told not-authorized. NULL: it was played to the end, else
 * why not. */
const char *hostile_scram_play(struct guest *guest, const struct scram_script *script, int step_ms);

#endif
