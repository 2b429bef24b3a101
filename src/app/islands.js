((js, wasm) => {
  const start = async () => {
    const program = await import(js);
    await program.default({ module_or_path: wasm });
    program.hydrate();
    for (const island of document.querySelectorAll('leptos-island')) {
      await program[island.dataset.component](island);
    }
  };
  'requestIdleCallback' in window ? requestIdleCallback(start) : start();
})
