# flags.mk - what everything is compiled and linked with: warnings, hardening, sanitizers, libraries.

accepts = $(shell echo 'int x;' | $(CC) -Werror $(1) -c -o /dev/null -x c - 2>/dev/null && echo '$(1)')

# Deprecated: expat's positions, in a release that has others, which Debian 12's and 13's first lack.
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
    -Wformat-security -Wno-deprecated-declarations $(WERROR)
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
# libstrophe 0.13 and later can compress a stream (XEP-0138), which wants zlib.
ZLIB := $(if $(filter zlib,$(shell pkg-config --print-requires-private libstrophe 2>/dev/null)),-lz)
SYSTEM_LIBS := -lssl -lcrypto -lexpat -lzstd -lidn -lidn2 $(ZLIB) -lresolv -lpthread

INCLUDES := -I. -Ilib -Itests/lib
C := $(CC) -std=c11 -D_GNU_SOURCE -fPIC -pthread -MMD -MP $(INCLUDES) $(HARDENING)
CPLUSPLUS := $(CXX) -std=c++11 -D_GNU_SOURCE -fPIC -pthread -MMD -MP $(INCLUDES) $(HARDENING)

# libstrophe's SSL_CTX_new() is lib/net/tls_context.c's, and so is all that would write to what it gives;
# SSL_connect() and SSL_shutdown(), which would wait for the peer, and SSL_free() are lib/net/tls.c's; socket() and
# close() are lib/net/descriptor.c's.
STROPHE_WRAP := $(addprefix --wrap=,SSL_CTX_new SSL_CTX_set_options SSL_CTX_ctrl SSL_CTX_set_default_verify_paths \
    SSL_CTX_set_client_cert_cb SSL_CTX_set_keylog_callback SSL_connect SSL_shutdown SSL_free socket close)
