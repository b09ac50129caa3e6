/* format.h - the doctor's findings as people, monitors and programs read them.
 *
 * Thread: that of the doctor alone; standard output is written.
 */
#ifndef SOAP_XMPP_TOOL_DOCTOR_FORMAT_H
#define SOAP_XMPP_TOOL_DOCTOR_FORMAT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "doctor/finding.h"

/* Of findings, and how many there are of each state. */
struct format_sum {
    unsigned of_state[4]; /* by enum finding_state */
    enum finding_state worst;
};
struct format_sum format_count(const struct finding *findings, size_t count);

/* One finding, for people; details of an ok one as well, if has_details. */
void format_text(const struct finding *finding, bool has_details);

/* An array of objects; NULL: memory is short. */
json_t *format_json(const struct finding *findings, size_t count);

/* One line with perfdata, as Nagios, Icinga and others read it from a plugin. Returns the exit code
 * that they want: 0 ok, 1 warning, 2 critical. */
int format_nagios(const struct finding *findings, size_t count);

/* The text format of Prometheus, for node_exporter's textfile collector. */
void format_prometheus(const struct finding *findings, size_t count);

#endif
