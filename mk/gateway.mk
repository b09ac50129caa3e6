# gateway.mk - soap-xmpp-gateway: HTTP on one side, XMPP on the other; on the public API and contract/, without gSOAP.

# libmicrohttpd, with GnuTLS: HTTP from others. libcurl: HTTP to others. expat: where an address stands. libxml2:
# contract/. jansson: status.json and the try-it form. zlib: bodies that come packed. libcrypt: passwords of HTTP users.
# Headers of gateway/ are written from there, some are called like headers of lib/: -iquote stands before every -I.
GATEWAY_PACKAGES := libmicrohttpd gnutls libcurl expat libxml-2.0 jansson zlib libcrypt
GATEWAY := $(BUILD)/soap-xmpp-gateway
GATEWAY_OBJECTS := $(call obj,$(wildcard gateway/*.c gateway/*/*.c))
$(GATEWAY_OBJECTS) $(call lint_of,$(GATEWAY_OBJECTS)): CPPFLAGS += -DSOAP_XMPP_NO_GSOAP -iquote gateway \
    $(shell pkg-config --cflags $(GATEWAY_PACKAGES) 2>/dev/null)
GATEWAY_LIBS = $(shell pkg-config --libs $(GATEWAY_PACKAGES) 2>/dev/null) -lm

# The files of the status page, as C strings.
PAGE := $(BUILD)/gen/gateway/page_files.c
$(PAGE): $(addprefix gateway/status/page/page.,html js css)
	$(call say,STRING,$@)
	@mkdir -p $(@D)
	$(Q){ echo '#include "status/page.h"'; for f in html js css; do echo "const char gw_page_$$f[] =" && \
	    $(call as_string,gateway/status/page/page.$$f) && echo ';' || exit 1; done; } > $@
$(PAGE:.c=.o): $(PAGE) gateway/status/page.h
	$(call say,CC,$<)
	$(Q)$(CC) -std=c11 $(CFLAGS) -iquote gateway -c -o $@ $<

$(BUILD)/libgateway.a: $(filter-out $(BUILD)/obj/gateway/main.o,$(GATEWAY_OBJECTS)) $(PAGE:.c=.o)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcsD $@ $^

# The core's archive, so that the gateway runs from $(BUILD) as from where it is installed.
$(BUILD)/soap-xmpp-gateway: $(call obj,gateway/main.c) $(BUILD)/libgateway.a $(BUILD)/libcontract.a \
    $(BUILD)/libsoapxmppcore.a
	$(call say,LINK,$@)
	$(Q)$(CC) -pthread $(CFLAGS) $(LINK_HARDENING) $(LDFLAGS) -o $@ $^ $(SYSTEM_LIBS) $(GATEWAY_LIBS)

