# stream.tcl - an XMPP stream by tclxmpp (Debian's tkabber) that carries SOAP envelopes in IQ stanzas (XEP-0072).
#
# Settings are those of the soapxmpp library: SOAP_XMPP_JID, _PASSWORD, _HOST, _PORT, _CAFILE. Nothing is said without
# TLS. tcltls checks whose CA signed the server's certificate, but not for whom: openssl looks at that here.
#
# An envelope leaves as it is written. What comes is what tclxmpp has read, an element as a list. It has forgotten the
# prefixes: names of types and codes ("xsd:int") in text and attributes have none that is bound any more.
lappend auto_path /usr/share/tkabber/tclxmpp
package require xmpp
package require xmpp::starttls
package require xmpp::sasl

namespace eval soap {
    variable envelopes {http://schemas.xmlsoap.org/soap/envelope/ http://www.w3.org/2003/05/soap-envelope}
    variable stanzas urn:ietf:params:xml:ns:xmpp-stanzas
    variable calls [dict create] ;# id of a call under way: who is to answer
    variable replies             ;# id: what came
    variable answer ""           ;# the command that serves
    array set replies {}
}

proc soap::setting {name {default ""}} {
    expr {[info exists ::env(SOAP_XMPP_$name)] ? $::env(SOAP_XMPP_$name) : $default}
}

proc soap::die {why} {
    puts stderr $why
    exit 1
}

proc soap::checkName {domain args} {
    set said [exec openssl x509 -noout -checkhost $domain << [dict get $args certificate]]
    if {![string match "*does match*" $said]} {
        die "the server's certificate is not for $domain"
    }
}

# A stream that is online. answer: see soap::serve.
proc soap::open {{command ""}} {
    variable answer $command
    ::xmpp::jid::split [setting JID] node domain resource
    set stream [::xmpp::new -iqcommand soap::take -disconnectcommand soap::lost]
    set watch [after 20000 {soap::die "not online in time"}]
    ::xmpp::connect $stream [setting HOST $domain] [setting PORT 5222]
    ::xmpp::openStream $stream $domain -version 1.0
    set ca [setting CAFILE]
    ::xmpp::starttls::starttls $stream -require 1 -infocommand [list soap::checkName $domain] \
        {*}[expr {$ca ne "" ? [list -cafile $ca] : [list -cadir /etc/ssl/certs]}]
    ::xmpp::sasl::auth $stream -username $node -password [setting PASSWORD] -resource $resource \
        -disable EXTERNAL ;# which it takes without a certificate of ours, too
    after cancel $watch
    return $stream
}

proc soap::lost {args} {
    die "the connection broke"
}

proc soap::escape {text} {
    string map {& &amp; < &lt; ' &apos;} $text
}

# The elements of that name and namespace in an element, its text.
proc soap::children {element name namespace} {
    ::xmpp::xml::split $element - - - - elements
    lmap child $elements {
        if {[lindex $child 0] ne $name || [lindex $child 1] ne $namespace} continue
        set child
    }
}

proc soap::body {envelope} {
    set namespace [lindex $envelope 1]
    ::xmpp::xml::split [lindex [children $envelope Body $namespace] 0] - - - - elements
    lindex $elements 0
}

proc soap::isFault {envelope} {
    expr {[lrange [body $envelope] 0 1] eq [list Fault [lindex $envelope 1]]}
}

proc soap::envelopeOf {elements} {
    variable envelopes
    foreach element $elements {
        if {[lindex $element 0] eq "Envelope" && [lindex $element 1] in $envelopes} {
            return $element
        }
    }
}

# The first element of the answer's body, and whether it is a fault. An error if there is none. It is sent once: if the
# connection breaks meanwhile, or no answer comes in time, nobody knows whether it ran.
proc soap::ask {stream to envelope {timeout_ms 60000}} {
    variable calls
    variable replies
    set id [::xmpp::packetID $stream]
    dict set calls $id $to
    ::xmpp::outText $stream "<iq type='set' to='[escape $to]' id='$id'>$envelope</iq>"
    set watch [after $timeout_ms [list set soap::replies($id) {timeout {}}]]
    vwait soap::replies($id)
    after cancel $watch
    dict unset calls $id
    lassign $replies($id) type elements
    unset replies($id)
    set found [envelopeOf $elements]
    # Servers send an error with the request in it. So an error is a fault only if there is one in the envelope.
    if {$type eq "error" && ($found eq "" || ![isFault $found])} {
        set error [lsearch -inline -index 0 $elements error]
        error "refused: [::xmpp::stanzaerror::condition $error]"
    } elseif {$type eq "timeout"} {
        error "no answer in time; the call may have run"
    } elseif {$found eq ""} {
        error "an answer without an envelope"
    }
    list [body $found] [isFault $found]
}

# Told of each IQ.
proc soap::take {stream from type elements args} {
    variable calls
    variable replies
    set id [dict get $args -id]
    if {$type in {result error} && [dict exists $calls $id] && [dict get $calls $id] eq $from} {
        set replies($id) [list $type $elements]
    }
}

# Requests go to soap::open's command: with the caller's JID and the envelope as an element it gives an envelope as
# text and whether it is a fault, or nothing: the caller may not. It must return soon.
proc soap::serve {stream from element args} {
    variable answer
    variable stanzas
    set id [dict get $args -id]
    set answered [expr {$answer eq "" ? "" : [{*}$answer $from $element]}]
    if {$answered eq ""} {
        set answered [list "<error type='auth'><forbidden xmlns='$stanzas'/></error>" 1]
    } elseif {[lindex $answered 1]} {
        lset answered 0 "[lindex $answered 0]<error type='cancel'><undefined-condition xmlns='$stanzas'/></error>"
    }
    set type [expr {[lindex $answered 1] ? "error" : "result"}]
    ::xmpp::outText $stream "<iq type='$type' to='[escape $from]' id='[escape $id]'>[lindex $answered 0]</iq>"
    return
}
foreach namespace $soap::envelopes {
    ::xmpp::iq::register set Envelope $namespace soap::serve
}
