/* trial.h - the try-it form's side of the gateway: a route's operations, and a call of one.
 *
 * Noun: the trial. Switched off unless the configuration says `try = true`: whoever reaches the
 * admin listener calls with the gateway's own rights then, without a user.
 *
 *   GET  /try/operations?route=PATH {"operations":[{"name","documentation","unsupported","request",
 *                                     "parameters":[{"path","type","least","most","required",
 *                                     "nillable","words","documentation"}]}],"notes":[]}
 *   POST /try/call {"route","operation","arguments":["a=1"],"soap":"1.1"}
 *                                     {"end","outcome","condition","text","ms","request","envelope",
 *                                     "values","fault"}
 *
 * Both end with {"error": sentence} and 400, 404 or 502 when they can't be done. Failure modes: no
 * contract, one that can't be read, arguments that it doesn't have. */
#ifndef GW_TRIAL_H
#define GW_TRIAL_H

#include "status/status.h"

/* Takes the request, which is answered once: here, by a worker or on the link's thread. of lives
 * as long. Any thread; doesn't block. */
void gw_trial_list(const struct gw_status_of *of, struct gw_request *request);
void gw_trial_call(const struct gw_status_of *of, struct gw_request *request);

#endif
