"""The panel in a browser: nothing is blocked, nothing is asked of another host, nothing sticks out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import PASSWORD

WIDTHS = (1440, 1024)
READERS = {"English": "mei", "中文": "陈晓"}
OUTCOMES = {"approve": "SO-2048", "conditions": "SO-2042", "hold": "SO-2050", "reject": "SO-2044"}
SCREENS = {
    "home": "/admin/",
    "customers": "/admin/customers/",
    "customer": "/admin/customers/account?id=C-1001",
    "decisions": "/admin/decisions/",
    "policies": "/admin/policies/",
    "nowhere": "/admin/no/such/page",
}
_NOTE_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", event =>
    console.error("CSP", event.violatedDirective, event.blockedURI));
"""


class Watch:
    """Notes what a page complains of, and whom it talks to."""

    def __init__(self, page: Page) -> None:
        self.complaints: list[str] = []
        self.addresses: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.addresses.append(request.url))

    def outsiders(self, panel: str) -> list[str]:
        """The addresses that are not ours."""
        return [address for address in self.addresses if not address.startswith((f"{panel}/", "data:"))]


@pytest.fixture
def page(browser: Browser, panel: str) -> Iterator[Page]:
    """A page of its own, without cookies, in English."""
    context = browser.new_context(base_url=panel, locale="en-US", viewport={"width": WIDTHS[0], "height": 900})
    page = context.new_page()
    page.add_init_script(_NOTE_VIOLATIONS)
    yield page
    context.close()


def sign_in(page: Page, path: str = "/admin/", name: str = "mei") -> None:
    """Sign in with the keyboard, as the page invites to."""
    page.goto(path)
    expect(page.get_by_label("User name")).to_be_focused()
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator(".who-name")).to_have_text(name)


def found_screens(page: Page) -> dict[str, str]:
    """The screens whose addresses are found on others: a decision of each outcome, and a policy version."""
    page.goto("/admin/decisions/")
    links = {f"decision-{outcome}": page.get_by_role("link", name=name) for outcome, name in OUTCOMES.items()}
    found = {name: str(link.get_attribute("href")) for name, link in links.items()}
    page.goto("/admin/policies/")
    return {**found, "policy": str(page.locator("a.row-link").get_attribute("href"))}


def sideways(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def cut_off(page: Page) -> list[str]:
    """What the buttons, figures and badges say whose words do not fit into them."""
    found: list[str] = page.eval_on_selector_all(
        ".button, .badge, .figure, .figure-note, .tag, thead th",
        """all => all.filter(each => each.clientWidth && each.scrollWidth > each.clientWidth + 1)
                     .map(each => each.innerText)""",
    )
    return found


@pytest.mark.parametrize("language", ["English", "中文"])
def test_every_screen_obeys_the_policy_talks_to_nobody_else_and_fits(
    language: str, page: Page, panel: str, screenshots: Path
) -> None:
    watch = Watch(page)
    sign_in(page, name=READERS[language])
    page.get_by_role("button", name=language).click()
    expect(page.locator("html")).to_have_attribute("lang", "en" if language == "English" else "zh-Hans")
    screens = SCREENS | found_screens(page)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for name, path in screens.items():
            page.goto(path)
            page.screenshot(path=screenshots / f"{name}-{language}-{width}.png", full_page=True)
            assert sideways(page) == 0, (name, width)
            assert cut_off(page) == [], (name, width)
    assert [each for each in watch.complaints if "404" not in each] == []
    assert watch.outsiders(panel) == []
    assert len(watch.addresses) > len(screens)


def test_the_policy_is_enforced_and_violations_are_seen(page: Page) -> None:
    watch = Watch(page)
    page.goto("/admin/login")
    page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "document.title = 'broken'";
        document.body.append(script);
        document.body.insertAdjacentHTML("beforeend", "<p style='color: red'></p><img src='https://evil.example/x'>");
    }""")
    page.wait_for_timeout(200)
    blocked = " ".join(watch.complaints)
    assert page.title() == "Sign in · Credit Policy"
    for directive in ("CSP script-src", "CSP style-src", "CSP img-src"):
        assert directive in blocked


def test_a_person_finds_out_why_an_order_was_rejected(page: Page) -> None:
    sign_in(page)
    page.get_by_role("link", name="Rejected").click()
    page.get_by_role("link", name="SO-2044").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Order SO-2044")
    reason = page.locator("article.reason").first
    expect(reason).to_contain_text("CNY 46,800.50 is overdue")
    expect(reason.get_by_role("row").nth(1)).to_contain_text("is more than")
    page.get_by_role("link", name="Version").click()
    expect(page.locator("pre.source")).to_contain_text("OVERDUE_BLOCK")


def test_a_customer_is_found_by_the_beginning_of_its_name(page: Page) -> None:
    sign_in(page, "/admin/customers/")
    page.get_by_label("Id or name").fill("nordic")
    page.get_by_label("Id or name").press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name="C-2002").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nordic Pulp & Paper AB")
    page.get_by_text("Not known").click()
    expect(page.locator("details.missing-facts")).to_contain_text("Worst signal")


def test_signing_out_leaves_nothing_to_go_back_to(page: Page) -> None:
    sign_in(page)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/admin/login")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_the_keyboard_reaches_the_content_first_and_sees_where_it_is(page: Page) -> None:
    sign_in(page)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    focused = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert focused == "solid"


def test_every_field_has_a_name_and_every_table_its_headings(page: Page) -> None:
    sign_in(page)
    for path in (*SCREENS.values(), "/admin/decisions/?outcome=reject"):
        page.goto(path)
        nameless = page.eval_on_selector_all(
            "input:not([type=hidden]), select, button, a",
            "all => all.filter(each => !(each.labels?.length || each.innerText?.trim() || each.ariaLabel)).length",
        )
        assert nameless == 0, path
        assert page.locator("table th:not([scope])").count() == 0, path
