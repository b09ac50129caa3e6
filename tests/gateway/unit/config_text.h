/* config_text.h - a gateway.conf of a test's text, in a folder of its own. */
#ifndef TESTS_CONFIG_TEXT_H
#define TESTS_CONFIG_TEXT_H

#include "config/config.h"

/* Makes the folder, with the files that texts name: secret (0600), open (0644), ca.pem. */
void config_text_begin(void);
/* Writes a file there. */
void config_text_write(const char *name, const char *text, unsigned mode);
/* Reads text as gateway.conf of the folder; why gets the sentence, the folder's name left out. */
struct gw_config *config_text_read(const char *text, char *why, size_t why_bytes);
/* As it is there already. */
struct gw_config *config_text_read_file(const char *name, char *why, size_t why_bytes);
const char *config_text_folder(void); /* with a '/' at its end */
void config_text_end(void);

#endif
