// Taking a call: the fields of its type and no others, and nothing typed is
// lost when saving fails: the form stays as it is until the server said "saved".
import { say } from './words.js';

const form = document.getElementById('take');
const all = (s, from = form) => [...from.querySelectorAll(s)];
const type = () => form.querySelector('input[name=type]:checked');
let chosen = false; // the urgency was chosen by hand

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
  if (!chosen && t) { const u = form.querySelector(`input[name=urgency][value="${t.dataset.urgency}"]`); if (u) u.checked = true; }
  const u = form.querySelector('input[name=urgency]:checked')?.value;
  for (const e of document.querySelectorAll('[data-urgency-is]')) e.hidden = e.dataset.urgencyIs !== u;
  document.getElementById('save-label').textContent = say(u === 'urgent' ? 'js.save-ring' : 'js.save');
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
  e.preventDefault();
  const button = document.getElementById('save');
  if (button.disabled) return;
  button.disabled = true;
  try {
    const answer = await fetch(form.action, { method: 'POST', body: new URLSearchParams(new FormData(form)) });
    if (answer.ok && answer.redirected && new URL(answer.url).pathname.startsWith('/take/saved/')) { location.replace(answer.url); return; }
    if (answer.status === 401 || new URL(answer.url).pathname === '/sign-in') { problem(say('js.sign-in-again')); return; }
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
  chosen = form.dataset.chosen === '1';
  form.addEventListener('change', e => {
    if (e.target.name === 'type') { fields(); urgency(); }
    if (e.target.name === 'urgency') { chosen = true; form.elements.chosen.value = '1'; urgency(); }
  });
  form.addEventListener('submit', save);
  addEventListener('beforeunload', e => {
    if (!document.getElementById('save').disabled && all('[data-for]:not([hidden]) [name]').some(f => f.type !== 'checkbox' && f.value)) e.preventDefault();
  });
  fields();
  urgency();
}
