// Spells a name letter by letter, as it is said on the phone (ICAO and ITU, the
// "NATO alphabet"): under the field that is typed in, while Alt S has it shown.
import { say } from './words.js';

const letters = 'Alfa Bravo Charlie Delta Echo Foxtrot Golf Hotel India Juliett Kilo Lima Mike November Oscar Papa Quebec Romeo Sierra Tango Uniform Victor Whiskey X-ray Yankee Zulu'.split(' ');
let on = false;

const plain = c => c.normalize('NFD').replace(/\p{M}/gu, '');

export function spelled(text) {
  return [...text].map(c => {
    const at = plain(c).toUpperCase().charCodeAt(0) - 65;
    if (at >= 0 && at < 26) return c.toUpperCase() + ' ' + letters[at];
    return c === ' ' ? say('js.spell-space') : c;
  }).join(', ');
}

function show(form) {
  for (const line of form.querySelectorAll('[data-spelled]')) {
    const field = line.closest('.field').querySelector('[data-spell]');
    line.hidden = !on || field !== document.activeElement || !field.value;
    if (!line.hidden) line.textContent = spelled(field.value);
  }
}

export function startSpelling(form) {
  addEventListener('keydown', e => {
    if (!e.altKey || e.ctrlKey || e.metaKey || e.code !== 'KeyS') return;
    e.preventDefault();
    on = !on;
    show(form);
  });
  form.addEventListener('input', () => show(form));
  form.addEventListener('focusin', () => show(form));
}
