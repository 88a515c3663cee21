// Copies for the chart by one key, or a password that is shown once.
import { say } from './words.js';

// text answers what to copy: of an element, or what the server answers, which
// records that it was copied.
async function text(button) {
  const from = document.getElementById(button.dataset.copy);
  if (from) return from.value ?? from.textContent;
  const answer = await fetch(button.dataset.copyFrom + '?plain=1', { cache: 'no-store' });
  if (!answer.ok) throw new Error(answer.status);
  return answer.text();
}

// write begins within the click: some browsers allow it only then.
function write(words) {
  if (!window.ClipboardItem) return words.then(t => navigator.clipboard.writeText(t));
  return navigator.clipboard.write([new ClipboardItem({ 'text/plain': words.then(t => new Blob([t], { type: 'text/plain' })) })]);
}

export function start() {
  addEventListener('click', async e => {
    const button = e.target.closest('[data-copy], [data-copy-from]');
    if (!button) return;
    e.preventDefault();
    let done = true;
    try { await write(text(button)); } catch { done = false; }
    if (!done && button.href) { location.assign(button.href); return; }
    const mark = button.querySelector('[data-label]') || button;
    mark.dataset.before ||= mark.textContent;
    mark.textContent = say(done ? 'js.copied' : 'js.not-copied');
    document.getElementById('said').textContent = mark.textContent;
    setTimeout(() => { mark.textContent = mark.dataset.before; }, 2500);
  });
}
