"""A tab of a real browser that is watched: it may talk to one server, and log nothing."""

from axe_playwright_python.base import AXE_SCRIPT

PATIENCE = 120_000  # milliseconds: how long a busy machine may take to load a page or typeset its mathematics
PHONE = 390
WIDE = 1280
STILL = "*, *::before, *::after { transition: none !important; animation: none !important }"
# A page of code holds ten thousand tokens in twenty styles: one of each style in each kind of block is looked at.
RUN_AXE = """async ([selector, impacts]) => {
    const styles = new Set(), twins = [];
    for (const token of document.querySelectorAll("pre span")) {
        const around = [token.closest("pre").parentElement, token.parentElement, token];
        const style = around.map(element => element.className + element.style.cssText).join("|");
        if (styles.has(style) || token.textContent.trim().length < 2) twins.push(token);  // axe reads no single sign
        else styles.add(style);
    }
    twins.forEach(token => token.style.visibility = "hidden");
    const options = { resultTypes: ["violations"], preload: false };  // its preload asks for wrong addresses
    const { violations } = await axe.run(selector, options);
    twins.forEach(token => token.style.visibility = "");
    return violations.filter(rule => !impacts || impacts.includes(rule.impact)).flatMap(rule => rule.nodes.map(
        node => `${rule.id} (${rule.impact}): ${node.target} ${node.html.slice(0, 200)} ${node.failureSummary}`));
}"""
THEMED = """scheme => { const { mode, theme } = document.documentElement.dataset; return !mode || theme === scheme; }"""
FIGURES = ".course-figure"
RESET = "all => all.filter(button => button.textContent.trim() === 'Reset').forEach(button => button.click())"


class Watch:
    """What a page did that it must not do: console errors, exceptions, failed or foreign requests.

    Each fault says where it happened: ``watch.place`` is the page, its scheme and its width.
    """

    def __init__(self, page, home):
        self.page, self.home, self.place, self.faults = page, home, "", []
        page.on("console", lambda message: message.type == "error" and self.note(message.text))
        page.on("pageerror", lambda error: self.note(f"exception: {error}"))
        page.on("crash", lambda _: self.note("the page crashed"))
        page.on("request", lambda request: self.check_address(request.url))
        page.on("websocket", lambda socket: self.check_address(socket.url))
        page.on(
            "response", lambda answer: answer.status >= 400 and self.note(f"{answer.status} for {answer.url}")
        )

    def note(self, fault):
        """Keep a fault with its place."""
        self.faults.append(f"{self.place}: {fault}")

    def check_address(self, url):
        """Note a request to anything but the server under test; the browser itself lets none through."""
        if not url.startswith((self.home, "data:", "blob:")):
            self.note(f"request to another host: {url}")

    def check_silence(self):
        """Fail with the faults since the last call, if there are any."""
        self.page.evaluate("1")  # what the page has sent so far arrives before the answer
        faults, self.faults = self.faults, []
        assert not faults, "\n".join(faults)


class Reader:
    """One tab on one server, its pages looked at one after the other."""

    def __init__(self, context, server):
        self.page, self.server, self.name, self.scheme = context.new_page(), server, None, None
        self.watch = Watch(self.page, server.url)
        self.page.set_default_timeout(PATIENCE)

    def look(self, name, scheme="light", width=WIDE, height=900, reduced_motion="no-preference"):
        """Return the tab with page `name` in it, in this scheme and width.

        The page is loaded when another one was open; otherwise only the scheme and the width change, as they
        do for a reader who turns a phone or whose system turns dark.
        """
        self.watch.place = f"{name}, {scheme}, {width} px wide"
        if self.page.viewport_size != {"width": width, "height": height}:
            self.page.set_viewport_size({"width": width, "height": height})
        self.page.emulate_media(color_scheme=scheme, reduced_motion=reduced_motion)
        if self.name != name:
            self.name = self.scheme = None  # until it is open
            self.page.goto(f"{self.server.url}/{name}", wait_until="load")
            wait_for_math(self.page)
            self.name = name
        if self.scheme != scheme:
            self.page.wait_for_function(THEMED, arg=scheme)
            self.scheme = scheme
        return self.page


def wait_for_math(page):
    """Wait until MathJax, where the page has any mathematics, has typeset it."""
    if page.locator(".math").count():
        page.wait_for_function("window.MathJax && MathJax.startup && MathJax.startup.promise")
        page.evaluate("() => MathJax.startup.promise.then(() => true)")


def axe_violations(page, selector="html", impacts=None):
    """What axe finds under `selector`, one line each; `impacts` narrows it, say to ``["serious", "critical"]``.

    Transitions are switched off first, so that no colour is caught half way.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
        page.add_style_tag(content=STILL)
    return page.evaluate(RUN_AXE, [selector, impacts])
