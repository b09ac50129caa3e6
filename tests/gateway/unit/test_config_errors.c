/* gateway.conf: each thing that can be wrong with it, once, as the user is told of it. */
#include "../../lib/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config_text.h"
#include "shortage.h"

static char why[512];

struct row {
    const char *text, *sentence; /* behind "gateway.conf:"; 'LINE: ...', or ' ...' without */
};

/* What is right, and stands before or behind what is wrong. */
#define LINK   "link \"main\" { jid = \"cam1@example.org\" password_file = \"secret\" }\n"
#define GW     "link \"gw\" { jid = \"gw.example.org\" password_file = \"secret\" }\n"
#define LISTEN "listen \"127.0.0.1:8080\" { }\n"
#define ROUTE  LISTEN LINK "route \"/a\" { to = \"xmpp:a@example.org\" "
#define FROM                                                                                       \
    "auth \"s\" { file = \"secret\" groups = \"ops=a\" }\n" GW                                     \
    "route \"/a/{n}\" { to = \"xmpp:a@x\" "
#define TEN   "1234567890"
#define SERVE LINK "serve \"cam1@example.org\" { url = \"http://10.0.0.1/x\" allow = \"*\" "

static void check(const struct row *rows, size_t count)
{
    char wanted[600], text[2048];
    size_t i;
    config_text_begin();
    for (i = 0; i < count; i++) {
        snprintf(text, sizeof text, "%s", rows[i].text);
        snprintf(wanted, sizeof wanted, "gateway.conf:%s", rows[i].sentence);
        CU_ASSERT_PTR_NULL(config_text_read(text, why, sizeof why));
        ASSERT_TEXT(why, wanted);
    }
    config_text_end();
}
#define CHECK(rows) check((rows), sizeof(rows) / sizeof *(rows))

static void test_what_is_no_file_of_options(void)
{
    static const struct row rows[] = {
        {"\n/* open", "2: a comment begins here and doesn't end"},
        {"drain = \"5\n\"",
         "1: a text begins in this line and doesn't end in it: there is a quote too much, or one "
         "too few"},
        {"drain = '\x01'", "1: a text has no line breaks or other control characters in it"},
        {"drain = \"\\n\"", "1: behind \\ stands \\ or \"; other text that has one stands between "
                            "single quotes"},
        {"drain = \"${\"", "1: ${ begins the name of a variable, which ends with }"},
        {"drain = \"${NO_SUCH_VARIABLE}\"", "1: the variable ${NO_SUCH_VARIABLE} isn't set"},
        {"drain = \"\xff\"", "1: a text isn't UTF-8"},
        {"drain = \xc3\xa4", "1: a character that only stands between quotes"},
        {"drain 5", "1: '=' is missing behind drain: there is '5'"},
        {"drain = }", "1: drain has no value"},
        {"drain = { 5 }", "1: drain has one value, and no list"},
        {"drain = 5\n\ndrain = 6", "3: drain stands in line 1 already"},
        {"trusted-proxies = { = }",
         "1: the list of trusted-proxies has '=' where a text has to be"},
        {"trusted-proxies = { \"::1\" \"::2\" }",
         "1: the list of trusted-proxies has no ',' or '}' before '::2'"},
        {"\"drain\" = 5", "1: there is 'drain' where an option or a section has to be"},
        {"}", "1: there is '}' where an option or a section has to be"},
        {"drian = 5", "1: there is no option drian: did you mean drain?"},
        {"zzz = 5",
         "1: there is no option zzz; there are listen, admin, auth, link, limits, route, "
         "serve, public-url, trusted-proxies, drain, log, ready, metrics-operations"},
        {"\nroute \"/a\" { two = 5 }", "2: there is no option two of a route: did you mean to?"},
        {"link \"a\" { allow = x }",
         "1: there is no option allow of a link; there are jid, password, password_file, host, "
         "port, ca_file, cert_file, key_file, tls, packing, trusted_host, shared_jid, presence, "
         "messages, policy, trace, trace_to, max_memory_bytes, mechanisms, give_up"},
        {"\nroute { }", "2: a route needs a path (\"/cam/{name}\")"},
        {"route \"/a\" to", "1: '{' is missing behind /a: there is 'to'"},
        {"limits = 5", "1: '{' is missing behind limits: there is '='"},
        {"\nroute \"/a\" {\n to = \"xmpp:a@x\"\n", "2: the route that begins here has no '}'"},
        {"route \"/a\" { , }", "1: there is ',' where an option has to be"},
        {"", " there is neither a route nor a serve: there would be nothing to do"},
        {LINK "route \"/a\" { to = \"xmpp:a@x\" }",
         " there are routes, and nobody reaches them: listen \"127.0.0.1:8080\" { }"},
        {"limits { }\nlimits { }", "2: limits stands in gateway.conf:1 already"},
    };
    CHECK(rows);
}

