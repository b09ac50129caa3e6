"""Java's JAX-WS, unmodified but for a URL."""

import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
import gateway_lab  # noqa: E402
import lab  # noqa: E402
import others  # noqa: E402


@lab.at_each_server
class Java(others.Conversation, gateway_lab.GatewayLab):
    def test_jax_ws_speaks_1_1(self):
        self.speaks("Java", "11")

    def test_jax_ws_speaks_1_2(self):
        self.speaks("Java", "12")

    def test_jax_ws_speaks_with_php(self):
        self.speaks("Java", "11", gateway_lab.php_calculator)
