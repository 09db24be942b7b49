"""The rig itself: what goes wrong in a page is seen, and a good page passes."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.browser.chromium import DESKTOP, PHONE, Complaints, pages

HEAD = '<!doctype html><html lang="en"><title>Tea</title><link rel="icon" href="data:,">'
PAGES = {
    "/good": "<h1>Linden tea</h1>",
    "/console": "<script src=/console.js></script>",
    "/console.js": "console.error('the pot is empty')",
    "/throws": "<script src=/throws.js></script>",
    "/throws.js": "throw new Error('the cup broke')",
    "/inline": "<script>document.title = 'changed'</script>",
    "/style": "<p style='color: red'>red</p>",
    "/elsewhere": "<link rel=stylesheet href='http://cdn.example/tea.css'>",
    "/missing-file": "<img alt='' src=/none.png>",
    "/socket": "<script src=/socket.js></script>",
    "/socket.js": "new WebSocket('ws://cdn.example/live')",
    "/pop-up": "<a target=_blank href=/console>more</a>",
}
LAX = ("/elsewhere", "/socket")  # the policy would stop these before a request is made


class Site(BaseHTTPRequestHandler):
    def do_GET(self):
        text = PAGES.get(self.path)
        script = self.path.endswith(".js")
        body = ((text or "nothing") if script else HEAD + (text or "nothing")).encode()
        self.send_response(200 if text else 404)
        self.send_header("Content-Type", "text/javascript" if script else "text/html")
        self.send_header("Content-Length", str(len(body)))
        if not self.path.startswith(LAX):
            self.send_header("Content-Security-Policy", "default-src 'self'; img-src 'self' data:")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        pass


@pytest.fixture(scope="module")
def site():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "complaint"),
    [
        ("/console", "console: the pot is empty"),
        ("/throws", "script error: .*the cup broke"),
        ("/inline", "CSP: script-src-elem blocked inline"),
        ("/style", "CSP: style-src-attr blocked inline"),
        ("/elsewhere", "request to another host: http://cdn.example/tea.css"),
        ("/socket", "request to another host: ws://cdn.example/live"),
        ("/missing-file", r"console: .*status of 404.*/none\.png"),
        ("/none", "status of 404"),
    ],
)
def test_what_goes_wrong_fails_the_test(browser, site, path, complaint):
    with pytest.raises(AssertionError, match=complaint):
        with pages(browser, Complaints()) as open_page:
            open_page(site + path)


def test_a_second_page_is_watched_as_well(open_page, site, complaints):
    page = open_page(site + "/pop-up")
    with page.expect_popup() as more:
        page.get_by_role("link", name="more").click()
    more.value.wait_for_load_state()
    complaints.expect("the pot is empty")


def test_a_complaint_that_is_expected_is_none(open_page, site, complaints):
    open_page(site + "/none")
    complaints.expect("status of 404")


def test_a_complaint_that_is_expected_has_to_come(browser, site):
    complaints = Complaints()
    complaints.expect("status of 422")
    with pytest.raises(AssertionError, match="expected, but not seen: status of 422"):
        with pages(browser, complaints) as open_page:
            open_page(site + "/good")


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_a_good_page_in_each_size_and_colour(open_page, site, size, colours):
    page = open_page(site + "/good", size=size, colours=colours)
    assert page.get_by_role("heading", name="Linden tea").is_visible()
    assert page.evaluate("[innerWidth, innerHeight]") == list(size)
    assert page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") == (
        colours == "dark"
    )


def test_a_page_works_without_script(open_page, site):
    page = open_page(site + "/good", java_script_enabled=False)
    assert page.get_by_role("heading", name="Linden tea").is_visible()
