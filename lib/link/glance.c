/* glance.c - what is asked of whom before and after a look at a packed request.
 *
 * Happy path: a rule names the caller -> it pays for the look -> the operation is known.
 * Failure: a caller that no rule names gets no look, and is refused whatever the envelope holds. A
 * budget that has ended matters only if the operation does.
 */
#include "link/glance.h"

void sx_glance_take(const struct sx_reception *reception, const struct sx_incoming *incoming,
                    const struct sx_element *element, struct sx_stream *stream,
                    struct sx_envelope *envelope)
{
    const struct sx_admission *admission = reception->admission;
    const char *payer = NULL;
    /* What the journal knows of the id goes before a glance: the bytes may have been taken by a
     * first copy. */
    if (incoming->from && !sx_admission_wants_glance(admission, incoming->from, &payer))
        envelope->form = SX_FORM_ZSTD;
    else if (!sx_content_is_reference(element) || !sx_admission_is_known(admission, incoming))
        sx_content_glance(reception->content, incoming->from, payer, element, stream, envelope);
    if (envelope->err == SX_EFULL && sx_admission_does_without(admission, incoming))
        envelope->err = SX_OK;
}
