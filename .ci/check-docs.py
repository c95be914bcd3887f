"""Looks at the docs in a browser, as a reader sees them: the reference of the API and the crate page.

Usage: check-docs.py FOLDER BROWSER [PICTURES]. FOLDER is what `cargo xtask docs` wrote, BROWSER a Chromium. Each page is opened from disk
and from a server, in light and dark and at the width of a phone. What must be there is looked for on the page; a request to
another host, an error of the page and a line that runs off the screen are faults. With PICTURES, a picture of each is put there.
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
# Name, colour scheme, width.
SCREENS = [("light", "light", 1280), ("dark", "dark", 1280), ("phone", "light", 390)]

# What a document may say to have a browser fetch something from elsewhere.
ELSEWHERE = "https://elsewhere.example/"
HOSTILE = f"""
![a picture]({ELSEWHERE}a.png) <img src="{ELSEWHERE}b.png"> <style>@import "{ELSEWHERE}c.css";</style>
<script>fetch("{ELSEWHERE}d")</script> <iframe src="{ELSEWHERE}e"></iframe> <b style="background: url({ELSEWHERE}f.png)">x</b>
<link rel="stylesheet" href="{ELSEWHERE}g.css"> <form action="{ELSEWHERE}h"><button>x</button></form>
<svg><image href="{ELSEWHERE}i.png"/></svg> <video poster="{ELSEWHERE}j.png" src="{ELSEWHERE}k"></video>
"""


class Sight:
    """A page in a browser, and what went wrong while it was shown."""

    def __init__(self, browser, scheme, width, own):
        self.page = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 900})
        self.own = own
        self.faults = []
        self.page.on("request", self.request)
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("console", self.console)

    def request(self, request):
        if not request.url.startswith((self.own, "data:")):
            self.faults.append(f"a request to {request.url}")

    def console(self, message):
        if message.type == "error":
            self.faults.append(f"error: {message.text}")

    def expect(self, holds, what):
        if not holds:
            self.faults.append(f"missing: {what}")


def overflow(page):
    """By how many pixels the page is wider than the screen."""
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


def brightness(page):
    """How bright the background is that a reader sees, from 0 to 255."""
    return page.evaluate(
        """() => {
            for (const place of [document.body, document.documentElement]) {
                const [r, g, b, a = 1] = getComputedStyle(place).backgroundColor.match(/[\\d.]+/g).map(Number);
                if (a > 0) return (r + g + b) / 3;
            }
            return 255;
        }"""
    )


def look_at_reference(sight, scheme):
    page = sight.page
    page.wait_for_selector(".opblock")
    operation = page.locator(".opblock", has=page.get_by_text("/aaa/registration-token"))
    sight.expect(operation.locator(".opblock-summary-method").inner_text() == "POST", "the method")
    operation.locator("tr.response").last.wait_for()
    statuses = operation.locator("tr.response .response-col_status").all_inner_texts()
    sight.expect([status.strip() for status in statuses] == STATUSES, f"seven responses, there are {statuses}")
    for text in ("The token was created.", "A manager in read-only mode answers this too.", '"enterprise_admin"'):
        sight.expect(text in operation.inner_text(), text)
    sight.expect(page.locator(".errors-wrapper").count() == 0, "a page without a box of errors")
    sight.expect(page.locator(".try-out, .authorize, input[type=password]").count() == 0, "a page that asks for nothing")
    page.locator(".authentication summary").click()
    sight.expect("JSESSIONID" in page.locator(".authentication").inner_text(), "the ways to authenticate")
    sight.expect(page.title() == "NSX Manager API", "the title")
    sight.expect((brightness(page) < 80) == (scheme == "dark"), f"{scheme} colours, the brightness is {brightness(page)}")


def look_at_crate(sight, scheme):
    page = sight.page
    text = page.locator("main").inner_text()
    for word in ("create_registration_token", "Authentication", "Errors", "Retries", "Cookbook", "Features"):
        sight.expect(word in text, word)
    first = page.locator("pre.rust").first.bounding_box()
    sight.expect(first is not None and first["y"] < 900, "an example on the first screen")
    sight.expect((brightness(page) < 80) == (scheme == "dark"), f"{scheme} colours, the brightness is {brightness(page)}")
    link = page.locator("main a[href$='api-reference/index.html']").first
    sight.expect(link.count() == 1, "a link to the reference of the API")


class Silent(http.server.SimpleHTTPRequestHandler):
    """Serves a folder, without a word."""

    def log_message(self, *_):
        pass


class Outside(http.server.BaseHTTPRequestHandler):
    """What the browser takes for the rest of the world: it notes what is asked for, and has nothing. The browser asks for things too."""

    asked = []

    def refuse(self):
        if urlsplit(ELSEWHERE).hostname in self.path:
            Outside.asked.append(f"{self.command} {self.path}")
        self.send_error(502)

    do_CONNECT = do_GET = do_POST = do_HEAD = do_OPTIONS = refuse

    def log_message(self, *_):
        pass


def listen(handler):
    """Serves to this machine, and gives the address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def put_reference(reference, document, folder):
    """The reference of another document."""
    shutil.copytree(reference, folder, dirs_exist_ok=True)
    text = json.dumps(json.dumps(document))
    (folder / "document.js").write_text(f"const openapi = JSON.parse({text});")


