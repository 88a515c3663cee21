// The notification of this computer while an urgent call waits and nobody looks
// at the page: its number and nothing of a patient. A click allows it.
const able = 'Notification' in window;
const shown = new Map();

function offer() { for (const e of document.querySelectorAll('[data-notify]')) e.hidden = !able || Notification.permission !== 'default'; }

// tell shows what rings and is new, and takes back what does not ring any more.
export function tell(bar) {
  if (!able || Notification.permission !== 'granted') return;
  const calls = new Map([...bar.querySelectorAll('[data-call]')].map(e => [e.dataset.call, e.querySelector('[role=alert] b').innerText]));
  for (const [id, note] of shown) if (!calls.has(id)) { note.close(); shown.delete(id); }
  for (const [id, words] of calls) {
    if (shown.has(id) || !document.hidden) continue;
    const note = new Notification(words, { tag: id, requireInteraction: true });
    note.onclick = () => { focus(); note.close(); };
    shown.set(id, note);
  }
}

export function start() {
  offer();
  addEventListener('click', async e => { if (e.target.closest('[data-notify]')) { await Notification.requestPermission(); offer(); } });
}
