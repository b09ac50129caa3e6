/* metrics.h - the gateway's metrics as Prometheus' text (text exposition format 0.0.4).
 *
 * Noun: the metrics. Labels are routes as the configuration writes them, names of links, statuses
 * and constants: a peer can't make a series. All that can be zero is shown as zero. */
#ifndef GW_METRICS_H
#define GW_METRICS_H

#include "contract/text.h"
#include "status/status.h"

/* Adds all of them, those of the links too (soap_xmpp_metrics()). Any thread; doesn't block. */
void gw_metrics_write(const struct gw_status_of *of, struct ct_text *out);

#endif