# What needs neither server nor link: tests/gateway/unit. Allocations can be made to fail.
GATEWAY_TESTS := $(call obj,$(wildcard tests/gateway/unit/*.c) tests/lib/suite.c tests/lib/tcp.c)
GATEWAY_USERS := $(filter $(BUILD)/obj/tests/gateway/%,$(GATEWAY_TESTS))
$(GATEWAY_USERS) $(call lint_of,$(GATEWAY_USERS)): CPPFLAGS += -DSOAP_XMPP_NO_GSOAP -iquote gateway \
    $(shell pkg-config --cflags $(GATEWAY_PACKAGES) 2>/dev/null)

# The archive, as the gateway; but a sanitizer has to see the core's objects.
GATEWAY_ARCHIVES := $(BUILD)/libgateway.a $(BUILD)/libcontract.a
GATEWAY_SHORTAGE := $(addprefix -Wl$(,)--wrap=,malloc calloc realloc strdup strndup)
$(BUILD)/unit-gateway: $(GATEWAY_TESTS) $(GATEWAY_ARCHIVES) $(if $(SANITIZE),$(CORE_OBJECTS),$(BUILD)/libsoapxmppcore.a)
	$(call say,LINK,$@)
	$(Q)$(if $(SANITIZE),$(call link,$(GATEWAY_SHORTAGE) $(GATEWAY_ARCHIVES) $(GATEWAY_LIBS) -lcunit),$(CC) -pthread \
	    $(CFLAGS) $(LINK_HARDENING) $(LDFLAGS) $(GATEWAY_SHORTAGE) -o $@ $^ $(SYSTEM_LIBS) $(GATEWAY_LIBS) -lcunit)

# Links by themselves, two in one process: what the gateway as a whole can't bring about at will.
GATEWAY_LINK_TESTS := $(call obj,$(wildcard tests/gateway/link/*.c) tests/bytes/envelope.c \
    tests/integration/site.c $(addprefix tests/lib/,suite.c child.c))
GATEWAY_LINK_USERS := $(filter $(BUILD)/obj/tests/gateway/link/%,$(GATEWAY_LINK_TESTS))
$(GATEWAY_LINK_USERS) $(call lint_of,$(GATEWAY_LINK_USERS)): CPPFLAGS += -iquote gateway

$(BUILD)/gateway-link: $(GATEWAY_LINK_TESTS) $(call obj,$(addprefix lib/base/,clock.c buffer.c utf8.c)) \
    $(GATEWAY_ARCHIVES) $(if $(SANITIZE),$(CORE_OBJECTS),$(BUILD)/libsoapxmppcore.a)
	$(call say,LINK,$@)
	$(Q)$(if $(SANITIZE),$(call link,$(GATEWAY_ARCHIVES) $(GATEWAY_LIBS) -lcunit),$(CC) -pthread $(CFLAGS) \
	    $(LINK_HARDENING) $(LDFLAGS) -o $@ $^ $(SYSTEM_LIBS) $(GATEWAY_LIBS) -lcunit)

run-gateway-link: $(BUILD)/gateway-link
	tools/with-servers prosody ejabberd -- $(TEST_RUN) $(BUILD)/gateway-link $(ARGS)

run-gateway-unit: $(BUILD)/unit-gateway
	$(TEST_RUN) $(BUILD)/unit-gateway $(ARGS)

# Programs of others, without a line of this library: a service and a client by gSOAP over HTTP.
GATEWAY_OTHERS := $(addprefix $(BUILD)/gateway/,calculator-http calculator-http-client)
GATEWAY_OTHER_OBJECTS := $(call obj,tests/gateway/backends/calculator.c tests/gateway/clients/calculator.c)
$(eval $(call uses,$(GATEWAY_OTHER_OBJECTS),calculator))
$(BUILD)/gateway/calculator-http: $(call obj,tests/gateway/backends/calculator.c) $(calculator_SKELETON)
$(BUILD)/gateway/calculator-http-client: $(call obj,tests/gateway/clients/calculator.c)
$(GATEWAY_OTHERS): $(calculator_STUBS)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -pthread $(CFLAGS) $(LINK_HARDENING) $(LDFLAGS) -o $@ $^ $(GSOAP_LIBS)

# The gateway as a user runs it, beside both servers, with clients and backends of others.
GATEWAY_COMPONENTS := $(foreach c,svc cams meters gw shop desk north south east west hall,$(c):s3cret)
GATEWAY_SERVERS = $(foreach s,prosody ejabberd,"$(s)$(,)USERS=$(TOOL_USERS)$(,)COMPONENTS=$(GATEWAY_COMPONENTS)")
run-gateway: $(BUILD)/soap-xmpp-gateway $(TOOL) $(SAMPLES) $(GATEWAY_OTHERS)
	tools/with-servers $(GATEWAY_SERVERS) -- \
	    /usr/bin/python3 -B tests/soap-xmpp/run.py $(BUILD) --folder ../gateway $(ARGS)

# A component of both nodes of an ejabberd cluster, served by gateways on both.
run-gateway-cluster: $(BUILD)/soap-xmpp-gateway
	tools/with-servers cluster,CONFIG=$(CURDIR)/docs/ejabberd.yml -- timeout --foreground 300 \
	    /usr/bin/python3 -B tests/soap-xmpp/run.py $(BUILD) --folder ../gateway/cluster $(ARGS) || [ $$? = 77 ]

# Many connections, many calls, a long time, a server that dies, and clients that are heavy to install.
GATEWAY_SOAK_SECONDS ?= 600
GATEWAY_STORM_SECONDS ?= 60
run-gateway-long: export GATEWAY_SOAK_SECONDS := $(GATEWAY_SOAK_SECONDS)
run-gateway-long: export GATEWAY_STORM_SECONDS := $(GATEWAY_STORM_SECONDS)
run-gateway-long: $(BUILD)/soap-xmpp-gateway $(TOOL) $(GATEWAY_OTHERS)
	$(Q)tools/install-packages.sh gateway
	tools/with-servers $(GATEWAY_SERVERS) -- \
	    /usr/bin/python3 -B tests/soap-xmpp/run.py $(BUILD) --folder ../gateway/long $(ARGS)

# ---- what is installed ---------------------------------------------------------------------------

GATEWAY_MANUALS := $(patsubst man/%.scd,$(BUILD)/man/%,$(wildcard man/soap-xmpp-gateway.8.scd man/gateway.conf.5.scd))

$(GATEWAY_MANUALS): $(BUILD)/man/%: man/%.scd
	$(call say,SCDOC,$@)
	@mkdir -p $(@D)
	$(Q)scdoc < $< > $@

install-gateway: $(GATEWAY) $(GATEWAY_MANUALS)
	install -d $(addprefix $(DESTDIR),$(SBINDIR) $(DATADIR)/man/man5 $(DATADIR)/man/man8)
	install -m 755 $(GATEWAY) $(DESTDIR)$(SBINDIR)/
	for m in $(GATEWAY_MANUALS); do install -m 644 $$m $(DESTDIR)$(DATADIR)/man/man$${m##*.}/ || exit 1; done

uninstall-gateway:
	rm -f $(DESTDIR)$(SBINDIR)/soap-xmpp-gateway $(addprefix $(DESTDIR)$(DATADIR)/man/,man8/soap-xmpp-gateway.8 \
	    man5/gateway.conf.5)

.PHONY: run-gateway-unit run-gateway-link run-gateway run-gateway-cluster run-gateway-long install-gateway uninstall-gateway
