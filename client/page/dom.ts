/**
 * The element with an id.
 *
 * @throws TypeError if the page has no such element, or one of another kind
 */
export function element<T extends Element>(id: string, kind: { new (): T; prototype: T }): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) {
    throw new TypeError(`The page has no ${kind.name} with the id "${id}"`);
  }
  return found;
}

/** The button with an id, which does something when it is clicked. */
export function button(id: string, onClick: () => void): HTMLButtonElement {
  const found = element(id, HTMLButtonElement);
  found.addEventListener('click', onClick);
  return found;
}

/** A new element with a class and content. Text stays text, whatever is in it. */
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

/** Sets a text only if it is another one: a live region would say it again otherwise. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) {
    target.textContent = text;
  }
}

/** Names and values for a description list. */
export function describe(list: HTMLElement, facts: readonly (readonly [name: string, value: string])[]): void {
  list.replaceChildren(
    ...facts.map(([name, value]) => create('div', '', create('dt', '', name), create('dd', '', value))),
  );
}
