// The script beside the form: which step is said now, which were said or passed
// over, and when. It is kept with the message.
import { now, span } from './clock.js';

const form = document.getElementById('take');
let log = []; // {s: step, t: ms, k: skipped, a: answer}

const list = () => form.querySelector('.script ol:not([hidden])');
const steps = () => [...(list()?.querySelectorAll('li') || [])];
const current = () => list()?.querySelector('.now');
const begun = () => Number(form.elements.started.value);

function note(step, skipped, answer) {
  log = log.filter(one => one.s !== step);
  log.push({ s: step, t: Math.round(now()), k: skipped || undefined, a: answer || undefined });
}

function show(li) {
  for (const one of steps()) {
    const said = log.find(e => e.s === one.dataset.step);
    one.classList.toggle('now', one === li);
    one.classList.toggle('done', !!said && !said.k && one !== li);
    one.classList.toggle('skipped', !!said?.k);
    one.querySelector('time').textContent = said && !said.k ? span(said.t - begun()) : '';
    one.querySelector('.step').setAttribute('aria-current', one === li ? 'step' : 'false');
  }
  li?.scrollIntoView({ block: 'nearest' });
}

const tell = detail => form.dispatchEvent(new CustomEvent('spoken', { detail }));

// go leaves the step at hand for another; those in between are passed over.
function go(to, answer, detail) {
  const all = steps(), here = all.indexOf(current()), there = all.findIndex(li => li.dataset.step === to);
  if (here >= 0) note(all[here].dataset.step, false, answer);
  for (let i = here + 1; i < there; i++) if (!log.some(e => e.s === all[i].dataset.step)) note(all[i].dataset.step, true);
  show(all[there]);
  tell(detail);
}

function key(e) {
  if (!e.altKey || e.ctrlKey || e.metaKey || !list()) return;
  const all = steps(), here = all.indexOf(current());
  if (e.code === 'ArrowDown') go(current()?.dataset.next || '');
  else if (e.code === 'ArrowUp') show(all[Math.max(0, (here < 0 ? all.length : here) - 1)]);
  else {
    const button = current()?.querySelector(`[data-answer][data-key="${e.code.replace('Key', '').toLowerCase()}"]`);
    if (!button) return;
    button.click();
  }
  e.preventDefault();
}

function click(e) {
  const answer = e.target.closest('[data-answer]'), step = e.target.closest('.step');
  if (answer) go(answer.dataset.next, answer.dataset.answer, { raise: answer.dataset.raise, type: answer.dataset.toType });
  else if (step) go(step.closest('li').dataset.step);
}

// spoken answers what was said, as it is kept; at the end, what was not is
// passed over.
export function spoken(end) {
  if (end) {
    if (current()) note(current().dataset.step, false);
    for (const li of steps()) if (!log.some(e => e.s === li.dataset.step)) note(li.dataset.step, true);
  }
  return log.length ? JSON.stringify(log) : '';
}

// why says why the field at hand is asked, for a caller who wonders. It stands in
// one place, so that nothing moves while the taker goes from field to field.
function why(e) {
  const words = e.target.closest('[data-why]')?.dataset.why, box = document.getElementById('why');
  box.hidden = !words;
  box.lastElementChild.textContent = words ? '“' + words + '”' : '';
}

let listens = false;
// tellScript shows the script of the call type that is chosen, from its first step
// that was not said.
export function tellScript() {
  if (!listens) {
    listens = true;
    try { log = JSON.parse(form.elements.script.value || '[]'); } catch { log = []; }
    addEventListener('keydown', key);
    form.querySelector('.script').addEventListener('click', click);
    form.addEventListener('focusin', why);
    form.addEventListener('change', e => {
      if (e.target.name !== 'f.read_back') return;
      log = log.filter(one => one.s !== 'read_back');
      if (e.target.checked) note('read_back');
      tell();
    });
  }
  show(steps().find(li => !log.some(e => e.s === li.dataset.step)));
}
