# fuzz.mk - random input, with clang's libFuzzer: make fuzz.

# Seconds for each fuzzer, or FUZZ_TOTAL for all of them, two at a time; FUZZERS=stream runs one alone. What they
# find goes to $(BUILD)/fuzz.
FUZZ_TOTAL ?=
FUZZ_SECONDS ?= $(if $(FUZZ_TOTAL),$(shell echo $$((2 * $(FUZZ_TOTAL) / $(words $(FUZZERS))))),60)
FUZZERS ?= $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SHARED := $(call obj,$(addprefix tests/fuzz/,claims.c feed.c fuzz.c))

$(FUZZERS:%=$(BUILD)/fuzz-%): $(BUILD)/fuzz-%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(FUZZ_SHARED) \
    $(CORE_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(call link,-fsanitize=fuzzer)

# In the end they do the last things again: tests/fuzz/habit.h.
HABITUAL := shipment transfer
$(HABITUAL:%=$(BUILD)/fuzz-%): $(call obj,tests/fuzz/habit.c)

# What their link writes is looked at: tests/lib/posted.h.
POSTERS := iq message shipment
$(POSTERS:%=$(BUILD)/fuzz-%): LDFLAGS += $(POSTED)
$(POSTERS:%=$(BUILD)/fuzz-%): $(call obj,tests/lib/posted.c)

# What they read of stanzas: tests/lib/attribute.h.
$(HABITUAL:%=$(BUILD)/fuzz-%): $(call obj,tests/lib/attribute.c)

# With a time of its own: tests/lib/stopped_clock.h.
$(BUILD)/fuzz-shipment: LDFLAGS += $(STOPPED_CLOCK)
$(BUILD)/fuzz-shipment: $(call obj,tests/lib/stopped_clock.c)

# Their links stand on a machine of the fuzzer's own: tests/fuzz/host.h.
WORLDS := kept roaming fallback
HOST := $(addprefix -Wl$(,)--wrap=sx_,clock_now_us clock_deadline clock_moment clock_since_us \
    clock_cond_wait random_fill random_number session_new loop_post loop_post_again loop_unread_us)
$(WORLDS:%=$(BUILD)/fuzz-%): LDFLAGS += $(HOST)
$(WORLDS:%=$(BUILD)/fuzz-%): $(call obj,$(addprefix tests/fuzz/,flight.c host.c ledger.c world.c))

# With gSOAP's skeletons: tests/oracle.
$(BUILD)/fuzz-oracle: LDFLAGS += $(ORACLE_WRAP)
$(BUILD)/fuzz-oracle: SYSTEM_LIBS += $(GSOAP_LIBS)
$(BUILD)/fuzz-oracle: $(ORACLE_PARTS) $(oracle-action_SKELETON)

# Without anything of lib/.
$(call obj,tests/fuzz/fuzz_contract.c) $(call lint_of,$(call obj,tests/fuzz/fuzz_contract.c)): CPPFLAGS += $(XML_CFLAGS)
$(BUILD)/fuzz-contract: $(CONTRACT_OBJECTS)
$(BUILD)/fuzz-contract: SYSTEM_LIBS += $(XML_LIBS)

# What a gateway reads of envelopes, bodies, headers and paths.
GATEWAY_FUZZERS := cargo glance media multipart pattern rewrite
GATEWAY_FUZZED := $(call obj,$(filter-out %/replacement.c,$(wildcard gateway/soap/*.c)) gateway/config/pattern.c \
    gateway/base/hex.c $(addprefix contract/,error.c plain.c text.c))
GATEWAY_FUZZER_OBJECTS := $(call obj,$(GATEWAY_FUZZERS:%=tests/fuzz/fuzz_%.c))
$(GATEWAY_FUZZER_OBJECTS) $(call lint_of,$(GATEWAY_FUZZER_OBJECTS)): CPPFLAGS += -iquote gateway
$(GATEWAY_FUZZERS:%=$(BUILD)/fuzz-%): $(GATEWAY_FUZZED)
$(GATEWAY_FUZZERS:%=$(BUILD)/fuzz-%): SYSTEM_LIBS += -lexpat

# gateway.conf.
CONF_FUZZED := $(call obj,$(wildcard gateway/config/*.c) $(addprefix contract/,error.c nearest.c plain.c pool.c text.c))
$(call obj,tests/fuzz/fuzz_conf.c) $(call lint_of,$(call obj,tests/fuzz/fuzz_conf.c)): CPPFLAGS += -iquote gateway
$(BUILD)/fuzz-conf: $(CONF_FUZZED)

# Where a gateway lets others lead it: gateway/serve.
$(call obj,tests/fuzz/fuzz_backend.c) $(call lint_of,$(call obj,tests/fuzz/fuzz_backend.c)): CPPFLAGS += -iquote gateway
$(BUILD)/fuzz-backend: $(GATEWAY_FUZZED) $(call obj,$(addprefix gateway/serve/,backend.c device_path.c documents.c))
$(BUILD)/fuzz-backend: SYSTEM_LIBS += -lexpat

# What a client says of whom it calls, and addresses on their way through a route.
$(call obj,tests/fuzz/fuzz_route.c) $(call lint_of,$(call obj,tests/fuzz/fuzz_route.c)): CPPFLAGS += -iquote gateway
$(BUILD)/fuzz-route: $(call obj,$(addprefix gateway/,base/hex.c config/pattern.c route/address.c route/endpoint.c))

run-fuzz: $(FUZZERS:%=$(BUILD)/fuzz-%)
	$(Q)nice -n 10 tests/fuzz/run.sh $(BUILD) $(FUZZ_SECONDS) $(FUZZERS)

fuzz:
	$(Q)tools/install-packages.sh build fuzz
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/$@ SANITIZE=fuzzer CC=clang CFLAGS='-O1 -g' \
	    run-fuzz

.PHONY: run-fuzz fuzz
