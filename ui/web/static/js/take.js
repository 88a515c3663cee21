// Taking a call: the fields of its type and no others. What is typed is kept,
// sealed, at each pause, and the form stays as it is until the server said "saved".
import { say } from './words.js';
import { line, peek } from './live.js';
import { now } from './clock.js';
import { tellScript, spoken } from './script.js';
import { check, startChecks, unanswered } from './check.js';
import { startSpelling } from './spell.js';

const form = document.getElementById('take');
const all = (s, from = form) => [...from.querySelectorAll(s)];
const type = () => form.querySelector('input[name=type]:checked');
const urgencyOf = () => form.querySelector('input[name=urgency]:checked')?.value;
const pause = 800; // ms without a key: long enough not to send each word
let timer, keeping, dirty = false, saved = false;

function fields() {
  const t = type()?.value, before = {};
  for (const f of all('[data-for]:not([hidden]) [name]')) if (f.value && f.type !== 'checkbox') before[f.name] = f.value;
  for (const box of all('[data-for]')) {
    const mine = box.dataset.for.split(' ').includes(t);
    box.hidden = !mine;
    for (const f of all('[name]', box)) {
      f.disabled = !mine;
      if (mine && !f.value && before[f.name]) f.value = before[f.name];
    }
  }
}

function urgency() {
  const t = type();
  for (const e of document.querySelectorAll('[data-type-is]')) e.hidden = e.dataset.typeIs !== t?.value;
  if (form.elements.chosen.value !== '1' && t) { const u = form.querySelector(`input[name=urgency][value="${t.dataset.urgency}"]`); if (u) u.checked = true; }
  document.getElementById('save-label').textContent = say(urgencyOf() === 'urgent' ? 'js.save-ring' : 'js.save');
  next();
}

// raise makes the call more urgent, by an answer or a red flag, and never less.
function raise(to) {
  const order = ['routine', 'same-day', 'urgent'];
  if (order.indexOf(to) <= order.indexOf(urgencyOf())) return;
  form.querySelector(`input[name=urgency][value="${to}"]`).checked = true;
  form.elements.chosen.value = '1';
  urgency();
}

let asked = 0;
async function next() {
  const mine = ++asked;
  const answer = await peek('/take/next', new URLSearchParams(new FormData(form)));
  if (mine !== asked || !answer?.ok) return;
  document.getElementById('next').replaceChildren(...new DOMParser().parseFromString(await answer.text(), 'text/html').body.childNodes);
  turned();
}

// turned shows who answers now and how: the page is open for hours. When the
// server's clock says that this changes, the page asks again.
const askAgain = 5000; // ms after an answer that did not come
let turns = 0;
function turned() {
  const { turns: at, window, hello } = document.querySelector('#next [data-turns]').dataset;
  turns = Number(at);
  for (const [e, words] of [[document.getElementById('window'), window], [form.querySelector('[data-greeting]'), hello && `“${hello}”`]]) {
    e.hidden = !words;
    if (e.textContent !== words) e.textContent = words;
  }
}

function turn() {
  if (now() < turns) return;
  turns = now() + askAgain;
  next();
}

const typed = () => all('[data-for]:not([hidden]) [name]').some(f => f.type !== 'checkbox' && f.value);

// keep sends what is typed to be kept; one at a time, the newest last.
async function keep() {
  if (keeping || !dirty || saved || !typed() || !form.dataset.draft) return;
  keeping = true;
  dirty = false;
  const answer = await fetch(form.dataset.draft, { method: 'POST', body: new URLSearchParams(new FormData(form)) }).catch(() => null);
  keeping = false;
  const box = document.getElementById('kept');
  if (answer?.ok && answer.headers.get('Content-Type')?.startsWith('application/json')) box.textContent = (await answer.json()).kept;
  else { dirty = true; box.textContent = say('js.not-kept'); }
  if (dirty) later();
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(keep, pause);
}

function changed() {
  dirty = true;
  later();
}

function problem(words) {
  const p = form.querySelector('[data-problem]');
  p.replaceChildren(...[words].flat());
  p.hidden = false;
  p.focus();
}

function mark(page) {
  for (const e of all('.hint--bad')) e.remove();
  for (const f of all('[aria-invalid]')) f.removeAttribute('aria-invalid');
  let first;
  for (const bad of page.querySelectorAll('[aria-invalid=true]')) {
    const f = all('[data-for]:not([hidden]) [name]').find(x => x.name === bad.name), words = page.getElementById(bad.id + '-bad');
    if (!f) continue;
    f.setAttribute('aria-invalid', 'true');
    if (words) { words.id = f.id + '-bad'; f.setAttribute('aria-describedby', words.id); f.closest('.field').append(document.adoptNode(words)); }
    first ??= f;
  }
  return first;
}

async function save(e) {
  if (!form.dataset.draft) { form.elements.script.value = spoken(true); return; } // a practice call
  e.preventDefault();
  if (unanswered()) return;
  const button = document.getElementById('save');
  if (button.disabled) return;
  button.disabled = true;
  clearTimeout(timer);
  form.elements.script.value = spoken(true);
  try {
    const answer = await fetch(form.action, { method: 'POST', body: new URLSearchParams(new FormData(form, e.submitter)) }), at = new URL(answer.url);
    if (answer.ok && answer.redirected && (at.pathname.startsWith('/take/saved/') || at.searchParams.has('before'))) { saved = true; location.replace(answer.url); return; }
    if (answer.status === 401 || at.pathname === '/sign-in') { problem(say('js.sign-in-again')); return; }
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html'), words = page.querySelector('#take [data-problem]');
    problem(words && !words.hidden ? [...words.childNodes] : say('js.not-saved'));
    mark(page)?.focus();
  } catch {
    problem(say('js.not-reached'));
  } finally {
    button.disabled = false;
  }
}

export function start() {
  if (!form) return;
  form.addEventListener('change', e => {
    if (e.target.name === 'type') { fields(); urgency(); tellScript(); check(); }
    if (e.target.name === 'urgency') { form.elements.chosen.value = '1'; urgency(); }
    if (e.target.name === 'f.provider') next();
    changed();
  });
  form.addEventListener('input', changed);
  form.addEventListener('submit', save);
  form.addEventListener('spoken', e => {
    form.elements.script.value = spoken();
    if (e.detail?.raise) raise(e.detail.raise);
    const to = e.detail?.type && form.querySelector(`input[name=type][value="${CSS.escape(e.detail.type)}"]`);
    if (to) { to.checked = true; to.dispatchEvent(new Event('change', { bubbles: true })); }
    changed();
  });
  addEventListener('pagehide', () => { // what was typed within the last pause
    if (dirty && !saved && form.dataset.draft && typed()) navigator.sendBeacon(form.dataset.draft, new URLSearchParams(new FormData(form)));
  });
  line.addEventListener('hello', e => { if (e.detail.again) next(); });
  turned();
  setInterval(turn, 1000);
  fields();
  urgency();
  tellScript();
  startChecks();
  startSpelling(form);
}