def put_hostile(reference, folder):
    """The reference of a document whose every description tries to have something fetched."""
    answer = {"description": HOSTILE, "content": {"application/json": {"schema": {"$ref": f"{ELSEWHERE}schema.json#/a"}}}}
    document = {
        "openapi": "3.0.3",
        "info": {"title": "Hostile", "version": "1", "description": HOSTILE},
        "servers": [{"url": ELSEWHERE}],
        "paths": {"/a": {"get": {"operationId": "A", "description": HOSTILE, "responses": {"200": answer}}}},
    }
    put_reference(reference, document, folder)


def show_hostile(browser, page, seconds):
    """Shows the page until something leaves the browser, or for so long. Gives how long it was."""
    sight = Sight(browser, "light", 1280, page.parent.as_uri())
    begin = time.monotonic()
    sight.page.goto(page.as_uri())
    sight.page.wait_for_selector(".opblock")
    while not Outside.asked and time.monotonic() - begin < seconds:
        sight.page.wait_for_timeout(100)
    sight.page.close()
    return time.monotonic() - begin


def look_at_hostile(browser, reference):
    """Nothing that a document says leaves the browser. Without the page's policy something does: this script would see it."""
    with tempfile.TemporaryDirectory() as folder:
        put_hostile(reference, Path(folder))
        page = Path(folder) / "index.html"
        text = page.read_text()
        page.write_text("\n".join(line for line in text.splitlines() if "Content-Security-Policy" not in line))
        took = show_hostile(browser, page, 30)
        if not Outside.asked:
            return ["this script is blind: it sees no request of a page without a policy"]
        Outside.asked.clear()
        page.write_text(text)
        show_hostile(browser, page, 1 + 2 * took)
        return [f"a hostile document: {request}" for request in Outside.asked]


def look_at_many(browser, reference):
    """Many operations are a list, in which one is found by its path."""
    operation = {"tags": ["Things"], "responses": {"200": {"description": "All is well."}}}
    paths = {f"/things/{number}": {"get": operation} for number in range(40)}
    document = {"openapi": "3.0.3", "info": {"title": "Many", "version": "1"}, "paths": paths}
    with tempfile.TemporaryDirectory() as folder:
        put_reference(reference, document, Path(folder))
        sight = Sight(browser, "light", 1280, Path(folder).as_uri())
        page = sight.page
        page.goto(Path(folder, "index.html").as_uri())
        page.locator(".opblock-tag").click()
        page.locator(".opblock").nth(39).wait_for()
        sight.expect(page.locator(".opblock").count() == 40, "40 operations")
        sight.expect(page.locator("tr.response").count() == 0, "operations that are closed")
        page.get_by_label("Filter the operations").press_sequentially("things/37")
        page.locator(".opblock").nth(1).wait_for(state="detached")
        sight.expect(page.locator(".opblock-summary-path").all_inner_texts() == ["/things/37"], "the one looked for")
        sight.expect(overflow(page) <= 0, "room")
        page.close()
        return [f"many operations: {fault}" for fault in sight.faults]


def look_at_pages(browser, folder, pictures):
    """Every page on every screen, from disk and from a server."""
    faults = []
    server = listen(functools.partial(Silent, directory=folder))
    for base, place in ((folder.as_uri(), "disk"), (server, "server")):
        for path, look in ((REFERENCE, look_at_reference), (CRATE, look_at_crate)):
            for name, scheme, width in SCREENS:
                sight = Sight(browser, scheme, width, base)
                sight.page.goto(f"{base}/{path}")
                try:
                    look(sight, scheme)
                except TimeoutError as error:
                    sight.faults.append(f"missing: {error}")
                sight.expect(overflow(sight.page) <= 0, f"room, by {overflow(sight.page)} pixels")
                if pictures and place == "disk":
                    sight.page.screenshot(path=pictures / f"{look.__name__}-{name}.png", full_page=True)
                sight.page.close()
                faults += [f"{path} from {place}, {name}: {fault}" for fault in sight.faults]
    return faults


def main():
    folder, path = Path(sys.argv[1]).resolve(), sys.argv[2]
    pictures = Path(sys.argv[3]) if len(sys.argv) > 3 else None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            proxy={"server": listen(Outside), "bypass": "127.0.0.1"},
            args=["--no-sandbox"],
        )
        faults = look_at_pages(browser, folder, pictures)
        faults += look_at_many(browser, folder / "api-reference")
        faults += look_at_hostile(browser, folder / "api-reference")
        browser.close()
    for fault in faults:
        print(fault, file=sys.stderr)
    print("the docs are as they should be" if not faults else f"{len(faults)} faults of the docs")
    sys.exit(1 if faults else 0)


main()
