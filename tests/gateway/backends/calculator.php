<?php
// calculator.php - the calculator by PHP's SoapServer: WSDL=FILE php -S 127.0.0.1:PORT calculator.php. GET ?wsdl
// gives the file.
class Calculator
{
    private static function ran($operation, $numbers)
    {
        file_put_contents('php://stderr', "ran $operation $numbers->a $numbers->b\n");
    }

    public function add($numbers)
    {
        self::ran('add', $numbers);
        return ['result' => $numbers->a + $numbers->b];
    }

    public function mul($numbers)
    {
        self::ran('mul', $numbers);
        return ['result' => $numbers->a * $numbers->b];
    }

    public function div($numbers)
    {
        self::ran('div', $numbers);
        if ($numbers->b == 0) {
            throw new SoapFault('Client', 'division by zero');
        }
        return ['result' => $numbers->a / $numbers->b];
    }
}

$server = new SoapServer(getenv('WSDL'), ['cache_wsdl' => WSDL_CACHE_NONE]);
$server->setClass('Calculator');
$server->handle();
