/* envelopes.c - writes the envelopes that gSOAP makes of a payload, for the clients without gSOAP.
 *
 * Noun: the pair of envelopes of one payload: PAYLOAD.request and PAYLOAD.answer, as they stand in
 * the stanzas that the library sends, and PAYLOAD-packed.request and .answer, packed.
 */
#include "bench/payload.h"
#include "bench/slice.h"
#include "soap/payload.h"

enum { MAX_DEPTH = 64 };

static struct sx_buffer wire;    /* what gSOAP writes */
static struct sx_buffer request; /* what it is given to read */
static size_t read_bytes;

static int connect_nowhere(struct soap *soap, const char *endpoint, const char *host, int port)
{
    (void)soap, (void)endpoint, (void)host, (void)port;
    return SOAP_OK;
}

static int collect(struct soap *soap, const char *bytes, size_t len)
{
    (void)soap;
    sx_buffer_add(&wire, bytes, len);
    return SOAP_OK;
}

static size_t give(struct soap *soap, char *bytes, size_t room)
{
    size_t len = request.len - read_bytes < room ? request.len - read_bytes : room;
    (void)soap;
    memcpy(bytes, request.bytes + read_bytes, len);
    read_bytes += len;
    return len;
}

static void write_bytes(const char *folder, const char *payload, const char *form,
                        const char *suffix, const struct sx_payload *written)
{
    char path[512];
    FILE *file;
    snprintf(path, sizeof path, "%s/%s%s.%s", folder, payload, form, suffix);
    file = fopen(path, "w");
    if (!file || fwrite(written->bytes, 1, written->len, file) != written->len || fclose(file))
        slice_die("can't write %s", path);
}

/* Into FOLDER/PAYLOAD.SUFFIX as a stanza carries it plain, into FOLDER/PAYLOAD-packed.SUFFIX
 * packed. */
static void write_files(const char *folder, const char *payload, const char *suffix)
{
    struct sx_checker *checker = sx_checker_new(MAX_DEPTH);
    struct sx_payload plain = {0}, packed = {0};
    char why[160] = "no memory";
    if (!checker ||
        sx_payload_plain(&plain, checker, wire.bytes, wire.len, NULL, NULL, why, sizeof why) ||
        sx_payload_packed(&packed, checker, wire.bytes, wire.len, NULL, SIZE_MAX, why, sizeof why))
        slice_die("the %s: %s", suffix, why);
    write_bytes(folder, payload, "", suffix, &plain);
    write_bytes(folder, payload, "-packed", suffix, &packed);
    sx_payload_fini(&plain);
    sx_payload_fini(&packed);
    sx_checker_free(checker);
}

int main(int argc, char **argv)
{
    struct soap *soap = soap_new1(SOAP_ENC_PLAIN);
    if (argc < 3 || !soap) {
        fputs("usage: envelopes FOLDER PAYLOAD...\n", stderr);
        return 2;
    }
    soap->prolog = "";
    soap->fconnect = connect_nowhere;
    soap->fsend = collect;
    soap->frecv = give;
    for (int i = 2; i < argc; i++) {
        payload_choose(argv[i]);
        sx_buffer_clear(&wire);
        if (payload_send(soap, "http://127.0.0.1/"))
            slice_die("%s: gSOAP's error %d", argv[i], soap->error);
        write_files(argv[1], argv[i], "request");
        sx_buffer_clear(&request);
        sx_buffer_add(&request, wire.bytes, wire.len);
        sx_buffer_clear(&wire);
        read_bytes = 0;
        if (soap_serve(soap))
            slice_die("%s: gSOAP's error %d", argv[i], soap->error);
        write_files(argv[1], argv[i], "answer");
        soap_destroy(soap);
        soap_end(soap);
    }
    soap_free(soap);
    sx_buffer_fini(&wire);
    sx_buffer_fini(&request);
    return 0;
}
