/* Requests from NAME=VALUE. */
#include "../lib/suite.h"
#include "plant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/request.h"

#define P "xmlns:p=\"urn:plant\""
#define T "xmlns:t=\"urn:plant:types\""
#define I "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\""

#define FAILS(text, kind, sentence)                                                                \
    do {                                                                                           \
        ASSERT_TEXT((text), "");                                                                   \
        CU_ASSERT_EQUAL(plant_err(), (kind));                                                      \
        ASSERT_TEXT(plant_error(), (sentence));                                                    \
    } while (0)

static void order_and_namespaces_are_the_contracts(void)
{
    ASSERT_TEXT(plant_request("start", "note=x & y", "mode=auto", "valve=2", "@id=7", "valve=1"),
                "<p:start " P " id=\"7\"><p:valve>2</p:valve><p:valve>1</p:valve>"
                "<p:mode>auto</p:mode><p:note>x &amp; y</p:note></p:start>");
    ASSERT_TEXT(plant_request("start", "@id=7", "mode=off", "@lang=de"),
                "<p:start " P " id=\"7\" xml:lang=\"de\"><p:mode>off</p:mode></p:start>");
    ASSERT_TEXT(
        plant_request("plan", "name=a", "child.name=b", "child.child.name=c", "child[2].name=d"),
        "<p:plan " P "><name>a</name><child><name>b</name><child><name>c</name></child>"
        "</child><child><name>d</name></child></p:plan>");
}

static void bare_values_and_empty_bodies_are_requests(void)
{
    ASSERT_TEXT(plant_request("Control.ping", "ping=5"), "<p:ping " P ">5</p:ping>");
    ASSERT_TEXT(plant_build("nothing", CT_SOAP_ANY, (const char *const[]){NULL}), "");
    ASSERT_TEXT(plant_error(), "");
    FAILS(plant_request("nothing", "a=1"), CT_EUSAGE,
          "nothing takes no parameters, there is 'a=1'");
    FAILS(plant_request("Control.ping", "ping=100"), CT_EUSAGE,
          "ping is '100', which isn't less than 100");
}

static void rpc_puts_its_parts_into_the_operation(void)
{
    ASSERT_TEXT(plant_request("find", "valve.name=a", "since=2020-01-01T00:00:00Z", "valve.width=5",
                              "valve.width.@unit=m", "valve.@id=3"),
                "<ns1:find xmlns:ns1=\"urn:plant:archive\"><since>2020-01-01T00:00:00Z</since>"
                "<valve id=\"3\"><name>a</name><width unit=\"m\">5</width></valve></ns1:find>");
    ASSERT_CONTAINS(plant_build("find", CT_SOAP_11,
                                (const char *const[]){"since=2020-01-01", "valve.name=a", NULL}),
                    "");
    ASSERT_TEXT(plant_error(), "since is '2020-01-01', which is no dateTime");
}

static void the_envelope_is_of_the_version_that_is_asked_for(void)
{
    const char *const arguments[] = {"@id=1", "mode=auto", NULL};
    ASSERT_CONTAINS(plant_build("start", CT_SOAP_11, arguments),
                    "<SOAP-ENV:Envelope "
                    "xmlns:SOAP-ENV=\"http://schemas.xmlsoap.org/soap/envelope/\"><SOAP-ENV:Body>");
    ASSERT_CONTAINS(plant_build("start", CT_SOAP_12, arguments),
                    "xmlns:SOAP-ENV=\"http://www.w3.org/2003/05/soap-envelope\"");
}

