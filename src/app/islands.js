((js, wasm) => {
  // Where a panel has opened in place, the history holds an address that this page was not loaded from.
  const path = location.pathname;
  addEventListener('popstate', () => location.pathname === path || location.reload());

  const islands = document.querySelectorAll('[data-island]');
  // Once the program has stopped, it does not go on: whatever else keeps the page true has to know.
  const fail = ({ error, reason }) => {
    if ((error ?? reason) instanceof WebAssembly.RuntimeError) for (const island of islands) delete island.dataset.alive;
  };
  const start = async () => {
    const program = await import(js);
    await program.default({ module_or_path: wasm });
    addEventListener('error', fail);
    addEventListener('unhandledrejection', fail);
    for (const island of islands) {
      const targets = () => [...island.querySelectorAll('a, button')];
      const focused = targets().indexOf(document.activeElement);
      if (!program[island.dataset.island](island)) continue;
      targets()[focused]?.focus();
      island.dataset.alive = '';
    }
  };
  'requestIdleCallback' in window ? requestIdleCallback(start, { timeout: 2000 }) : start();
})
