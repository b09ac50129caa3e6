/* config.c - the configuration and the files that it names.
 *
 * Invariant: no secret is read or told; of a password only where it comes from.
 *
 * Happy path: the JID has a domain -> each file can be read, and by nobody else where it is secret.
 * Failure modes: what can't be read is a FAIL, since no login would succeed; what others can read
 * is a warning.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor/survey.h"

static void check_file(struct finding *finding, const char *what, const char *path, bool is_secret)
{
    struct stat status;
    if (!path)
        return;
    if (stat(path, &status) || access(path, R_OK)) {
        finding_say(finding, FINDING_FAIL, "%s: %s: %s", what, path, strerror(errno));
        finding_advise(finding, "make %s readable for this user, or name another file", path);
    } else if (is_secret && S_ISREG(status.st_mode) && (status.st_mode & (S_IRGRP | S_IROTH))) {
        finding_say(finding, FINDING_WARN, "%s: %s can be read by others (mode %03o)", what, path,
                    (unsigned)status.st_mode & 0777);
        finding_advise(finding, "chmod 600 %s", path);
    } else {
        finding_add_detail(finding, "%s: %s", what, path);
    }
}

static const char *password_source(const struct soap_xmpp_config *config)
{
    return config->password_file       ? "a password from a file"
           : config->password_callback ? "a password that is asked for"
           : config->password          ? "a password"
           : config->cert_file         ? "a client certificate"
                                       : NULL;
}

static void check_login(const struct soap_xmpp_config *config, struct finding *finding)
{
    const char *source = password_source(config);
    if (source) {
        finding_say(finding, FINDING_OK, "%s, %s", config->jid, source);
    } else {
        finding_say(finding, FINDING_FAIL, "%s has neither a password nor a client certificate",
                    config->jid);
        finding_advise(finding, "name a file whose first line is the password: --password-file "
                                "FILE, or SOAP_XMPP_PASSWORD_FILE");
    }
    if (!config->cert_file != !config->key_file) {
        finding_say(finding, FINDING_FAIL, "%s without %s",
                    config->cert_file ? "a certificate" : "a key",
                    config->cert_file ? "its key" : "its certificate");
        finding_advise(finding, "give both, --cert FILE and --key FILE");
    }
}

static void add_sources(const char *sources, struct finding *finding)
{
    while (sources && *sources) {
        size_t len = strcspn(sources, "\n");
        finding_add_detail(finding, "%.*s", (int)len, sources);
        sources += len + (sources[len] == '\n');
    }
}

void config_check(struct survey *survey, struct finding *finding)
{
    const struct soap_xmpp_config *config = survey->config;
    if (!survey->has_domain) {
        finding_say(finding, FINDING_FAIL, config->jid ? "'%s' is no JID" : "there is no JID%s",
                    config->jid ? config->jid : "");
        finding_advise(finding,
                       "say who you are: --jid ACCOUNT@DOMAIN, SOAP_XMPP_JID, or a context "
                       "(soap-xmpp init)");
        return;
    }
    check_login(config, finding);
    add_sources(survey->sources, finding);
    check_file(finding, "password file", config->password_file, true);
    check_file(finding, "CA file", config->ca_file, false);
    check_file(finding, "certificate", config->cert_file, false);
    check_file(finding, "key", config->key_file, true);
    check_file(finding, "file of rules", config->allow_file, false);
}
