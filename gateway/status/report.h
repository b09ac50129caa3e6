/* report.h - what the status page shows, as JSON.
 *
 * Noun: the report: docs/gateway-metrics.md has its members. */
#ifndef GW_REPORT_H
#define GW_REPORT_H

#include "contract/text.h"
#include "status/status.h"

/* Adds one object. Any thread; doesn't block. */
void gw_report_write(const struct gw_status_of *of, long long started_ms, bool has_trial,
                     struct ct_text *out);

#endif
