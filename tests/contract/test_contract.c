/* A contract as it is read: documents, imports, operations. */
#include "../lib/suite.h"
#include "plant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/file.h"

#define WSDL "xmlns='http://schemas.xmlsoap.org/wsdl/'"
#define XS   "xmlns:xs='http://www.w3.org/2001/XMLSchema'"
#define SOAP "xmlns:s='http://schemas.xmlsoap.org/wsdl/soap12/'"

static void operations_are_those_of_the_soap_bindings(void)
{
    static const char *const names[] = {"start",   "ping", "draw",  "plan",     "set",
                                        "nothing", "odd",  "vague", "replaced", "two",
                                        "twice",   "find", "ping",  "old"};
    const struct ct_contract *contract = plant_contract();
    CU_ASSERT_PTR_NOT_NULL_FATAL(contract);
    CU_ASSERT_EQUAL_FATAL(ct_contract_operation_count(contract), 14);
    for (size_t i = 0; i < 14; i++)
        ASSERT_TEXT(ct_contract_operation(contract, i)->name, names[i]);
    CU_ASSERT_PTR_NULL(ct_contract_operation(contract, 14));
    ASSERT_TEXT(ct_contract_name(contract), "plant");
    ASSERT_TEXT(ct_contract_namespace(contract), "urn:plant");
    ASSERT_TEXT(ct_contract_address(contract), "xmpp:plant@example.org/soap");
}

static void an_operation_has_what_its_bindings_say(void)
{
    const struct ct_operation *start = plant_operation("start");
    const struct ct_operation *find = plant_operation("find");
    CU_ASSERT_PTR_NOT_NULL_FATAL(start);
    CU_ASSERT_PTR_NOT_NULL_FATAL(find);
    ASSERT_TEXT(start->port_type, "Control");
    ASSERT_TEXT(start->port, "control");
    ASSERT_TEXT(start->documentation, "Opens valves. All of them, if none is named");
    ASSERT_TEXT(start->actions[CT_SOAP_11], "urn:plant#start");
    ASSERT_TEXT(start->actions[CT_SOAP_12], "urn:plant/start");
    CU_ASSERT_EQUAL(start->versions, 1U << CT_SOAP_11 | 1U << CT_SOAP_12);
    CU_ASSERT_EQUAL(find->versions, 1U << CT_SOAP_11);
    CU_ASSERT(start->has_header && !find->has_header);
    CU_ASSERT(!start->one_way && plant_operation("draw")->one_way);
    ASSERT_TEXT(plant_operation("old")->unsupported, "its message is encoded (use='encoded')");
    CU_ASSERT_PTR_NULL(start->unsupported);
}

static void names_are_found_with_their_port_or_without(void)
{
    const struct ct_operation *ping = plant_operation("archive.ping");
    CU_ASSERT_PTR_NOT_NULL_FATAL(ping);
    ASSERT_TEXT(ping->port_type, "Archive");
    CU_ASSERT_PTR_EQUAL(plant_operation("Archive.ping"), ping);
    CU_ASSERT_PTR_EQUAL(plant_operation("control11.start"), plant_operation("start"));
    CU_ASSERT_PTR_NULL(plant_operation("ping"));
    ASSERT_TEXT(plant_error(),
                "Control and Archive both have an operation 'ping': say Control.ping");
    CU_ASSERT_PTR_NULL(plant_operation("strat"));
    ASSERT_TEXT(plant_error(), "no operation 'strat'; has: start, ping, draw, plan, set, odd, "
                               "vague, two, ...");
}

static void a_sentence_commands_no_terminal(void)
{
    CU_ASSERT_PTR_NULL(plant_operation("\x1B[2J\n\xC2\x9B\xC3\xA4"));
    ASSERT_CONTAINS(plant_error(), "no operation '?[2J???\xC3\xA4'; has: ");
}