static void test_values_that_are_none(void)
{
    static const struct row rows[] = {
        {"drain = soon", "1: drain = \"soon\": it is a time from 0 ms to 3600 s: a number of "
                         "seconds, or one with ms, s, min or h"},
        {"drain = 2h", "1: drain = \"2h\": it is a time from 0 ms to 3600 s: a number of seconds, "
                       "or one with ms, s, min or h"},
        {"drain = \"-1\"", "1: drain = \"-1\": it is a time from 0 ms to 3600 s: a number of "
                           "seconds, or one with ms, s, min or h"},
        {"log = xml", "1: log = \"xml\": it is \"text\" or \"json\""},
        {"metrics-operations = maybe", "1: metrics-operations = \"maybe\": it is true or false"},
        {"limits { body = 64MB }",
         "1: body = \"64MB\": it is a size from 1024 bytes to 1024 MiB: a number of bytes, or one "
         "with KiB, MiB or GiB"},
        {"limits { memory = 99999999999999999999 }",
         "1: memory = \"99999999999999999999\": it is a size from 1048576 bytes to 1048576 MiB: a "
         "number of bytes, or one with KiB, MiB or GiB"},
        {"limits { in-flight = 0 }", "1: in-flight = \"0\": it is a whole number from 1 to 100000"},
        {"limits {\n memory = 1MiB }",
         "1: limits: memory is smaller than body, which one request may have"},
        {"trusted-proxies = \"\"", "1: trusted-proxies has an empty text in it"},
        {"trusted-proxies = \"proxy\"", "1: trusted-proxies has \"proxy\": it is an IP address"},
        {"public-url = ftp://x", "1: public-url = \"ftp://x\": it begins with http:// or https://"},
        {"public-url = \"http://x/\"",
         "1: public-url = \"http://x/\": it has no '/' at its end, since paths of routes follow"},
        {"public-url = 'http://a@x'", "1: public-url = \"http://a@x\": it has a user in it: say "
                                      "login, user and password_file"},
        {"public-url = 'http://x:99999'", "1: public-url = \"http://x:99999\": what stands behind "
                                          "its // is no host, or its port is none"},
        {"public-url = 'http://[::1'", "1: public-url = \"http://[::1\": what stands behind its // "
                                       "is no host, or its port is none"},
        {"public-url = 'http:///x'", "1: public-url = \"http:///x\": what stands behind its // is "
                                     "no host, or its port is none"},
        {"public-url = 'http://x/#y'",
         "1: public-url = \"http://x/#y\": it has a fragment (#), which isn't sent"},
        {"public-url = 'http://x/?y'", "1: public-url = \"http://x/?y\": it has a query (?)"},
        {"public-url = 'http://x/a b'", "1: public-url = \"http://x/a b\": it has a character that "
                                        "has to be percent-encoded"},
    };
    CHECK(rows);
}

