/* Data that gSOAP sends as attachments (MTOM), as its mtom sample does: to the service, from it,
 * and whoever asks for it, the contexts or the operation. Over XMPP it goes inline.
 *
 * Invariant: what arrives over HTTP arrives over XMPP.
 */
#include "both.h"

#include <CUnit/CUnit.h>
#include <string.h>

#include "../integration/scale.h"
#include "../lib/suite.h"

extern CU_TestInfo tests_data[];

static int sizes[] = {0, 1, 1000, 50000};
enum { FILES = sizeof sizes / sizeof *sizes, MAX_BYTES = 50000, SIZED_BYTES = 3000 };

static soap_mode answer_mode; /* what the operation sets; while nobody calls */

int w__swap(struct soap *soap, struct w__Files *in, struct w__Files *out)
{
    int i;
    out->__size = in->__size;
    out->file = soap_malloc(soap, sizeof *out->file * (size_t)(in->__size + 1));
    if (!out->file)
        return soap->error = SOAP_EOM;
    for (i = 0; i < in->__size; i++) {
        out->file[i] = in->file[in->__size - 1 - i];
        out->file[i].data.id = NULL; /* a new attachment */
    }
    soap_set_omode(soap, answer_mode);
    return SOAP_OK;
}

static unsigned char bytes_at(int file, int i)
{
    return (unsigned char)(i * 7 + file);
}

static void fill(struct w__Files *files, struct w__File file[FILES])
{
    static unsigned char bytes[FILES][MAX_BYTES];
    int i, k;
    memset(file, 0, FILES * sizeof *file);
    for (k = 0; k < FILES; k++) {
        for (i = 0; i < sizes[k]; i++)
            bytes[k][i] = bytes_at(k, i);
        file[k].data.__ptr = bytes[k];
        file[k].data.__size = sizes[k];
        file[k].data.type = (char *)"application/octet-stream";
    }
    files->__size = FILES;
    files->file = file;
}

static bool is_swapped(const struct w__Files *files)
{
    int i, k;
    if (files->__size != FILES)
        return false;
    for (k = 0; k < FILES; k++) {
        const struct w__File *file = &files->file[FILES - 1 - k];
        if (file->data.__size != sizes[k])
            return false;
        for (i = 0; i < sizes[k]; i++)
            if (file->data.__ptr[i] != bytes_at(k, i))
                return false;
    }
    return true;
}

static void swap(struct both *both, const char *endpoint)
{
    struct soap *soap = both->client;
    struct w__File file[FILES];
    struct w__Files in, out = {0};
    fill(&in, file);
    CU_ASSERT_EQUAL(soap_call_w__swap(soap, endpoint, NULL, &in, &out), SOAP_OK);
    if (soap->error)
        soap_print_fault(soap, stdout);
    CU_ASSERT_TRUE(is_swapped(&out));
    both_forget(both);
}

static void swap_in_modes(const struct site *site, enum soap_xmpp_packing packing)
{
    static const struct {
        soap_mode contexts, answer;
    } modes[] = {
        {SOAP_IO_DEFAULT, SOAP_IO_DEFAULT}, {SOAP_ENC_MTOM, SOAP_IO_DEFAULT},
        {SOAP_IO_DEFAULT, SOAP_ENC_MTOM},   {SOAP_ENC_MTOM | SOAP_IO_STORE, SOAP_IO_DEFAULT},
        {SOAP_ENC_MTOM, SOAP_IO_CHUNK},     {SOAP_ENC_MTOM, SOAP_ENC_ZLIB}};
    size_t i;
    if (scale_is_small()) /* each file, in fewer modes */
        sizes[FILES - 1] = SIZED_BYTES;
    for (i = 0; i < sizeof modes / sizeof *modes; i += scale_of(1, 3)) {
        struct both both;
        answer_mode = modes[i].answer;
        both_open(&both, site, packing, modes[i].contexts, soap_serve);
        swap(&both, both.http);
        swap(&both, both.xmpp);
        swap(&both, both.http);
        both_close(&both);
    }
}

static void swap_packed(const struct site *site)
{
    swap_in_modes(site, SOAP_XMPP_PACKING_AUTO);
}

static void swap_plain(const struct site *site)
{
    swap_in_modes(site, SOAP_XMPP_PACKING_NEVER);
}

static void data_arrives(void)
{
    site_each(swap_packed);
    site_each(swap_plain);
}

CU_TestInfo tests_data[] = {
    {"data of MTOM's kind arrives as over HTTP, whoever wants it so", data_arrives},
    CU_TEST_INFO_NULL,
};
