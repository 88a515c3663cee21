// The page's line to the server. While it is broken the page says so in words.
// Everybody who wants to know listens on `line`.
import { say } from './words.js';
import { now, setNow, span } from './clock.js';
import { leave, typing } from './clear.js';

export const line = new EventTarget();
export let desk = '';

// peek asks for a page's piece without anybody's doing: it keeps no session alive.
export const peek = (url, body) => fetch(url, { method: body ? 'POST' : 'GET', body, cache: 'no-store', headers: { 'Nightbell-By-Itself': '1' } }).catch(() => null);

const quietLimit = 40000; // two beats missed and a little: the line is dead though nobody said so
let source, heard = Date.now(), wasLive = false, retry = 0;

const tell = (name, detail) => line.dispatchEvent(new CustomEvent(name, { detail }));
const box = () => document.getElementById('link-state');

function alive(e) {
  heard = Date.now();
  retry = 0;
  const data = e.data ? JSON.parse(e.data) : {};
  if (data.now) setNow(data.now);
  return data;
}

function connect() {
  source?.close();
  source = new EventSource('/events');
  source.addEventListener('hello', e => {
    const data = alive(e);
    desk = data.desk;
    // What was told between the making of the page and the opening of its line is
    // asked for, as after a line that broke.
    tell('hello', { again: wasLive || data.told !== Number(document.body.dataset.told) });
    wasLive = true;
  });
  source.addEventListener('beat', alive);
  source.addEventListener('change', e => tell('change', alive(e)));
  source.addEventListener('backup', e => tell('backup', alive(e)));
  source.addEventListener('locked', () => { if (!typing()) leave('/sign-in?locked=1'); });
  source.addEventListener('unlocked', () => { if (!typing()) location.reload(); });
  source.addEventListener('bye', out);
  source.onerror = () => {
    if (source.readyState !== EventSource.CLOSED) return;
    const mine = source;
    setTimeout(async () => {
      if (source !== mine) return;
      if (await signedOut()) out(); else connect();
    }, Math.min(10000, 1000 * 2 ** retry++));
  };
}

async function signedOut() {
  try { return (await fetch('/session', { cache: 'no-store' })).status === 401; } catch { return false; }
}

function out() {
  source?.close();
  if (typing()) show(say('js.signed-out')); else leave('/sign-in');
}

function show(words) {
  const b = box();
  if (!b) return;
  if (b.textContent !== words) b.textContent = words;
  b.hidden = !words;
}

function watch() {
  if (source.readyState === EventSource.OPEN && Date.now() - heard < quietLimit) return show('');
  if (Date.now() - heard > 3000) show(say('js.reconnecting', span(Date.now() - heard)));
  if (source.readyState === EventSource.OPEN) connect();
}

export function start() {
  if (!document.body.dataset.live) return;
  connect();
  setInterval(() => { if (source.readyState !== EventSource.CLOSED || !typing()) watch(); }, 1000);
  addEventListener('pagehide', () => source.close());
}
