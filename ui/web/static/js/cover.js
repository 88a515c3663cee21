// A part of the week is dragged to somebody's name: the form for cover opens with
// both. By keyboard the part is a link to the same form.
export function start() {
  const names = document.querySelector('[data-names]');
  if (!names) return;
  const hint = document.querySelector('[data-cover]');
  let href = '';
  for (const e of [names, hint]) e.hidden = !document.querySelector('[data-piece]');
  addEventListener('dragstart', e => { href = e.target.closest?.('[data-piece]')?.href ?? ''; });
  names.addEventListener('dragover', e => { if (href && e.target.closest('[data-who]')) e.preventDefault(); });
  names.addEventListener('drop', e => {
    const who = e.target.closest('[data-who]');
    if (!who || !href) return;
    e.preventDefault();
    location = `${href}&by=${encodeURIComponent(who.dataset.who)}`;
  });
}
