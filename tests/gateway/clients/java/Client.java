// Client.java - the calculator by JAX-WS, which knows its URL alone: java Client URL 11|12
import java.net.URL;

import javax.jws.WebParam;
import javax.jws.WebResult;
import javax.jws.WebService;
import javax.jws.soap.SOAPBinding;
import javax.xml.bind.annotation.XmlAccessType;
import javax.xml.bind.annotation.XmlAccessorType;
import javax.xml.bind.annotation.XmlElement;
import javax.xml.namespace.QName;
import javax.xml.ws.Service;
import javax.xml.ws.soap.SOAPFaultException;

public class Client {
    static final String NAMESPACE = "urn:soapxmpp:calculator";

    @XmlAccessorType(XmlAccessType.FIELD)
    public static class Numbers {
        @XmlElement(namespace = NAMESPACE)
        public double a, b;

        static Numbers of(double a, double b) {
            Numbers numbers = new Numbers();
            numbers.a = a;
            numbers.b = b;
            return numbers;
        }
    }

    @XmlAccessorType(XmlAccessType.FIELD)
    public static class Number {
        @XmlElement(namespace = NAMESPACE)
        public double result;

        @Override
        public String toString() {
            return result == Math.rint(result) ? String.valueOf((long) result) : String.valueOf(result);
        }
    }

    // Debian's JAX-WS comes without ASM, which would make the classes of a wrapped style while it runs.
    @WebService(name = "calculatorPortType", targetNamespace = NAMESPACE)
    @SOAPBinding(parameterStyle = SOAPBinding.ParameterStyle.BARE)
    public interface Calculator {
        @WebResult(name = "addResponse", targetNamespace = NAMESPACE, partName = "parameters")
        Number add(@WebParam(name = "add", targetNamespace = NAMESPACE, partName = "parameters") Numbers numbers);

        @WebResult(name = "mulResponse", targetNamespace = NAMESPACE, partName = "parameters")
        Number mul(@WebParam(name = "mul", targetNamespace = NAMESPACE, partName = "parameters") Numbers numbers);

        @WebResult(name = "divResponse", targetNamespace = NAMESPACE, partName = "parameters")
        Number div(@WebParam(name = "div", targetNamespace = NAMESPACE, partName = "parameters") Numbers numbers);
    }

    public static void main(String[] arguments) throws Exception {
        Service service = Service.create(new URL(arguments[0] + "?wsdl"), new QName(NAMESPACE, "calculator"));
        String port = arguments[1].equals("12") ? "calculatorSoap12" : "calculatorSoap";
        Calculator calculator = service.getPort(new QName(NAMESPACE, port), Calculator.class);
        try {
            System.out.println("add " + calculator.add(Numbers.of(1, 2)));
            System.out.println("mul " + calculator.mul(Numbers.of(3, 4)));
            calculator.div(Numbers.of(1, 0));
        } catch (SOAPFaultException fault) {
            System.out.println("fault " + fault.getFault().getFaultString());
        }
    }
}
