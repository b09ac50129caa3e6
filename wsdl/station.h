/* station.h - the contract between a measuring station and its console. Each serves its part and
 * calls the other's, both on one outbound connection:
 *     console -> station: read, configure      station -> console: report (one-way)
 *
 * soapcpp2 -2 -c -L -x station.h makes stubs, skeleton and WSDL. */

//gsoap station service name:       station A measuring station and its console
//gsoap station service protocol:   SOAP1.2
//gsoap station service style:      document
//gsoap station service encoding:   literal
//gsoap station service namespace:  urn:soapxmpp:station
//gsoap station service transport:  http://jabber.org/protocol/soap
//gsoap station service location:   xmpp:station@example.org/soap
//gsoap station schema namespace:   urn:soapxmpp:station
//gsoap station schema elementForm: qualified

/// One measurement.
struct station__Reading {
    time_t taken;               ///< when, UTC
    double temperatureCelsius;  ///< air temperature, degrees Celsius
    double pressureHectopascal; ///< air pressure, hectopascals
};

//gsoap station service method: read Measures now. Served by the station
struct station__readResponse {
    struct station__Reading reading;
};
int station__read(struct station__readResponse *response);

//gsoap station service method: configure Sets how often the station reports. Served by the station
//gsoap station service method: configure::intervalSeconds from report to report, 1 to 86400 seconds, else a Sender fault
//gsoap station service method: configure::previousSeconds the interval before, seconds
int station__configure(unsigned int intervalSeconds, unsigned int *previousSeconds);

//gsoap station service method: report Tells a measurement, one-way. Served by the console
int station__report(struct station__Reading reading, void);
