# contracts.mk - stubs and skeletons by soapcpp2, and gSOAP's own plugins compiled for a contract. Who needs
# which: $(NAME_STUBS), $(NAME_SKELETON), $(NAME_PLUGINS), and $(call uses,OBJECTS,NAME).

$(BUILD)/gen/%.o: $(BUILD)/gen/%.c
	$(call say,CC,$<)
	$(Q)$(C) $(GSOAP_CFLAGS) -w $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

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
$(eval $(call contract,mixed,tests/mixed/contract.h))
$(eval $(call contract,bench,bench/records.h))
$(eval $(call contract,ws,tests/ws/ws.h,-a -I$(GSOAP_SHARE)/import -I$(GSOAP_SHARE)))
$(eval $(call contract,work,bench/scale/contract.h))
$(eval $(call contract,oracle,tests/oracle/contract.h,-I$(GSOAP_SHARE)/import -I$(GSOAP_SHARE)))
$(eval $(call contract,oracle-action,tests/oracle/contract.h,-a -I$(GSOAP_SHARE)/import -I$(GSOAP_SHARE)))

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
$(eval $(call gsoap_plugins,plugin,logging.c,))
$(eval $(call gsoap_plugins,relay,wsaapi.c wsrmapi.c threads.c duration.c,-DSOAP_WSRM_FAST_ALLOC))
$(eval $(call gsoap_plugins,oracle,wsaapi.c threads.c,))
$(eval $(call gsoap_plugins,guard,wsseapi.c smdevp.c mecevp.c threads.c struct_timeval.c,-DWITH_OPENSSL))

# Two more services for one process: each file has its serializers to itself.
TWO := $(patsubst tests/plugin/two/%.h,%,$(wildcard tests/plugin/two/*.h))
TWO_OBJECTS := $(foreach t,$(TWO),$(BUILD)/gen/two/$(t)ClientLib.o $(BUILD)/gen/two/$(t)ServerLib.o)
$(BUILD)/gen/two/%H.h $(BUILD)/gen/two/%ClientLib.c $(BUILD)/gen/two/%ServerLib.c: tests/plugin/two/%.h
	$(call say,SOAPCPP2,$<)
	@mkdir -p $(@D)
	$(Q)soapcpp2 -c -n -p$* -x -w -d $(@D) $< > $(@D)/$*.log 2>&1 || { cat $(@D)/$*.log >&2; exit 1; }
# WITH_NOGLOBAL leaves out declarations that soapcpp2's stubs count on, an error since GCC 14 (Debian 13).
$(TWO_OBJECTS): CPPFLAGS += -DWITH_NOGLOBAL -Wno-implicit-function-declaration

# C++ classes, each service's in a namespace of its own: $(call classes,NAMESPACE,FILE,OPTION); header and fault are
# all services', in env.h.
CLASSES := $(BUILD)/gen/cxx
define classes
CLASS_OBJECTS += $(CLASSES)/$(1)C.o $(CLASSES)/$(1)$(2)Proxy.o $(CLASSES)/$(1)$(2)Service.o
$(CLASSES)/$(1)H.h $(CLASSES)/$(1)C.cpp $(CLASSES)/$(1)$(2)Proxy.cpp $(CLASSES)/$(1)$(2)Service.cpp &: tests/cxx/$(2).h
	$$(call say,SOAPCPP2,$$<)
	@mkdir -p $$(@D)
	$$(Q)soapcpp2 $(3) -q$(1) -L -x -w -d $$(@D) $$< > $$(@D)/$(1).log 2>&1 || { cat $$(@D)/$(1).log >&2; exit 1; }
endef
CLASS_OBJECTS := $(CLASSES)/envC.o
$(eval $(call classes,i,adder,-i))
$(eval $(call classes,j,adder,-j))
$(eval $(call classes,t,turner,-j))
$(CLASSES)/envC.cpp $(CLASSES)/envH.h &: tests/cxx/env.h
	$(call say,SOAPCPP2,$<)
	@mkdir -p $(@D)
	$(Q)soapcpp2 -CSL -penv -x -w -d $(@D) $< > $(@D)/env.log 2>&1 || { cat $(@D)/env.log >&2; exit 1; }
$(CLASS_OBJECTS): $(BUILD)/gen/%.o: $(BUILD)/gen/%.cpp
	$(call say,CXX,$<)
	$(Q)$(CPLUSPLUS) $(GSOAP_CFLAGS) -w $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

# What is compiled is linted with the same flags.
lint_of = $(patsubst $(BUILD)/obj/%.o,$(BUILD)/lint/%.tidy,$(1))
uses = $(1) $(call lint_of,$(1)): CPPFLAGS += -I$(BUILD)/gen/$(2) $$(GSOAP_CFLAGS)$(eval $(1) \
    $(call lint_of,$(1)): | $(BUILD)/gen/$(2)/soapH.h)
