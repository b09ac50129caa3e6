# tests.mk - the test programs, and running them: as they are, with sanitizers, under valgrind.

# A scripted server: tests/lib/hostile.h.
HOSTILE := tcp.c guest.c hostile.c hostile_link.c hostile_script.c hostile_scram.c hostile_certificates.c scram_server.c

UNIT_OBJECTS := $(call obj,$(wildcard tests/unit/*.c tests/unit/*/*.c) tests/lib/suite.c)
PLUGIN_OBJECTS := $(call obj,$(wildcard tests/plugin/*.c) tests/lib/suite.c tests/lib/loopback.c)
INTEGRATION_OBJECTS := $(call obj,$(wildcard tests/integration/*.c) $(addprefix tests/lib/,suite.c \
    names.c bindings.c retry_waits.c wall_clock.c proxy.c passage.c hoard.c stranger.c child.c rerun.c $(HOSTILE)))
LABORATORY_OBJECTS := $(call obj,$(addprefix tests/lib/,suite.c tcp.c proxy.c passage.c) \
    $(addprefix tests/integration/,laboratory.c site.c))
FEDERATION_OBJECTS := $(call obj,$(wildcard tests/federation/*.c)) $(LABORATORY_OBJECTS)
WS_OBJECTS := $(call obj,$(wildcard tests/ws/*.c) $(addprefix tests/lib/,suite.c child.c tcp.c proxy.c \
    passage.c) $(addprefix tests/integration/,site.c scale.c))
CLUSTER_OBJECTS := $(call obj,$(wildcard tests/cluster/*.c) tests/integration/site.c \
    $(addprefix tests/lib/,suite.c child.c))
SOAK_OBJECTS := $(call obj,$(wildcard tests/soak/*.c)) $(LABORATORY_OBJECTS)

# By soap_xmpp.h alone, without gSOAP.
BYTES_OBJECTS := $(call obj,$(wildcard tests/bytes/*.c) $(addprefix tests/integration/,site.c witness.c) $(addprefix \
    tests/lib/,suite.c child.c tcp.c proxy.c passage.c))

MIXED_OBJECTS := $(call obj,$(wildcard tests/mixed/*.c) $(addprefix tests/integration/,site.c scale.c) $(addprefix \
    tests/lib/,suite.c child.c tcp.c proxy.c passage.c))

CXX_OBJECTS := $(patsubst %.cpp,$(BUILD)/obj/%.o,$(wildcard tests/cxx/*.cpp))

TESTS := $(addprefix $(BUILD)/,unit unit-plugin unit-contract unit-tool unit-gateway gateway-link integration bytes ws \
    cxx federation cluster)

CONTRACT_TESTS := $(call obj,$(wildcard tests/contract/*.c) tests/lib/suite.c)

$(eval $(call uses,$(filter $(BUILD)/obj/tests/plugin/%,$(PLUGIN_OBJECTS)),plugin))
$(eval $(call uses,$(filter $(BUILD)/obj/tests/integration/%,$(INTEGRATION_OBJECTS)),lab))
$(eval $(call uses,$(call obj,tests/integration/mortal/mortal.c),ledger))
$(eval $(call uses,$(call obj,$(wildcard tests/federation/*.c tests/soak/*.c)),lab))
$(eval $(call uses,$(call obj,$(wildcard tests/ws/*.c)),ws))
$(eval $(call uses,$(call obj,tests/nat/caller.c tests/nat/service.c),calculator))
WS_USERS := $(call obj,$(wildcard tests/ws/*.c))
$(WS_USERS) $(call lint_of,$(WS_USERS)): CPPFLAGS += $(ws_FLAGS)
ORACLE_USERS := $(call obj,tests/oracle/oracle.c)
$(eval $(call uses,$(ORACLE_USERS),oracle))
$(ORACLE_USERS) $(call lint_of,$(ORACLE_USERS)): CPPFLAGS += $(oracle_FLAGS)
TWO_USERS := $(filter $(BUILD)/obj/tests/plugin/%,$(PLUGIN_OBJECTS)) $(WS_USERS)
$(TWO_USERS) $(call lint_of,$(TWO_USERS)): CPPFLAGS += -I$(BUILD)/gen/two
$(TWO_USERS) $(call lint_of,$(TWO_USERS)): | $(TWO:%=$(BUILD)/gen/two/%H.h)

# ---- linking -------------------------------------------------------------------------------------

# Allocations of the unit tests can be made to fail: tests/lib/shortage.h.
SHORTAGE := $(addprefix -Wl$(,)--wrap=,malloc calloc realloc mmap strdup strndup asprintf __asprintf_chk \
    XML_ParserCreate ZSTD_createCCtx ZSTD_createDCtx ZSTD_createCDict ZSTD_createDDict \
    idn2_lookup_u8 idn2_to_unicode_8z8z) -l:libidn.a

# The name service can be one of the tests' own: tests/lib/names.h.
NAMES := $(addprefix -Wl$(,)--wrap=,getaddrinfo sx_dns_ask sx_dns_begin sx_hosts_find)

# What a link has of its channel can be less: tests/lib/bindings.h.
BINDINGS := -Wl$(,)--wrap=sx_tls_read_binding

# Waits before an attempt can be short: tests/lib/retry_waits.h. The clock can be wrong: tests/lib/wall_clock.h.
RETRY_WAITS := $(addprefix -Wl$(,)--wrap=,sx_backoff_next_us sx_backoff_refused_us sx_backoff_look_us)
WALL_CLOCK := -Wl$(,)--wrap=sx_clock_moment

# What is wiped is looked at before: tests/lib/wipes.h.
WIPES := $(addprefix -Wl$(,)--wrap=,explicit_bzero __explicit_bzero_chk OPENSSL_cleanse)

# What is freed, too: tests/lib/freed.h.
FREED := -Wl$(,)--wrap=free

# What a thread waits for: tests/lib/waits.h.
WAITS := $(addprefix -Wl$(,)--wrap=,poll select usleep connect recv send writev sendmsg)

# What a link writes can be taken by the test: tests/lib/posted.h.
POSTED := $(addprefix -Wl$(,)--wrap=sx_loop_,post post_again note_pong speed)

# OpenSSL can have nothing to read any more: tests/lib/ssl_read.h.
SSL_READ := $(addprefix -Wl$(,)--wrap=SSL_,read get_error)

# A test's own time: tests/lib/stopped_clock.h.
STOPPED_CLOCK := -Wl$(,)--wrap=sx_clock_now_us

# What the oracle's link answers goes nowhere, and each of the two layers can be switched off.
ORACLE_WRAP := $(addprefix -Wl$(,)--wrap=sx_,answer_send answer_refuse access_service_has action_withhold \
    gate_next gate_is_open)

$(BUILD)/unit: $(UNIT_OBJECTS) $(call obj,$(addprefix tests/lib/,shortage.c names.c name_server.c wipes.c freed.c \
    posted.c element_text.c attribute.c stopped_clock.c ssl_read.c hoard.c waits.c rerun.c $(HOSTILE))) \
    $(CORE_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(call link,$(SHORTAGE) $(NAMES) $(WIPES) $(FREED) $(WAITS) $(POSTED) $(STOPPED_CLOCK) $(SSL_READ) -lcunit)

# Examples of requests and answers, by soapcpp2 beside its WSDLs; $(BUILD)/gen has the same without examples.
STUBS := calculator station relay guard
$(foreach s,$(STUBS),$(eval $(BUILD)/stubs/$(s)/$(s).wsdl: wsdl/$(s).h))
$(foreach s,$(STUBS),$(BUILD)/stubs/$(s)/$(s).wsdl):
	$(call say,SOAPCPP2,$<)
	@mkdir -p $(@D)
	$(Q)soapcpp2 -2 -c -L -I$(GSOAP_SHARE)/import -I$(GSOAP_SHARE) -d $(@D) $< > $(@D)/log 2>&1 \
	    || { cat $(@D)/log >&2; exit 1; }

CONTRACT_USERS := $(filter $(BUILD)/obj/tests/contract/%,$(CONTRACT_TESTS))
$(CONTRACT_USERS) $(call lint_of,$(CONTRACT_USERS)): CPPFLAGS += $(XML_CFLAGS) -DSTUBS='"$(BUILD)/stubs"'

# The archive alone, and nothing of lib/: it needs none.
$(BUILD)/unit-contract: $(CONTRACT_TESTS) $(BUILD)/libcontract.a | $(foreach s,$(STUBS),$(BUILD)/stubs/$(s)/$(s).wsdl)
	$(call say,LINK,$@)
	$(Q)$(CC) -pthread $(CFLAGS) $(LINK_HARDENING) $(LDFLAGS) $(addprefix -Wl$(,)--wrap=,malloc calloc realloc strdup \
	    strndup) -o $@ $^ $(XML_LIBS) -lcunit

# What of the tool needs neither a server nor a link.
TOOL_UNIT_OBJECTS := $(call obj,$(wildcard tests/soap-xmpp/unit/*.c) tests/lib/suite.c contract/plain.c \
    $(addprefix soap-xmpp/,histogram.c pretty.c doctor/finding.c doctor/offer.c))
TOOL_TESTS := $(filter $(BUILD)/obj/tests/soap-xmpp/%,$(TOOL_UNIT_OBJECTS))
$(TOOL_TESTS) $(call lint_of,$(TOOL_TESTS)): CPPFLAGS += -Isoap-xmpp

$(BUILD)/unit-tool: $(TOOL_UNIT_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CC) -pthread $(CFLAGS) $(LINK_HARDENING) $(LDFLAGS) -o $@ $^ -lxml2 -lcunit

$(BUILD)/unit-plugin: $(PLUGIN_OBJECTS) $(plugin_STUBS) $(plugin_SKELETON) $(plugin_PLUGINS) $(TWO_OBJECTS) \
    $(filter-out $(call obj,$(addprefix lib/link/,call.c message_call.c answer.c preparation.c posting.c \
    posting_step.c)),$(LIB_OBJECTS))
	$(call say,LINK,$@)
	$(Q)$(call link,-Wl$(,)--wrap=sx_session_await$(,)--wrap=sx_session_await_online $(GSOAP_LIBS) -lcunit)

$(BUILD)/integration: $(INTEGRATION_OBJECTS) $(lab_STUBS) $(lab_SKELETON) $(LIB_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(call link,$(NAMES) $(BINDINGS) $(RETRY_WAITS) $(WALL_CLOCK) $(GSOAP_LIBS) -lcunit)

# It sees of the core what programs see, and has a clock and buffers of its own. A sanitizer has to see the core's
# objects.
BYTES_WITH := $(if $(SANITIZE),$(CORE_OBJECTS),$(call obj,$(addprefix lib/base/,clock.c buffer.c utf8.c)) \
    $(BUILD)/$(CORE_SONAME))
$(BUILD)/bytes: $(BYTES_OBJECTS) $(BYTES_WITH)
	$(call say,LINK,$@)
	$(Q)$(if $(SANITIZE),$(call link,-lcunit),$(CC) -pthread $(CFLAGS) $(LINK_HARDENING) $(LDFLAGS) -o $@ $^ \
	    -Wl$(,)-rpath$(,)$(abspath $(BUILD)) -lcunit)

# A process that the integration tests kill.
$(BUILD)/mortal: $(call obj,tests/integration/mortal/mortal.c tests/lib/line.c) $(ledger_STUBS) $(ledger_SKELETON) \
    $(LIB_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(call link,-Wl$(,)--wrap=sx_trace_stanza $(GSOAP_LIBS))

$(BUILD)/integration: | $(BUILD)/mortal

# Their WSDLs are given away: tests/integration/test_describe.c.
$(BUILD)/integration: | $(patsubst %,$(BUILD)/gen/%/soapC.c,calculator station relay guard)

$(BUILD)/federation: $(FEDERATION_OBJECTS) $(lab_STUBS) $(lab_SKELETON) $(LIB_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(call link,$(GSOAP_LIBS) -lcunit)

$(BUILD)/ws: $(WS_OBJECTS) $(ws_STUBS) $(ws_SKELETON) $(ws_PLUGINS) $(TWO_OBJECTS) $(LIB_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(call link,-lgsoapssl -lcunit)

$(BUILD)/obj/%.o: %.cpp
	$(call say,CXX,$<)
	@mkdir -p $(@D)
	$(Q)$(CPLUSPLUS) $(filter-out %-prototypes -Wshadow,$(WARNINGS)) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(CXX_OBJECTS): CPPFLAGS += -I$(CLASSES) $(GSOAP_CFLAGS)
$(CXX_OBJECTS): | $(CLASS_OBJECTS)

$(BUILD)/cxx: $(CXX_OBJECTS) $(CLASS_OBJECTS) $(call obj,tests/integration/site.c $(addprefix tests/lib/,suite.c \
    child.c)) $(LIB_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(call link,-lgsoap++ -lstdc++ -lcunit)

$(BUILD)/cluster: $(CLUSTER_OBJECTS) $(CORE_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(call link,-lcunit)

$(BUILD)/cluster: | $(BUILD)/mortal

$(BUILD)/soak: $(SOAK_OBJECTS) $(lab_STUBS) $(lab_SKELETON) $(LIB_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(call link,$(GSOAP_LIBS) -lcunit)

ORACLE_PARTS := $(call obj,tests/oracle/oracle.c tests/oracle/sample.c) $(oracle_STUBS) $(oracle_PLUGINS) \
    $(LIB_OBJECTS)

# The same service, whose operations are found by their elements, or by actions as well.
ORACLES := $(BUILD)/oracle $(BUILD)/oracle-action

$(BUILD)/oracle: $(oracle_SKELETON)
$(BUILD)/oracle-action: $(oracle-action_SKELETON)
$(ORACLES): $(call obj,tests/oracle/main.c) $(ORACLE_PARTS)
	$(call say,LINK,$@)
	$(Q)$(call link,$(ORACLE_WRAP) $(GSOAP_LIBS))

NAT := $(BUILD)/nat-caller $(BUILD)/nat-service

$(BUILD)/nat-caller: $(call obj,tests/nat/caller.c) $(calculator_STUBS) $(LIB_OBJECTS)
$(BUILD)/nat-service: $(call obj,tests/nat/service.c) $(calculator_STUBS) $(calculator_SKELETON) \
    $(LIB_OBJECTS)
$(NAT):
	$(call say,LINK,$@)
	$(Q)$(call link,$(GSOAP_LIBS))

# ---- mixed versions ------------------------------------------------------------------------------

# Each tests/mixed/VERSION.tar.xz is the library of an earlier time, built by its own Makefile and installed in
# $(BUILD)/older/VERSION: tests/mixed/README.md. What it is linked with is of this system, not of that time. Its
# sources go again: their dependencies have names of this tree.
OLDER_VERSIONS := $(patsubst tests/mixed/%.tar.xz,%,$(wildcard tests/mixed/*.tar.xz))
OLDER := $(BUILD)/older
MIXED_OBJ := $(call obj,tests/mixed/pair.c)
$(MIXED_OBJ) $(call lint_of,$(MIXED_OBJ)): CPPFLAGS += -DOLDER_VERSIONS='"$(OLDER_VERSIONS)"'
$(MIXED_OBJ): $(OLDER_VERSIONS:%=tests/mixed/%.tar.xz)

$(OLDER_VERSIONS:%=$(OLDER)/%/installed): $(OLDER)/%/installed: tests/mixed/%.tar.xz
	$(call say,OLDER,$*)
	$(Q)rm -rf $(@D) && mkdir -p $(@D)/source && tar -xJf $< --strip-components=1 -C $(@D)/source
	$(Q)$(MAKE) -C $(@D)/source --no-print-directory BUILD=build WERROR= SANITIZE= CC='$(CC)' CFLAGS=-O2 LDFLAGS= \
	    SYSTEM_LIBS='$(SYSTEM_LIBS)' DESTDIR= PREFIX=$(abspath $(@D)) LIBDIR=$(abspath $(@D))/lib \
	    INCLUDEDIR=$(abspath $(@D))/include install > $(@D)/log 2>&1 || { cat $(@D)/log >&2; exit 1; }
	$(Q)rm -rf $(@D)/source
	@touch $@

# One program, compiled for the library of each version and for this one; what was compiled for an older one
# runs with this one, too: an upgrade without compiling anew.
PEER_USERS := $(wildcard tests/mixed/peer/*.c)
PEER_SOURCES := $(PEER_USERS) tests/lib/line.c
PEER_HEADERS := tests/mixed/peer/peer.h tests/lib/line.h
PEERS := $(BUILD)/peer $(foreach v,$(OLDER_VERSIONS),$(BUILD)/peer-$(v) $(BUILD)/peer-$(v)-upgraded)
$(eval $(call uses,$(call obj,$(PEER_USERS)),mixed))

$(OLDER_VERSIONS:%=$(OLDER)/%/peer.o): $(OLDER)/%/peer.o: $(PEER_SOURCES) $(PEER_HEADERS) $(BUILD)/gen/mixed/soapH.h \
    $(OLDER)/%/installed
	$(call say,CC,$@)
	$(Q)for s in $(PEER_SOURCES); do $(CC) -std=c11 -D_GNU_SOURCE -pthread $(WARNINGS) -I$(@D)/include \
	    -I$(BUILD)/gen/mixed $(GSOAP_CFLAGS) $(CFLAGS) -c -o $(@D)/$$(basename $$s .c).part.o $$s || exit 1; done
	$(Q)$(LD) -r -o $@ $(@D)/*.part.o

# $(call peer,LIBRARY FOLDER): with the shared libraries there, which it finds again, as the plugin finds the core. An
# older version may have but one.
peer = $(CC) -pthread $(CFLAGS) $(LINK_HARDENING) $(LDFLAGS) -o $@ $(filter %.o,$^) \
    $(1)/libsoapxmpp*.so.0 -Wl,--disable-new-dtags,-rpath,$(abspath $(1)) $(GSOAP_LIBS)

$(BUILD)/peer: $(call obj,$(PEER_SOURCES)) $(mixed_STUBS) $(mixed_SKELETON) $(BUILD)/$(SONAME)
	$(call say,LINK,$@)
	$(Q)$(call peer,$(BUILD))
$(OLDER_VERSIONS:%=$(BUILD)/peer-%): $(BUILD)/peer-%: $(OLDER)/%/peer.o $(mixed_STUBS) $(mixed_SKELETON)
	$(call say,LINK,$@)
	$(Q)$(call peer,$(OLDER)/$*/lib)
$(OLDER_VERSIONS:%=$(BUILD)/peer-%-upgraded): $(BUILD)/peer-%-upgraded: $(OLDER)/%/peer.o $(mixed_STUBS) \
    $(mixed_SKELETON) $(BUILD)/$(SONAME)
	$(call say,LINK,$@)
	$(Q)$(call peer,$(BUILD))

$(BUILD)/mixed: $(MIXED_OBJECTS) $(CORE_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(call link,-lcunit)

$(BUILD)/mixed: | $(PEERS)

# ---- running -------------------------------------------------------------------------------------

# TEST_RUN goes before each test program, ARGS after it: make run-unit ARGS=envelope
TEST_RUN ?=
ARGS ?=
IDN_HOST := IDN_HOST=bücher.test,ACCOUNTS=$(CURDIR)/tests/integration/accounts
HOSTS := SECOND_HOST=second.xmpp.test,$(IDN_HOST)
SERVERS ?= prosody,$(HOSTS) \
    "ejabberd,$(HOSTS),USERS=alice:alicepw bob:bobpw carol:carolpw,MAX_SESSIONS=carol:2" \
    fragile=prosody,CERT=chained frail=ejabberd,SCRAM_HASH=sha512,CERT=chained \
    $(foreach c,expired selfsigned wronghost,$(c)=prosody$(,)CERT=$(c))

# The same as Debian configures them (tests/integration/scale.h).
DEBIAN_SERVERS ?= prosody,CONFIG=debian,$(IDN_HOST) \
    "ejabberd,CONFIG=debian,$(IDN_HOST),USERS=alice:alicepw bob:bobpw carol:carolpw" \
    fragile=prosody,CONFIG=debian,CERT=chained frail=ejabberd,CONFIG=debian,CERT=chained \
    $(foreach c,expired selfsigned wronghost,$(c)=prosody$(,)CONFIG=debian$(,)CERT=$(c))
DEBIAN_PAIR := prosody,CONFIG=debian ejabberd,CONFIG=debian
VALGRIND := valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite

run-unit: $(BUILD)/unit
	$(TEST_RUN) $(BUILD)/unit $(ARGS)

run-contract: $(BUILD)/unit-contract
	$(TEST_RUN) $(BUILD)/unit-contract $(ARGS)

run-plugin: $(BUILD)/unit-plugin
	$(TEST_RUN) $(BUILD)/unit-plugin $(ARGS)

run-tool: $(BUILD)/unit-tool
	$(TEST_RUN) $(BUILD)/unit-tool $(ARGS)

# What doctor finds, beside servers that have it.
DOCTOR_SERVERS := prosody clear=prosody,TLS=off $(foreach c,wronghost expired,$(c)=prosody$(,)CERT=$(c))
run-doctor run-doctor-throttled: $(TOOL)
	tools/with-servers $(DOCTOR_SERVERS) -- /usr/bin/python3 -B tests/soap-xmpp/run.py $(BUILD) --folder doctor $(ARGS)

# With Debian's own configurations, which slow it down: half a minute more.
run-doctor-throttled: DOCTOR_SERVERS += slowprosody=prosody,CONFIG=debian slowejabberd=ejabberd,CONFIG=debian

# What runs is what was allowed: tests/oracle/oracle.c.
ORACLE_COUNT ?= 500000
ORACLE_ALONE ?= 100000

run-oracle: $(ORACLES)
	tests/oracle/run.sh $(BUILD) $(ORACLE_COUNT) $(ORACLE_ALONE)

# The delivery of calls as spin sees it: docs/internals/models.md. MODEL=long: more of the world, minutes.
MODEL ?= short

run-model:
	tests/model/run.sh $(BUILD) $(MODEL)

run-install: all
	tests/install/run.sh $(BUILD)

run-samples: $(SAMPLES)
	tools/with-servers prosody,CONFIG=debian -- tests/samples/run.sh $(BUILD)

# Without Node 20, or a way to npm's packages, what is written for it is left out, and that is told.
run-languages: $(SAMPLES)
	tools/with-servers prosody ejabberd -- tests/languages/run.sh $(BUILD)

# Whether the documents say what is there; and the commands that they give, as a user types them.
run-docs: $(BUILD)/gen/calculator/soapH.h
	tests/docs/run.sh $(BUILD)

run-commands: all
	tools/with-servers prosody,CONFIG=debian,HOST=example.org,USERS='calc:calcpw alice:alicepw',COMPONENTS=calc:secret -- \
	    tests/docs/commands.sh $(BUILD)

# The tool as a user runs it. By message any process of an account may be meant: those tests have their own.
TOOL_USERS := $(foreach u,alice bob carol dave,$(u):$(u)pw)
run-soap-xmpp: $(TOOL) $(MANUAL)
	tools/with-servers $(foreach s,prosody ejabberd,"$(s)$(,)USERS=$(TOOL_USERS)") -- \
	    /usr/bin/python3 -B tests/soap-xmpp/run.py $(BUILD) $(ARGS)

run-nat: $(SAMPLES) $(NAT)
	$(Q)tools/install-packages.sh build demo nat
	tests/nat/run.sh $(BUILD)

run-integration: $(BUILD)/integration
	tools/with-servers $(SERVERS) -- $(TEST_RUN) $(BUILD)/integration $(ARGS)

run-bytes: $(BUILD)/bytes
	tools/with-servers prosody ejabberd -- $(TEST_RUN) $(BUILD)/bytes $(ARGS)

run-sized: $(BUILD)/integration
	tools/with-servers $(DEBIAN_SERVERS) -- $(TEST_RUN) $(BUILD)/integration $(ARGS)

run-sized-ws: $(BUILD)/ws
	tools/with-servers $(DEBIAN_PAIR) -- $(TEST_RUN) $(BUILD)/ws $(ARGS)

run-sized-cxx: $(BUILD)/cxx
	tools/with-servers $(DEBIAN_PAIR) -- $(TEST_RUN) $(BUILD)/cxx $(ARGS)

# Whether they are Debian's.
run-servers:
	tools/with-servers prosody,CONFIG=debian,$(HOSTS) ejabberd,CONFIG=debian,$(HOSTS) -- tests/servers/run.sh

# The part of that which is about the rate, THROTTLED_BYTES=200000, THROTTLED_CALLS=6: minutes. CONFIG=advised: with what
# docs/servers.md says to set.
CONFIG ?= debian

run-throttled: $(BUILD)/integration
	tools/with-servers prosody,CONFIG=$(CONFIG) ejabberd,CONFIG=$(CONFIG) -- \
	    $(TEST_RUN) $(BUILD)/integration throttled: $(ARGS)

# What docs/servers.md says to set is what it gains.
run-advised:
	$(Q)$(MAKE) --no-print-directory run-throttled CONFIG=advised THROTTLED_BYTES=200000

run-ws: $(BUILD)/ws
	tools/with-servers prosody ejabberd -- $(TEST_RUN) $(BUILD)/ws $(ARGS)

run-cxx: $(BUILD)/cxx
	tools/with-servers prosody ejabberd -- $(TEST_RUN) $(BUILD)/cxx $(ARGS)

# 77: there can be no federation here, and it was said why.
run-federation: $(BUILD)/federation
	tools/with-servers federation -- timeout --foreground 300 $(TEST_RUN) $(BUILD)/federation $(ARGS) \
	    || [ $$? = 77 ]

# docs/ejabberd.yml is tested along with it. 77: there can be no cluster here, and it was said why.
run-cluster: $(BUILD)/cluster
	tools/with-servers cluster,CONFIG=$(CURDIR)/docs/ejabberd.yml -- timeout --foreground 600 $(TEST_RUN) \
	    $(BUILD)/cluster $(ARGS) || [ $$? = 77 ]

# MIXED_LONG=1: everything at both servers, and a long storm.
MIXED_SERVERS := prosody ejabberd fragile=prosody frail=ejabberd

run-mixed: $(BUILD)/mixed
	tools/with-servers $(MIXED_SERVERS) -- $(BUILD)/mixed $(ARGS)

# All but big: what goes in pieces is over the servers' stanza limits, minutes at Debian's rates.
SIZED_MIXED := delivery: packed: message: death: storm: shared:

run-sized-mixed: $(BUILD)/mixed
	tools/with-servers $(DEBIAN_PAIR) $(foreach s,fragile=prosody frail=ejabberd,$(s)$(,)CONFIG=debian) -- \
	    $(BUILD)/mixed $(if $(ARGS),$(ARGS),$(SIZED_MIXED))

SOAK_SECONDS ?= 600

soak: deps
	$(Q)$(MAKE) --no-print-directory $(BUILD)/soak
	SOAK_SECONDS=$(SOAK_SECONDS) tools/with-servers prosody ejabberd -- $(TEST_RUN) $(BUILD)/soak

# ---- running side by side ------------------------------------------------------------------------

# Suites wait most of the time: for a server, an interval, a deadline. So LANES of them run at once, each lane
# beside servers of its own; slow ones first, by the seconds of the last time in $(BUILD)/logs or else by
# tests/seconds (tools/side-by-side).
LANES ?= $(shell echo $$((3 * $$(nproc))))
LOGS ?= $(BUILD)/logs
# Those beside Debian's servers wait for these.
SIZED_LANES ?= $(LANES)
side_by_side = $(Q)tools/side-by-side --at-once $(LANES) --logs $(LOGS) --seconds tests/seconds \
    --before '$(TEST_RUN)' --servers '$(SERVERS)'
sized_suites = --beside sized $(BUILD)/integration $(SIZED_LANES) '$(DEBIAN_SERVERS)' \
    --beside sized-ws $(BUILD)/ws 2 '$(DEBIAN_PAIR)' --beside sized-cxx $(BUILD)/cxx 1 '$(DEBIAN_PAIR)'
targets = $(foreach t,$(1),--run $(t) '$(MAKE) --no-print-directory BUILD=$(BUILD) run-$(t)')
unit_suites = --suites unit $(BUILD)/unit --suites plugin $(BUILD)/unit-plugin --suites contract $(BUILD)/unit-contract \
    --suites tool $(BUILD)/unit-tool --suites gateway-unit $(BUILD)/unit-gateway
served_suites = --served integration $(BUILD)/integration --served bytes $(BUILD)/bytes --served ws $(BUILD)/ws \
    --served cxx $(BUILD)/cxx --served gateway-link $(BUILD)/gateway-link

check: $(BUILD)/unit $(BUILD)/unit-plugin $(BUILD)/unit-contract $(BUILD)/unit-tool $(BUILD)/unit-gateway \
    $(ORACLES) $(BUILD)/gen/calculator/soapH.h
	$(call side_by_side) $(unit_suites) $(call targets,bench-unit docs oracle model)

# What install, samples and so on need is made before, as they run at the same time.
test: deps
	$(Q)$(MAKE) --no-print-directory all $(TESTS) $(BUILD)/mixed $(ORACLES) $(NAT) $(FLEET) $(LOGIN) $(BUILD)/codec \
	    $(GATEWAY_OTHERS)
	$(call side_by_side) $(unit_suites) $(served_suites) $(sized_suites) --served mixed $(BUILD)/mixed \
	    $(call targets,bench-unit docs oracle model install commands soap-xmpp doctor gateway \
	    samples languages servers advised federation cluster nat bench-fleet-smoke bench-login-smoke)

# The sanitizers see the test programs alone: install, samples, commands and nat look at how programs are
# built, told and connected, in which no byte and no thread differs; mixed at what travels between processes that
# are built without them. asan adds what is read or written out of bounds, after its end, or with undefined
# behaviour; tsan what two threads touch at once. A shorter storm: under a sanitizer each call takes several
# times as long, and faults come by bytes.
asan tsan: export STORM_CALLS ?= 3000
asan tsan: export BIG_STORM ?= 0
asan tsan: deps
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/$@ SANITIZE=$(if $(filter asan,$@),address,thread) run-all

run-all: $(TESTS)
	$(call side_by_side) $(unit_suites) $(served_suites) $(call targets,federation cluster)

# What valgrind adds to the sanitizers is the use of memory that was never written. It takes the programs as
# they are. The first three are long and do over and over what shorter suites do once; of the suites with
# servers it sees one of each kind. valgrind-all: everything.
LONG_UNDER_VALGRIND := shared_jid shortage_connect flood
valgrind valgrind-all: LOGS := $(BUILD)/logs/valgrind
valgrind valgrind-all: TEST_RUN := $(VALGRIND)
valgrind: LANES := $(shell nproc)
valgrind: deps
	$(Q)$(MAKE) --no-print-directory $(TESTS)
	$(call side_by_side) $(unit_suites) $(LONG_UNDER_VALGRIND:%=--except %) \
	    --run integration 'make --no-print-directory BUILD=$(BUILD) run-integration ARGS="call: unruly:" \
	    TEST_RUN="$(VALGRIND)"'

valgrind-all: deps
	$(Q)$(MAKE) --no-print-directory $(TESTS)
	$(call side_by_side) --patience 7200 $(unit_suites) $(served_suites)

trixie:
	$(Q)tools/trixie.sh

# everything: the long forms, too: .ci/run says which.
ci everything:
	$(Q).ci/run $(filter everything,$@)

.PHONY: run-unit run-contract run-tool run-doctor run-doctor-throttled run-soap-xmpp run-plugin run-oracle run-model \
    run-docs run-install run-commands run-samples run-languages run-nat run-integration run-bytes run-sized run-sized-ws \
    run-sized-cxx run-servers run-throttled run-advised run-ws run-cxx run-federation run-cluster run-mixed \
    run-sized-mixed run-all check test asan tsan valgrind valgrind-all soak trixie ci everything
