<?php
// client.php URL 11|12 - the calculator by PHP's SoapClient, which knows its URL alone.
[, $url, $version] = $argv;
try {
    $client = new SoapClient("$url?wsdl", [
        'cache_wsdl' => WSDL_CACHE_NONE, 'soap_version' => $version === '12' ? SOAP_1_2 : SOAP_1_1]);
    echo 'add ', $client->add(['a' => 1, 'b' => 2])->result, "\n";
    echo 'mul ', $client->mul(['a' => 3, 'b' => 4])->result, "\n";
    $client->div(['a' => 1, 'b' => 0]);
} catch (SoapFault $fault) {
    echo 'fault ', $fault->getMessage(), "\n";
}
