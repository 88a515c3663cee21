// The live list. New rows come in at the top, but never while the pointer or
// the focus is in the list: then they wait behind a button that counts them.
import { say } from './words.js';
import { line, peek } from './live.js';
import { wide, openPane } from './message.js';

const rows = document.getElementById('rows');
const held = [];
const wanted = new Set();
let over = false, asking = false;

const find = id => rows.querySelector(`[data-id="${id}"]`);
const busy = () => over || rows.contains(document.activeElement);

function place(row) {
  row.classList.add('row--came');
  const urgent = row.dataset.top === '1';
  const before = urgent ? rows.querySelector('.row') : [...rows.querySelectorAll('.row')].find(r => r.dataset.top !== '1');
  const height = document.documentElement.scrollHeight;
  rows.insertBefore(row, before || null);
  document.getElementById('nothing')?.remove();
  if (scrollY > 0) scrollBy(0, document.documentElement.scrollHeight - height);
}

function release() {
  while (held.length) { const row = held.shift(); if (!find(row.dataset.id)) place(row); }
  showHeld();
}

function showHeld() {
  const b = document.getElementById('held');
  b.hidden = !held.length;
  b.textContent = say(held.length === 1 ? 'js.held-one' : 'js.held', held.length);
}

function take(page) {
  const tabs = page.getElementById('tabs'), mine = document.getElementById('tabs');
  if (tabs && mine) mine.replaceWith(document.adoptNode(tabs));
  for (const row of [...page.querySelectorAll('.row')].reverse()) {
    const id = row.dataset.id, old = find(id), waiting = held.findIndex(r => r.dataset.id === id);
    const fresh = document.adoptNode(row);
    if (old) {
      if (old.hasAttribute('aria-current')) fresh.setAttribute('aria-current', 'true');
      const focused = old === document.activeElement;
      old.replaceWith(fresh);
      if (focused) fresh.focus();
    } else if (fresh.dataset.elsewhere) continue; // not of this list, and was not shown
    else if (waiting >= 0) held[waiting] = fresh;
    else if (busy()) held.push(fresh);
    else place(fresh);
  }
  showHeld();
}

// refresh looks at the whole list anew: after an absence, or when more changed
// than can be named.
async function refresh() {
  const query = new URLSearchParams(location.search);
  query.delete('open');
  const answer = await peek('/inbox?' + query);
  if (answer?.ok) take(new DOMParser().parseFromString(await answer.text(), 'text/html'));
}

async function ask() {
  if (asking || !wanted.size) return;
  asking = true;
  const ids = [...wanted].slice(0, 50), query = new URLSearchParams(location.search);
  ids.forEach(id => wanted.delete(id));
  query.delete('open');
  query.delete('before');
  query.set('ids', ids.join(','));
  const answer = await peek('/inbox/rows?' + query);
  if (answer?.ok) take(new DOMParser().parseFromString(await answer.text(), 'text/html'));
  asking = false;
  ask();
}

export function start() {
  if (!rows) return;
  rows.addEventListener('pointerover', () => { over = true; });
  rows.addEventListener('pointerleave', () => { over = false; if (!busy()) release(); });
  rows.addEventListener('focusout', () => setTimeout(() => { if (!busy()) release(); }));
  document.getElementById('held').onclick = release;
  rows.addEventListener('click', e => {
    const row = e.target.closest('.row');
    if (!row || !wide() || e.ctrlKey || e.metaKey || e.shiftKey || e.button) return;
    e.preventDefault();
    openPane(row);
  });
  const firstPage = !new URLSearchParams(location.search).has('before');
  line.addEventListener('change', e => {
    if (e.detail.many && firstPage) { refresh(); return; }
    for (const id of e.detail.messages || []) if (firstPage || find(id)) wanted.add(id);
    ask();
  });
  line.addEventListener('hello', e => { if (e.detail.again && firstPage) refresh(); });
}
