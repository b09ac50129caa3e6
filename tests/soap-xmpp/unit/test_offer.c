/* <stream:features/> of whoever answers. */
#include <stdlib.h>
#include <string.h>

#include "doctor/offer.h"
#include "../../lib/suite.h"

extern CU_TestInfo tests_offer[];

#define STREAM                                                                                     \
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' "                                   \
    "xmlns:stream='http://etherx.jabber.org/streams' from='x' id='1' version='1.0'>"

static struct offer offer;

static enum offer_state read_all(bool in_stream, const char *said, size_t step)
{
    size_t left = strlen(said);
    CU_ASSERT_EQUAL_FATAL(offer_begin(&offer, in_stream), 0);
    while (left) {
        size_t count = left < step ? left : step;
        offer_read(&offer, said, count);
        said += count;
        left -= count;
    }
    offer_end(&offer);
    return offer.state;
}

static void test_features_in_pieces(void)
{
    static const char said[] = STREAM
        "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"
        "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-1</mechanism>"
        "<mechanism>PLAIN</mechanism></mechanisms><limits xmlns='urn:xmpp:stream-limits:0'>"
        "<max-bytes>10000</max-bytes></limits></stream:features>";
    size_t step;
    for (step = 1; step <= sizeof said; step += 13) {
        CU_ASSERT_EQUAL(read_all(false, said, step), OFFER_FEATURES);
        CU_ASSERT(offer.has_starttls && offer.requires_starttls);
        ASSERT_TEXT(offer.mechanisms, "SCRAM-SHA-1 PLAIN");
        CU_ASSERT_EQUAL(offer.max_bytes, 10000);
    }
}

static void test_none_at_all(void)
{
    CU_ASSERT_EQUAL(read_all(false, STREAM "<stream:features/>", 1), OFFER_FEATURES);
    CU_ASSERT(!offer.has_starttls && !offer.requires_starttls && !offer.mechanisms[0]);
    CU_ASSERT_EQUAL(read_all(false, STREAM "<stream:features>", 7), OFFER_INCOMPLETE);
}

static void test_other_elements_are_named(void)
{
    CU_ASSERT_EQUAL(read_all(false,
                             STREAM "<stream:error><host-unknown xmlns='u'/><text>no</text>"
                                    "</stream:error>",
                             5),
                    OFFER_ELEMENT);
    ASSERT_TEXT(offer.element, "error");
    ASSERT_TEXT(offer.condition, "host-unknown");
    CU_ASSERT_EQUAL(read_all(true, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", 3),
                    OFFER_ELEMENT);
    ASSERT_TEXT(offer.element, "proceed");
}

static void test_what_is_no_stream(void)
{
    CU_ASSERT_EQUAL(read_all(false, "SSH-2.0-OpenSSH_9.2\r\n", 1), OFFER_BROKEN);
    CU_ASSERT_EQUAL(read_all(false, "HTTP/1.1 400 Bad Request\r\n", 40), OFFER_BROKEN);
    CU_ASSERT_EQUAL(read_all(false, STREAM "<stream:features><a></b>", 1), OFFER_BROKEN);
}

static void test_entities_and_length_are_bounded(void)
{
    static const char laughs[] =
        "<!DOCTYPE s [<!ENTITY a 'aaaaaaaaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>"
        "<!ENTITY c "
        "'&b;&b;&b;&b;&b;&b;&b;&b;'>]><s><features><mechanism>&c;</mechanism></features>";
    char *endless = malloc(2 * OFFER_MOST_BYTES + sizeof STREAM);
    CU_ASSERT_PTR_NOT_NULL_FATAL(endless);
    CU_ASSERT_EQUAL(read_all(false, laughs, 1), OFFER_BROKEN);
    CU_ASSERT_EQUAL(strlen(offer.mechanisms), 0);
    memcpy(endless, STREAM, sizeof STREAM - 1);
    memset(endless + sizeof STREAM - 1, ' ', (size_t)2 * OFFER_MOST_BYTES);
    endless[2 * OFFER_MOST_BYTES + sizeof STREAM - 1] = '\0';
    CU_ASSERT_EQUAL(read_all(false, endless, 4096), OFFER_BROKEN);
    free(endless);
}

static void test_long_words_are_cut(void)
{
    char said[sizeof STREAM + 4096] = STREAM "<features>";
    int i;
    for (i = 0; i < 60; i++)
        strcat(said, "<mechanism>SCRAM-SHA-512-AND-SO-ON</mechanism>");
    strcat(said, "</features>");
    CU_ASSERT_EQUAL(read_all(false, said, 100), OFFER_FEATURES);
    CU_ASSERT_EQUAL(strlen(offer.mechanisms), OFFER_WORDS_BYTES - 1);
}

CU_TestInfo tests_offer[] = {
    {"features are read in pieces of any length", test_features_in_pieces},
    {"none at all are some, too", test_none_at_all},
    {"other elements are named, with their condition", test_other_elements_are_named},
    {"what is no stream is broken", test_what_is_no_stream},
    {"entities and length are bounded", test_entities_and_length_are_bounded},
    {"long words are cut", test_long_words_are_cut},
    CU_TEST_INFO_NULL,
};