static void what_an_import_lacks_is_noted(void)
{
    ASSERT_TEXT(ct_contract_note(plant_contract(), 0),
                "plant.wsdl, line 11: tests/contract/plant/absent.xsd wasn't read: "
                "tests/contract/plant/absent.xsd: No such file or directory");
    CU_ASSERT_PTR_NULL(ct_contract_note(plant_contract(), 1));
}

static const char *refusal(const struct ct_reading *reading, enum ct_err kind)
{
    static struct ct_error error;
    struct ct_contract *contract = NULL;
    error = (struct ct_error){0};
    CU_ASSERT_EQUAL(ct_contract_read(reading, &contract, &error), kind);
    CU_ASSERT_PTR_NULL(contract);
    ct_contract_free(contract);
    return error.text;
}

static const char *refusal_of(const char *wsdl, enum ct_err kind)
{
    struct ct_source source = {"x/a.wsdl", wsdl, strlen(wsdl)};
    return refusal(&(struct ct_reading){&source, 1, NULL, NULL}, kind);
}

static void what_is_no_contract_is_refused(void)
{
    ASSERT_TEXT(refusal(&(struct ct_reading){0}, CT_ECONTRACT), "there is no contract");
    ASSERT_CONTAINS(refusal_of("<aaa", CT_ECONTRACT), "a.wsdl is no well-formed XML: line 1: ");
    ASSERT_TEXT(refusal_of("<a xmlns='urn:x'/>", CT_ECONTRACT),
                "a.wsdl is no WSDL 1.1: its root is {urn:x}a");
    ASSERT_TEXT(refusal_of("<!DOCTYPE a><a/>", CT_ECONTRACT),
                "a.wsdl has a DOCTYPE, which is refused");
    ASSERT_TEXT(refusal_of("<definitions name='n' " WSDL "/>", CT_ECONTRACT),
                "n has no operation with a SOAP binding");
    ASSERT_TEXT(refusal_of("<definitions " WSDL "><message/></definitions>", CT_ECONTRACT),
                "a.wsdl, line 1: a message has no name");
    ASSERT_TEXT(refusal_of("<definitions " WSDL ">\n<types><xs:schema " XS "><xs:element name='a' "
                           "type='q:b'/></xs:schema></types></definitions>",
                           CT_ECONTRACT),
                "a.wsdl, line 2: 'q:b' has a prefix that isn't declared");
    ASSERT_TEXT(refusal_of("<?xml version='1.0' encoding='EBCDIC-US'?><a/>", CT_ECONTRACT),
                "a.wsdl is no XML in UTF-8 or UTF-16");
}

#define TINY(inside)                                                                               \
    "<definitions " WSDL " " SOAP " " XS " xmlns:x='urn:x' targetNamespace='urn:x'>" inside        \
    "<message name='m'><part name='b' element='x:op'/></message><portType name='T'><operation "    \
    "name='op'><input message='x:m'/></operation></portType><binding name='B' type='x:T'>"         \
    "<s:binding/><operation name='op'><input><s:body use='literal'/></input></operation>"          \
    "</binding></definitions>"
#define OP                                                                                         \
    "<xs:schema targetNamespace='urn:x' " XS "><xs:element name='op' type='xs:int'/></xs:schema>"

