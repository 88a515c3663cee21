// Small help for plain forms: nothing is sent twice by a double click, a choice
// list sends itself, and a word about what was done goes by itself.
const shownFor = 10000;

export function start() {
  addEventListener('submit', e => {
    if (e.defaultPrevented) return;
    const form = e.target;
    if (form.dataset.sent) { e.preventDefault(); return; }
    form.dataset.sent = '1';
    setTimeout(() => delete form.dataset.sent, 4000);
  });
  addEventListener('change', e => { if (e.target.matches('[data-send]')) e.target.form.requestSubmit(); });
  addEventListener('click', e => { if (e.target.closest('[data-print]')) print(); });
  const here = new URL(location);
  if (here.searchParams.has('did')) {
    here.searchParams.delete('did');
    history.replaceState(history.state, '', here);
  }
  for (const e of document.querySelectorAll('.toast')) setTimeout(() => e.remove(), shownFor);
}