static void test_listeners_that_are_none_or_too_open(void)
{
    static const struct row rows[] = {
        {"listen \"8080\" { }", "1: listen \"8080\": it is an IP address and a port "
                                "(\"127.0.0.1:8080\", \"[::1]:8080\") or a socket's path "
                                "(\"/run/gateway.sock\")"},
        {"listen \"localhost:8080\" { }",
         "1: listen \"localhost:8080\": it has a name in the place of an IP address: "
         "\"127.0.0.1:8080\" is this machine alone, \"0.0.0.0:8080\" and \"[::]:8080\" are all of "
         "its addresses"},
        {"listen \"127.0.0.1:66000\" { }",
         "1: listen \"127.0.0.1:66000\": it is an IP address and a port (\"127.0.0.1:8080\", "
         "\"[::1]:8080\") or a socket's path (\"/run/gateway.sock\")"},
        {"listen \"::1:80\" { }", "1: listen \"::1:80\": it is an IP address and a port "
                                  "(\"127.0.0.1:8080\", \"[::1]:8080\") or a socket's path "
                                  "(\"/run/gateway.sock\")"},
        {"listen \"/" TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "1234567\" { }",
         "1: listen \"/" TEN TEN TEN TEN TEN TEN TEN
         "123456789\": a socket's path has 107 bytes at most"},
        {LISTEN LISTEN, "2: listen \"127.0.0.1:8080\" is there twice"},
        {"\nlisten \"0.0.0.0:80\" { }", "2: listen \"0.0.0.0:80\" is reached from elsewhere, and "
                                        "without TLS: say cert and key, or "
                                        "listen on 127.0.0.1, or insecure = true"},
        {"listen \"[::]:80\" { cert = ca.pem key = secret }",
         "1: listen \"[::]:80\" is reached from elsewhere, and lets everybody in: say auth or "
         "client-ca, or insecure = true"},
        {"listen \"127.0.0.1:1\" { cert = ca.pem }",
         "1: listen \"127.0.0.1:1\": cert needs its key: key = \"...\""},
        {"listen \"127.0.0.1:1\" { key = secret }",
         "1: listen \"127.0.0.1:1\": key needs its certificate: cert = \"...\""},
        {"listen \"127.0.0.1:1\" { client-ca = ca.pem }",
         "1: listen \"127.0.0.1:1\": client-ca asks for certificates, which needs TLS: cert and "
         "key"},
        {"auth c { type = client-certificate }\nlisten \"127.0.0.1:1\" { auth = c }",
         "2: listen \"127.0.0.1:1\": its auth is by certificates: client-ca says whose"},
        {"listen \"127.0.0.1:1\" {\n auth = x }", "2: there is no auth \"x\""},
        {"listen \"127.0.0.1:1\" { cert = none.pem }",
         "1: cert: none.pem: No such file or directory"},
        {"listen \"127.0.0.1:1\" { cert = . }", "1: cert: . is a folder"},
        {"listen \"127.0.0.1:1\" { cert = ca.pem key = open }",
         "1: key: others may read open: chmod o= open"},
        {"listen \"127.0.0.1:1\" { cert = \"\" }", "1: cert is empty: leave it out"},
        {"auth \"s\" { file = open }", "1: file: others may read open: chmod o= open"},
        {"auth \"s\" { }", "1: auth \"s\" says no file of users: file = \"staff\", in it lines "
                           "\"user:hash\" as mkpasswd -m yescrypt makes it"},
        {"auth \"s\" { type = digest }",
         "1: type = \"digest\": it is \"basic\" or \"client-certificate\""},
        {"auth \"s\" { file = secret }\nauth \"s\" { file = secret }",
         "2: auth \"s\" is there twice"},
        {"auth \"s\" { file = secret groups = ops }",
         "1: groups: \"ops\" isn't a group and who is in it: \"ops=alice,bob\""},
        {"admin \"0.0.0.0:9180\" { }",
         "1: admin \"0.0.0.0:9180\" would be reached from elsewhere: it is for this machine alone, "
         "\"127.0.0.1:9180\" or a socket \"/run/...\""},
        {LISTEN "admin \"127.0.0.1:8080\" { }",
         "2: admin \"127.0.0.1:8080\" is an address of listen, too"},
        {"admin \"127.0.0.1:1\" { }\nadmin \"127.0.0.1:2\" { }",
         "2: admin stands in gateway.conf:1 already"},
    };
    CHECK(rows);
}

