// What was shown of a patient leaves the screen with the lock, and does not
// come back through the back button.
export const typing = () => document.body.dataset.page === 'take';

export function leave(to) {
  document.querySelector('main')?.replaceChildren();
  location.replace(to);
}

export function start() {
  addEventListener('pageshow', e => { if (e.persisted) leave(location.href); });
  addEventListener('pagehide', () => {
    if (document.querySelector('[data-phi]')) document.body.hidden = true;
  });
}
