// Running clocks: <b data-since="MS"> counts up, <b data-until="MS"> down. The
// server's time is what counts; this computer's may be wrong.
let ahead = Number(document.body.dataset.now || Date.now()) - Date.now();

export const now = () => Date.now() + ahead;
export function setNow(ms) { ahead = ms - Date.now(); }

export function span(ms) {
  const s = Math.max(0, Math.floor(ms / 1000)), two = n => String(n).padStart(2, '0');
  return s < 3600 ? `${Math.floor(s / 60)}:${two(s % 60)}` : `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

function turn() {
  for (const e of document.querySelectorAll('[data-since],[data-until]')) {
    const words = span(e.dataset.since ? now() - Number(e.dataset.since) : Number(e.dataset.until) - now());
    if (e.textContent !== words) e.textContent = words;
  }
}

export function start() {
  for (const e of document.querySelectorAll('[data-since=now]')) e.dataset.since = now();
  turn();
  setInterval(turn, 1000);
}
