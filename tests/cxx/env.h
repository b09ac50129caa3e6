// Header and fault of all services in one program.
struct SOAP_ENV__Header {
};
