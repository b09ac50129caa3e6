/* probe.h - places at which a tracer outside of the program can look on (USDT).
 *
 * Noun: the probe. Each is one instruction that does nothing, and a note in the library that says
 * where it is and where its arguments are: bpftrace, perf and SystemTap find it by its name. They
 * are there if <sys/sdt.h> was when the library was compiled (Debian: systemtap-sdt-dev), else
 * nowhere. docs/metrics.md lists them, and their names and arguments stay.
 *
 * Arguments are what is at hand: nothing is made for a probe. Any thread.
 */
#ifndef SX_BASE_PROBE_H
#define SX_BASE_PROBE_H

#if defined(__has_include)
#if __has_include(<sys/sdt.h>)
#include <sys/sdt.h>
#define SX_PROBE_HERE 1
#endif
#endif

#ifdef SX_PROBE_HERE
#define SX_PROBE2(name, a, b)    DTRACE_PROBE2(soapxmpp, name, a, b)
#define SX_PROBE3(name, a, b, c) DTRACE_PROBE3(soapxmpp, name, a, b, c)
#else
#define SX_PROBE2(name, a, b)    ((void)(a), (void)(b))
#define SX_PROBE3(name, a, b, c) ((void)(a), (void)(b), (void)(c))
#endif

#endif
