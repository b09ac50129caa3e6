/* description.c - what a service says of itself, as the program says it.
 *
 * Happy path: the description is made -> it takes the place of the one before. Failure: one
 * sentence in why, and nothing has changed.
 */
#include <stdio.h>
#include <string.h>

#include "api/argument.h"
#include "link/describer.h"
#include "link/link.h"
#include "link/link_state.h"

void soap_xmpp_description_init_bytes(struct soap_xmpp_description *description, size_t size)
{
    memset(description, 0, size);
    description->size = size;
}

/* What the program doesn't say of a WSDL, its configuration may. False: the struct is none. */
static bool complete(const struct soap_xmpp_link *link, const struct soap_xmpp_description *said,
                     struct soap_xmpp_description *out)
{
    soap_xmpp_description_init(out);
    if (said->size < sizeof said->size ||
        said->size % _Alignof(struct soap_xmpp_description) != 0 || said->size > sizeof *out)
        return false;
    memcpy(out, said, said->size);
    out->size = sizeof *out;
    if (!out->wsdl && !out->wsdl_file)
        out->wsdl_file = sx_session_config(link->session)->wsdl_file;
    return true;
}

static enum sx_err describe(struct soap_xmpp_link *link, const struct soap_xmpp_description *said,
                            char *why, size_t why_bytes)
{
    struct sx_description *description = sx_description_new(said, why, why_bytes);
    enum sx_err err;
    if (!description)
        return SX_ECONFIG;
    err = sx_describer_set(link->describer, description);
    sx_description_unref(description);
    if (err != SX_OK)
        sx_session_say(why, why_bytes, "no memory, or no thread, for what the service is asked");
    return err;
}

int soap_xmpp_describe(struct soap_xmpp_link *link, const struct soap_xmpp_description *description,
                       char *why, size_t why_bytes)
{
    struct soap_xmpp_description said;
    enum sx_err err;
    if (!sx_argument_is_link(link, why, why_bytes))
        return -1;
    if (!description || !complete(link, description, &said)) {
        if (why && why_bytes)
            snprintf(why, why_bytes, "%s",
                     description ? "description.size is none; prepare the struct with "
                                   "soap_xmpp_description_init()"
                                 : "no description was given");
        return -1;
    }
    sx_session_say(why, why_bytes, "");
    sx_link_ref(link); /* the program may close the link while files are read */
    err = describe(link, &said, why, why_bytes);
    sx_link_unref(link);
    return err == SX_OK ? 0 : -1;
}