static void a_type_in_brackets_is_xsi_type(void)
{
    ASSERT_TEXT(plant_request("draw", "shape<Circle>.r=1", "shape.name=a", "shape<Ring>[2].name=b",
                              "shape[2].r=2", "shape.inner=1", "shape.@open=true", "fill.red=1",
                              "fill.green=2", "fill.blue=3"),
                "<p:draw " P " " T " " I
                "><p:shape xsi:type=\"t:Circle\"><name>a</name><t:r>1</t:r>"
                "</p:shape><p:shape xsi:type=\"t:Ring\" open=\"true\"><name>b</name><t:r>2</t:r>"
                "<inner>1</inner></p:shape><p:fill><t:red>1</t:red><t:green>2</t:green>"
                "<t:blue>3</t:blue></p:fill></p:draw>");
    FAILS(plant_request("draw", "shape.name=x"), CT_EUSAGE,
          "shape is of the abstract type Shape: say shape<TYPE>, one of: Circle, Ring, Point");
    FAILS(plant_request("draw", "shape<Circel>.name=x"), CT_EUSAGE,
          "'Circel' is no type that shape may have; has: Circle, Ring, Point");
    FAILS(plant_request("draw", "shape<Colour>.red=1"), CT_EUSAGE,
          "'Colour' is no type that shape may have; has: Circle, Ring, Point");
    FAILS(plant_request("draw", "shape<Circle>.r=1", "shape<Ring>.name=x"), CT_EUSAGE,
          "argument 'shape<Ring>.name=x': its type has to stand where it is named first");
    ASSERT_CONTAINS(plant_request("set", "key\\.name=a", "any<xsd:int>=5"),
                    "<any xsi:type=\"xsd:int\">5</any>");
}

static void of_a_choice_one_branch_is_written(void)
{
    ASSERT_CONTAINS(plant_request("draw", "shape<Point>.name=x", "to.red=1", "to.green=2",
                                  "to.blue=3", "from.red=1", "from.green=2", "from.blue=3", "arc=1",
                                  "arc.@unit=m", "line=2", "line.@unit=m", "arc=3", "arc.@unit=mm"),
                    "<p:from><t:red>1</t:red><t:green>2</t:green><t:blue>3</t:blue></p:from><p:to>"
                    "<t:red>1</t:red><t:green>2</t:green><t:blue>3</t:blue></p:to>"
                    "<p:arc unit=\"m\">1</p:arc><p:line unit=\"m\">2</p:line>"
                    "<p:arc unit=\"mm\">3</p:arc>");
    FAILS(plant_request("draw", "shape<Point>.name=x", "fill.red=1", "fill.green=1", "fill.blue=1",
                        "to.red=1"),
          CT_EUSAGE, "to excludes what is given beside it: one of fill, from");
    FAILS(plant_request("draw", "shape<Point>.name=x"), CT_EUSAGE,
          "missing in draw: one of fill, from");
    FAILS(plant_request("draw", "shape<Point>.name=x", "to.red=1"), CT_EUSAGE,
          "missing from (Colour): from.red=..., or from= for an empty one");
}

static void fixed_and_preset_values_need_not_be_given(void)
{
    ASSERT_CONTAINS(
        plant_request("draw", "shape<Point>.name=x", "fill.red=1", "fill.green=1", "fill.blue=1"),
        "<p:shape xsi:type=\"t:Point\"><name>x</name><t:r>0</t:r></p:shape>");
    ASSERT_CONTAINS(plant_request("set", "key.name=a"), "<key.name>a</key.name><level>0</level>");
}

static void repeated_groups_take_their_elements_in_turn(void)
{
    ASSERT_TEXT(plant_request("set", "key.name=a", "level=5", "{urn:plant:types}level=off",
                              "key.name=b", "level=ab", "modes=auto off"),
                "<p:set " P " " T "><key.name>a</key.name><level>5</level><t:level>off</t:level>"
                "<modes>auto off</modes><key.name>b</key.name><level>ab</level></p:set>");
    FAILS(plant_request("set", "key.name=a", "level=abc"), CT_EUSAGE,
          "level is 'abc', which has the length 3, not 2");
    FAILS(plant_request("set", "key.name=a", "modes=auto on"), CT_EUSAGE,
          "modes is 'auto on', which has the item 'on', which is none of auto, manual, off");
}

static void what_stands_twice_takes_two(void)
{
    ASSERT_TEXT(plant_request("twice", "a=1", "a=2"),
                "<p:twice " P "><p:a>1</p:a><p:a>2</p:a></p:twice>");
    FAILS(plant_request("twice", "a=1", "a=2", "a=3"), CT_EUSAGE,
          "a is given 3 times, and may be 2 times");
}

