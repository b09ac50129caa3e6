# soapxmpp: SOAP calls over XMPP for gSOAP programs. `make help` lists what can be made.
#
# Overridable: CC CFLAGS LDFLAGS WERROR PREFIX LIBDIR DESTDIR BUILD; V=1 shows the commands;
# SANITIZE=address|thread|fuzzer builds with that sanitizer (give it a BUILD of its own).

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
BUILD ?= build
CFLAGS ?= -O2 -g
WERROR ?= -Werror
V ?= 0

, := ,
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),@:,@printf '  %-8s %s\n' '$(1)' '$(patsubst $(CURDIR)/%,%,$(2))')

# ---- flags ---------------------------------------------------------------------------------------

accepts = $(shell echo 'int x;' | $(CC) -Werror $(1) -c -o /dev/null -x c - 2>/dev/null && echo '$(1)')

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
    -Wformat-security $(WERROR)
ifeq ($(SANITIZE),)
HARDENING := -fstack-protector-strong -U_FORTIFY_SOURCE \
    -D_FORTIFY_SOURCE=$(if $(call accepts,-O2 -D_FORTIFY_SOURCE=3 -include stdlib.h),3,2) \
    $(call accepts,-fstack-clash-protection) $(call accepts,-fcf-protection)
else
SANITIZERS_address := address,undefined
SANITIZERS_thread := thread
SANITIZERS_fuzzer := fuzzer-no-link,address,undefined
HARDENING := -fsanitize=$(SANITIZERS_$(SANITIZE)) -fno-sanitize-recover=all -fno-omit-frame-pointer
endif
LINK_HARDENING := -Wl,-z,relro,-z,now,-z,noexecstack \
    $(filter -fsanitize% -fno-sanitize%,$(HARDENING))

GSOAP_CFLAGS := $(shell pkg-config --cflags gsoap 2>/dev/null)
GSOAP_LIBS := -lgsoap
GSOAP_SHARE := /usr/share/gsoap
STROPHE_DIR := $(shell pkg-config --variable=libdir libstrophe 2>/dev/null)
LIBSTROPHE := $(or $(wildcard $(STROPHE_DIR)/libstrophe.a),$(shell $(CC) -print-file-name=libstrophe.a))
SYSTEM_LIBS := -lssl -lcrypto -lexpat -lzstd -lresolv -lpthread

INCLUDES := -I. -Ilib -Itests/lib
C := $(CC) -std=c11 -D_GNU_SOURCE -fPIC -pthread -MMD -MP $(INCLUDES) $(HARDENING)

# ---- what there is -------------------------------------------------------------------------------

VERSION := $(shell sed -n 's/.*define SOAP_XMPP_VERSION *"\(.*\)"/\1/p' lib/soap_xmpp.h)
SONAME := libsoapxmpp.so.0
obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

