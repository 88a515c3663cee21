// What the server reads of the form while it is typed: numbers and dates read
// back, what should not stand in a field, and red flags, which ask the taker and
// decide nothing.
import { say } from './words.js';
import { peek } from './live.js';

const form = document.getElementById('take');
const pause = 250; // ms without a key: a word, not each letter
const card = document.getElementById('red-flags');
let timer, asked = 0, answers = [], shown = [];

const typed = () => new URLSearchParams(new FormData(form));

// check asks what stands in the form now. It waits for a pause in the typing.
export function check() {
  clearTimeout(timer);
  timer = setTimeout(ask, pause);
}

async function ask() {
  const mine = ++asked;
  const answer = await peek('/take/check', typed());
  if (mine !== asked || !answer?.ok || !answer.headers.get('Content-Type')?.startsWith('application/json')) return;
  const found = await answer.json();
  hints(found);
  shown = found.flags.filter(f => !answers.some(a => a.id === f.id));
  flags();
}

function hints(found) {
  for (const box of form.querySelectorAll('[data-for]:not([hidden])')) {
    const hint = box.querySelector('[data-read]'), name = box.querySelector('[name]')?.name;
    if (!hint) continue;
    const words = found.warn[name] || found.read[name] || '';
    if (hint.textContent !== words) hint.textContent = words;
    hint.classList.toggle('hint--warn', Boolean(found.warn[name]));
    hint.hidden = !words;
  }
}

// flags shows the first flag that is not answered.
function flags() {
  const f = shown[0];
  card.hidden = !f;
  if (!f) { card.replaceChildren(); return; }
  if (card.dataset.flag === f.id && card.childElementCount) return;
  card.dataset.flag = f.id;
  const line = (tag, text, kind) => { const e = document.createElement(tag); e.textContent = text; if (kind) e.className = kind; return e; };
  const parts = [line('b', say('js.flag', f.name))];
  if (f.ask) parts.push(line('p', '“' + f.ask + '”', 'say'));
  if (f.say) parts.push(line('p', say('js.flag-if', f.say), 'small'));
  const buttons = document.createElement('p');
  buttons.className = 'line';
  for (const [key, to, words] of [['y', 'raised', say('js.flag-yes', f.said)], ['n', 'not', say('js.flag-no')]]) {
    const button = line('button', words + ' ', 'btn btn--small');
    button.type = 'button';
    button.dataset.flagAnswer = to;
    button.append(line('kbd', 'Alt ' + key.toUpperCase()));
    buttons.append(button);
  }
  parts.push(buttons);
  card.replaceChildren(...parts);
}

function answer(to) {
  const f = shown.shift();
  if (!f) return;
  answers.push({ id: f.id, answer: to });
  form.elements.flags.value = JSON.stringify(answers);
  flags();
  form.dispatchEvent(new CustomEvent('spoken', { detail: to === 'raised' ? { raise: f.to } : undefined }));
}

// called asks whether the number called today already. It is asked once a number,
// since what is shown stands in the log.
let last = '';
async function called(number) {
  if (number === last || form.elements.protocol.value === 'draft') return;
  last = number;
  const answer = await peek('/take/called', new URLSearchParams({ number }));
  const box = document.getElementById('called');
  box.replaceChildren();
  if (!answer?.ok || !answer.headers.get('Content-Type')?.startsWith('text/html') || number !== last) return;
  box.replaceChildren(...new DOMParser().parseFromString(await answer.text(), 'text/html').body.childNodes);
}

// unanswered says that a flag still waits; it is shown.
export function unanswered() {
  if (!shown.length || card.dataset.said === shown[0].id) return false;
  card.dataset.said = shown[0].id; // asked once more; the next time the form is saved
  card.scrollIntoView({ block: 'nearest' });
  card.querySelector('button').focus();
  return true;
}

export function startChecks() {
  try { answers = JSON.parse(form.elements.flags.value || '[]'); } catch { answers = []; }
  card.addEventListener('click', e => { const b = e.target.closest('[data-flag-answer]'); if (b) answer(b.dataset.flagAnswer); });
  addEventListener('keydown', e => {
    if (!e.altKey || e.ctrlKey || e.metaKey || card.hidden) return;
    const to = { KeyY: 'raised', KeyN: 'not' }[e.code];
    if (!to) return;
    e.preventDefault();
    answer(to);
  });
  form.addEventListener('input', check);
  form.addEventListener('change', e => { if (e.target.inputMode === 'tel') called(e.target.value); });
  check();
}
