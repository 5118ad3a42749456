"""A way through all views of the web page and their states, for checks that apply to each of them."""

from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.support.chromium import Person, write_photos
from tests.support.page_albums import create_album, create_link

SHARE_PASSWORD = "Käse & 100 %"


class Tour:
    """A tour of a new account. Each method goes to one state after another, and yields the name of the state."""

    def __init__(self, person: Person, folder: Path) -> None:
        self.person, self.page, self.folder = person, person.page, folder
        person.expected_statuses |= {401, 404}

    def see_all(self) -> Iterator[str]:
        """Visit everything: first as a visitor, then with an empty account, then with photos and albums."""
        yield from self.see_doors()
        self.person.join("tour")
        yield from self.see_empty_views()
        self._fill()
        yield from self.see_lists()
        yield from self.see_viewer()
        yield from self.see_albums()
        yield from self.see_share()
        yield from self.see_uploads()
        yield from self.see_account()

    def see_doors(self) -> Iterator[str]:
        self._open("/")
        yield "explore as a visitor"
        self._open("/join")
        yield "join"
        self.page.get_by_label("E-mail").fill("nobody@example.com")
        self.page.get_by_label("Password", exact=True).fill("short")
        yield "join with an invalid password"
        self._open("/sign-in?returnTo=/library")
        yield "sign in"
        self.page.get_by_label("E-mail").fill("nobody@example.com")
        self.page.get_by_label("Password", exact=True).fill("Wrong-password-1")
        self.page.locator("main form button.primary").click()
        expect(self.page.get_by_role("alert").first).not_to_be_empty()
        yield "sign in with an error"
        self.page.get_by_role("button", name="Forgot").click()
        yield "forgotten password"
        self._open("/p/00000000-0000-4000-8000-000000000000")
        expect(self.page.locator("dialog.viewer h1, dialog.viewer h2").first).to_be_visible()
        yield "missing photo"
        self._open("/s/nothing")
        yield "ended link"

    def see_empty_views(self) -> Iterator[str]:
        for path in ("/library", "/a", "/bin", "/find?q=nothing", "/a/00000000-0000-4000-8000-000000000000"):
            self._open(path)
            expect(self.page.locator("main .empty")).to_be_visible()
            yield f"empty {path}"

    def _fill(self) -> None:
        self.photo_ids = self.person.upload(3, seed=700, visibility="private", title="Harbour", tags=["sea", "boats"])
        self.photo_ids += self.person.upload(2, seed=710, visibility="public")
        self.album_id = create_album(self.person, self.photo_ids, description="Two weeks at the sea.", years=[2024])
        self.person.local.call("DELETE", f"/photos/{self.photo_ids.pop()}", token=self.person.token)
        self.link = create_link(self.person, self.album_id, password=SHARE_PASSWORD)

    def see_lists(self) -> Iterator[str]:
        for path in ("/", "/library?order=newest", "/find?q=harbour&scope=mine", "/bin"):
            self._open(path)
            expect(self.page.locator("main li.tile img.loaded").first).to_be_visible()
            yield path
        self._select()
        yield "selection in the bin"
        self._open("/library")
        yield "library"
        self._select()
        yield "selection"
        more = self.page.get_by_role("toolbar").get_by_role("button", name="More")
        if more.is_visible():
            more.click()
            yield "menu of the selection"
            self.page.keyboard.press("Escape")
        self.page.get_by_role("toolbar").get_by_role("button", name="Add to album").click()
        expect(self.page.locator("dialog[open]")).to_be_visible()
        yield "dialog that adds to an album"
        self.page.keyboard.press("Escape")
        for action in ("Tag", "Visibility"):
            self._use(action)
            expect(self.page.locator("dialog[open]")).to_be_visible()
            yield f"dialog of the action {action}"
            self.page.keyboard.press("Escape")
        self._use("Add to album")
        self.page.get_by_role("dialog").get_by_role("button", name="New album").click()
        form = self.page.get_by_role("dialog", name="New album")
        form.get_by_label("Name").fill("Harbours")
        form.get_by_role("button", name="Create the album").click()
        self.page.locator(".toast a").focus()
        yield "message with a link"

    def see_viewer(self) -> Iterator[str]:
        self._open("/library?order=newest")
        self.person.tile(self.photo_ids[0]).locator("a").click()
        expect(self.page.locator("dialog.viewer .viewer-frame img.loaded").first).to_be_visible()
        yield "viewer"
        self.page.keyboard.press("i")
        expect(self.page.locator(".viewer-panel")).to_be_visible()
        yield "viewer with its panel"
        self.page.locator(".viewer-panel").get_by_role("button", name="Edit details").click()
        yield "form of the details"
        self.page.keyboard.press("Escape")

    def see_albums(self) -> Iterator[str]:
        self._open("/a")
        yield "albums"
        self.page.locator(".albums-head").get_by_role("button", name="New album").click()
        yield "form of an album"
        self.page.keyboard.press("Escape")
        self._open(f"/a/{self.album_id}")
        expect(self.page.locator("main li.tile img.loaded").first).to_be_visible()
        yield "album"
        self.page.locator(".album-actions").get_by_role("button", name="More").click()
        yield "menu of an album"
        self.page.get_by_role("menuitem", name="Choose the cover").click()
        yield "choice of a cover"
        self.page.keyboard.press("Escape")
        self.page.locator(".album-actions").get_by_role("button", name="More").click()
        self.page.get_by_role("menuitem", name="Delete").click()
        expect(self.page.locator("dialog[open]")).to_be_visible()
        yield "question about an album"
        self.page.keyboard.press("Escape")
        self.page.locator(".album-actions").get_by_role("button", name="Add photos").click()
        expect(self.page.locator("dialog[open] li img.loaded, dialog[open] li img").first).to_be_visible()
        yield "picker of photos"
        self.page.keyboard.press("Escape")

    def see_share(self) -> Iterator[str]:
        self._open(f"/a/{self.album_id}")
        self.page.get_by_role("button", name="Share", exact=True).click()
        dialog = self.page.get_by_role("dialog", name="Share this album")
        expect(dialog).to_be_visible()
        yield "share links"
        dialog.get_by_role("button", name="Create and copy link").click()
        expect(dialog.get_by_label("Link", exact=True)).to_be_visible()
        yield "new share link"
        self._open(self.link)
        password = self.page.get_by_label("Password", exact=True)
        expect(password).to_be_visible()
        yield "password of a link"
        password.fill("wrong")
        self.page.get_by_role("button", name="Open the album").click()
        expect(self.page.get_by_role("alert")).to_contain_text("That is not it")
        yield "wrong password of a link"
        password.fill(SHARE_PASSWORD)
        self.page.get_by_role("button", name="Open the album").click()
        expect(self.page.locator("main li.tile img.loaded").first).to_be_visible()
        yield "shared album"
        self._select()
        yield "selection in a shared album"

    def see_uploads(self) -> Iterator[str]:
        self._open("/library?order=newest")
        with self.page.expect_file_chooser() as chooser:
            self.page.locator(".bar-upload:visible, .float-add:visible").first.click()
        chooser.value.set_files(write_photos(self.folder / "photos", 3, seed=720))
        expect(self.page.locator(".sheet[open] .thumbnail").first).to_be_visible()
        yield "upload sheet"
        self.page.locator(".sheet footer button.primary").click()
        expect(self.page.locator(".tray h2")).to_have_text("3 photos uploaded", timeout=60_000)
        yield "tray"
        self.page.locator(".tray").get_by_role("button", name="Show each photo").click()
        yield "unfolded tray"

    def see_account(self) -> Iterator[str]:
        self._open("/me")
        yield "account"
        self.page.get_by_role("button", name="Account menu").click()
        yield "menu of the account"
        self.page.keyboard.press("Escape")

    def _open(self, path: str) -> None:
        self.person.open(path)
        self.page.wait_for_load_state("networkidle")

    def _select(self) -> None:
        tile = self.page.locator("main li.tile").first
        tile.locator("a").focus()
        self.page.keyboard.press("x")
        expect(self.page.get_by_role("toolbar")).to_be_visible()

    def _use(self, name: str) -> None:
        """Use an action of the selection. Phones have some actions in a menu."""
        toolbar = self.page.get_by_role("toolbar")
        if toolbar.get_by_role("button", name=name).count():
            toolbar.get_by_role("button", name=name).click()
        else:
            toolbar.get_by_role("button", name="More").click()
            self.page.get_by_role("menuitem", name=name).click()


def scroll_width_excess(page: Page) -> int:
    """Return by how many pixels the page is wider than the window, after it has had two seconds to follow a change."""
    script = """async () => {
      const { scrollingElement } = document;
      const end = Date.now() + 2_000;
      while (scrollingElement.scrollWidth > scrollingElement.clientWidth && Date.now() < end)
        await new Promise(requestAnimationFrame);
      return scrollingElement.scrollWidth - scrollingElement.clientWidth;
    }"""
    excess: int = page.evaluate(script)
    return excess
