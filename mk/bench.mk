# bench.mk - what measures: a call's cost, many devices, a component of several processes, packing; and the
# dictionary that packing uses.

# The benchmark's programs. Both floors, http and mqtt know nothing of the library; what mqtt needs is optional.
BENCH_LINK := $(call obj,bench/slice.c bench/dial.c bench/resident.c)
MOSQUITTO := $(wildcard /usr/include/mosquitto.h)
BENCH := $(addprefix $(BUILD)/bench/,floor gsoap_floor http envelopes caller service raw memory \
    big $(if $(MOSQUITTO),mqtt))
LOGIN := $(BUILD)/bench/login
FLEET := $(addprefix $(BUILD)/bench/,fleet roll)
SCALE := $(addprefix $(BUILD)/bench/scale/,worker load)

$(eval $(call uses,$(call obj,$(wildcard bench/*.c)),bench))
$(eval $(call uses,$(call obj,$(wildcard bench/scale/*.c)),work))

$(BUILD)/bench/floor: $(call obj,bench/floor.c bench/client.c bench/slice.c)
$(BUILD)/bench/gsoap_floor: $(call obj,$(addprefix bench/,gsoap_floor.c client.c payload.c operations.c \
    slice.c)) $(bench_STUBS) $(bench_SKELETON)
$(BUILD)/bench/mqtt: $(call obj,bench/mqtt.c bench/slice.c)
$(BUILD)/bench/http: $(call obj,bench/http.c bench/operations.c bench/slice.c) $(bench_STUBS) \
    $(bench_SKELETON)
$(addprefix $(BUILD)/bench/,floor gsoap_floor mqtt http):
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -pthread $(CFLAGS) $(LINK_HARDENING) $(LDFLAGS) -o $@ $^ -Wl,--as-needed $(GSOAP_LIBS) \
	    $(if $(MOSQUITTO),-lmosquitto) -lssl -lcrypto

$(BUILD)/bench/raw: $(CORE_OBJECTS)
$(addprefix $(BUILD)/bench/,envelopes caller service memory): $(call obj,bench/payload.c)
$(addprefix $(BUILD)/bench/,envelopes caller service memory big): $(bench_STUBS) $(LIB_OBJECTS)
$(addprefix $(BUILD)/bench/,envelopes service): $(call obj,bench/operations.c) $(bench_SKELETON)
$(addprefix $(BUILD)/bench/,raw envelopes caller service memory big): $(BUILD)/bench/%: \
    $(BUILD)/obj/bench/%.o $(BENCH_LINK)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(call link,$(if $(filter %/raw,$@),,$(GSOAP_LIBS)))

# Logs in, and sees each pass of the loop: make bench-login.
$(LOGIN): LDFLAGS += -Wl,--wrap=sx_connection_round
$(LOGIN): $(call obj,bench/login.c bench/slice.c) $(CORE_OBJECTS)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(call link,)

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

# ---- running -------------------------------------------------------------------------------------

# The servers log next to nothing, take the megabyte, and have a port for each way: with TLS from the
# first byte, and without any. BENCH_SECONDS, BENCH_ROWS and BENCH_SERVERS: make bench ARGS=--help
# AGAINST: the build folder of another checkout, measured side by side with this one.
BENCH_SERVERS ?= prosody ejabberd
BENCH_OPTIONS := PERF=1,LOG=error,TLS=off,STANZA_LIMIT=16000000
beside_tuned = $(if $(filter --help,$(2)),,tools/with-servers $(1:%=%$(,)$(BENCH_OPTIONS)) --) \
    /usr/bin/python3 -B bench/run.py $(BUILD) $(2)

# ARGS and AGAINST are bench/run.py's.
bench: deps-bench
	$(Q)$(MAKE) --no-print-directory run-bench $(if $(ARGS)$(AGAINST),,run-bench-login)

bench-plot bench-login: deps-bench
	$(Q)$(MAKE) --no-print-directory run-$@

run-bench: $(BENCH) $(GATEWAY)
	$(Q)$(call beside_tuned,$(BENCH_SERVERS),$(AGAINST:%=--against=%) $(ARGS))

# Servers as they come, TLS and Nagle included.
beside_untuned = tools/with-servers $(1:%=%$(,)LOG=error) -- /usr/bin/python3 -B bench/login.py $(BUILD)

run-bench-login: $(LOGIN) $(BUILD)/$(SONAME)
	$(Q)$(call beside_untuned,$(BENCH_SERVERS))

run-bench-login-smoke: export BENCH_ROUNDS = 3
run-bench-login-smoke: export BENCH_FOREIGN = 100
run-bench-login-smoke: export LOGIN_COUNT = 1
run-bench-login-smoke: $(LOGIN) $(BUILD)/$(SONAME)
	$(Q)$(call beside_untuned,prosody)

bench-programs: $(BENCH)

# The benchmark's arithmetic, without a server.
run-bench-unit:
	/usr/bin/python3 -B -m unittest discover -q -s tests/bench

run-bench-plot: $(BENCH)
	$(Q)$(call beside_tuned,$(BENCH_SERVERS),--plot)

# Many devices on one server: docs/fleet.md.
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

# One component, several processes, two nodes: docs/fleet.md.
bench-scale: deps
	$(Q)$(MAKE) --no-print-directory run-$@

run-bench-scale: $(SCALE)
	$(Q)tools/with-servers cluster,CONFIG=$(CURDIR)/docs/ejabberd.yml -- /usr/bin/python3 -B bench/scale.py $(BUILD)

run-bench-smoke: export BENCH_SECONDS = 0.3
run-bench-smoke: export BENCH_ROUNDS = 3
run-bench-smoke: export BENCH_FOREIGN = 100
run-bench-smoke: export BENCH_ROWS = add, one at a time
run-bench-smoke: $(BENCH)
	$(Q)$(call beside_tuned,prosody)
	$(Q)$(call beside_tuned,prosody,--against=$(BUILD)) || [ $$? = 3 ] # worse by chance

# ---- the packed form -----------------------------------------------------------------------------

# The committed dictionary is part of the protocol: another libzstd may make another from the same.
DICTIONARY := tools/dictionary/content.txt $(sort $(wildcard tools/dictionary/samples/*.xml))

$(BUILD)/dictionary: $(call obj,tools/dictionary/dictionary.c)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LINK_HARDENING) $(LDFLAGS) -o $@ $^ -lzstd

dictionary: $(BUILD)/dictionary
	$(BUILD)/dictionary $(DICTIONARY) > $(BUILD)/dictionary.c
	@cmp lib/soap/dictionary.c $(BUILD)/dictionary.c && echo 'the same as lib/soap/dictionary.c'

$(BUILD)/codec: $(call obj,bench/codec.c $(addprefix lib/soap/,pack.c dictionary.c) \
    $(wildcard lib/xml/*.c lib/base/*.c))
	$(call say,LINK,$@)
	$(Q)$(CC) -pthread $(CFLAGS) $(LINK_HARDENING) $(LDFLAGS) -o $@ $^ -lz -lexpat -lzstd -lcrypto

bench-codec: deps
	$(Q)$(MAKE) --no-print-directory $(BUILD)/codec
	$(Q)nice -n 10 $(BUILD)/codec $(sort $(wildcard tools/dictionary/held/*.xml))

.PHONY: bench bench-login bench-programs bench-plot bench-fleet bench-scale bench-codec run-bench run-bench-unit \
    run-bench-plot run-bench-smoke run-bench-login run-bench-login-smoke run-bench-fleet run-bench-fleet-smoke \
    run-bench-scale dictionary
