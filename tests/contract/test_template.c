/* Templates. */
#include "../lib/suite.h"
#include "plant.h"

#include <stdlib.h>
#include <string.h>

#include "contract/template.h"

static void expect(const char *operation, struct ct_template_form form, const char *expected)
{
    struct ct_text text = {0};
    struct ct_error error = {0};
    ct_template_write(plant_contract(), plant_operation(operation), &form, &text, &error);
    ASSERT_TEXT(text.bytes ? plant_body_of(text.bytes) : error.text, expected);
    ct_text_fini(&text);
}

static void comments_say_what_may_be(void)
{
    expect("draw", (struct ct_template_form){0},
           "\n    <p:draw xmlns:p=\"urn:plant\" xmlns:t=\"urn:plant:types\">\n"
           "      <p:shape> <!-- xsi:type Circle|Ring|Point; 1 to 3 -->\n"
           "        <name>string</name>\n      </p:shape>\n"
           "      <t:frame> <!-- xsi:type Circle|Ring|Point; optional -->\n"
           "        <name>string</name>\n      </t:frame>\n      <!-- one of the next 2 -->\n"
           "      <p:fill>\n        <t:red>unsignedByte</t:red>\n"
           "        <t:green>unsignedByte</t:green>\n        <t:blue>unsignedByte</t:blue>\n"
           "      </p:fill>\n      <!-- the next 2 together -->\n      <p:from>\n"
           "        <t:red>unsignedByte</t:red>\n        <t:green>unsignedByte</t:green>\n"
           "        <t:blue>unsignedByte</t:blue>\n      </p:from>\n      <p:to>\n"
           "        <t:red>unsignedByte</t:red>\n        <t:green>unsignedByte</t:green>\n"
           "        <t:blue>unsignedByte</t:blue>\n      </p:to>\n"
           "      <!-- one of the next 2; 0 or more -->\n"
           "      <p:line unit=\"Unit\" accuracy=\"float\">decimal</p:line>\n"
           "      <p:arc unit=\"Unit\" accuracy=\"float\">decimal</p:arc>\n"
           "      <!-- elements of other schemas -->\n    </p:draw>\n  ");
    expect("plan", (struct ct_template_form){0},
           "\n    <p:plan xmlns:p=\"urn:plant\">\n      <name>string</name>\n"
           "      <!-- child: as above, within itself -->\n    </p:plan>\n  ");
}

static void a_sample_can_be_sent(void)
{
    expect("start", (struct ct_template_form){.is_sample = true},
           "\n    <p:start xmlns:p=\"urn:plant\" id=\"0\" xml:lang=\"?\">\n      "
           "<p:valve>0</p:valve>\n"
           "      <p:mode>auto</p:mode>\n      <p:note>?</p:note>\n    </p:start>\n  ");
    expect("start", (struct ct_template_form){.is_sample = true, .is_minimal = true},
           "\n    <p:start xmlns:p=\"urn:plant\" id=\"0\">\n      <p:mode>auto</p:mode>\n"
           "    </p:start>\n  ");
    expect("twice", (struct ct_template_form){.is_sample = true},
           "\n    <p:twice xmlns:p=\"urn:plant\">\n      <p:a>0</p:a>\n"
           "      <p:width unit=\"m\" accuracy=\"0\">0</p:width>\n      <p:a>0</p:a>\n"
           "    </p:twice>\n  ");
    expect("odd", (struct ct_template_form){.is_sample = true},
           "plant.wsdl, line 65: an element of another schema (any) has to stand there; write the "
           "request as XML: soap-xmpp call ENDPOINT FILE");
}

static void an_answer_has_a_template(void)
{
    expect("find", (struct ct_template_form){.is_answer = true},
           "\n    <ns1:findResponse xmlns:ns1=\"urn:plant:archive\">\n"
           "      <count>unsignedInt</count>\n    </ns1:findResponse>\n  ");
}

CU_TestInfo contract_tests_template[] = {
    {"comments say what may be", comments_say_what_may_be},
    {"a sample can be sent", a_sample_can_be_sent},
    {"an answer has a template", an_answer_has_a_template},
    CU_TEST_INFO_NULL,
};
