# soapxmpp: SOAP calls over XMPP for gSOAP programs. `make help` lists what can be made.
#
# Overridable: CC CFLAGS LDFLAGS WERROR PREFIX LIBDIR DESTDIR BUILD; V=1 shows the commands;
# SANITIZE=address|thread|fuzzer builds with that sanitizer (give it a BUILD of its own).

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
BINDIR ?= $(PREFIX)/bin
SBINDIR ?= $(PREFIX)/sbin
DATADIR ?= $(PREFIX)/share
BUILD ?= build
CFLAGS ?= -O2 -g
WERROR ?= -Werror
V ?= 0

, := ,
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),@:,@printf '  %-8s %s\n' '$(1)' '$(patsubst $(CURDIR)/%,%,$(2))')

include mk/flags.mk

# ---- what there is -------------------------------------------------------------------------------

VERSION := $(shell sed -n 's/.*define SOAP_XMPP_VERSION *"\(.*\)"/\1/p' lib/soap_xmpp.h)
SONAME := libsoapxmpp.so.0
CORE_SONAME := libsoapxmppcore.so.0
obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

# lib/net/strophe_stderr.c is for the two libraries alone: it stands in for libstrophe's stderr.
LIB_OBJECTS := $(call obj,$(filter-out lib/net/strophe_stderr.c,$(wildcard lib/*/*.c)))
GSOAP_OBJECTS := $(filter $(BUILD)/obj/lib/gsoap/%,$(LIB_OBJECTS))
CORE_OBJECTS := $(filter-out $(GSOAP_OBJECTS),$(LIB_OBJECTS))

SAMPLES := $(addprefix $(BUILD)/samples/,calculator-service calculator-client station station-console \
    relay-service relay-client guard-service guard-client bytes-service)
LIBRARIES := $(addprefix $(BUILD)/,libsoapxmppcore.a $(CORE_SONAME) libsoapxmpp.a $(SONAME))
TOOL := $(BUILD)/soap-xmpp

all: $(LIBRARIES) $(SAMPLES) $(TOOL) $(BUILD)/soap-xmpp-gateway
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:

include mk/contracts.mk

# ---- compiling and linking -----------------------------------------------------------------------

$(BUILD)/obj/%.o: %.c | $(BUILD)/libstrophe.checked
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(C) $(WARNINGS) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

# libstrophe's own stanza parser is replaced by lib/net/parser.c, which hangs on the five functions of
# an internal header: stop before that can go wrong.
$(BUILD)/libstrophe.checked: tools/check-libstrophe.sh $(wildcard $(LIBSTROPHE))
	@mkdir -p $(@D)
	$(Q)tools/check-libstrophe.sh $(LIBSTROPHE)
	@touch $@

# Our objects come first, so that the linker finds our parser before libstrophe's; the map proves it.
link = $(CC) -pthread $(CFLAGS) $(LINK_HARDENING) $(LDFLAGS) $(addprefix -Wl$(,),$(STROPHE_WRAP)) -Wl,-Map=$@.map \
    -o $@ $(filter %.o,$^) $(LIBSTROPHE) $(1) $(SYSTEM_LIBS) && tools/check-map.sh $@.map

# ---- the libraries -------------------------------------------------------------------------------

# Two libraries, for docs/internals/linking.md: the core, which knows no gSOAP, and the plugin on top of it. Each is one
# relocatable object in which only the names of lib/exports.txt are global, and in the core those that the plugin calls,
# under names that say which version's they are. libstrophe is in the core, hidden.
PRIVATE := soapxmpp_$(subst -,_,$(subst .,_,$(VERSION)))_

$(BUILD)/core.o: $(CORE_OBJECTS) $(call obj,lib/net/strophe_stderr.c)
	$(call say,LD,$@)
	$(Q)$(LD) -r --wrap=stderr $(STROPHE_WRAP) -Map=$@.map -o $@ $^ $(LIBSTROPHE) && tools/check-map.sh $@.map

$(BUILD)/plugin.o: $(GSOAP_OBJECTS)
	$(call say,LD,$@)
	$(Q)$(LD) -r -o $@ $^

# What the plugin calls in the core, beside the public functions: the old name and the new one.
$(BUILD)/private.txt: $(BUILD)/plugin.o
	$(Q)nm --undefined-only $< | sed -n 's/^ *U \(sx_.*\)/\1 $(PRIVATE)\1/p' > $@

$(BUILD)/soapxmppcore.o: $(BUILD)/core.o
$(BUILD)/soapxmpp.o: $(BUILD)/plugin.o
$(BUILD)/soapxmppcore.o $(BUILD)/soapxmpp.o: $(BUILD)/private.txt lib/exports.txt
	$(Q)sed 's/.* //' $(BUILD)/private.txt | cat - lib/exports.txt > $@.global
	$(Q)objcopy --redefine-syms=$(BUILD)/private.txt --keep-global-symbols=$@.global $(filter %.o,$^) $@

# libsoapxmpp.a has the core as well, so that -lsoapxmpp is enough; who names both archives, in any order, links one.
$(BUILD)/libsoapxmppcore.a: $(BUILD)/soapxmppcore.o
$(BUILD)/libsoapxmpp.a: $(BUILD)/soapxmpp.o $(BUILD)/soapxmppcore.o
$(BUILD)/libsoapxmppcore.a $(BUILD)/libsoapxmpp.a:
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcsD $@ $^

$(BUILD)/%.versions: $(BUILD)/%.o
	$(Q)nm -g --defined-only $< | awk -v private=$(PRIVATE) '{ if (index($$3, private) == 1) ours = ours $$3 "; "; \
	    else public = public $$3 "; " } END { print "SOAPXMPP_0 { global: " public "local: *; };"; \
	    if (ours) print "SOAPXMPP_PRIVATE_$(VERSION) { global: " ours "};" }' > $@

# -z nodelete: a look-up that was left behind may outlive a dlclose(). A sanitizer's runtime is the program's.
$(BUILD)/$(CORE_SONAME): $(BUILD)/soapxmppcore.o $(BUILD)/soapxmppcore.versions
$(BUILD)/$(CORE_SONAME): WITH = $(if $(SANITIZE),,-Wl$(,)-z$(,)defs) $(SYSTEM_LIBS)
$(BUILD)/$(SONAME): $(BUILD)/soapxmpp.o $(BUILD)/soapxmpp.versions $(BUILD)/$(CORE_SONAME)
$(BUILD)/$(SONAME): WITH = $(BUILD)/$(CORE_SONAME)
$(BUILD)/$(CORE_SONAME) $(BUILD)/$(SONAME):
	$(call say,LINK,$@)
	$(Q)$(CC) -shared -pthread $(CFLAGS) $(LINK_HARDENING) $(LDFLAGS) -Wl,-z,text,-z,nodelete,-Bsymbolic-functions \
	    -Wl,-soname,$(@F) -Wl,--version-script=$(filter %.versions,$^) -o $@ $(filter %.o,$^) $(WITH)

# ---- the samples ---------------------------------------------------------------------------------

$(eval $(call uses,$(call obj,samples/calculator/service.c samples/calculator/client.c),calculator))
$(eval $(call uses,$(call obj,samples/station/station.c samples/station/console.c),station))
RELAY_USERS := $(call obj,samples/relay/service.c samples/relay/client.c)
$(eval $(call uses,$(RELAY_USERS),relay))
$(RELAY_USERS) $(call lint_of,$(RELAY_USERS)): CPPFLAGS += $(relay_FLAGS)
GUARD_USERS := $(call obj,samples/guard/service.c samples/guard/token.c samples/guard/client.c)
$(eval $(call uses,$(GUARD_USERS),guard))
$(GUARD_USERS) $(call lint_of,$(GUARD_USERS)): CPPFLAGS += $(guard_FLAGS)

$(BUILD)/samples/calculator-service: $(call obj,samples/calculator/service.c) $(calculator_STUBS) \
    $(calculator_SKELETON)
$(BUILD)/samples/calculator-client: $(call obj,samples/calculator/client.c) $(calculator_STUBS)
$(BUILD)/samples/station: $(call obj,samples/station/station.c) $(station_STUBS) $(station_SKELETON)
$(BUILD)/samples/station-console: $(call obj,samples/station/console.c) $(station_STUBS) \
    $(station_SKELETON)
$(BUILD)/samples/relay-service: $(call obj,samples/relay/service.c) $(relay_STUBS) \
    $(relay_SKELETON) $(relay_PLUGINS)
$(BUILD)/samples/relay-client: $(call obj,samples/relay/client.c) $(relay_STUBS) $(relay_PLUGINS)
$(BUILD)/samples/guard-service: $(call obj,samples/guard/service.c samples/guard/token.c) $(guard_STUBS) \
    $(guard_SKELETON) $(guard_PLUGINS)
$(BUILD)/samples/guard-client: $(call obj,samples/guard/client.c) $(guard_STUBS) $(guard_PLUGINS)
$(BUILD)/samples/guard-%: GSOAP_LIBS := -lgsoapssl
$(BUILD)/samples/bytes-service: $(call obj,samples/bytes/service.c)
$(BUILD)/samples/bytes-%: GSOAP_LIBS :=
$(filter-out $(BUILD)/samples/bytes-%,$(SAMPLES)): $(GSOAP_OBJECTS)
$(SAMPLES): $(CORE_OBJECTS)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(call link,$(GSOAP_LIBS))

demo: deps-demo
	$(Q)$(MAKE) --no-print-directory $(SAMPLES)
	$(Q)tools/demo.sh $(BUILD)

gateway-demo: deps-gateway-demo
	$(Q)$(MAKE) --no-print-directory $(BUILD)/soap-xmpp-gateway $(BUILD)/gateway/calculator-http
	$(Q)tools/gateway-demo.sh $(BUILD)

deps:
	$(Q)tools/install-packages.sh build demo test

deps-bench:
	$(Q)tools/install-packages.sh build demo test bench

deps-demo:
	$(Q)tools/install-packages.sh build demo

deps-gateway-demo:
	$(Q)tools/install-packages.sh build demo gateway-demo

include mk/tool.mk mk/gateway.mk mk/tests.mk mk/fuzz.mk mk/bench.mk mk/lint.mk

# ---- the rest ------------------------------------------------------------------------------------

# The linker takes no function from a library that another one needs, so libsoapxmpp.so is a script that names both.
install: install-tool install-gateway $(LIBRARIES)
	install -d $(DESTDIR)$(INCLUDEDIR) $(DESTDIR)$(LIBDIR)/pkgconfig
	install -m 644 lib/soap_xmpp.h $(DESTDIR)$(INCLUDEDIR)/
	install -m 644 $(BUILD)/libsoapxmpp.a $(BUILD)/libsoapxmppcore.a $(DESTDIR)$(LIBDIR)/
	for l in libsoapxmpp libsoapxmppcore; do \
	    install -m 644 $(BUILD)/$$l.so.0 $(DESTDIR)$(LIBDIR)/$$l.so.$(VERSION) && \
	    ln -sf $$l.so.$(VERSION) $(DESTDIR)$(LIBDIR)/$$l.so.0 || exit 1; \
	done
	ln -sf $(CORE_SONAME) $(DESTDIR)$(LIBDIR)/libsoapxmppcore.so
	rm -f $(DESTDIR)$(LIBDIR)/libsoapxmpp.so
	echo 'INPUT($(SONAME) AS_NEEDED($(CORE_SONAME)))' > $(DESTDIR)$(LIBDIR)/libsoapxmpp.so
	for p in soapxmpp soapxmppcore; do \
	    sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@VERSION@|$(VERSION)|' \
	        -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' -e 's|@SYSTEM_LIBS@|$(SYSTEM_LIBS)|' lib/$$p.pc.in \
	        > $(DESTDIR)$(LIBDIR)/pkgconfig/$$p.pc || exit 1; \
	done

uninstall: uninstall-tool uninstall-gateway
	rm -f $(DESTDIR)$(INCLUDEDIR)/soap_xmpp.h $(addprefix $(DESTDIR)$(LIBDIR)/pkgconfig/,soapxmpp.pc soapxmppcore.pc) \
	    $(foreach l,libsoapxmpp libsoapxmppcore,$(addprefix $(DESTDIR)$(LIBDIR)/$(l),.a .so .so.0 .so.$(VERSION)))

wsdl: $(BUILD)/gen/calculator/soapC.c $(BUILD)/gen/station/soapC.c
	cp $(BUILD)/gen/calculator/*.wsdl $(BUILD)/gen/station/*.wsdl wsdl/

clean:
	rm -rf $(BUILD)

help:
	@echo 'make [all]      the libraries and the samples, in $(BUILD)/'
	@echo 'make demo       a service and a client on a throw-away Prosody'
	@echo 'make gateway-demo   a service and a client of HTTP with two gateways between them'
	@echo 'make test       all tests, LANES=$(LANES) at once; check: those without servers'
	@echo 'make asan       all tests with the address and undefined behaviour sanitizers;'
	@echo '     tsan       with the thread sanitizer;  valgrind, valgrind-all: with valgrind'
	@echo 'make fuzz       random input, FUZZ_SECONDS=$(FUZZ_SECONDS) for each fuzzer [FUZZERS=stream]'
	@echo 'make bench-codec   what packing costs and saves; dictionary: how its dictionary was made'
	@echo 'make soak       SOAK_SECONDS=$(SOAK_SECONDS) of calls while connections break: nothing may grow'
	@echo 'make lint       cppcheck, clang-tidy and layers: which folder of lib/ sees which'
	@echo 'make ci         what has to pass before a change is taken; everything: the long forms, hours'
	@echo 'make trixie     all tests in a Debian 13 of their own (root, debootstrap)'
	@echo 'make run-unit | run-contract | run-plugin | run-oracle | run-model | run-integration | run-bytes | run-ws'
	@echo '         | run-cxx | run-federation | run-cluster | run-mixed | run-docs | run-commands | run-install'
	@echo '         | run-samples | run-languages | run-sized[-ws|-cxx|-mixed] | run-throttled | run-advised | run-servers'
	@echo '         | run-tool | run-doctor | run-doctor-throttled | run-gateway-unit | run-gateway-link | run-gateway'
	@echo '         | run-gateway-cluster | run-gateway-long'
	@echo '         [ARGS=part-of-a-name]'
	@echo 'make run-nat    calls through real NATs, in network namespaces (root, nftables)'
	@echo 'make install | uninstall   [PREFIX=$(PREFIX)] [LIBDIR=...] [DESTDIR=...]'
	@echo 'make bench      what a call costs, beside what the server alone costs (ARGS=--help);'
	@echo '                AGAINST=DIR: beside the build of another checkout;'
	@echo '                bench-plot: a picture of it; run-bench-smoke: whether it works at all'
	@echo 'make bench-login   what a login costs: text, instructions, time, the longest pass of the loop'
	@echo 'make bench-fleet   FLEET_DEVICES=$(FLEET_DEVICES) devices on one server; bench-scale: a component of several'
	@echo '                processes on a cluster, some of them killed (docs/fleet.md)'
	@echo 'make deps       installs the Debian packages that are missing'
	@echo 'make wsdl       wsdl/*.wsdl anew from wsdl/*.h;  format: clang-format;  clean'

.PHONY: all demo gateway-demo deps deps-bench deps-demo deps-gateway-demo install uninstall wsdl clean help

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