static void test_links_that_are_none(void)
{
    static const struct row rows[] = {
        {"link \"\" { }", "1: a link needs a name: link \"main\""},
        {"link \"main\" { }", "1: link \"main\" has no jid: jid = \"cam1@example.org\""},
        {LINK LINK, "2: link \"main\" stands in line 1 already"},
        {"link \"main\" { jid = \"@x\" }",
         "1: jid = \"@x\": it is an account (\"cam1@example.org\") or a component's domain "
         "(\"cams.example.org\")"},
        {"link \"main\" { jid = \"xmpp:a@x\" }",
         "1: jid = \"xmpp:a@x\": it is an account (\"cam1@example.org\") or a component's domain "
         "(\"cams.example.org\")"},
        {"link \"main\" { jid = \"x/y\" }",
         "1: jid = \"x/y\": a component is a domain, without a resource"},
        {"link \"main\" { jid = \"a@x\" host = \"\" }", "1: host is empty: leave it out"},
        {"link \"main\" { jid = \"a@x\" password_file = open }",
         "1: password_file: others may read open: chmod o= open"},
        {"link \"main\" { jid = \"a@x\"\n shared_jid = 1 }",
         "2: shared_jid is a component's: \"a@x\" is an account"},
    };
    CHECK(rows);
}

static void test_routes_that_are_none(void)
{
    static const struct row rows[] = {
        {LISTEN LINK "route \"a\" { }",
         "3: route \"a\": it is a path as \"/cam/{name}\", without a "
         "'/' at its end and with nothing percent-encoded"},
        {LISTEN LINK "route \"/{}\" { }", "3: route \"/{}\": a name in braces is empty"},
        {ROUTE "}\nroute \"/a\" { to = \"xmpp:b@x\" }",
         "4: route \"/a\" matches what \"/a\" in line 3 does"},
        {LISTEN LINK "route \"/a\" { }",
         "3: route \"/a\" has no to: to = \"xmpp:cam1@example.org\""},
        {LISTEN LINK "route \"/a\" {\n to = \"http://x\" }",
         "4: to = \"http://x\": it is an address as \"xmpp:cam1@example.org\", maybe with "
         "/resource, or with ?message behind it"},
        {LISTEN LINK "route \"/a\" { to = \"xmpp:{n}@x\" }",
         "3: to = \"xmpp:{n}@x\": its {n} is no name of the pattern /a"},
        {LISTEN LINK "route \"/a\" { to = \"xmpp:{n@x\" }",
         "3: to = \"xmpp:{n@x\": a brace in it has no other one"},
        {LISTEN LINK "route \"/a\" { to = \"xmpp:a@x/soap\" path = resource }",
         "3: path = \"resource\": to has a resource already (\"xmpp:a@x/soap\"); leave one of them "
         "out, or say path = \"header\""},
        {ROUTE "path = query }", "3: path = \"query\": it is \"none\", \"resource\" or \"header\""},
        {ROUTE "link = other }", "3: there is no link \"other\""},
        {LISTEN "route \"/a\" { to = \"xmpp:a@x\" }",
         "2: route \"/a\" needs a link: link \"main\" { jid = \"...\" password_file = \"...\" }"},
        {LISTEN LINK GW "route \"/a\" { to = \"xmpp:a@x\" }",
         "4: route \"/a\" doesn't say by which of the links: link = \"...\""},
        {LISTEN "link \"gw\" { jid = \"gw.x\" shared_jid = 1 }\nroute \"/a\" { to = \"xmpp:a@x\" }",
         "3: route \"/a\": link \"gw\" shares its JID with other processes (shared_jid), and would "
         "not get the answers: a route needs a link of its own"},
        {ROUTE "users = { } }", "3: users names nobody: leave it out, or the whole route"},
        {ROUTE "users = \"group:ops\" }",
         "3: users: there is no group \"ops\": an auth has groups = { \"ops=alice,bob\" }"},
        {ROUTE "users = alice }", "3: users needs to know who asks, and listen \"127.0.0.1:8080\" "
                                  "asks nobody: give it an auth"},
        {ROUTE "from = \"a@example.org\" }",
         "3: from: link \"main\" is an account, which calls as itself; a component's link calls as "
         "anybody of its domain"},
        {LISTEN FROM "from = \"{user}@other.org\" }",
         "4: from = \"{user}@other.org\": it is somebody of the component's domain: "
         "\"{user}@gw.example.org\""},
        {LISTEN FROM "from = \"{m}@gw.example.org\" }",
         "4: from = \"{m}@gw.example.org\": its {m} is no name of the pattern /a/{n}"},
        {LISTEN FROM "from = \"{user}@gw.example.org\" }",
         "4: from needs to know who asks, and listen \"127.0.0.1:8080\" asks nobody: give it an "
         "auth"},
        {ROUTE "wsdl = url }",
         "3: wsdl = \"url\" is a serve's; a route has \"service\", \"none\" or a file"},
        {ROUTE "wsdl = x.wsdl }", "3: wsdl: x.wsdl: No such file or directory"},
        {ROUTE "fault-status = 200 }",
         "3: fault-status = \"200\": it is a whole number from 400 to 599"},
        {ROUTE "timeout = 0 }", "3: timeout = \"0\": it is a time from 1 ms to 86400 s: a number "
                                "of seconds, or one with ms, s, min or h"},
        {ROUTE "once = always }", "3: once = \"always\": it is \"key\" or \"message-id\""},
        {ROUTE "rewrite = all }", "3: rewrite has \"all\": there are \"wsdl\", \"xaddr\", \"wsa\""},
        {ROUTE "element = \"XAddr\" }",
         "3: element has \"XAddr\": an element is \"{namespace}name\""},
        {ROUTE "mtom = \"{urn:x}\" }",
         "3: mtom has \"{urn:x}\": an element is \"{namespace}name\""},
    };
    CHECK(rows);
}

