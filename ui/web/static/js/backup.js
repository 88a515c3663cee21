// A running backup shows how far it is, and the page comes new when it is done.
import { line } from './live.js';

export function start() {
  const box = document.getElementById('backup-run');
  if (!box) return;
  line.addEventListener('backup', e => {
    const { running, done, total, words } = e.detail;
    if (!running) { location.reload(); return; }
    box.hidden = false;
    document.getElementById('backup-words').textContent = words;
    const bar = document.getElementById('backup-bar');
    if (total > 0) { bar.max = total; bar.value = done; } else bar.removeAttribute('value');
  });
}
