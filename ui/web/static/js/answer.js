// The page of a notice's link: what it says is looked at anew when it may be
// over. Nobody is signed in there, so nothing tells it.
import { now } from './clock.js';

const stale = 5000;

export function start() {
  const begun = Date.now(), until = Number(document.querySelector('.phone [data-until]')?.dataset.until);
  if (document.body.dataset.page !== 'answer') return;
  const anew = async () => { // a phone without a line keeps its buttons
    if (document.hidden || Date.now() - begun < stale) return;
    try { if ((await fetch(location.href, { cache: 'no-store' })).ok) location.reload(); } catch {}
  };
  addEventListener('visibilitychange', anew);
  if (until) setInterval(() => { if (now() > until + 1000) anew(); }, 1000);
}
