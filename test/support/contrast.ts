import type { Page } from 'playwright-core';

/** An element, its contrast ratio, and the required one. */
export interface Contrast {
  what: string;
  ratio: number;
  needed: number;
}

/**
 * The contrast of every visible text with what is behind it, and of the edge of every box that can be written in,
 * with what WCAG 2.2 AA (1.4.3 and 1.4.11) needs.
 */
export function contrastsOf(page: Page): Promise<Contrast[]> {
  return page.evaluate(`(() => {
    const channels = (color) => color.match(/[\\d.]+/g).map(Number);
    const luminance = (color) => {
      const [red, green, blue] = channels(color).map((value) => {
        const share = value / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const contrast = (one, other) => {
      const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
      return (light + 0.05) / (dark + 0.05);
    };
    const surface = (element) => {
      for (let at = element; at; at = at.parentElement) {
        const color = getComputedStyle(at).backgroundColor;
        if ((channels(color)[3] ?? 1) === 1) return color;
      }
      throw new Error('Nothing is behind ' + element.outerHTML);
    };
    const ownText = (element) => element.localName === 'input'
      ? element.value
      : Array.from(element.childNodes).filter((node) => node.nodeType === Node.TEXT_NODE)
          .map((node) => node.data).join('').trim();
    const found = [];
    for (const element of document.querySelectorAll('body *')) {
      if (!element.checkVisibility()) continue;
      const style = getComputedStyle(element);
      const text = ownText(element);
      if (text) found.push({ what: text, ratio: contrast(style.color, surface(element)), needed: 4.5 });
      if (element.matches('input:enabled, select:enabled')) {
        found.push({
          what: 'edge of ' + element.id,
          ratio: contrast(style.borderTopColor, surface(element.parentElement)),
          needed: 3,
        });
      }
    }
    return found;
  })()`);
}