static void nil_and_empty_are_told_apart(void)
{
    ASSERT_TEXT(plant_request("start", "@id=1", "mode=auto", "note:="),
                "<p:start " P " " I " id=\"1\"><p:mode>auto</p:mode><p:note xsi:nil=\"true\"/>"
                "</p:start>");
    ASSERT_TEXT(plant_request("start", "@id=1", "mode=auto", "note="),
                "<p:start " P " id=\"1\"><p:mode>auto</p:mode><p:note/></p:start>");
    FAILS(plant_request("start", "@id=1", "mode:="), CT_EUSAGE, "mode can't be nil");
}

static void qnames_declare_what_they_need(void)
{
    ASSERT_CONTAINS(plant_request("set", "key.name=a", "kind={urn:x}y"), "<kind>ns1:y</kind>");
    ASSERT_CONTAINS(plant_request("set", "key.name=a", "kind={urn:x}y"), "xmlns:ns1=\"urn:x\"");
    FAILS(plant_request("set", "key.name=a", "kind=x:y"), CT_EUSAGE,
          "kind is 'x:y', but a prefix means nothing here: write {namespace}name");
}

static void files_are_values(void)
{
    ASSERT_CONTAINS(plant_request("set", "key.name=a", "data=@@tests/contract/plant/three"),
                    "<data>YWJj</data>");
    ASSERT_CONTAINS(
        plant_request("start", "@id=1", "mode=auto", "note=@tests/contract/plant/three"),
        "<p:note>abc</p:note>");
    ASSERT_CONTAINS(plant_request("start", "@id=1", "mode=auto", "note=\\@x"),
                    "<p:note>@x</p:note>");
    FAILS(plant_request("start", "@id=1", "note=@absent/file"), CT_EUSAGE,
          "argument 'note=@absent/file': absent/file: No such file or directory");
}

static void what_is_wrong_is_told_with_what_there_is(void)
{
    FAILS(plant_request("start", "vlave=1"), CT_EUSAGE,
          "no parameter 'vlave' in start; has: valve, mode, note");
    FAILS(plant_request("start", "@ident=1"), CT_EUSAGE,
          "no attribute 'ident' in start; has: id, lang");
    FAILS(plant_request("start", "mode=auto"), CT_EUSAGE, "missing @id (unsignedByte)");
    FAILS(plant_request("start", "@id=1"), CT_EUSAGE, "missing mode (Mode)");
    FAILS(plant_request("start", "@id=300", "mode=auto"), CT_EUSAGE,
          "@id is '300', which is no unsignedByte");
    FAILS(plant_request("start", "@id=1", "mode=Auto"), CT_EUSAGE,
          "mode is 'Auto', which is none of auto, manual, off");
    FAILS(plant_request("start", "@id=1", "mode=auto", "mode=off"), CT_EUSAGE,
          "mode is given 2 times, and may be 1 times");
    FAILS(plant_request("start", "mode"), CT_EUSAGE,
          "argument 'mode': it has to be like NAME=VALUE");
    FAILS(plant_request("start", "mode.x=1"), CT_EUSAGE, "mode holds no 'x': it is a value (Mode)");
    FAILS(plant_request("plan", "child.name=x", "name=y", "child=5"), CT_EUSAGE,
          "child holds elements, no value");
    FAILS(plant_request("plan", "child[3].name=x"), CT_EUSAGE,
          "argument 'child[3].name=x': what is in [] is more than one behind those before");
    FAILS(plant_request("find", "since=2020-01-01T00:00:00Z", "valve.name=a", "valve.width=5"),
          CT_EUSAGE, "missing valve.width.@unit (Unit)");
    FAILS(
        plant_request("find", "since=2020-01-01T00:00:00Z", "valve.name=a", "valve.width.@unit=m"),
        CT_EUSAGE, "missing valve.width (decimal)");
    FAILS(plant_request("start", "@id=1", "mode=auto", "note=a\x01"), CT_EUSAGE,
          "argument 'note=a?': it isn't text that XML can carry");
}

