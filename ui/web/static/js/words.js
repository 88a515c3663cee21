// What modules say to people. The server writes the words into the page, so
// that all of them lie in one file there.
const words = JSON.parse(document.body.dataset.words || '{}');

export function say(key, ...values) {
  return (words[key] || key).replace(/%[sd]/g, () => String(values.shift() ?? ''));
}
