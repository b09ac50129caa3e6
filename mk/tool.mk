# tool.mk - soap-xmpp, the command line tool: on the public API and contract/ alone, without gSOAP.

# Reads WSDLs, for the tool and for whatever else has no stubs; knows libxml2 alone: docs/internals/contract.md.
CONTRACT_OBJECTS := $(call obj,$(wildcard contract/*.c))
XML_CFLAGS := $(shell pkg-config --cflags libxml-2.0 2>/dev/null)
XML_LIBS := $(shell pkg-config --libs libxml-2.0 2>/dev/null)
$(CONTRACT_OBJECTS) $(call lint_of,$(CONTRACT_OBJECTS)): CPPFLAGS += $(XML_CFLAGS)

$(BUILD)/libcontract.a: $(CONTRACT_OBJECTS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcsD $@ $^

TOOL_OBJECTS := $(call obj,$(wildcard soap-xmpp/*.c soap-xmpp/*/*.c))
TOOL_PACKAGES := libconfuse jansson libxml-2.0 libcurl
$(TOOL_OBJECTS) $(TOOL_OBJECTS:$(BUILD)/obj/%.o=$(BUILD)/lint/%.tidy): CPPFLAGS += -DSOAP_XMPP_NO_GSOAP -Isoap-xmpp \
    $(shell pkg-config --cflags $(TOOL_PACKAGES) 2>/dev/null)

# The archive, so that the tool runs from $(BUILD) as from where it is installed.
$(TOOL): $(TOOL_OBJECTS) $(BUILD)/libcontract.a $(BUILD)/libsoapxmppcore.a
	$(call say,LINK,$@)
	$(Q)$(CC) -pthread $(CFLAGS) $(LINK_HARDENING) $(LDFLAGS) -o $@ $^ $(SYSTEM_LIBS) \
	    $(shell pkg-config --libs $(TOOL_PACKAGES) 2>/dev/null) -lm
