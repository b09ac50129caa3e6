/* fuzz_metadata.c - what anybody who may call asks for metadata.
 *
 * Input: an envelope.
 * Claims: what can't be read leaves nothing behind. Texts are bounded. What is answered can be
 * carried, is a fault if it has to be, and relates to what was asked.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "soap/checker.h"
#include "soap/metadata.h"

static void claim_answer(const struct sx_metadata_question *question)
{
    static struct sx_checker *checker;
    const struct sx_scan *scan;
    struct sx_buffer out = {0};
    char why[200] = "";
    size_t bad_byte = 0;
    bool is_fault = *question->not_understood || (question->is_get && question->has_body_child);
    if (!checker)
        checker = sx_checker_new(64);
    sx_metadata_write(&out, question, NULL, NULL, "xmpp:calc@example.org");
    CLAIM(checker && !out.failed);
    if (sx_checker_check(checker, out.bytes, out.len, &scan, &bad_byte, why, sizeof why) != SX_OK)
        fuzz_fail(why, __FILE__, __LINE__);
    CLAIM(scan->version == question->version && scan->is_fault == is_fault);
    CLAIM(is_fault || strcmp(scan->operation, "Metadata") == 0);
    CLAIM(!question->addressing_uri == !*scan->addressing_action);
    sx_buffer_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const struct sx_metadata_question none;
    struct sx_metadata_question question;
    char *envelope = fuzz_text(bytes, len);
    if (sx_metadata_read(&question, envelope, len) == SX_OK) {
        CLAIM(question.version == 11 || question.version == 12);
        claim_answer(&question);
    } else {
        CLAIM(memcmp(&question, &none, sizeof none) == 0);
    }
    free(envelope);
    return 0;
}
