"""Checks the API reference and the crate page in a browser.

Usage: check-docs.py DIR BROWSER [SCREENSHOTS]. DIR is the output of `cargo xtask docs`, BROWSER a
Chromium executable. Each page is opened from disk and from a server, with light and dark colors, and
at the width of a phone. The check fails if expected content is missing, if a page reports an error,
sends a request to another host, or is wider than the screen. SCREENSHOTS is a directory for
screenshots of the pages.
"""

import functools
import http.server
import json
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import TimeoutError, sync_playwright

REFERENCE = "api-reference/index.html"
CRATE = "nsx_api/index.html"
STATUSES = ["200", "400", "403", "404", "412", "500", "503"]
# Name, color scheme, width.
SCREENS = [("light", "light", 1280), ("dark", "dark", 1280), ("phone", "light", 390)]

# Markup in a description that would make a browser send requests to another host.
EXTERNAL = "https://elsewhere.example/"
HOSTILE = f"""
![a picture]({EXTERNAL}a.png) <img src="{EXTERNAL}b.png"> <style>@import "{EXTERNAL}c.css";</style>
<script>fetch("{EXTERNAL}d")</script> <iframe src="{EXTERNAL}e"></iframe> <b style="background: url({EXTERNAL}f.png)">x</b>
<link rel="stylesheet" href="{EXTERNAL}g.css"> <form action="{EXTERNAL}h"><button>x</button></form>
<svg><image href="{EXTERNAL}i.png"/></svg> <video poster="{EXTERNAL}j.png" src="{EXTERNAL}k"></video>
"""


class PageCheck:
    """A page in a browser, and the failures found on it."""

    def __init__(self, browser, scheme, width, own_url):
        self.page = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 900})
        self.own_url = own_url
        self.failures = []
        self.page.on("request", self.on_request)
        self.page.on("pageerror", lambda error: self.failures.append(f"error: {error}"))
        self.page.on("console", self.on_console)

    def on_request(self, request):
        if not request.url.startswith((self.own_url, "data:")):
            self.failures.append(f"request to {request.url}")

    def on_console(self, message):
        if message.type == "error":
            self.failures.append(f"error: {message.text}")

    def expect(self, condition, description):
        if not condition:
            self.failures.append(f"expected: {description}")


def overflow_width(page):
    """The number of pixels by which the page is wider than the screen."""
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


def brightness(page):
    """The brightness of the visible background, from 0 to 255."""
    return page.evaluate(
        """() => {
            for (const element of [document.body, document.documentElement]) {
                const [r, g, b, a = 1] = getComputedStyle(element).backgroundColor.match(/[\\d.]+/g).map(Number);
                if (a > 0) return (r + g + b) / 3;
            }
            return 255;
        }"""
    )


def check_reference(check, scheme):
    page = check.page
    page.wait_for_selector(".opblock")
    operation = page.locator(".opblock", has=page.get_by_text("/aaa/registration-token"))
    check.expect(operation.locator(".opblock-summary-method").inner_text() == "POST", "the HTTP method")
    operation.locator("tr.response").last.wait_for()
    statuses = operation.locator("tr.response .response-col_status").all_inner_texts()
    check.expect([status.strip() for status in statuses] == STATUSES, f"seven responses, found {statuses}")
    for text in ("The token was created.", "A manager in read-only mode also returns 403.", '"enterprise_admin"'):
        check.expect(text in operation.inner_text(), text)
    check.expect(page.locator(".errors-wrapper").count() == 0, "no error box")
    inputs = page.locator(".try-out, .authorize, input[type=password]")
    check.expect(inputs.count() == 0, "no inputs for passwords or requests")
    page.locator(".authentication summary").click()
    check.expect("JSESSIONID" in page.locator(".authentication").inner_text(), "the security schemes")
    check.expect(page.title() == "NSX Manager API", "the title")
    check.expect((brightness(page) < 80) == (scheme == "dark"), f"{scheme} colors, found brightness {brightness(page)}")


def check_crate(check, scheme):
    page = check.page
    text = page.locator("main").inner_text()
    for word in ("create_registration_token", "Authentication", "Errors", "Retries", "Cookbook", "Features"):
        check.expect(word in text, word)
    first = page.locator("pre.rust").first.bounding_box()
    check.expect(first is not None and first["y"] < 900, "an example on the first screen")
    check.expect((brightness(page) < 80) == (scheme == "dark"), f"{scheme} colors, found brightness {brightness(page)}")
    link = page.locator("main a[href$='api-reference/index.html']").first
    check.expect(link.count() == 1, "a link to the API reference")


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves a directory and logs nothing."""

    def log_message(self, *_):
        pass


class RecordingProxy(http.server.BaseHTTPRequestHandler):
    """The browser's proxy. Refuses all requests, and records the ones to EXTERNAL.

    The browser itself sends requests to other hosts, which are not recorded.
    """

    requests = []

    def refuse(self):
        if urlsplit(EXTERNAL).hostname in self.path:
            RecordingProxy.requests.append(f"{self.command} {self.path}")
        self.send_error(502)

    do_CONNECT = do_GET = do_POST = do_HEAD = do_OPTIONS = refuse

    def log_message(self, *_):
        pass


def serve(handler):
    """Starts a server on the loopback interface and returns its URL."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def write_reference(reference, document, dir):
    """Writes the API reference of another document."""
    shutil.copytree(reference, dir, dirs_exist_ok=True)
    text = json.dumps(json.dumps(document))
    (dir / "document.js").write_text(f"const openapi = JSON.parse({text});")


