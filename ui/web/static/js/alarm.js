// The bell of this desk: a soft rising sound and the tab's title while an
// urgent call waits. Browsers keep quiet until somebody clicked or typed; a
// desk that cannot ring says so, here and to the server.
import { say } from './words.js';
import { now, span } from './clock.js';
import { line, desk, peek } from './live.js';
import { tell, start as notices } from './notice.js';

const notes = [523.25, 659.25, 783.99]; // C, E, G: rising, never shrill
const every = 4000;
const quietFor = 120000; // a desk can be quiet for two minutes, no longer
const loudest = 0.5;
const title = document.title;
let ctx, rounds = 0, last = 0, told = '';

const bar = () => document.getElementById('alarms');
const ringing = () => bar()?.querySelector('[data-ringing]');
const volume = () => Number(localStorage.getItem('nightbell.volume') ?? 70) / 100;
const armed = () => ctx?.state === 'running';
const calls = () => [...bar().querySelectorAll('[data-call]')].map(e => e.dataset.call);

// hush makes this desk quiet about the calls that wait now, and about no other.
function hush() { sessionStorage.setItem('nightbell.quiet', JSON.stringify({ until: Date.now() + quietFor, about: calls() })); }

// quietLeft answers how long it still is quiet.
function quietLeft() {
  const { until = 0, about = [] } = JSON.parse(sessionStorage.getItem('nightbell.quiet')) ?? {}, left = until - Date.now();
  return left > quietFor || !calls().every(id => about.includes(id)) ? 0 : Math.max(0, left);
}

function sound(loud) {
  const at = ctx.currentTime + 0.05;
  notes.forEach((hertz, i) => {
    const tone = ctx.createOscillator(), gain = ctx.createGain(), from = at + i * 0.28;
    tone.frequency.value = hertz;
    gain.gain.setValueAtTime(0.0001, from);
    gain.gain.exponentialRampToValueAtTime(Math.max(0.0002, loud), from + 0.06);
    gain.gain.exponentialRampToValueAtTime(0.0001, from + 0.8);
    tone.connect(gain).connect(ctx.destination);
    tone.start(from);
    tone.stop(from + 0.85);
  });
}

function report() {
  const state = armed() ? 'armed' : 'silent';
  if (!desk || told === desk + state) return;
  told = desk + state;
  fetch('/desk/sound', { method: 'POST', body: new URLSearchParams({ desk, state }) }).catch(() => { told = ''; });
}

function show() {
  const r = ringing(), quiet = quietLeft();
  for (const e of document.querySelectorAll('[data-arm]')) e.hidden = armed();
  for (const e of document.querySelectorAll('[data-quiet]')) {
    e.hidden = !armed() || !r;
    e.textContent = quiet ? say('js.quiet', span(quiet)) : say('js.be-quiet');
  }
  document.title = r ? say('js.title', span(now() - Number(r.dataset.ringing)), title) : title;
}

function turn() {
  show();
  tell(bar());
  if (!ringing()) { rounds = 0; return; }
  if (!armed() || quietLeft() || Date.now() - last < every) return;
  last = Date.now();
  sound(Math.min(1, 0.25 + rounds++ * 0.1) * loudest * volume());
}

function context() {
  if (ctx) return;
  ctx = new AudioContext();
  ctx.onstatechange = () => { show(); report(); };
  show();
  report();
}

async function arm() {
  context();
  if (!armed()) await ctx.resume().catch(() => {});
  show();
  report();
}

async function refresh() {
  const answer = await peek('/alarm');
  if (!answer?.ok) return;
  const fresh = document.createElement('div');
  fresh.innerHTML = await answer.text();
  const old = bar();
  if (old && old.innerHTML !== fresh.innerHTML) {
    const focused = old.contains(document.activeElement) && document.activeElement.id;
    old.replaceChildren(...fresh.childNodes);
    if (focused) document.getElementById(focused)?.focus();
  }
  turn();
}

export function start() {
  if (!bar()) return;
  notices();
  (window.requestIdleCallback || setTimeout)(context); // opening the sound device takes a while
  for (const kind of ['pointerdown', 'keydown']) addEventListener(kind, () => { if (!armed()) arm(); }, { capture: true });
  addEventListener('click', e => {
    if (e.target.closest('[data-arm]')) arm();
    if (e.target.closest('[data-quiet]')) { hush(); show(); }
    if (e.target.closest('[data-try-sound]')) arm().then(() => sound(loudest * volume()));
  });
  const slider = document.getElementById('volume');
  if (slider) {
    slider.value = volume() * 100;
    slider.onchange = () => { localStorage.setItem('nightbell.volume', slider.value); arm().then(() => sound(loudest * volume())); };
  }
  line.addEventListener('hello', e => { told = ''; if (ctx) report(); if (e.detail.again) refresh(); });
  line.addEventListener('change', e => { if (e.detail.alarm) refresh(); });
  setInterval(turn, 1000);
  turn();
}