static void test_serves_that_are_none(void)
{
    static const struct row rows[] = {
        {LINK "serve \"a@x/y\" { }",
         "2: serve \"a@x/y\": it is a JID without a resource, as \"cam1@example.org\" or a "
         "component's \"{node}@cams.example.org\""},
        {LINK "serve \"{n}@example.org\" { }",
         "2: serve \"{n}@example.org\": link \"main\" is the account cam1@example.org, and no "
         "other JID"},
        {GW "serve \"{n}@example.org\" { }", "2: serve \"{n}@example.org\": link \"gw\" is the "
                                             "component gw.example.org, whose JIDs are "
                                             "\"...@gw.example.org\""},
        {GW "serve \"{n}{m}@gw.example.org\" { }",
         "2: serve \"{n}{m}@gw.example.org\": two names need something between them"},
        {GW "serve \"{n}@gw.example.org\" { url = \"http://x\" allow = \"*\" }\n"
            "serve \"{m}@gw.example.org\" { }",
         "3: serve \"{m}@gw.example.org\" matches what \"{n}@gw.example.org\" in line 2 does"},
        {LINK "serve \"cam1@example.org\" { }", "2: serve \"cam1@example.org\" has no url: url = "
                                                "\"http://192.168.1.10/onvif/device_service\""},
        {LINK "serve \"cam1@example.org\" { url = \"10.0.0.1\" }",
         "2: url = \"10.0.0.1\": it begins with http:// or https://"},
        {GW "serve \"{n}@gw.example.org\" { url = \"http://{m}/\" }",
         "2: url = \"http://{m}/\": its {m} is no name of the pattern {n}@gw.example.org"},
        {SERVE "paths = \"onvif\" }",
         "2: paths has \"onvif\": it is a path as \"/onvif/media\", or with '*' for any text, "
         "\"/onvif/*\""},
        {SERVE "path = resource }",
         "2: path = \"resource\" is a component's; the resource of an account is its login's: say "
         "\"header\" or \"none\""},
        {LINK "serve \"cam1@example.org\" { url = \"http://x\" }",
         "2: serve \"cam1@example.org\" lets nobody call: allow = { \"alice@example.org\", "
         "\"*@example.org:{urn:ptz}GetStatus\" }"},
        {LINK "serve \"cam1@example.org\" { url = \"http://x\" allow = \"a b\" }",
         "2: allow has \"a b\": a rule is \"alice@example.org\", \"*@example.org\" or \"*\", maybe "
         "with \":{urn:x}Operation\" behind it"},
        {SERVE "user = admin }", "2: serve \"cam1@example.org\" has a user or password_file and no "
                                 "login: login = \"digest\", or \"basic\""},
        {SERVE "login = digest }",
         "2: serve \"cam1@example.org\" has a login without user and password_file"},
        {SERVE "login = basic user = \"a:b\" password_file = secret }",
         "2: serve \"cam1@example.org\" has a ':' in its user, which Basic has no place for"},
        {SERVE "cert = ca.pem }",
         "2: serve \"cam1@example.org\": cert and key are there together or not at all"},
        {SERVE "ca = ca.pem }",
         "2: serve \"cam1@example.org\" has certificates, and its url begins "
         "with http:, which uses none"},
        {SERVE "wsdl = service }",
         "2: wsdl = \"service\" is a route's; a serve has \"url\" (what its url answers to ?wsdl), "
         "\"none\" or a file"},
        {SERVE "wsdl = x.wsdl }", "2: wsdl: x.wsdl: No such file or directory"},
        {SERVE "aliases = \"http://x\" }",
         "2: aliases has \"http://x\": it is a host, maybe with a port"},
        {SERVE "aliases = \"{n}\" }",
         "2: aliases has \"{n}\": its {n} is no name of the pattern cam1@example.org"},
        {SERVE "connections = 0 }", "2: connections = \"0\": it is a whole number from 1 to 1000"},
    };
    CHECK(rows);
}

