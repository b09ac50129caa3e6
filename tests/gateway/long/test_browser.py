"""The status page and the try-it form in a browser: Chromium, without a screen."""

import os
import pathlib
import shutil
import signal
import sys
import unittest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
import admin  # noqa: E402
import gateway_lab as gw  # noqa: E402
import lab  # noqa: E402


def browser():
    """A headless Chromium, or None with the reason."""
    try:
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service
    except ImportError:
        return None
    if not shutil.which("chromedriver"):
        return None
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1280,900"):
        options.add_argument(argument)
    return webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))


@lab.at_one_server
class Browsers(admin.Admin):
    def setUp(self):
        super().setUp()
        self.browser = browser()
        if not self.browser:
            raise unittest.SkipTest("Debian's chromium-driver and python3-selenium aren't installed")
        self.addCleanup(self.browser.quit)

    def sees(self, element, text):
        from selenium.webdriver.common.by import By
        from selenium.webdriver.support.ui import WebDriverWait
        WebDriverWait(self.browser, lab.PATIENCE_S).until(
            lambda page: text in page.find_element(By.ID, element).text, "%s without %r: %s" % (
                element, text, self.browser.find_element(By.ID, element).text))

    def find(self, kind, value):
        return self.browser.find_element(kind, value)

    def errors(self):
        return [line for line in self.browser.get_log("browser") if "favicon" not in line["message"]]

    def take_picture(self, name):
        """For docs/: PICTURES=docs make run-gateway-long ARGS=Browsers."""
        folder = os.environ.get("PICTURES")
        if folder:
            self.browser.save_screenshot(os.path.join(folder, "gateway-%s.png" % name))

    def test_the_page_shows_what_there_is(self):
        gateway = self.admin("try = true")
        for number in range(40):
            gw.post(gateway.url + "/calc", gw.operation("add", number, 2))
        gw.post(gateway.url + "/calc", gw.operation("div", 1, 0))
        gw.post(gateway.url + "/calc", "<b>bold</b><script>alert(1)</script>")
        self.browser.get(self.at + "/")
        self.sees("summary", "up")
        self.sees("links", "online")
        self.sees("routes", "/calc")
        self.sees("failures", "not-executed")
        self.assertEqual(self.errors(), [])
        self.take_picture("status")

    def test_the_form_calls_an_operation(self):
        self.admin("try = true")
        self.browser.get(self.at + "/")
        self.sees("trial", "Try it")
        self.find("id", "path").send_keys("/calc")
        self.find("css selector", "#which button").click()
        self.sees("call", "Operation")
        for path, value in (("a", "20"), ("b", "22")):
            self.find("css selector", "[data-path=%s]" % path).send_keys(value)
        self.find("css selector", "#call button").click()
        self.sees("end", "answer, executed")
        self.sees("values", "result=42")
        self.assertEqual(self.errors(), [])
        self.take_picture("try")

    def test_a_gateway_that_has_gone_is_told(self):
        gateway = self.admin()
        self.browser.get(self.at + "/")
        self.sees("summary", "up")
        gateway.end(signal.SIGKILL)
        self.sees("summary", "doesn't answer")