static void what_is_not_understood_says_where_it_is(void)
{
    const char *const none[] = {NULL};
#define XML "; write the request as XML: soap-xmpp call ENDPOINT FILE"
    FAILS(plant_build("odd", CT_SOAP_ANY, none), CT_EUNSUPPORTED,
          "plant.wsdl, line 65: odd needs an element of another schema (any)" XML);
    FAILS(plant_request("replaced", "head=1"), CT_EUNSUPPORTED,
          "plant.wsdl, line 77: element head is abstract, another one stands in its place"
          " (substitutionGroup)" XML);
    FAILS(plant_build("two", CT_SOAP_ANY, none), CT_EUNSUPPORTED,
          "no request for two can be built: its message two has several parts in one Body" XML);
    FAILS(plant_build("old", CT_SOAP_ANY, none), CT_EUNSUPPORTED,
          "no request for old can be built: its message is encoded (use='encoded')" XML);
    FAILS(plant_request("vague", "what=1"), CT_ECONTRACT,
          "plant.wsdl, line 71: the type {urn:absent}What of what isn't defined; plant.wsdl, line "
          "11: "
          "tests/contract/plant/absent.xsd wasn't read: tests/contract/plant/absent.xsd: No such "
          "file or directory");
}

static const char *plain(bool qualified, const char *const *arguments, size_t count)
{
    static struct ct_text text;
    static struct ct_error error;
    struct ct_request_form form = {0};
    ct_text_fini(&text);
    if (ct_request_write_plain("urn:x", qualified, "add", &form, arguments, count, &text, &error))
        return error.text;
    static char body[1024];
    snprintf(body, sizeof body, "%s", plant_body_of(text.bytes));
    ct_text_fini(&text);
    return body;
}

static void without_a_contract_values_stand_in_their_order(void)
{
    const char *const some[] = {"b=2", "a=1", "r.y=1", "r.x=2", "r.@u=m", "b=3", "n:=", "i<int>=1"};
    ASSERT_TEXT(
        plain(true, some, 3),
        "<ns1:add xmlns:ns1=\"urn:x\"><ns1:b>2</ns1:b><ns1:a>1</ns1:a><ns1:r><ns1:y>1</ns1:y>"
        "</ns1:r></ns1:add>");
    ASSERT_TEXT(plain(false, some, 8),
                "<ns1:add xmlns:ns1=\"urn:x\" " I " xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\">"
                "<b>2</b><a>1</a><r u=\"m\"><y>1</y><x>2</x></r><b>3</b><n xsi:nil=\"true\"/>"
                "<i xsi:type=\"xsd:int\">1</i></ns1:add>");
    ASSERT_TEXT(plain(true, (const char *const[]){"a b=1"}, 1), "'a b' is no name of an element");
    ASSERT_TEXT(plain(true, (const char *const[]){"a<Mode>=1"}, 1),
                "'Mode' is no type of XML Schema, and there is no contract that has others");
}

CU_TestInfo contract_tests_request[] = {
    {"order and namespaces are the contract's", order_and_namespaces_are_the_contracts},
    {"bare values and empty Bodies are requests", bare_values_and_empty_bodies_are_requests},
    {"rpc puts its parts into the operation", rpc_puts_its_parts_into_the_operation},
    {"the envelope is of the version that is asked for",
     the_envelope_is_of_the_version_that_is_asked_for},
    {"a type in brackets is xsi:type", a_type_in_brackets_is_xsi_type},
    {"of a choice one branch is written", of_a_choice_one_branch_is_written},
    {"fixed and preset values need not be given", fixed_and_preset_values_need_not_be_given},
    {"repeated groups take their elements in turn", repeated_groups_take_their_elements_in_turn},
    {"what stands twice takes two", what_stands_twice_takes_two},
    {"nil and empty are told apart", nil_and_empty_are_told_apart},
    {"QNames declare what they need", qnames_declare_what_they_need},
    {"files are values", files_are_values},
    {"what is wrong is told with what there is", what_is_wrong_is_told_with_what_there_is},
    {"what isn't understood says where it is", what_is_not_understood_says_where_it_is},
    {"without a contract values stand in their order",
     without_a_contract_values_stand_in_their_order},
    CU_TEST_INFO_NULL,
};
