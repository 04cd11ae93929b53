"""What a page may not do whatever it shows, watched from outside: scripts, reports of a policy, foreign requests, the
clipboard, dialogs, windows; and whether what it shows could be read for something else."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import BrowserContext, Dialog, Page, Route

from tests.hostile import MARK

UNTOUCHED = "untouched"
_OWN = ("blob:", "data:", "about:", "file:")

# In every frame, before anything that stands in it.
_WATCH = """
(() => {
  const tell = (kind, what) => window.fsTell(kind, String(what).slice(0, 200));
  let value;
  Object.defineProperty(window, "MARK", { get: () => value, set: (given) => { value = given; tell("script", given); } });
  document.addEventListener("securitypolicyviolation", (e) => tell("policy", `${e.effectiveDirective} ${e.blockedURI} ${e.sample}`));
  for (const kind of ["copy", "cut", "paste"]) document.addEventListener(kind, () => tell("clipboard", kind), true);
})()
""".replace("MARK", MARK)  # noqa: E501

# Everything that a person reads, and every element that no text may bring.
_LOOK = r"""
() => {
  const hidden = /[\p{Cf}\p{Zl}\p{Zp}]|(?![\n\t\r])\p{Cc}/u;
  const found = [];
  const note = (kind, what) => found.push([kind, JSON.stringify(what.slice(0, 120))]);
  const reversed = (node, at) => {
    const places = [...Array(7).keys()].map((place) => {
      const range = document.createRange();
      range.setStart(node, at + place);
      range.setEnd(node, at + place + 1);
      return range.getBoundingClientRect();
    });
    const line = places.filter((rect) => rect.width > 0 && rect.top === places[0].top);
    return line.some((rect, place) => place > 0 && rect.left < line[place - 1].left);
  };
  const walk = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode;
    if (node.parentElement?.closest("script, style, noscript")) continue;
    if (hidden.test(node.data)) note("hidden", node.data);
    for (const match of node.data.matchAll(/gnp\.exe/g)) if (reversed(node, match.index)) note("order", node.data);
  }
  for (const element of document.querySelectorAll("*")) {
    if (element.matches("iframe, object, embed, base, math, details")) note("element", element.outerHTML);
    for (const { name, value } of element.attributes) {
      if (name.startsWith("on")) note("handler", element.outerHTML);
      if (/^(title|alt|placeholder|aria-label)$/.test(name) && hidden.test(value)) note("hidden", `${name}: ${value}`);
      if (/^(href|src|action|formaction)$/.test(name) && /^\s*(javascript|file):/i.test(value)) note("address", value);
    }
  }
  if (hidden.test(document.title)) note("hidden", document.title);
  return found;
}
"""


@dataclass
class Eyes:
    """Of all pages of a context. ``home`` is where its own requests go; any other is stopped, and counted."""

    context: BrowserContext
    home: str
    told: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.expose_binding("fsTell", lambda _, kind, what: self.told.append((kind, what)))
        self.context.add_init_script(_WATCH)
        self.context.on("dialog", self._dialog)
        self.context.on("page", lambda page: self.told.append(("window", page.url)) if page.opener() else None)
        self.context.route("**/*", self._request)
        self.context.grant_permissions(["clipboard-read", "clipboard-write"])

    def _dialog(self, dialog: Dialog) -> None:
        self.told.append(("dialog", dialog.message))
        dialog.dismiss()

    def _request(self, route: Route) -> None:
        url = route.request.url
        if url.startswith((self.home, *_OWN)):
            route.continue_()
        else:
            self.told.append(("foreign", url))
            route.abort()

    @property
    def counts(self) -> Counter[str]:
        return Counter(kind for kind, _ in self.told)

    def check(self, page: Page) -> None:
        """As the page is now."""
        found = look(page)
        assert found == [], (page.url, found[:5])
        assert self.told == [], page.url


def look(page: Page) -> list[list[str]]:
    found: list[list[str]] = page.evaluate(_LOOK)
    return found


def clipboard(page: Page) -> str:
    page.bring_to_front()
    return str(page.evaluate("navigator.clipboard.readText()"))


def fill_clipboard(page: Page) -> None:
    page.evaluate("(text) => navigator.clipboard.writeText(text)", UNTOUCHED)


def shown(page: Page, selector: str) -> set[str]:
    """The text of everything that matches."""
    found: Any = page.locator(selector).all_text_contents()
    return set(found)