static const char *refusal(const char *name)
{
    struct gw_config *config = config_text_read_file(name, why, sizeof why);
    CU_ASSERT_PTR_NULL(config);
    gw_config_release(config);
    return why;
}

static void test_files_that_are_included(void)
{
    struct gw_config *config;
    config_text_begin();
    CU_ASSERT(mkdir(strcat(strcpy(why, config_text_folder()), "d"), 0700) == 0);
    config_text_write("d/b.conf", "route \"/b\" { to = \"xmpp:b@x\" }\ninclude(\"../more\")\n",
                      0644);
    config_text_write("d/a.conf", "link \"m\" { jid = \"a@x\" password_file = \"../secret\" }",
                      0644);
    config_text_write("more", "drain = 7", 0644);
    config =
        config_text_read(LISTEN "include \"d/*.conf\"\ninclude 'none/*.conf'", why, sizeof why);
    CU_ASSERT_PTR_NULL(config);
    ASSERT_CONTAINS(why, "gateway.conf:3: include \"none/*.conf\": No such file or directory");
    config = config_text_read(LISTEN "include \"d/*.conf\"\ninclude 'd/*.none'", why, sizeof why);
    ASSERT_TEXT(why, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    CU_ASSERT(config->route_count == 1 && config->link_count == 1 && config->drain_ms == 7000);
    gw_config_release(config);
    config_text_write("more", "drain = soon", 0644);
    ASSERT_CONTAINS(refusal("gateway.conf"), "d/../more:1: drain = \"soon\": it is a time");
    config_text_write("more", "include \"../gateway.conf\"", 0644);
    ASSERT_TEXT(refusal("gateway.conf"),
                "d/../more:1: d/../../gateway.conf: No such file or directory");
    config_text_write("more", "include \"gateway.conf\"", 0644);
    ASSERT_TEXT(refusal("gateway.conf"), "d/../more:1: d/../gateway.conf: it is included twice");
    config_text_write("more", "\ndrain = 1", 0644);
    config_text_read(LISTEN "include \"d/*.conf\"\ndrain = 2", why, sizeof why);
    ASSERT_TEXT(why, "d/../more:2: drain stands in gateway.conf:3 already");
    config_text_read("include \"d\"", why, sizeof why);
    ASSERT_TEXT(why, "gateway.conf:1: d: it is no regular file");
    config_text_read("include { }", why, sizeof why);
    ASSERT_TEXT(why, "gateway.conf:1: include needs a file's name: include \"gateway.d/*.conf\"");
    config_text_read("include(\"more\"", why, sizeof why);
    ASSERT_TEXT(why, "gateway.conf:1: ')' is missing behind include: there is 'the file's end'");
    ASSERT_TEXT(refusal("nowhere"), "nowhere: No such file or directory");
    config_text_end();
}

static void test_a_password_in_a_file_that_others_read(void)
{
    config_text_begin();
    config_text_write("x.conf", "link \"main\" { jid = \"a@x\"\n password = \"p\" }", 0644);
    ASSERT_TEXT(refusal("x.conf"), "x.conf:2: there is a password here, and others may read the "
                                   "file: chmod o= x.conf, or password_file");
    config_text_end();
}

static char *repeat(const char *piece, size_t count)
{
    size_t len = strlen(piece), i;
    char *text = malloc(len * count + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    for (i = 0; i < count; i++)
        memcpy(text + i * len, piece, len);
    text[len * count] = '\0';
    return text;
}

/* Reads begin, count times piece, end. */
static const char *refusal_of_many(const char *begin, const char *piece, size_t count,
                                   const char *end)
{
    char *many = repeat(piece, count), *text = NULL;
    CU_ASSERT_FATAL(asprintf(&text, "%s%s%s", begin, many, end) > 0);
    CU_ASSERT_PTR_NULL(config_text_read(text, why, sizeof why));
    free(text);
    free(many);
    return why;
}

static void test_what_is_too_much(void)
{
    char text[64 * 80], name[32];
    size_t used = 0, i;
    config_text_begin();
    ASSERT_TEXT(refusal_of_many("#", "x", 1 << 20, ""), "gateway.conf: it is larger than 1 MiB");
    ASSERT_TEXT(refusal_of_many("log = \"", "x", 8193, "\""),
                "gateway.conf:1: a text is longer than 8 KiB");
    ASSERT_TEXT(refusal_of_many("log = ", "x", 8193, ""),
                "gateway.conf:1: a word is longer than 8 KiB");
    ASSERT_TEXT(refusal_of_many("trusted-proxies = { ", "\"::1\",", 257, " }"),
                "gateway.conf:1: trusted-proxies has more than 256 values");
    ASSERT_TEXT(refusal_of_many("", "limits{body=1MiB}", 16385, ""),
                "gateway.conf:1: there are more than 16,384 options");
    ASSERT_TEXT(refusal_of_many("trusted-proxies = { ",
                                "\"" TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "\",", 200,
                                " }"),
                "gateway.conf:1: trusted-proxies has \"" TEN TEN TEN TEN TEN TEN TEN TEN
                "\": it is an IP address");
    for (i = 0; i < 65; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "link l%zu { jid = a@x }\n", i);
    config_text_read(text, why, sizeof why);
    ASSERT_TEXT(why, "gateway.conf:65: there are more than 64 of link");
    for (i = 0; i < 256; i++) {
        snprintf(name, sizeof name, "%zu.conf", i);
        config_text_write(name, "", 0600);
    }
    config_text_read("include \"[0-9]*.conf\"", why, sizeof why);
    ASSERT_TEXT(why, "gateway.conf:1: more than 256 files are included");
    config_text_end();
}

/* Each file is just small enough. */
static void test_all_files_together_have_a_limit(void)
{
    char name[32], *text = repeat("x", 8000), *list = NULL;
    size_t i;
    CU_ASSERT_FATAL(asprintf(&list, "auth s { file = secret groups = { '%s'", text) > 0);
    free(text);
    text = list;
    for (i = 0; i < 100; i++) {
        CU_ASSERT_FATAL(asprintf(&list, "%s, '%.8000s'", text, strchr(text, '\'') + 1) > 0);
        free(text);
        text = list;
    }
    CU_ASSERT_FATAL(asprintf(&list, "%s } }", text) > 0);
    free(text);
    config_text_begin();
    for (i = 0; i < 24; i++) {
        snprintf(name, sizeof name, "%zu.conf", i);
        config_text_write(name, list, 0600);
    }
    free(list);
    config_text_read("include \"[0-9]*.conf\"", why, sizeof why);
    ASSERT_TEXT(why, "gateway.conf: with all that it includes it needs more than 16 MiB");
    config_text_end();
}

static const char whole[] =
    LISTEN LINK "auth \"s\" { file = secret groups = \"ops=a\" }\n"
                "route \"/a/{n}\" { to = \"xmpp:{n}@x\" rewrite = { wsdl } }\n"
                "serve \"cam1@example.org\" { url = \"http://10.0.0.1/x\" allow = \"*\" }\n";

static bool attempt(unsigned number, bool lasts)
{
    struct gw_config *config;
    char *printed, path[128];
    bool has_failed;
    snprintf(path, sizeof path, "%sgateway.conf", config_text_folder());
    shortage_begin(number, lasts);
    config = gw_config_read(path, why, sizeof why);
    printed = config ? gw_config_print(config) : NULL;
    has_failed = shortage_end();
    if (!config)
        ASSERT_CONTAINS(why, "no memory");
    CU_ASSERT(has_failed || printed);
    free(printed);
    gw_config_release(config);
    return has_failed;
}

static void test_memory_that_runs_short(void)
{
    config_text_begin();
    config_text_write("gateway.conf", whole, 0600);
    CU_ASSERT(shortage_sweep(attempt) >= 8);
    config_text_end();
}

static void test_what_needs_a_restart(void)
{
    static const struct row rows[] = {
        {LISTEN GW "route \"/b\" { to = \"xmpp:b@x\" }", ""},
        {LISTEN GW "limits { in-flight = 5 }\nroute \"/a\" { to = \"xmpp:a@x\" }", ""},
        {LISTEN "link gw { jid = \"gw2.example.org\" }\nroute \"/a\" { to = \"xmpp:a@x\" }",
         "link \"gw\" has changed"},
        {LISTEN GW LINK "route \"/a\" { to = \"xmpp:a@x\" link = gw }",
         "link \"main\" has changed"},
        {"listen \"127.0.0.1:8081\" { }\n" GW "route \"/a\" { to = \"xmpp:a@x\" }",
         "listen \"127.0.0.1:8081\" has changed"},
        {LISTEN "listen \"[::1]:1\" { }\n" GW "route \"/a\" { to = \"xmpp:a@x\" }",
         "listen \"[::1]:1\" has changed"},
        {LISTEN GW "admin \"127.0.0.1:1\" { }\nroute \"/a\" { to = \"xmpp:a@x\" }",
         "admin has changed"},
        {LISTEN GW "limits { connections = 5 }\nroute \"/a\" { to = \"xmpp:a@x\" }",
         "connections of limits has changed"},
        {LISTEN GW "limits { body = 1MiB }\nroute \"/a\" { to = \"xmpp:a@x\" }",
         "body of limits has changed"},
        {LISTEN GW "limits { memory = 1GiB }\nroute \"/a\" { to = \"xmpp:a@x\" }",
         "memory of limits has changed"},
        {LISTEN GW "limits { header = 8KiB }\nroute \"/a\" { to = \"xmpp:a@x\" }",
         "header of limits has changed"},
        {LISTEN GW "limits { idle = 5 in-flight = 5 }\nroute \"/a\" { to = \"xmpp:a@x\" }", ""},
        {LISTEN GW "serve \"gw.example.org\" { url = \"http://x\" allow = \"*\" }", ""},
        {"auth s { file = secret }\nlisten \"127.0.0.1:8080\" { auth = s }\n" GW
         "route \"/a\" { to = \"xmpp:a@x\" }",
         ""},
        {"listen \"127.0.0.1:8080\" { cert = ca.pem key = secret }\n" GW
         "route \"/a\" { to = \"xmpp:a@x\" }",
         "listen \"127.0.0.1:8080\" has changed"},
    };
    struct gw_config *before, *after;
    char what[256];
    size_t i;
    config_text_begin();
    before = config_text_read(LISTEN GW "route \"/a\" { to = \"xmpp:a@x\" }", why, sizeof why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(before);
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        after = config_text_read(rows[i].text, why, sizeof why);
        ASSERT_TEXT(why, "");
        CU_ASSERT_PTR_NOT_NULL_FATAL(after);
        *what = '\0';
        CU_ASSERT_EQUAL(gw_config_needs_restart(before, after, what, sizeof what),
                        *rows[i].sentence != '\0');
        ASSERT_TEXT(what, rows[i].sentence);
        gw_config_release(after);
    }
    gw_config_release(before);
    config_text_end();
}

CU_TestInfo gateway_tests_config_errors[] = {
    {"what is no file of options", test_what_is_no_file_of_options},
    {"values that are none", test_values_that_are_none},
    {"listeners that are none or too open", test_listeners_that_are_none_or_too_open},
    {"links that are none", test_links_that_are_none},
    {"routes that are none", test_routes_that_are_none},
    {"serves that are none", test_serves_that_are_none},
    {"files that are included", test_files_that_are_included},
    {"a password in a file that others read", test_a_password_in_a_file_that_others_read},
    {"what is too much", test_what_is_too_much},
    {"all files together have a limit", test_all_files_together_have_a_limit},
    {"memory that runs short", test_memory_that_runs_short},
    {"what needs a restart", test_what_needs_a_restart},
    CU_TEST_INFO_NULL};
