/* fuzz_glance.c - envelopes of strangers at a glance, and faults of our own.
 *
 * Input: a byte of choices, an envelope; its bytes are a fault's sentence as well.
 * Claims: a look ends in a sentence or tells what it is, in UTF-8 that is cut between characters; a
 * fault that is written, whatever its sentence, is an envelope that a glance knows as that fault.
 */
#include <stdlib.h>
#include <string.h>

#include "contract/text.h"
#include "fuzz.h"
#include "soap/fault.h"
#include "soap/glance.h"

static void claim_text(const char *text, size_t room)
{
    CLAIM(strlen(text) < room && ct_text_is_xml(text));
}

static void look(const char *envelope, size_t len)
{
    struct gw_glance glance;
    char why[256] = "";
    if (gw_glance_read(&glance, envelope, len, why, sizeof why)) {
        CLAIM(*why);
        return;
    }
    CLAIM(glance.version == 11 || glance.version == 12);
    claim_text(glance.operation, sizeof glance.operation);
    claim_text(glance.namespace_, sizeof glance.namespace_);
    claim_text(glance.message_id, sizeof glance.message_id);
    claim_text(glance.action, sizeof glance.action);
}

static void write_fault(unsigned choices, const char *text)
{
    struct gw_fault fault = {.version = choices & 1 ? 12 : 11,
                             .is_sender = (choices & 2) != 0,
                             .reason = text,
                             .condition = choices & 4 ? text : "",
                             .outcome = "unknown",
                             .endpoint = choices & 8 ? text : "",
                             .trace = ""};
    struct gw_glance glance;
    char why[256] = "";
    size_t len = 0;
    char *envelope = gw_fault_write(&fault, &len);
    CLAIM(envelope && strlen(envelope) == len);
    CLAIM(gw_glance_read(&glance, envelope, len, why, sizeof why) == 0);
    CLAIM(glance.version == fault.version && strcmp(glance.operation, "Fault") == 0);
    CLAIM(glance.fault == (fault.is_sender ? GW_FAULT_SENDER : GW_FAULT_RECEIVER));
    free(envelope);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct fuzz_input input = {bytes, len};
    unsigned choices = fuzz_draw(&input, 16);
    char *envelope = fuzz_bytes(input.bytes, input.len);
    char *text = fuzz_text(input.bytes, input.len);
    look(envelope, input.len);
    write_fault(choices, text);
    free(envelope);
    free(text);
    return 0;
}
