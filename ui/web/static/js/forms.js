// Small help for plain forms: nothing is sent twice by a double click, a choice
// list sends itself, what could not be done is gone to, the rule of a new
// password is that of the roles chosen, and a word about what was done goes by itself.
const shownFor = 10000;

function rule(form) {
  const hint = form?.querySelector('[data-reading]');
  if (!hint || !form.querySelector('[name=roles]:checked')) return;
  hint.textContent = form.querySelector('[data-reads]:checked') ? hint.dataset.reading : hint.dataset.plain;
}

export function start() {
  addEventListener('submit', e => {
    if (e.defaultPrevented) return;
    const form = e.target;
    if (form.dataset.sent) { e.preventDefault(); return; }
    form.dataset.sent = '1';
    setTimeout(() => delete form.dataset.sent, 4000);
  });
  addEventListener('change', e => {
    if (e.target.matches('[data-send]')) e.target.form.requestSubmit();
    if (e.target.matches('[name=roles]')) rule(e.target.form);
  });
  for (const form of document.forms) rule(form);
  const failed = [...document.querySelectorAll('[data-problem]')].find(e => e.checkVisibility());
  if (failed && !document.querySelector('[autofocus]')) failed.focus();
  addEventListener('click', e => { if (e.target.closest('[data-print]')) print(); });
  const here = new URL(location);
  if (here.searchParams.has('did')) {
    here.searchParams.delete('did');
    history.replaceState(history.state, '', here);
  }
  for (const e of document.querySelectorAll('.toast')) setTimeout(() => e.remove(), shownFor);
}
