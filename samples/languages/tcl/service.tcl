#!/usr/bin/tclsh
# service.tcl - serves the calculator, by tclxmpp, to the accounts that SOAP_XMPP_ALLOW names, with commas between
# them. A request that is sent twice runs twice: tclxmpp has no memory of what ran.
source [file join [file dirname [info script]] stream.tcl]

set calculator urn:soapxmpp:calculator
set allowed [lmap rule [split [soap::setting ALLOW] ,] {string trim $rule}]

proc number {request name} {
    set found [soap::children $request $name $::calculator]
    set text [string trim [::xmpp::xml::getCdata [lindex $found 0]]]
    if {$found eq "" || ![string is double -strict $text]} {
        error "a or b is missing"
    }
    expr {double($text)}
}

proc calculate {request} {
    lassign $request name namespace
    if {$namespace ne $::calculator || $name ni {add sub mul div}} {
        error "no such operation"
    }
    set a [number $request a]
    set b [number $request b]
    if {$name eq "div" && $b == 0} {
        error "division by zero"
    }
    set value [expr [dict get {add {$a + $b} sub {$a - $b} mul {$a * $b} div {$a / $b}} $name]]
    return "<${name}Response xmlns='$::calculator'><result>[format %.15g $value]</result></${name}Response>"
}

proc fault {namespace why} {
    if {$namespace eq [lindex $soap::envelopes 0]} {
        return "<e:Fault><faultcode>e:Client</faultcode><faultstring>[soap::escape $why]</faultstring></e:Fault>"
    }
    return "<e:Fault><e:Code><e:Value>e:Sender</e:Value></e:Code><e:Reason><e:Text\
        xml:lang='en'>[soap::escape $why]</e:Text></e:Reason></e:Fault>"
}

proc answer {caller envelope} {
    if {[::xmpp::jid::stripResource $caller] ni $::allowed} {
        return ""
    }
    set namespace [lindex $envelope 1]
    set isFault [catch {calculate [soap::body $envelope]} content]
    if {$isFault} {
        set content [fault $namespace $content]
    }
    list "<e:Envelope xmlns:e='$namespace'><e:Body>$content</e:Body></e:Envelope>" $isFault
}

soap::open answer
puts "online as [soap::setting JID]"
flush stdout
vwait forever
