/* prep.h - names and passwords in the one form in which servers compare them (RFC 3454).
 *
 * Noun: the preparation. Nodes by nodeprep and resources by resourceprep (RFC 3920 A, B), passwords
 * by SASLprep (RFC 4013), of Unicode 3.2. Code points that it doesn't assign pass as they are, as
 * they do in queries (RFC 3454 7): that U+1C92 is a capital U+10D2 no server of these profiles
 * knows, and so they stay two here.
 *
 * What a program gives is prepared, once: rules, endpoints, its own JID and password. What a server
 * stamps is not, because the server has done it, perhaps by another profile: prepared, two of its
 * accounts could become one.
 *
 * Each function: text is any bytes up to the NUL. On SX_OK *out is malloc'ed, the caller's,
 * valid UTF-8 and at most SX_PREP_GROWTH times as long as text; it is empty if text is, or if all
 * of text is mapped to nothing (soft hyphens). Preparing it again changes nothing. Otherwise *out
 * is untouched: SX_EENDPOINT, the text is no UTF-8, or the profile prohibits a character of it or
 * its mixture of directions; SX_ENOMEM. Any thread; nothing blocks. A text in ASCII costs a copy.
 */
#ifndef SX_WIRE_PREP_H
#define SX_WIRE_PREP_H

#include "base/fault.h"

enum { SX_PREP_GROWTH = 11 }; /* of U+FDFA, which becomes 18 characters */

/* The node of a JID: lower case, NFKC; no space, none of " & ' / : < > @. */
enum sx_err sx_prep_node(const char *text, char **out);

/* The resource of a JID: NFKC; case stays. */
enum sx_err sx_prep_resource(const char *text, char **out);

/* A password: NFKC, each space the same; case stays. One that is prohibited goes out as it is: a
 * server may have taken it without looking, and refuses it if not. The copies that are made here
 * are wiped, but for those inside libidn, of passwords beyond ASCII. */
enum sx_err sx_prep_password(const char *text, char **out);

#endif
