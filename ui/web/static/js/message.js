// One message: opened beside the list where there is room, and kept fresh
// without touching what somebody is typing.
import { say } from './words.js';
import { line } from './live.js';

export const wide = () => matchMedia('(min-width: 1181px)').matches;
const pane = () => document.getElementById('pane');
const typed = () => [...(pane()?.querySelectorAll('.do:not([hidden]) textarea, .do:not([hidden]) input[type=text]') || [])].some(e => e.value !== e.defaultValue) || pane()?.querySelector('.do:not([hidden])');

async function load(id, back) {
  const answer = await fetch(`/messages/${id}?` + new URLSearchParams({ pane: 1, back }), { cache: 'no-store' }).catch(() => null);
  if (!answer?.ok) return false;
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('pane');
  if (!page) return false;
  pane().replaceWith(document.adoptNode(page));
  return true;
}

// openPane shows a row's message beside the list; where that fails, its page.
export async function openPane(row) {
  const query = new URLSearchParams(location.search);
  query.set('open', row.dataset.id);
  const back = location.pathname + '?' + query;
  if (!await load(row.dataset.id, back)) { location.assign(row.href); return; }
  for (const r of document.querySelectorAll('.row[aria-current]')) r.removeAttribute('aria-current');
  const now = document.querySelector(`.row[data-id="${row.dataset.id}"]`);
  now?.setAttribute('aria-current', 'true');
  now?.classList.remove('row--new');
  history.pushState({}, '', back);
  pane().scrollTop = 0;
}

export function start() {
  if (!pane()) return;
  addEventListener('popstate', () => location.reload());
  line.addEventListener('change', e => {
    const id = pane().dataset.id;
    if (!id || !(e.detail.messages || []).includes(id)) return;
    if (!typed()) { load(id, location.pathname + location.search); return; }
    const note = document.getElementById('changed');
    if (note) { note.hidden = false; note.textContent = say('js.changed'); }
  });
}
