/* element.h - a stanza to read: names, namespaces, attributes, children, text.
 *
 * Noun: the element. For now it is libstrophe's tree under names of our own.
 */
#ifndef SX_WIRE_ELEMENT_H
#define SX_WIRE_ELEMENT_H

#include <stdbool.h>
#include <strophe.h>

#define sx_element _xmpp_stanza_t

/* NULL for a text node. */
#define sx_element_name(element)            xmpp_stanza_get_name(element)
#define sx_element_ns(element)              xmpp_stanza_get_ns(element)
#define sx_element_attribute(element, name) xmpp_stanza_get_attribute(element, name)
#define sx_element_first(element)           xmpp_stanza_get_children(element)
#define sx_element_next(element)            xmpp_stanza_get_next(element)
#define sx_element_child(element, name)     xmpp_stanza_get_child_by_name(element, name)
#define sx_element_child_of(element, name, ns)                                                     \
    xmpp_stanza_get_child_by_name_and_ns(element, name, ns)

#endif
