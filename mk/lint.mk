# lint.mk - who sees whom in lib/, cppcheck, clang-tidy, clang-format.

# tests/install is left out: its stubs are made while it runs.
LINTED := $(filter-out tests/install/% $(if $(MOSQUITTO),,bench/mqtt.c), \
    $(shell find lib contract soap-xmpp gateway samples tests bench -name '*.c'))
HEADERS := $(shell find lib contract soap-xmpp gateway tests bench -name '*.h')

$(BUILD)/lint/%.tidy: %.c .clang-tidy tests/.clang-tidy $(HEADERS)
	$(call say,TIDY,$<)
	@mkdir -p $(@D)
	$(Q)clang-tidy --quiet $< -- -std=c11 -D_GNU_SOURCE -pthread $(INCLUDES) $(GSOAP_CFLAGS) \
	    $(CPPFLAGS) > $@.log 2>&1 || { cat $@.log >&2; exit 1; }
	@touch $@

# cppcheck reads no system header, but these hold macros with blocks.
MACROS := $(wildcard /usr/include/CUnit/CUnit.h /usr/include/jansson.h /usr/include/sys/queue.h \
    /usr/include/*/sys/queue.h)

# Headers of gateway/ and lib/ have the same names.
cppcheck = cppcheck --quiet --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
    --suppressions-list=.cppcheck --std=c11 -D_GNU_SOURCE -DSOAP_XMPP_NO_GSOAP $(1) $(INCLUDES) $(MACROS:%=--include=%)
GATEWAY_LINTED := $(filter gateway/% tests/gateway/%,$(LINTED))

run-cppcheck:
	$(call say,CPPCHECK,lib contract soap-xmpp gateway samples tests bench)
	$(Q)$(call cppcheck) $(filter-out $(GATEWAY_LINTED),$(LINTED))
	$(Q)$(call cppcheck,-Igateway) $(GATEWAY_LINTED)

# Which folder sees which, and whether that is found when it isn't so. The objects tell who calls whom.
# contract/ knows nothing of lib/, and soap-xmpp/ and gateway/ the public header alone: what they include stands in
# their dependencies. $(BUILD)/unit-contract is linked without lib/.
layers: $(LIB_OBJECTS) $(call obj,lib/net/strophe_stderr.c) $(CONTRACT_OBJECTS) $(TOOL_OBJECTS) $(GATEWAY_OBJECTS)
	$(call say,LAYERS,lib contract soap-xmpp gateway)
	$(Q)! grep -l '[ :]lib/' $(CONTRACT_OBJECTS:.o=.d)
	$(Q)! grep -oE '(^|[ :])lib/[^ :]+' $(TOOL_OBJECTS:.o=.d) $(GATEWAY_OBJECTS:.o=.d) | grep -v 'lib/soap_xmpp\.h$$'
	$(Q)tests/layers/run.sh
	$(Q)tools/check-layers lib $(BUILD)/obj/lib
	$(Q)tools/check-layers gateway $(BUILD)/obj/gateway

# Whether the models of the delivery still name what there is.
models:
	$(call say,MODELS,tests/model)
	$(Q)tools/check-models lib tests/model

run-lint: layers models run-cppcheck $(LINTED:%.c=$(BUILD)/lint/%.tidy)

lint:
	$(Q)tools/install-packages.sh build test lint
	$(Q)$(MAKE) --no-print-directory run-lint

format:
	clang-format -i $$(find lib contract soap-xmpp gateway samples tests bench \( -name '*.[ch]' -o -name '*.cpp' \) ! -name calc.h ! -name lab.h \
	    ! -name contract.h ! -name records.h ! -name ws.h ! -name adder.h ! -name turner.h ! -path '*/two/*')

.PHONY: layers models lint run-lint run-cppcheck format
