"""What can be measured of a page's looks."""

CONTRAST = """
(() => {
  const channels = (text) => text.match(/[\\d.]+/g).map(Number);
  const luminance = (color) => {
    const [r, g, b] = color.slice(0, 3).map((value) => {
      const part = value / 255;
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = channels(getComputedStyle(at).backgroundColor);
      if (color.length < 4 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility()) continue;
    const values = [channels(getComputedStyle(element).color), ground(element)].map(luminance);
    const ratio = (Math.max(...values) + 0.05) / (Math.min(...values) + 0.05);
    found.push([walker.currentNode.textContent.trim().slice(0, 60), Math.round(ratio * 100) / 100]);
  }
  return found;
})()
"""
"""Each text of the page and its contrast with what is behind it (WCAG 2, relative luminance)."""

LEAST_CONTRAST = 4.5

OVERFLOW = """
[...document.querySelectorAll("body *")]
  .filter((e) => e.checkVisibility() && !e.closest("pre, .skip"))
  .filter((e) => e.getBoundingClientRect().right > innerWidth + 0.5)
  .map((e) => e.outerHTML.slice(0, 120))
"""
"""What sticks out of the window to the right, but for what scrolls by itself."""

OUTLINE = """
(() => {
  const element = document.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(element);
  return { tag: element.tagName, text: element.innerText, outline: outlineStyle, width: parseFloat(outlineWidth) };
})()
"""
"""The element that has the focus, and how that shows."""


def assert_readable(tab):
    found = tab.evaluate(CONTRAST)
    assert len(found) > 20, "the page has more texts than that"
    faint = [entry for entry in found if entry[1] < LEAST_CONTRAST]
    assert not faint, faint


def assert_fits(tab):
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"
    assert not (outside := tab.evaluate(OVERFLOW)), outside
