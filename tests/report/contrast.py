"""How well the text of a page stands off from what is behind it."""

from typing import Final

__all__ = ["LEAST_CONTRAST"]

LEAST_CONTRAST: Final = """() => {
  const channels = (colour) => (colour.match(/[0-9.]+/g) ?? []).map(Number);
  const luminance = (colour) => {
    const [r, g, b] = channels(colour).slice(0, 3).map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (channels(colour)[3] !== 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const least = { ratio: Infinity, text: "", count: 0 };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (!text || element.closest("script") || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const ink = element.closest("svg") ? style.fill : style.color;
    const [low, high] = [luminance(ink), luminance(behind(element))].sort((a, b) => a - b);
    const ratio = (high + 0.05) / (low + 0.05);
    least.count += 1;
    if (ratio < least.ratio) Object.assign(least, { ratio, text });
  }
  return least;
}"""
"""JavaScript: the least contrast of any visible text as WCAG 2 defines it, that text, and how
many there are. Patterns behind text are passed over."""