static struct ct_contract *read_sources(const struct ct_source *sources, size_t count)
{
    struct ct_error error = {0};
    struct ct_contract *contract = NULL;
    struct ct_reading reading = {sources, count, NULL, NULL};
    ct_contract_read(&reading, &contract, &error);
    ASSERT_TEXT(error.text, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(contract);
    return contract;
}

static void imports_are_found_by_location_or_namespace(void)
{
    static const char by_place[] =
        TINY("<types><xs:schema><xs:import namespace='urn:x' schemaLocation='../b.xsd'/>"
             "</xs:schema></types>");
    static const char by_name[] =
        TINY("<types><xs:schema><xs:import namespace='urn:x'/></xs:schema></types>");
    const struct ct_source placed[] = {{"http://h/x/a.wsdl", by_place, sizeof by_place - 1},
                                       {"http://h/b.xsd", OP, sizeof OP - 1}};
    const struct ct_source named[] = {{NULL, by_name, sizeof by_name - 1},
                                      {NULL, OP, sizeof OP - 1}};
    for (int i = 0; i < 2; i++) {
        struct ct_contract *contract = read_sources(i ? named : placed, 2);
        CU_ASSERT_PTR_NULL(ct_contract_operation(contract, 0)->unsupported);
        CU_ASSERT_PTR_NULL(ct_contract_operation(contract, 0)->port);
        ct_contract_free(contract);
    }
}

static void what_is_not_there_is_told_when_it_is_needed(void)
{
    static const char wsdl[] =
        TINY("<types><xs:schema><xs:import namespace='urn:x' schemaLocation='b.xsd'/></xs:schema>"
             "</types>");
    const struct ct_source source = {"a.wsdl", wsdl, sizeof wsdl - 1};
    struct ct_contract *contract = read_sources(&source, 1);
    ASSERT_TEXT(ct_contract_note(contract, 0),
                "a.wsdl, line 1: b.xsd wasn't read: nothing is fetched here");
    ASSERT_TEXT(
        ct_contract_operation(contract, 0)->unsupported,
        "its element {urn:x}op isn't defined; a.wsdl, line 1: b.xsd wasn't read: nothing is "
        "fetched here");
    ct_contract_free(contract);
}

static void utf_16_is_read(void)
{
    static const char wsdl[] = TINY("<types>" OP "</types>");
    static char wide[2 * sizeof wsdl + 2] = "\xFF\xFE";
    for (size_t i = 0; i + 1 < sizeof wsdl; i++)
        wide[2 + 2 * i] = wsdl[i];
    const struct ct_source source = {"a.wsdl", wide, 2 * sizeof wsdl};
    ct_contract_free(read_sources(&source, 1));
}

static void a_file_is_read_whole_or_not_at_all(void)
{
    char *bytes = NULL, why[200] = "";
    size_t len = 0;
    CU_ASSERT_EQUAL(
        ct_file_read(NULL, "tests/contract/plant/three", 3, &bytes, &len, why, sizeof why), 0);
    ASSERT_TEXT(bytes, "abc");
    CU_ASSERT_EQUAL(len, 3);
    free(bytes);
    CU_ASSERT_EQUAL(
        ct_file_read(NULL, "tests/contract/plant/three", 2, &bytes, &len, why, sizeof why), -1);
    ASSERT_TEXT(why, "tests/contract/plant/three: more than 2 bytes");
    CU_ASSERT_EQUAL(ct_file_read(NULL, "file:///ab%20sent", 2, &bytes, &len, why, sizeof why), -1);
    ASSERT_TEXT(why, "file:///ab%20sent: No such file or directory");
    CU_ASSERT_EQUAL(ct_file_read(NULL, "tests", 2, &bytes, &len, why, sizeof why), -1);
    ASSERT_TEXT(why, "tests: Is a directory");
}

CU_TestInfo contract_tests_contract[] = {
    {"operations are those of the SOAP bindings", operations_are_those_of_the_soap_bindings},
    {"an operation has what its bindings say", an_operation_has_what_its_bindings_say},
    {"names are found with their port or without", names_are_found_with_their_port_or_without},
    {"a sentence commands no terminal", a_sentence_commands_no_terminal},
    {"what an import lacks is noted", what_an_import_lacks_is_noted},
    {"what is no contract is refused", what_is_no_contract_is_refused},
    {"imports are found by location or namespace", imports_are_found_by_location_or_namespace},
    {"what isn't there is told when it is needed", what_is_not_there_is_told_when_it_is_needed},
    {"UTF-16 is read", utf_16_is_read},
    {"a file is read whole or not at all", a_file_is_read_whole_or_not_at_all},
    CU_TEST_INFO_NULL,
};