# lib/net/strophe_stderr.c is for the two libraries alone: it stands in for libstrophe's stderr.
LIB_OBJECTS := $(call obj,$(filter-out lib/net/strophe_stderr.c,$(wildcard lib/*/*.c)))
SEE_GSOAP := $(BUILD)/obj/lib/gsoap/%
UNIT_OBJECTS := $(call obj,$(wildcard tests/unit/*.c tests/unit/*/*.c) tests/lib/suite.c)
PLUGIN_OBJECTS := $(call obj,$(wildcard tests/plugin/*.c) tests/lib/suite.c tests/lib/loopback.c)
INTEGRATION_OBJECTS := $(call obj,$(wildcard tests/integration/*.c) $(addprefix tests/lib/,suite.c \
    names.c tcp.c proxy.c passage.c guest.c hostile.c hostile_link.c hostile_script.c \
    stranger.c hostile_certificates.c child.c))
LABORATORY_OBJECTS := $(call obj,$(addprefix tests/lib/,suite.c tcp.c proxy.c passage.c) \
    $(addprefix tests/integration/,laboratory.c site.c))
FEDERATION_OBJECTS := $(call obj,$(wildcard tests/federation/*.c)) $(LABORATORY_OBJECTS)
WS_OBJECTS := $(call obj,$(wildcard tests/ws/*.c) $(addprefix tests/lib/,suite.c child.c tcp.c proxy.c \
    passage.c) tests/integration/site.c)
CLUSTER_OBJECTS := $(call obj,$(wildcard tests/cluster/*.c) tests/integration/site.c \
    $(addprefix tests/lib/,suite.c child.c))
SOAK_OBJECTS := $(call obj,$(wildcard tests/soak/*.c)) $(LABORATORY_OBJECTS)

SAMPLES := $(addprefix $(BUILD)/samples/,calculator-service calculator-client station station-console \
    relay-service relay-client guard-service guard-client)
LIBRARIES := $(BUILD)/libsoapxmpp.a $(BUILD)/$(SONAME)
TESTS := $(addprefix $(BUILD)/,unit unit-plugin integration ws federation cluster)

all: $(LIBRARIES) $(SAMPLES)
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:

# ---- compiling -----------------------------------------------------------------------------------

$(BUILD)/obj/%.o: %.c | $(BUILD)/libstrophe.checked
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(C) $(WARNINGS) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(BUILD)/gen/%.o: $(BUILD)/gen/%.c
	$(call say,CC,$<)
	$(Q)$(C) $(GSOAP_CFLAGS) -w $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

# libstrophe's own stanza parser is replaced by lib/net/parser.c, which hangs on the five functions of
# an internal header: stop before that can go wrong.
$(BUILD)/libstrophe.checked: tools/check-libstrophe.sh $(wildcard $(LIBSTROPHE))
	@mkdir -p $(@D)
	$(Q)tools/check-libstrophe.sh $(LIBSTROPHE)
	@touch $@

# Stubs and skeletons: $(call contract,NAME,FILE,OPTIONS) makes soapC.c and so on in $(BUILD)/gen/NAME
define contract
$(1)_STUBS := $(addprefix $(BUILD)/gen/$(1)/,soapC.o soapClient.o)
$(1)_SKELETON := $(BUILD)/gen/$(1)/soapServer.o
$(addprefix $(BUILD)/gen/$(1)/,soapC.c soapClient.c soapServer.c soapH.h soapStub.h) &: $(2)
	$$(call say,SOAPCPP2,$(2))
	@mkdir -p $(BUILD)/gen/$(1)
	$$(Q)soapcpp2 $(3) -c -L -x -d $(BUILD)/gen/$(1) $(2) > $(BUILD)/gen/$(1)/soapcpp2.log 2>&1 \
	    || { cat $(BUILD)/gen/$(1)/soapcpp2.log >&2; exit 1; }
endef
$(eval $(call contract,calculator,wsdl/calculator.h,-2))
$(eval $(call contract,station,wsdl/station.h,-2))
$(eval $(call contract,relay,wsdl/relay.h,-2 -a -I$(GSOAP_SHARE)/import -I$(GSOAP_SHARE)))
$(eval $(call contract,guard,wsdl/guard.h,-2 -I$(GSOAP_SHARE)/import -I$(GSOAP_SHARE)))
$(eval $(call contract,plugin,tests/plugin/calc.h))
$(eval $(call contract,lab,tests/integration/lab.h))
$(eval $(call contract,ledger,tests/integration/mortal/contract.h))
$(eval $(call contract,bench,bench/records.h))
$(eval $(call contract,ws,tests/ws/ws.h,-a -I$(GSOAP_SHARE)/import -I$(GSOAP_SHARE)))
$(eval $(call contract,work,bench/scale/contract.h))

# gSOAP's own plugins, compiled for a contract: $(call gsoap_plugins,CONTRACT,SOURCES,FLAGS). Without
# SOAP_WSRM_FAST_ALLOC wsrmapi.c uses the last message of a sequence after it was acknowledged and freed.
# Two of them race with themselves: wsaapi.c has one struct for all contexts, wsrmapi.c looks at sequences
# without its lock. The thread sanitizer leaves these alone.
RACY := wsaapi.o wsrmapi.o
define gsoap_plugins
$(1)_PLUGINS := $(patsubst %.c,$(BUILD)/gen/$(1)/%.o,$(2))
$(1)_FLAGS := $(3) -I$(BUILD)/gen/$(1) -I$(GSOAP_SHARE) -I$(GSOAP_SHARE)/plugin
$$($(1)_PLUGINS): $(BUILD)/gen/$(1)/%.o: %.c $(BUILD)/gen/$(1)/soapH.h
	$$(call say,CC,$$<)
	$$(Q)$$(C) $$(GSOAP_CFLAGS) -w $$(CPPFLAGS) $$(CFLAGS) $$(if $$(filter $$(RACY),$$(@F)),-fno-sanitize=thread) \
	    -c -o $$@ $$<
$$($(1)_PLUGINS) $$($(1)_STUBS) $$($(1)_SKELETON): CPPFLAGS += $$($(1)_FLAGS)
endef
vpath %.c $(GSOAP_SHARE)/plugin $(GSOAP_SHARE)/custom
$(eval $(call gsoap_plugins,ws,wsaapi.c wsrmapi.c wsseapi.c smdevp.c mecevp.c threads.c duration.c \
    struct_timeval.c,-DWITH_OPENSSL -DSOAP_WSRM_FAST_ALLOC))
$(eval $(call gsoap_plugins,relay,wsaapi.c wsrmapi.c threads.c duration.c,-DSOAP_WSRM_FAST_ALLOC))
$(eval $(call gsoap_plugins,guard,wsseapi.c smdevp.c mecevp.c threads.c struct_timeval.c,-DWITH_OPENSSL))

# Two more services for one process: each file has its serializers to itself.
TWO := $(patsubst tests/plugin/two/%.h,%,$(wildcard tests/plugin/two/*.h))
TWO_OBJECTS := $(foreach t,$(TWO),$(BUILD)/gen/two/$(t)ClientLib.o $(BUILD)/gen/two/$(t)ServerLib.o)
$(BUILD)/gen/two/%H.h $(BUILD)/gen/two/%ClientLib.c $(BUILD)/gen/two/%ServerLib.c: tests/plugin/two/%.h
	$(call say,SOAPCPP2,$<)
	@mkdir -p $(@D)
	$(Q)soapcpp2 -c -n -p$* -x -w -d $(@D) $< > $(@D)/$*.log 2>&1 || { cat $(@D)/$*.log >&2; exit 1; }
$(TWO_OBJECTS): CPPFLAGS += -DWITH_NOGLOBAL

# What is compiled is linted with the same flags.
lint_of = $(patsubst $(BUILD)/obj/%.o,$(BUILD)/lint/%.tidy,$(1))
uses = $(1) $(call lint_of,$(1)): CPPFLAGS += -I$(BUILD)/gen/$(2) $$(GSOAP_CFLAGS)$(eval $(1) \
    $(call lint_of,$(1)): | $(BUILD)/gen/$(2)/soapH.h)
$(eval $(call uses,$(filter $(BUILD)/obj/tests/plugin/%,$(PLUGIN_OBJECTS)),plugin))
$(eval $(call uses,$(filter $(BUILD)/obj/tests/integration/%,$(INTEGRATION_OBJECTS)),lab))
$(eval $(call uses,$(call obj,$(wildcard tests/federation/*.c tests/soak/*.c)),lab))
$(eval $(call uses,$(call obj,$(wildcard tests/ws/*.c)),ws))
WS_USERS := $(call obj,$(wildcard tests/ws/*.c))
$(WS_USERS) $(call lint_of,$(WS_USERS)): CPPFLAGS += $(ws_FLAGS)
RELAY_USERS := $(call obj,samples/relay/service.c samples/relay/client.c)
$(eval $(call uses,$(RELAY_USERS),relay))
$(RELAY_USERS) $(call lint_of,$(RELAY_USERS)): CPPFLAGS += $(relay_FLAGS)
GUARD_USERS := $(call obj,samples/guard/service.c samples/guard/client.c)
$(eval $(call uses,$(GUARD_USERS),guard))
$(GUARD_USERS) $(call lint_of,$(GUARD_USERS)): CPPFLAGS += $(guard_FLAGS)
$(eval $(call uses,$(call obj,samples/calculator/service.c samples/calculator/client.c),calculator))
$(eval $(call uses,$(call obj,tests/nat/caller.c tests/nat/service.c),calculator))
$(eval $(call uses,$(call obj,tests/integration/mortal/mortal.c),ledger))
$(eval $(call uses,$(call obj,$(wildcard bench/*.c)),bench))
$(eval $(call uses,$(call obj,$(wildcard bench/scale/*.c)),work))
$(eval $(call uses,$(call obj,samples/station/station.c samples/station/console.c),station))
TWO_USERS := $(filter $(BUILD)/obj/tests/plugin/%,$(PLUGIN_OBJECTS))
$(TWO_USERS) $(call lint_of,$(TWO_USERS)): CPPFLAGS += -I$(BUILD)/gen/two
$(TWO_USERS) $(call lint_of,$(TWO_USERS)): | $(TWO:%=$(BUILD)/gen/two/%H.h)

# ---- linking -------------------------------------------------------------------------------------

# libstrophe's SSL_CTX_new() is lib/net/tls.c's, which allows nothing below TLS 1.2; so is what loads the
# system's CAs.
TLS_WRAP := --wrap=SSL_CTX_new --wrap=SSL_CTX_set_default_verify_paths

# Our objects come first, so that the linker finds our parser before libstrophe's; the map proves it.
link = $(CC) -pthread $(CFLAGS) $(LINK_HARDENING) $(LDFLAGS) $(addprefix -Wl$(,),$(TLS_WRAP)) -Wl,-Map=$@.map -o $@ \
    $(filter %.o,$^) $(LIBSTROPHE) $(1) $(SYSTEM_LIBS) && tools/check-map.sh $@.map

# Allocations of the unit tests can be made to fail: tests/lib/shortage.h.
SHORTAGE := $(addprefix -Wl$(,)--wrap=,malloc calloc realloc mmap strdup strndup asprintf __asprintf_chk \
    XML_ParserCreate ZSTD_createCCtx ZSTD_createDCtx ZSTD_createCDict ZSTD_createDDict)

# The name service can be one of the tests' own: tests/lib/names.h.
NAMES := $(addprefix -Wl$(,)--wrap=,getaddrinfo res_nquery)

$(BUILD)/unit: $(UNIT_OBJECTS) $(call obj,$(addprefix tests/lib/,shortage.c names.c \
    tcp.c guest.c hostile.c hostile_link.c hostile_script.c hostile_certificates.c)) \
    $(filter-out $(SEE_GSOAP),$(LIB_OBJECTS))
	$(call say,LINK,$@)
	$(Q)$(call link,$(SHORTAGE) $(NAMES) -lcunit)

$(BUILD)/unit-plugin: $(PLUGIN_OBJECTS) $(plugin_STUBS) $(plugin_SKELETON) $(TWO_OBJECTS) \
    $(filter-out $(BUILD)/obj/lib/link/% $(BUILD)/obj/lib/net/loop.o,$(LIB_OBJECTS))
	$(call say,LINK,$@)
	$(Q)$(call link,$(GSOAP_LIBS) -lcunit)

$(BUILD)/integration: $(INTEGRATION_OBJECTS) $(lab_STUBS) $(lab_SKELETON) $(LIB_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(call link,$(NAMES) $(GSOAP_LIBS) -lcunit)

# A process that the integration tests kill.
$(BUILD)/mortal: $(call obj,tests/integration/mortal/mortal.c) $(ledger_STUBS) $(ledger_SKELETON) \
    $(LIB_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(call link,$(GSOAP_LIBS))

$(BUILD)/integration: | $(BUILD)/mortal

$(BUILD)/federation: $(FEDERATION_OBJECTS) $(lab_STUBS) $(lab_SKELETON) $(LIB_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(call link,$(GSOAP_LIBS) -lcunit)

$(BUILD)/ws: $(WS_OBJECTS) $(ws_STUBS) $(ws_SKELETON) $(ws_PLUGINS) $(LIB_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(call link,-lgsoapssl -lcunit)

$(BUILD)/cluster: $(CLUSTER_OBJECTS) $(filter-out $(SEE_GSOAP),$(LIB_OBJECTS))
	$(call say,LINK,$@)
	$(Q)$(call link,-lcunit)

$(BUILD)/cluster: | $(BUILD)/mortal

$(BUILD)/soak: $(SOAK_OBJECTS) $(lab_STUBS) $(lab_SKELETON) $(LIB_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(call link,$(GSOAP_LIBS) -lcunit)

$(BUILD)/nat-caller: $(call obj,tests/nat/caller.c) $(calculator_STUBS) $(LIB_OBJECTS)
$(BUILD)/nat-service: $(call obj,tests/nat/service.c) $(calculator_STUBS) $(calculator_SKELETON) \
    $(LIB_OBJECTS)
$(BUILD)/nat-caller $(BUILD)/nat-service:
	$(call say,LINK,$@)
	$(Q)$(call link,$(GSOAP_LIBS))

# The benchmark's programs. floor and mqtt know nothing of the library; what mqtt needs is optional.
BENCH_LINK := $(call obj,bench/slice.c bench/dial.c bench/resident.c)
MOSQUITTO := $(wildcard /usr/include/mosquitto.h)
BENCH := $(addprefix $(BUILD)/bench/,floor http envelopes caller service raw memory \
    big $(if $(MOSQUITTO),mqtt))
FLEET := $(addprefix $(BUILD)/bench/,fleet roll)
SCALE := $(addprefix $(BUILD)/bench/scale/,worker load)

$(BUILD)/bench/floor: $(call obj,bench/floor.c bench/slice.c)
$(BUILD)/bench/mqtt: $(call obj,bench/mqtt.c bench/slice.c)
$(BUILD)/bench/http: $(call obj,bench/http.c bench/operations.c bench/slice.c) $(bench_STUBS) \
    $(bench_SKELETON)
$(addprefix $(BUILD)/bench/,floor mqtt http):
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -pthread $(CFLAGS) $(LINK_HARDENING) $(LDFLAGS) -o $@ $^ -Wl,--as-needed $(GSOAP_LIBS) \
	    $(if $(MOSQUITTO),-lmosquitto) -lssl -lcrypto

$(BUILD)/bench/raw: $(filter-out $(SEE_GSOAP),$(LIB_OBJECTS))
$(addprefix $(BUILD)/bench/,envelopes caller service memory): $(call obj,bench/payload.c)
$(addprefix $(BUILD)/bench/,envelopes caller service memory big): $(bench_STUBS) $(LIB_OBJECTS)
$(addprefix $(BUILD)/bench/,envelopes service): $(call obj,bench/operations.c) $(bench_SKELETON)
$(addprefix $(BUILD)/bench/,raw envelopes caller service memory big): $(BUILD)/bench/%: \
    $(BUILD)/obj/bench/%.o $(BENCH_LINK)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(call link,$(if $(filter %/raw,$@),,$(GSOAP_LIBS)))

# Many devices, and who calls each: make bench-fleet.
$(BUILD)/bench/fleet: $(call obj,bench/fleet.c bench/device.c bench/slice.c) $(bench_SKELETON)
$(BUILD)/bench/roll: $(call obj,bench/roll.c bench/slice.c)
$(FLEET): $(bench_STUBS) $(LIB_OBJECTS)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(call link,$(GSOAP_LIBS))

# Processes that share a component, and who calls it: make bench-scale.
$(BUILD)/bench/scale/worker: $(call obj,bench/scale/worker.c bench/slice.c) $(work_SKELETON)
$(BUILD)/bench/scale/load: $(call obj,bench/scale/load.c bench/slice.c)
$(SCALE): $(work_STUBS) $(LIB_OBJECTS)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(call link,$(GSOAP_LIBS))

$(BUILD)/samples/calculator-service: $(call obj,samples/calculator/service.c) $(calculator_STUBS) \
    $(calculator_SKELETON)
$(BUILD)/samples/calculator-client: $(call obj,samples/calculator/client.c) $(calculator_STUBS)
$(BUILD)/samples/station: $(call obj,samples/station/station.c) $(station_STUBS) $(station_SKELETON)
$(BUILD)/samples/station-console: $(call obj,samples/station/console.c) $(station_STUBS) \
    $(station_SKELETON)
$(BUILD)/samples/relay-service: $(call obj,samples/relay/service.c) $(relay_STUBS) \
    $(relay_SKELETON) $(relay_PLUGINS)
$(BUILD)/samples/relay-client: $(call obj,samples/relay/client.c) $(relay_STUBS) $(relay_PLUGINS)
$(BUILD)/samples/guard-service: $(call obj,samples/guard/service.c) $(guard_STUBS) \
    $(guard_SKELETON) $(guard_PLUGINS)
$(BUILD)/samples/guard-client: $(call obj,samples/guard/client.c) $(guard_STUBS) $(guard_PLUGINS)
$(BUILD)/samples/guard-%: GSOAP_LIBS := -lgsoapssl
$(SAMPLES): $(LIB_OBJECTS)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(call link,$(GSOAP_LIBS))

# The libraries hold libstrophe inside, hidden: one relocatable object in which only the names of
# lib/exports.txt are global. -z nodelete: a look-up that was left behind may outlive a dlclose().
$(BUILD)/whole.o: $(LIB_OBJECTS) $(call obj,lib/net/strophe_stderr.c)
	$(call say,LD,$@)
	$(Q)$(LD) -r --wrap=stderr $(TLS_WRAP) -Map=$@.map -o $@ $^ $(LIBSTROPHE) && tools/check-map.sh $@.map

$(BUILD)/libsoapxmpp.a: $(BUILD)/whole.o lib/exports.txt
	$(call say,AR,$@)
	$(Q)objcopy --keep-global-symbols=lib/exports.txt $< $(BUILD)/soapxmpp.o
	$(Q)rm -f $@ && $(AR) rcsD $@ $(BUILD)/soapxmpp.o

$(BUILD)/exports.map: lib/exports.txt
	@mkdir -p $(@D)
	$(Q){ echo 'SOAPXMPP_0 { global:'; sed 's/$$/;/' $<; echo 'local: *; };'; } > $@

$(BUILD)/$(SONAME): $(BUILD)/whole.o $(BUILD)/exports.map
	$(call say,LINK,$@)
	$(Q)$(CC) -shared -pthread $(CFLAGS) $(LINK_HARDENING) $(LDFLAGS) -Wl,-z,text,-z,nodelete \
	    -Wl,-soname,$(SONAME) -Wl,--version-script=$(BUILD)/exports.map -o $@ $< $(SYSTEM_LIBS)

# ---- running -------------------------------------------------------------------------------------

# TEST_RUN goes before each test program, ARGS after it: make run-unit ARGS=envelope
TEST_RUN ?=
ARGS ?=
SERVERS ?= prosody ejabberd fragile=prosody frail=ejabberd \
    $(foreach c,expired selfsigned wronghost,$(c)=prosody$(,)CERT=$(c))
VALGRIND := valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite

run-unit: $(BUILD)/unit
	$(TEST_RUN) $(BUILD)/unit $(ARGS)

run-plugin: $(BUILD)/unit-plugin
	$(TEST_RUN) $(BUILD)/unit-plugin $(ARGS)

run-install: all
	tests/install/run.sh $(BUILD)

run-samples: $(SAMPLES)
	tools/with-servers prosody -- tests/samples/run.sh $(BUILD)

run-nat: $(SAMPLES) $(BUILD)/nat-caller $(BUILD)/nat-service
	$(Q)tools/install-packages.sh build demo nat
	tests/nat/run.sh $(BUILD)

run-integration: $(BUILD)/integration
	tools/with-servers $(SERVERS) -- $(TEST_RUN) $(BUILD)/integration $(ARGS)

run-ws: $(BUILD)/ws
	tools/with-servers prosody ejabberd -- $(TEST_RUN) $(BUILD)/ws $(ARGS)

# 77: there can be no federation here, and it was said why.
run-federation: $(BUILD)/federation
	tools/with-servers federation -- timeout --foreground 300 $(TEST_RUN) $(BUILD)/federation $(ARGS) \
	    || [ $$? = 77 ]

# docs/ejabberd.yml is tested along with it. 77: there can be no cluster here, and it was said why.
run-cluster: $(BUILD)/cluster
	tools/with-servers cluster,CONFIG=$(CURDIR)/docs/ejabberd.yml -- timeout --foreground 600 $(TEST_RUN) \
	    $(BUILD)/cluster $(ARGS) || [ $$? = 77 ]

SOAK_SECONDS ?= 600

soak: deps
	$(Q)$(MAKE) --no-print-directory $(BUILD)/soak
	SOAK_SECONDS=$(SOAK_SECONDS) tools/with-servers prosody ejabberd -- $(TEST_RUN) $(BUILD)/soak

# The servers log next to nothing, take the megabyte, and have a port for each way: with TLS from the
# first byte, and without any. BENCH_SECONDS, BENCH_ROWS and BENCH_SERVERS: make bench ARGS=--help
BENCH_SERVERS ?= prosody ejabberd
BENCH_OPTIONS := PERF=1,LOG=error,TLS=off,STANZA_LIMIT=16000000
beside_tuned = $(if $(filter --help,$(2)),,tools/with-servers $(1:%=%$(,)$(BENCH_OPTIONS)) --) \
    /usr/bin/python3 -B bench/run.py $(BUILD) $(2)

bench bench-plot: deps-bench
	$(Q)$(MAKE) --no-print-directory run-$@

run-bench: $(BENCH)
	$(Q)$(call beside_tuned,$(BENCH_SERVERS),$(ARGS))

run-bench-plot: $(BENCH)
	$(Q)$(call beside_tuned,$(BENCH_SERVERS),--plot)

# Many devices on one server: docs/scaling.md.
FLEET_DEVICES ?= 5000
beside_fleet = $(Q)FLEET_DEVICES=$(1) tools/with-servers ejabberd,FLEET=$(1),CONFIG=$(CURDIR)/docs/ejabberd.yml -- \
    /usr/bin/python3 -B bench/fleet.py $(BUILD)

bench-fleet: deps
	$(Q)$(MAKE) --no-print-directory run-$@

run-bench-fleet: $(FLEET)
	$(call beside_fleet,$(FLEET_DEVICES))

run-bench-fleet-smoke: export FLEET_SETTLE_SECONDS = 0.1
run-bench-fleet-smoke: export FLEET_IDLE_SECONDS = 0.5
run-bench-fleet-smoke: export FLEET_PER_PROCESS = 20
run-bench-fleet-smoke: export FLEET_PATIENCE = 120
run-bench-fleet-smoke: $(FLEET)
	$(call beside_fleet,40)

# One component, several processes, two nodes: docs/scaling.md.
bench-scale: deps
	$(Q)$(MAKE) --no-print-directory run-$@

run-bench-scale: $(SCALE)
	$(Q)tools/with-servers cluster,CONFIG=$(CURDIR)/docs/ejabberd.yml -- /usr/bin/python3 -B bench/scale.py $(BUILD)

run-bench-smoke: export BENCH_SECONDS = 0.2
run-bench-smoke: export BENCH_ROWS = add, one at a time
run-bench-smoke: $(BENCH)
	$(Q)$(call beside_tuned,prosody)

# One after the other, whatever -j says: the output belongs to one program at a time.
in_turn = +$(Q)for t in $(1); do $(MAKE) --no-print-directory $$t || exit 1; done

check: $(BUILD)/unit $(BUILD)/unit-plugin
	$(call in_turn,run-unit run-plugin)

test: deps
	$(Q)$(MAKE) --no-print-directory all $(TESTS)
	$(call in_turn,run-unit run-plugin run-install run-samples run-integration run-ws run-federation run-cluster run-nat \
	    run-bench-fleet-smoke)

# A shorter storm: under a sanitizer each call takes several times as long.
asan tsan: export STORM_CALLS ?= 3000
asan tsan: export BIG_STORM ?= 0
asan tsan: deps
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/$@ \
	    SANITIZE=$(if $(filter asan,$@),address,thread) run-all

under_valgrind = $(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/$@ TEST_RUN='$(VALGRIND)' $(1)

# Valgrind is slow and the sanitizers have seen the rest: what owns memory, and of the suites with
# servers one of each kind.
MEMORABLE := shortage: exchange: retry: shared: failover: message_call: hold: journal: queue: features: receive: payload: reading: receiver: \
    shipment: allocator: buffer: envelope: tree: config: jid: pack: stream:
valgrind: deps
	$(call under_valgrind,run-unit ARGS='$(MEMORABLE)')
	$(call under_valgrind,run-plugin)
	$(call under_valgrind,run-integration ARGS='call: unruly:')

run-all: $(TESTS)
	$(call in_turn,run-unit run-plugin run-integration run-ws run-federation run-cluster)

ci:
	$(Q).ci/run

demo: deps-demo
	$(Q)$(MAKE) --no-print-directory $(SAMPLES)
	$(Q)tools/demo.sh $(BUILD)

deps:
	$(Q)tools/install-packages.sh build demo test

deps-bench:
	$(Q)tools/install-packages.sh build demo test bench

deps-demo:
	$(Q)tools/install-packages.sh build demo

# ---- fuzzing -------------------------------------------------------------------------------------

# Seconds for each fuzzer; FUZZERS=stream runs one alone. What they find goes to $(BUILD)/fuzz.
FUZZ_SECONDS ?= 60
FUZZERS ?= $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SHARED := $(call obj,$(addprefix tests/fuzz/,claims.c feed.c fuzz.c))

$(FUZZERS:%=$(BUILD)/fuzz-%): $(BUILD)/fuzz-%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(FUZZ_SHARED) \
    $(filter-out $(SEE_GSOAP),$(LIB_OBJECTS))
	$(call say,LINK,$@)
	$(Q)$(call link,-fsanitize=fuzzer)

# The other end of bytestreams: tests/fuzz/fuzz_iq.c.
$(BUILD)/fuzz-iq: LDFLAGS += $(addprefix -Wl$(,)--wrap=sx_shipments_,reply again receive take)

run-fuzz: $(FUZZERS:%=$(BUILD)/fuzz-%)
	$(Q)nice -n 10 tests/fuzz/run.sh $(BUILD) $(FUZZ_SECONDS) $(FUZZERS)

fuzz:
	$(Q)tools/install-packages.sh build fuzz
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/$@ SANITIZE=fuzzer CC=clang CFLAGS='-O1 -g' \
	    run-fuzz

# ---- the packed form -----------------------------------------------------------------------------

# The committed dictionary is part of the protocol: another libzstd may make another from the same.
DICTIONARY := tools/dictionary/content.txt $(sort $(wildcard tools/dictionary/samples/*.xml))

$(BUILD)/dictionary: $(call obj,tools/dictionary/dictionary.c)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LINK_HARDENING) $(LDFLAGS) -o $@ $^ -lzstd

dictionary: $(BUILD)/dictionary
	$(BUILD)/dictionary $(DICTIONARY) > $(BUILD)/dictionary.c
	@cmp lib/soap/dictionary.c $(BUILD)/dictionary.c && echo 'the same as lib/soap/dictionary.c'

$(BUILD)/codec: $(call obj,bench/codec.c $(addprefix lib/,soap/pack.c soap/dictionary.c base/base64.c xml/gauge.c base/buffer.c))
	$(call say,LINK,$@)
	$(Q)$(CC) -pthread $(CFLAGS) $(LINK_HARDENING) $(LDFLAGS) -o $@ $^ -lz -lexpat -lzstd

bench-codec: deps
	$(Q)$(MAKE) --no-print-directory $(BUILD)/codec
	$(Q)nice -n 10 $(BUILD)/codec $(sort $(wildcard tools/dictionary/held/*.xml))

# ---- linting -------------------------------------------------------------------------------------

# tests/install is left out: its stubs are made while it runs.
LINTED := $(filter-out tests/install/% $(if $(MOSQUITTO),,bench/mqtt.c),$(shell find lib samples tests bench -name '*.c'))
HEADERS := $(shell find lib tests bench -name '*.h')

$(BUILD)/lint/%.tidy: %.c .clang-tidy tests/.clang-tidy $(HEADERS)
	$(call say,TIDY,$<)
	@mkdir -p $(@D)
	$(Q)clang-tidy --quiet $< -- -std=c11 -D_GNU_SOURCE -pthread $(INCLUDES) $(GSOAP_CFLAGS) \
	    $(CPPFLAGS) > $@.log 2>&1 || { cat $@.log >&2; exit 1; }
	@touch $@

# cppcheck reads no system header, but these hold macros with blocks.
MACROS := $(wildcard /usr/include/CUnit/CUnit.h /usr/include/sys/queue.h /usr/include/*/sys/queue.h)

run-cppcheck:
	$(call say,CPPCHECK,lib samples tests bench)
	$(Q)cppcheck --quiet --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
	    --suppressions-list=.cppcheck --std=c11 -D_GNU_SOURCE -DSOAP_XMPP_NO_GSOAP \
	    $(INCLUDES) $(MACROS:%=--include=%) $(LINTED)

run-lint: run-cppcheck $(LINTED:%.c=$(BUILD)/lint/%.tidy)

lint:
	$(Q)tools/install-packages.sh build test lint
	$(Q)$(MAKE) --no-print-directory run-lint

# ---- the rest ------------------------------------------------------------------------------------

install: $(LIBRARIES)
	install -d $(DESTDIR)$(INCLUDEDIR) $(DESTDIR)$(LIBDIR)/pkgconfig
	install -m 644 lib/soap_xmpp.h $(DESTDIR)$(INCLUDEDIR)/
	install -m 644 $(BUILD)/libsoapxmpp.a $(DESTDIR)$(LIBDIR)/
	install -m 644 $(BUILD)/$(SONAME) $(DESTDIR)$(LIBDIR)/libsoapxmpp.so.$(VERSION)
	ln -sf libsoapxmpp.so.$(VERSION) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libsoapxmpp.so
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@VERSION@|$(VERSION)|' \
	    -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' -e 's|@SYSTEM_LIBS@|$(SYSTEM_LIBS)|' lib/soapxmpp.pc.in \
	    > $(DESTDIR)$(LIBDIR)/pkgconfig/soapxmpp.pc

uninstall:
	rm -f $(DESTDIR)$(INCLUDEDIR)/soap_xmpp.h $(DESTDIR)$(LIBDIR)/pkgconfig/soapxmpp.pc \
	    $(addprefix $(DESTDIR)$(LIBDIR)/,libsoapxmpp.a libsoapxmpp.so $(SONAME) \
	    libsoapxmpp.so.$(VERSION))

wsdl: $(BUILD)/gen/calculator/soapC.c $(BUILD)/gen/station/soapC.c
	cp $(BUILD)/gen/calculator/*.wsdl $(BUILD)/gen/station/*.wsdl wsdl/

format:
	clang-format -i $$(find lib samples tests bench -name '*.[ch]' ! -name calc.h ! -name lab.h \
	    ! -name contract.h ! -name records.h ! -name ws.h ! -path '*/two/*')

clean:
	rm -rf $(BUILD)

help:
	@echo 'make [all]      the libraries and the samples, in $(BUILD)/'
	@echo 'make demo       a service and a client on a throw-away Prosody'
	@echo 'make test       all tests; check: those without servers'
	@echo 'make asan       all tests with the address and undefined behaviour sanitizers;'
	@echo '     tsan       with the thread sanitizer;  valgrind: with valgrind'
	@echo 'make fuzz       random input, FUZZ_SECONDS=$(FUZZ_SECONDS) for each fuzzer [FUZZERS=stream]'
	@echo 'make bench-codec   what packing costs and saves; dictionary: how its dictionary was made'
	@echo 'make soak       SOAK_SECONDS=$(SOAK_SECONDS) of calls while connections break: nothing may grow'
	@echo 'make lint       cppcheck and clang-tidy'
	@echo 'make ci         what has to pass before a change is taken'
	@echo 'make run-unit | run-plugin | run-install | run-samples | run-integration | run-ws'
	@echo '         | run-federation | run-cluster   [ARGS=part-of-a-name]'
	@echo 'make run-nat    calls through real NATs, in network namespaces (root, nftables)'
	@echo 'make install | uninstall   [PREFIX=$(PREFIX)] [LIBDIR=...] [DESTDIR=...]'
	@echo 'make bench      what a call costs, beside what the server alone costs (ARGS=--help);'
	@echo '                bench-plot: a picture of it; run-bench-smoke: whether it works at all'
	@echo 'make bench-fleet   FLEET_DEVICES=$(FLEET_DEVICES) devices on one server; bench-scale: a component of several'
	@echo '                processes on a cluster, some of them killed (docs/scaling.md)'
	@echo 'make deps       installs the Debian packages that are missing'
	@echo 'make wsdl       wsdl/*.wsdl anew from wsdl/*.h;  format: clang-format;  clean'

.PHONY: all run-unit run-plugin run-install run-samples run-nat run-integration run-ws run-federation run-cluster run-fuzz \
    run-all check test asan tsan valgrind fuzz soak lint run-lint run-cppcheck ci demo deps \
    deps-demo deps-bench dictionary bench bench-plot bench-codec run-bench run-bench-plot \
    run-bench-smoke bench-fleet run-bench-fleet run-bench-fleet-smoke bench-scale run-bench-scale install uninstall wsdl format clean help

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
