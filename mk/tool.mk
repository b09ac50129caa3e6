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

# Files that the demo writes again, as C strings: soap-xmpp/demo/calculator.h.
as_string = sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/.*/"&\\n"/' $(1)
CALCULATOR := $(BUILD)/gen/tool/calculator.c
$(CALCULATOR): wsdl/calculator.wsdl soap-xmpp/demo/calculator.sh
	$(call say,STRING,$@)
	@mkdir -p $(@D)
	$(Q){ echo '#include "demo/calculator.h"' && \
	    echo 'const char calculator_wsdl[] =' && $(call as_string,wsdl/calculator.wsdl) && echo ';' && \
	    echo 'const char calculator_script[] =' && $(call as_string,soap-xmpp/demo/calculator.sh) && echo ';'; } > $@
$(CALCULATOR:.c=.o): $(CALCULATOR) soap-xmpp/demo/calculator.h
	$(call say,CC,$<)
	$(Q)$(CC) -std=c11 $(CFLAGS) -Isoap-xmpp -c -o $@ $<

# The archive, so that the tool runs from $(BUILD) as from where it is installed.
$(TOOL): $(TOOL_OBJECTS) $(CALCULATOR:.c=.o) $(BUILD)/libcontract.a $(BUILD)/libsoapxmppcore.a
	$(call say,LINK,$@)
	$(Q)$(CC) -pthread $(CFLAGS) $(LINK_HARDENING) $(LDFLAGS) -o $@ $^ $(SYSTEM_LIBS) \
	    $(shell pkg-config --libs $(TOOL_PACKAGES) 2>/dev/null) -lm

# ---- what is installed beside it ------------------------------------------------------------------

# The page's options and commands are those that the tool tells itself: tools/manual.sh.
MANUAL := $(BUILD)/man/soap-xmpp.1
COMPLETIONS := $(addprefix $(BUILD)/completion/,bash zsh)

$(MANUAL): man/soap-xmpp.1.scd tools/manual.sh $(TOOL)
	$(call say,SCDOC,$@)
	@mkdir -p $(@D)
	$(Q)tools/manual.sh $(TOOL) $< | scdoc > $@

$(COMPLETIONS): $(BUILD)/completion/%: $(TOOL)
	$(call say,SCRIPT,$@)
	@mkdir -p $(@D)
	$(Q)$(TOOL) completion $* > $@

install-tool: $(TOOL) $(MANUAL) $(COMPLETIONS)
	install -d $(addprefix $(DESTDIR),$(BINDIR) $(DATADIR)/man/man1 $(DATADIR)/bash-completion/completions \
	    $(DATADIR)/zsh/site-functions)
	install -m 755 $(TOOL) $(DESTDIR)$(BINDIR)/
	install -m 644 $(MANUAL) $(DESTDIR)$(DATADIR)/man/man1/
	install -m 644 $(BUILD)/completion/bash $(DESTDIR)$(DATADIR)/bash-completion/completions/soap-xmpp
	install -m 644 $(BUILD)/completion/zsh $(DESTDIR)$(DATADIR)/zsh/site-functions/_soap-xmpp

uninstall-tool:
	rm -f $(addprefix $(DESTDIR),$(BINDIR)/soap-xmpp $(addprefix $(DATADIR)/,man/man1/soap-xmpp.1 \
	    bash-completion/completions/soap-xmpp zsh/site-functions/_soap-xmpp))

.PHONY: install-tool uninstall-tool run-soap-xmpp
