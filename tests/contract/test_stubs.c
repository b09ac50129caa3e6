/* What gSOAP's stubs send: soapcpp2 writes an example of each request beside its WSDL. */
#include "../lib/suite.h"
#include "plant.h"
#include "same.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/file.h"
#include "contract/template.h"

static void compare(const struct ct_contract *contract, const char *path, const char *suffix)
{
    const struct ct_operation *operation = NULL;
    struct ct_template_form form = {.is_sample = true,
                                    .is_answer = suffix[1] == 'r' && suffix[3] == 's'};
    struct ct_text text = {0};
    struct ct_error error = {0};
    char name[200], *bytes = NULL, why[200];
    size_t len;
    const char *base = strchr(strrchr(path, '/'), '.') + 1;
    snprintf(name, sizeof name, "%.*s", (int)(strlen(base) - strlen(suffix)), base);
    CU_ASSERT_EQUAL_FATAL(
        ct_file_read(NULL, path, CT_CONTRACT_BYTES, &bytes, &len, why, sizeof why), 0);
    ct_contract_find(contract, name, &operation, &error);
    ASSERT_TEXT(error.text, "");
    if (operation && !(form.is_answer && operation->one_way)) {
        ct_template_write(contract, operation, &form, &text, &error);
        ASSERT_TEXT(error.text, "");
        CU_ASSERT(text.bytes && same_bodies(bytes, text.bytes, ANY_TEXT, path));
    }
    ct_text_fini(&text);
    free(bytes);
}

static void requests_are_what_gsoap_sends(void)
{
    static const char *const suffixes[] = {".req.xml", ".res.xml"};
    static const char *const names[] = {"calculator", "station", "relay", "guard"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[300];
        snprintf(path, sizeof path, "%s/%s/%s.wsdl", STUBS, names[i], names[i]);
        struct ct_contract *contract = plant_read(path);
        ASSERT_TEXT(contract ? "" : plant_error(), "");
        for (size_t s = 0; contract && s < 2; s++) {
            glob_t found;
            snprintf(path, sizeof path, "%s/%s/%s.*%s", STUBS, names[i], names[i], suffixes[s]);
            CU_ASSERT_EQUAL_FATAL(glob(path, 0, NULL, &found), 0);
            for (size_t f = 0; f < found.gl_pathc; f++)
                compare(contract, found.gl_pathv[f], suffixes[s]);
            globfree(&found);
        }
        ct_contract_free(contract);
    }
}

CU_TestInfo contract_tests_stubs[] = {
    {"requests are what gSOAP sends", requests_are_what_gsoap_sends},
    CU_TEST_INFO_NULL,
};
