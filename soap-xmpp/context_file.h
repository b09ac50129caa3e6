/* context_file.h - saved accounts and servers: ~/.config/soap-xmpp/contexts.conf.
 *
 *     default = 'lab'
 *     context 'lab' {
 *         jid = 'alice@example.org'
 *         password_file = '~/alice.pw'
 *         host = '127.0.0.1:5222'
 *     }
 *
 * The folder is $XDG_CONFIG_HOME/soap-xmpp, or else $HOME/.config/soap-xmpp. One thread. */
#ifndef SOAP_XMPP_TOOL_CONTEXT_FILE_H
#define SOAP_XMPP_TOOL_CONTEXT_FILE_H

#include <stddef.h>

enum context_field {
    CONTEXT_JID = 0,
    CONTEXT_PASSWORD,
    CONTEXT_PASSWORD_FILE,
    CONTEXT_HOST,
    CONTEXT_TLS,
    CONTEXT_CA,
    CONTEXT_CERT,
    CONTEXT_KEY,
    CONTEXT_TRUSTED_HOST,
    CONTEXT_FIELDS
};

/* Their names in the file. */
extern const char *const context_file_names[CONTEXT_FIELDS];

struct context {
    char *name;
    char *values[CONTEXT_FIELDS]; /* NULL: not said; "~/" of a path stands for $HOME already */
};

struct context_file {
    char path[4096];
    struct context *contexts;
    size_t count;
    char *preset; /* the default's name, or NULL */
};

/* Reads the file; without one there are no contexts. Returns 0, and the caller calls
 * context_file_free(); -1 with one sentence in why, with file and line: it can't be read or
 * understood, is larger than 1 MiB, or group or others may read it though it holds a password. */
int context_file_load(struct context_file *file, char *why, size_t why_bytes);
void context_file_free(struct context_file *file);

/* The context of that name, or NULL. */
struct context *context_file_find(const struct context_file *file, const char *name);

/* Sets a context, new or there already: values are copied, NULL leaves a member out. Returns 0, or
 * -1 with one sentence in why: no memory, a name or a value with control characters. */
int context_file_put(struct context_file *file, const char *name,
                     const char *const values[CONTEXT_FIELDS], char *why, size_t why_bytes);
/* Takes one out, and the default with it if it was that. */
void context_file_remove(struct context_file *file, struct context *context);
/* Makes it the default; NULL: none. Returns 0, or -1: no memory. */
int context_file_preset(struct context_file *file, const char *name);

/* Writes the file, with its folder, for its owner alone, in one step: who reads sees the old one or
 * the new one. Comments in it are lost. Returns 0, or -1 with one sentence in why. */
int context_file_store(const struct context_file *file, char *why, size_t why_bytes);

#endif