def write_hostile_reference(reference, dir):
    """Writes the API reference of a document whose descriptions contain HOSTILE."""
    response = {"description": HOSTILE, "content": {"application/json": {"schema": {"$ref": f"{EXTERNAL}schema.json#/a"}}}}
    document = {
        "openapi": "3.0.3",
        "info": {"title": "Hostile", "version": "1", "description": HOSTILE},
        "servers": [{"url": EXTERNAL}],
        "paths": {"/a": {"get": {"operationId": "A", "description": HOSTILE, "responses": {"200": response}}}},
    }
    write_reference(reference, document, dir)


def wait_for_external_request(browser, page, seconds):
    """Shows the page until it sends an external request, for at most this time.

    Returns the elapsed seconds.
    """
    check = PageCheck(browser, "light", 1280, page.parent.as_uri())
    start = time.monotonic()
    check.page.goto(page.as_uri())
    check.page.wait_for_selector(".opblock")
    while not RecordingProxy.requests and time.monotonic() - start < seconds:
        check.page.wait_for_timeout(100)
    check.page.close()
    return time.monotonic() - start


def check_hostile_document(browser, reference):
    """Checks that a hostile document causes no external request.

    To prove that this script would detect one, it first removes the content security policy.
    """
    with tempfile.TemporaryDirectory() as dir:
        write_hostile_reference(reference, Path(dir))
        page = Path(dir) / "index.html"
        text = page.read_text()
        page.write_text("\n".join(line for line in text.splitlines() if "Content-Security-Policy" not in line))
        elapsed = wait_for_external_request(browser, page, 30)
        if not RecordingProxy.requests:
            return ["without a content security policy, no external request was detected"]
        RecordingProxy.requests.clear()
        page.write_text(text)
        wait_for_external_request(browser, page, 1 + 2 * elapsed)
        return [f"a hostile document: {request}" for request in RecordingProxy.requests]


def check_many_operations(browser, reference):
    """Checks that many operations are shown as a list with a filter."""
    operation = {"tags": ["Things"], "responses": {"200": {"description": "OK"}}}
    paths = {f"/things/{number}": {"get": operation} for number in range(40)}
    document = {"openapi": "3.0.3", "info": {"title": "Many", "version": "1"}, "paths": paths}
    with tempfile.TemporaryDirectory() as dir:
        write_reference(reference, document, Path(dir))
        check = PageCheck(browser, "light", 1280, Path(dir).as_uri())
        page = check.page
        page.goto(Path(dir, "index.html").as_uri())
        page.locator(".opblock-tag").click()
        page.locator(".opblock").nth(39).wait_for()
        check.expect(page.locator(".opblock").count() == 40, "40 operations")
        check.expect(page.locator("tr.response").count() == 0, "collapsed operations")
        page.get_by_label("Filter operations").press_sequentially("things/37")
        page.locator(".opblock").nth(1).wait_for(state="detached")
        check.expect(page.locator(".opblock-summary-path").all_inner_texts() == ["/things/37"], "only the matching operation")
        check.expect(overflow_width(page) <= 0, "no horizontal overflow")
        page.close()
        return [f"many operations: {failure}" for failure in check.failures]


def check_pages(browser, dir, screenshots):
    """Checks every page on every screen, from disk and from a server."""
    failures = []
    server = serve(functools.partial(QuietHandler, directory=dir))
    for base, origin in ((dir.as_uri(), "disk"), (server, "server")):
        for path, check_page in ((REFERENCE, check_reference), (CRATE, check_crate)):
            for name, scheme, width in SCREENS:
                check = PageCheck(browser, scheme, width, base)
                check.page.goto(f"{base}/{path}")
                try:
                    check_page(check, scheme)
                except TimeoutError as error:
                    check.failures.append(f"timeout: {error}")
                overflow = overflow_width(check.page)
                check.expect(overflow <= 0, f"no horizontal overflow, found {overflow} pixels")
                if screenshots and origin == "disk":
                    check.page.screenshot(path=screenshots / f"{check_page.__name__}-{name}.png", full_page=True)
                check.page.close()
                failures += [f"{path} from {origin}, {name}: {failure}" for failure in check.failures]
    return failures


def main():
    dir, path = Path(sys.argv[1]).resolve(), sys.argv[2]
    screenshots = Path(sys.argv[3]) if len(sys.argv) > 3 else None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            proxy={"server": serve(RecordingProxy), "bypass": "127.0.0.1"},
            args=["--no-sandbox"],
        )
        failures = check_pages(browser, dir, screenshots)
        failures += check_many_operations(browser, dir / "api-reference")
        failures += check_hostile_document(browser, dir / "api-reference")
        browser.close()
    for failure in failures:
        print(failure, file=sys.stderr)
    print("all checks of the docs passed" if not failures else f"{len(failures)} checks of the docs failed")
    sys.exit(1 if failures else 0)


main()
