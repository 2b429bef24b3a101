// Shows what has changed since the page was made: new orders on the list, an order that has been
// closed or paid meanwhile. Without this script the page reloads itself instead.
const EVERY_MS = 1500;

async function refresh() {
  const main = document.querySelector("main[data-live]");
  // Somebody is typing, or nobody is looking.
  if (!main || document.hidden || main.contains(document.activeElement?.closest("input"))) return;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!answer.ok) return;
    const next = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
    if (next && next.innerHTML !== main.innerHTML) main.replaceWith(next);
  } catch {
    // The sandbox is restarting; the next turn tries again.
  }
}

setInterval(refresh, EVERY_MS);
document.addEventListener("visibilitychange", refresh);
