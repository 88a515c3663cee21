// One message: opened beside the list where there is room, and kept fresh
// without touching what somebody is typing or listening to.
import { say } from './words.js';
import { line, peek } from './live.js';

export const wide = () => matchMedia('(min-width: 1181px)').matches;
const pane = () => document.getElementById('pane');
const busy = () => pane().querySelector('.do:not([hidden])') || [...pane().querySelectorAll('audio')].some(a => !a.paused);
let stale = false; // it changed while somebody was busy with it

async function load(id, back, get) {
  const answer = await get(`/messages/${id}?` + new URLSearchParams({ pane: 1, back }));
  if (!answer?.ok) return false;
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('pane');
  if (!page) return false;
  const key = pane().contains(document.activeElement) && document.activeElement.dataset.key;
  pane().replaceWith(document.adoptNode(page));
  if (key) pane().querySelector(`[data-key="${key}"]`)?.focus();
  stale = false;
  return true;
}

// openPane shows a row's message beside the list; where that fails, its page.
export async function openPane(row) {
  const query = new URLSearchParams(location.search);
  query.set('open', row.dataset.id);
  const back = location.pathname + '?' + query;
  if (!await load(row.dataset.id, back, url => fetch(url, { cache: 'no-store' }).catch(() => null))) { location.assign(row.href); return; }
  for (const r of document.querySelectorAll('.row[aria-current]')) r.removeAttribute('aria-current');
  const now = document.querySelector(`.row[data-id="${row.dataset.id}"]`);
  now?.setAttribute('aria-current', 'true');
  now?.classList.remove('row--new');
  history.pushState({}, '', back);
  pane().scrollTop = 0;
}

function refresh() {
  if (!busy()) { load(pane().dataset.id, location.pathname + location.search, peek); return; }
  stale = true;
  const note = document.getElementById('changed');
  if (note) { note.hidden = false; note.textContent = say('js.changed'); }
}

export function start() {
  if (!pane()) return;
  addEventListener('popstate', () => location.reload());
  line.addEventListener('change', e => {
    const id = pane().dataset.id;
    if (id && (e.detail.messages || []).includes(id)) refresh();
  });
  line.addEventListener('hello', e => { if (e.detail.again && pane().dataset.id) refresh(); });
  for (const over of ['shut', 'pause', 'ended']) addEventListener(over, () => { if (stale && !busy()) refresh(); }, { capture: true });
}
