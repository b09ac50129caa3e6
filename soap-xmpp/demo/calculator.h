/* calculator.h - the demo's service as it is written: its contract (wsdl/calculator.wsdl) and the
 * script that answers (calculator.sh). mk/tool.mk makes them from these files.
 */
#ifndef SOAP_XMPP_TOOL_DEMO_CALCULATOR_H
#define SOAP_XMPP_TOOL_DEMO_CALCULATOR_H

extern const char calculator_wsdl[], calculator_script[];

#endif
