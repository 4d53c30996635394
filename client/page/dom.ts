/**
 * The element with an id.
 *
 * @throws TypeError if the page has no such element, or the element has another type
 */
export function element<T extends Element>(id: string, kind: { new (): T; prototype: T }): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) {
    throw new TypeError(`The page has no ${kind.name} with the id "${id}"`);
  }
  return found;
}

/** Adds a click handler to the button with an id. */
export function button(id: string, onClick: () => void): HTMLButtonElement {
  const found = element(id, HTMLButtonElement);
  found.addEventListener('click', onClick);
  return found;
}

/** Creates an element with a class and content. Text is never parsed as HTML. */
export function create<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = '',
  ...content: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const created = document.createElement(tag);
  if (className !== '') {
    created.className = className;
  }
  created.append(...content);
  return created;
}

/** Sets a text only if it differs, because a live region would announce it again. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) {
    target.textContent = text;
  }
}

/** Pairs of names and values for a description list. */
export function describe(list: HTMLElement, facts: readonly (readonly [name: string, value: string])[]): void {
  list.replaceChildren(
    ...facts.map(([name, value]) => create('div', '', create('dt', '', name), create('dd', '', value))),
  );
}
