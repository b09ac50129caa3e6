/* element_text.h - an element written as XML, to be read. */
#ifndef TESTS_ELEMENT_TEXT_H
#define TESTS_ELEMENT_TEXT_H

#include "wire/element.h"

/* The caller frees it by sx_element_free(). Aborts for what isn't well-formed. */
struct sx_element *element_text_parse(const char *text);

#endif
