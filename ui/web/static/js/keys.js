// Keys: what carries data-key="t" is pressed by T. Each is printed on its
// button; `?` shows them all, and there they can be switched off for this desk.
import { now } from './clock.js';

const off = 'nightbell.keys-off';
const inText = e => e.matches?.('textarea, select, input:not([type=radio], [type=checkbox], [type=range], [type=submit], [type=button])') || e.isContentEditable;
const shown = e => e.checkVisibility() && !e.disabled;

function press(key) {
  const within = document.querySelector('dialog[open]') || document; // what lies behind a dialog is out of reach
  const all = [...within.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].filter(shown);
  const it = all.find(e => e.closest('.toast')) || all.find(e => e.closest('main')) || all[0];
  if (!it) return false;
  if (it.matches('input[type=radio]')) { it.checked = true; it.dispatchEvent(new Event('change', { bubbles: true })); it.focus(); }
  else if (it.matches('input, select, textarea')) { it.focus(); it.select?.(); }
  else it.click();
  return true;
}

function move(step) {
  const rows = [...document.querySelectorAll('.row')].filter(shown);
  if (!rows.length) return false;
  const at = rows.indexOf(document.activeElement), here = at >= 0 ? at : rows.findIndex(r => r.hasAttribute('aria-current'));
  const next = rows[here < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, here + step))];
  next.focus();
  next.scrollIntoView({ block: 'nearest' });
  return true;
}

// open shows one of a message's small forms.
function open(id) {
  for (const form of document.querySelectorAll('.do')) form.hidden = form.id !== id;
  const form = document.getElementById(id);
  (form.querySelector('[data-first]') || form.querySelector('textarea, select, input:not([type=hidden])'))?.focus();
  form.scrollIntoView({ block: 'nearest' });
}

// shut hides the form that is shown, and goes back to what opened it.
function shut() {
  const form = document.querySelector('.do:not([hidden])');
  if (!form) return false;
  form.hidden = true;
  document.querySelector(`[data-open="${form.id}"]`)?.focus();
  dispatchEvent(new Event('shut'));
  return true;
}

function escape(target) {
  if (document.querySelector('dialog[open]')) return false;
  if (shut()) return true;
  if (inText(target)) { target.blur(); return true; }
  return press('escape');
}

function down(e) {
  if (e.isComposing || e.defaultPrevented) return;
  if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) {
    const form = e.target.closest?.('form') || document.querySelector('main form[data-save]');
    if (form) { e.preventDefault(); form.requestSubmit(); }
    return;
  }
  if (e.key === 'Escape') { if (escape(e.target)) e.preventDefault(); return; }
  if (e.ctrlKey || e.metaKey) return;
  const digit = /^Digit[0-9]$/.test(e.code) ? e.code.slice(5) : '';
  if (digit && (e.altKey || !inText(e.target))) { if (press(digit)) e.preventDefault(); return; }
  if (e.altKey || inText(e.target) || localStorage.getItem(off)) return;
  const key = e.key.toLowerCase();
  if (key === 'j' || key === 'k' ? move(key === 'j' ? 1 : -1) : key.length === 1 && press(key)) e.preventDefault();
}

export function start() {
  addEventListener('keydown', down);
  addEventListener('click', e => {
    const link = e.target.closest('[data-open]');
    if (link && document.getElementById(link.dataset.open)) { e.preventDefault(); open(link.dataset.open); }
    if (e.target.closest('[data-shut]')) { e.preventDefault(); shut(); }
    const dialog = e.target.closest('[data-dialog]');
    if (dialog && document.getElementById(dialog.dataset.dialog)) { e.preventDefault(); document.getElementById(dialog.dataset.dialog).showModal(); }
  });
  const single = document.getElementById('single-keys');
  if (single) {
    single.checked = !localStorage.getItem(off);
    single.onchange = () => single.checked ? localStorage.removeItem(off) : localStorage.setItem(off, now());
  }
}
