/* argument.h - what a program gives to a function of soap_xmpp.h, looked at before anything is
 * done.
 *
 * Folder api/: the functions of soap_xmpp.h that know no gSOAP, a file for each of their subjects.
 * Each checks what the program gave it, and holds a reference to the link while it waits; the work
 * is done in link/ and below. It may see what link/ may, and link/.
 *
 * Thread: any.
 */
#ifndef SX_API_ARGUMENT_H
#define SX_API_ARGUMENT_H

#include <stdbool.h>
#include <stddef.h>

struct soap_xmpp_link;

/* False, and why (may be NULL): there is no link, or it isn't this process's. */
bool sx_argument_is_link(const struct soap_xmpp_link *link, char *why, size_t why_bytes);

#endif
