/* What an operation takes and gives. */
#include "../lib/suite.h"
#include "plant.h"

#include <stdlib.h>
#include <string.h>

#include "contract/parameter.h"

static bool write_parameter(void *context, const struct ct_parameter *p)
{
    struct ct_text *out = context;
    ct_text_print(out, "%s %s %d..%d%s%s", p->path, p->type, p->least, p->most,
                  p->is_required ? " required" : "", p->is_nillable ? " nillable" : "");
    if (p->choice)
        ct_text_print(out, " choice %d.%d", p->choice, p->branch);
    for (const char *const *word = p->words; word && *word; word++)
        ct_text_print(out, "%c%s", word == p->words ? ' ' : '|', *word);
    ct_text_print(out, "%s%s\n", p->documentation ? " - " : "",
                  p->documentation ? p->documentation : "");
    return true;
}

static void expect_list(const char *operation, bool is_answer, const char *expected)
{
    struct ct_text text = {0};
    struct ct_error error = {0};
    ct_parameter_list(plant_contract(), plant_operation(operation), is_answer, write_parameter,
                      &text, &error);
    ASSERT_TEXT(error.text, "");
    ASSERT_TEXT(text.bytes, expected);
    ct_text_fini(&text);
}

static void parameters_are_listed_in_the_contracts_order(void)
{
    expect_list("start", false,
                "@id unsignedByte 1..1 required\n@lang string 0..1\n"
                "valve int 0..-1 - which valves\nmode Mode 1..1 required auto|manual|off\n"
                "note string 0..1 nillable\n");
    expect_list("start", true,
                "ok boolean 1..1 required\nstarted long 1..1 required\nvalve[1].@id int 0..1\n"
                "valve[1].name token 1..1 required\nvalve[1].width decimal 0..1\n"
                "valve[1].width.@unit Unit 1..1 m|mm\nvalve[1].width.@accuracy float 0..1\n"
                "shape<TYPE>.name string 1..1 required\nload double 1..1 required\n"
                "rest anyType 0..1\n");
    expect_list("plan", false, "name string 1..1 required\nchild Node 0..-1\n");
    expect_list("Control.ping", false, "ping int 1..1 required\n");
}

static void choices_have_numbers(void)
{
    expect_list(
        "draw", false,
        "shape<TYPE>[1].name string 1..1 required\nframe<TYPE>.name string 1..1\n"
        "fill.red unsignedByte 1..1 choice 1.1\nfill.green unsignedByte 1..1 choice 1.1\n"
        "fill.blue unsignedByte 1..1 choice 1.1\nfrom.red unsignedByte 1..1 choice 1.2\n"
        "from.green unsignedByte 1..1 choice 1.2\nfrom.blue unsignedByte 1..1 choice 1.2\n"
        "to.red unsignedByte 1..1 choice 1.2\nto.green unsignedByte 1..1 choice 1.2\n"
        "to.blue unsignedByte 1..1 choice 1.2\nline decimal 1..-1\nline.@unit Unit 1..1 m|mm\n"
        "line.@accuracy float 0..1\narc decimal 1..-1\narc.@unit Unit 1..1 m|mm\n"
        "arc.@accuracy float 0..1\n");
}

static void expect_line(const char *operation, size_t most, const char *expected)
{
    struct ct_text text = {0};
    struct ct_error error = {0};
    ct_parameter_write_line(plant_contract(), plant_operation(operation), most, &text, &error);
    ASSERT_TEXT(text.bytes ? text.bytes : error.text, expected);
    ct_text_fini(&text);
}

static void an_operation_is_a_line(void)
{
    expect_line(
        "start", 90,
        "start @id=unsignedByte [@lang=string] [valve=int...] mode=Mode [note=string] -> ...");
    expect_line("find", 60, "find since=dateTime [valve.@id=int] valve.name=token ...");
    expect_line("nothing", 60, "nothing ->");
    expect_line("old", 60,
                "no request for old can be built: its message is encoded (use='encoded');"
                " write the request as XML: soap-xmpp call ENDPOINT FILE");
}

CU_TestInfo contract_tests_parameter[] = {
    {"parameters are listed in the contract's order", parameters_are_listed_in_the_contracts_order},
    {"choices have numbers", choices_have_numbers},
    {"an operation is a line", an_operation_is_a_line},
    CU_TEST_INFO_NULL,
};
