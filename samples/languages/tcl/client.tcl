#!/usr/bin/tclsh
# client.tcl ENDPOINT add|sub|mul|div A B - the calculator's client, by tclxmpp.
source [file join [file dirname [info script]] stream.tcl]

set calculator urn:soapxmpp:calculator
set envelope http://www.w3.org/2003/05/soap-envelope
lassign $argv endpoint operation a b

set stream [soap::open]
set request "<e:Envelope xmlns:e='$envelope'><e:Body><$operation xmlns='$calculator'><a>[expr {double($a)}]</a>"
append request "<b>[expr {double($b)}]</b></$operation></e:Body></e:Envelope>"
set failed [catch {
    lassign [soap::ask $stream [regsub ^xmpp: $endpoint ""] $request] answer isFault
    if {$isFault} {
        set reason [lindex [soap::children $answer Reason $envelope] 0]
        error "fault: [::xmpp::xml::getCdata [lindex [soap::children $reason Text $envelope] 0]]"
    }
    puts [::xmpp::xml::getCdata [lindex [soap::children $answer result $calculator] 0]]
} why]
if {$failed} {
    puts stderr $why
}
::xmpp::disconnect $stream
exit $failed
