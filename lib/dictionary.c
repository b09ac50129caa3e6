/* dictionary.c - made by tools/dictionary. Changing a byte of it makes another packed form.
 */
#include "dictionary.h"

/* clang-format off */
const unsigned sx_dictionary_len = 1259;
const char sx_dictionary[] =
    "7\2440\354\1\0\0\0004\20p{\0160\3140\303\0143\3140\303\0143\3140\303\0143\332\317+\?u\376\""
    "\313\267\266\361\327\226\302m{\266m-ei\205\277_so\233\275\355;\337Z#q8x\324$\7\211J:\347\234s"
    "wt\240\10E\10\212\303\201\303\301\301\301\201\303\301\1\305\301\341p8\34\16\207\303\341p8\34"
    "\16\7\312\341p8\216\3438\216\343\240\3169\347\334\35DFC#b&A%\"\21I$\22\211D\"\221H$\22\211$I"
    "\222$I\222\224R\312\7\1\0\0\0\4\0\0\0\10\0\0\0<SOAP-ENV:Fault><faultcode>SOAP-ENV:Client</fau"
    "ltcode><faultstring></faultstring><detail></detail></SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-EN"
    "V:Envelope><SOAP-ENV:Fault><SOAP-ENV:Code><SOAP-ENV:Value>SOAP-ENV:Sender</SOAP-ENV:Value></S"
    "OAP-ENV:Code><SOAP-ENV:Reason><SOAP-ENV:Text xml:lang=\"en\"></SOAP-ENV:Text></SOAP-ENV:Reaso"
    "n></SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope> SOAP-ENV:encodingStyle=\"http://schem"
    "as.xmlsoap.org/soap/encoding/\" xsi:type=\"xsd:string\" xsi:type=\"xsd:int\" xsi:nil=\"true\""
    "<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:SOAP-EN"
    "C=\"http://schemas.xmlsoap.org/soap/encoding/\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-"
    "instance\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" xmlns:Response></SOAP-ENV:Body></SO"
    "AP-ENV:Envelope><\?xml version=\"1.0\" encoding=\"UTF-8\"\?>\n<SOAP-ENV:Envelope xmlns:SOAP-E"
    "NV=\"http://www.w3.org/2003/05/soap-envelope\" xmlns:SOAP-ENC=\"http://www.w3.org/2003/05/soa"
    "p-encoding\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:xsd=\"http://www.w"
    "3.org/2001/XMLSchema\" xmlns:ns=\"urn:\"><SOAP-ENV:Body><ns:";
