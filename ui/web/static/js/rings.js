// The board of what rings, kept fresh.
import { line, peek } from './live.js';

export function start() {
  const board = document.getElementById('bells');
  if (!board) return;
  const refresh = async () => {
    const answer = await peek('/bell/rows');
    if (!answer?.ok) return;
    const at = board.contains(document.activeElement) && document.activeElement.getAttribute('href');
    board.innerHTML = await answer.text();
    if (at) board.querySelector(`[href="${at}"]`)?.focus();
  };
  line.addEventListener('change', e => { if (e.detail.alarm) refresh(); });
  line.addEventListener('hello', e => { if (e.detail.again) refresh(); });
}
