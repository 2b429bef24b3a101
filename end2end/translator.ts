/**
 * A browser's translator, as Chromium's does it: each text gives its place to a `<font>` with a `<font>` with the
 * translation, here the text in «», and what is added or changed later is translated, too. Where an element says
 * `translate="no"`, it keeps out. Runs in the page.
 */
export function keepTranslating(): void {
  const translate = (root: Node): void => {
    const texts: Text[] = [];
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node: Node | null = walker.currentNode; node !== null; node = walker.nextNode()) {
      if (node instanceof Text) texts.push(node);
    }
    for (const text of texts) {
      const words = text.data.trim();
      const isMine = text.parentElement?.closest('font, [translate="no"], script, style, svg') ?? null;
      if (words === '' || isMine !== null) continue;
      const outer = document.createElement('font');
      const inner = document.createElement('font');
      inner.textContent = `«${words}»`;
      outer.append(inner);
      text.replaceWith(outer);
    }
  };
  translate(document.body);
  new MutationObserver((changes) => {
    for (const { target, addedNodes } of changes) for (const node of addedNodes.length > 0 ? addedNodes : [target]) translate(node);
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}
