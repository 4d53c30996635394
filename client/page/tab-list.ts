/** Makes the tabs in an element with the role `tablist` operable: a click or the arrow keys select one. */
export function enableTabList(list: HTMLElement, onSelect: (tab: HTMLElement) => void): void {
  const tabs = (): HTMLElement[] => [...list.querySelectorAll<HTMLElement>('[role=tab]:not([hidden])')];
  list.addEventListener('click', ({ target }) => {
    const tab = target instanceof Element ? target.closest<HTMLElement>('[role=tab]') : null;
    if (tab) {
      onSelect(tab);
    }
  });
  list.addEventListener('keydown', (event) => {
    const all = tabs();
    const at = all.findIndex((tab) => tab === document.activeElement);
    const target = {
      ArrowRight: (at + 1) % all.length,
      ArrowLeft: (at + all.length - 1) % all.length,
      Home: 0,
      End: all.length - 1,
    }[event.key];
    if (at !== -1 && target !== undefined) {
      event.preventDefault();
      const tab = all[target];
      if (tab) {
        onSelect(tab);
        // The selection may have rebuilt the tabs.
        tabs()[target]?.focus();
      }
    }
  });
}

/** Marks one tab as selected; the Tab key reaches only that one. */
export function markSelected(list: HTMLElement, selected: HTMLElement): void {
  for (const tab of list.querySelectorAll<HTMLElement>('[role=tab]')) {
    tab.setAttribute('aria-selected', String(tab === selected));
    tab.tabIndex = tab === selected ? 0 : -1;
  }
}
