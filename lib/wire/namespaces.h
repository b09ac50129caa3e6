/* namespaces.h - the namespaces of XMPP, and our own, that stand in stanzas. Nothing else: any
 * folder above base/ may include it.
 */
#ifndef SX_WIRE_NAMESPACES_H
#define SX_WIRE_NAMESPACES_H

#define SX_NS_STREAMS "http://etherx.jabber.org/streams"    /* RFC 6120 4.8 */
#define SX_NS_STANZAS "urn:ietf:params:xml:ns:xmpp-stanzas" /* RFC 6120 8.3.2 */

#define SX_NS_DISCO_INFO  "http://jabber.org/protocol/disco#info" /* XEP-0030 */
#define SX_NS_DISCO_ITEMS "http://jabber.org/protocol/disco#items"
#define SX_NS_DATA        "jabber:x:data"                   /* XEP-0004 */
#define SX_NS_IBB         "http://jabber.org/protocol/ibb"  /* XEP-0047 */
#define SX_NS_SOAP        "http://jabber.org/protocol/soap" /* XEP-0072 */
#define SX_NS_SOAP_FAULT  "http://jabber.org/protocol/soap#fault"
#define SX_NS_PING        "urn:xmpp:ping"      /* XEP-0199 */
#define SX_NS_DELAY       "urn:xmpp:delay"     /* XEP-0203 */
#define SX_NS_CARBONS     "urn:xmpp:carbons:2" /* XEP-0280 */
#define SX_NS_HINTS       "urn:xmpp:hints"     /* XEP-0334 */

/* A feature: each id is run once at most; listed once more with "#INCARNATION" behind it. In a
 * stanza error: what became of one copy (delivery.h). */
#define SX_NS_DELIVERY "urn:soap-xmpp:delivery:1"
#define SX_NS_PACKED   "urn:soap-xmpp:packed:1"   /* <packed/>: an envelope as a zstd frame */
#define SX_NS_PRESENCE "urn:soap-xmpp:presence:1" /* the mark of a presence that serves */

#endif
