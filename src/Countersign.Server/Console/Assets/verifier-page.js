// The verifier of receipts, part 7: the page. Whatever a receipt says is put there as text, and what would not be seen
// in it, or would turn the words around, is spelled out.

const named = (letter) => `⟨U+${letter.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`;
const visible = (words) => words.replaceAll(
  /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u115f\u1160\u3164\uffa0]/gu,
  (letter) => letter === '\n' ? letter : named(letter));

function put(id, words) {
  document.getElementById(id).textContent = visible(words);
}

function item(words, kind) {
  const element = document.createElement('li');
  element.textContent = `${kind} ${visible(words)}`;
  return element;
}

function showStep({ title, proved, notProved, doubts }) {
  const element = document.createElement('li');
  const heading = document.createElement('strong');
  heading.textContent = title;
  const list = document.createElement('ul');
  list.append(
    ...doubts.map(({ doubt, text: words }) => item(`${words} [${doubt}]`, '✕ DOUBT:')),
    ...proved.map((words) => item(words, '✓ proved:')),
    ...notProved.map((words) => item(words, '– not proved:')));
  element.append(heading, list);
  return element;
}

function show(report) {
  const verdict = document.getElementById('verdict');
  verdict.dataset.verdict = report.verified ? 'yes' : 'no';
  put('verdict', report.verified ? 'Verified. What is not proved is said below.'
    : report.selfConsistent ? 'Self-consistent only: say which log you trust.' : 'NOT verified.');
  put('story', report.story.join('\n'));
  document.getElementById('steps').replaceChildren(...report.steps.map(showStep));
  document.getElementById('answer').hidden = false;
}

async function answer() {
  const [file] = document.getElementById('receipt').files;
  try {
    const trusted = await readTrust(document.getElementById('trust').value);
    const bytes = file ? new Uint8Array(await file.arrayBuffer()) : malformed('Choose a receipt first.');
    show(await verifyReceipt(bytes, trusted));
  } catch (failure) {
    show({ verified: false, selfConsistent: false, story: [failure.message], steps: [] });
  }
}

globalThis.document?.getElementById('form').addEventListener('submit', (event) => {
  event.preventDefault();
  void answer();
});
