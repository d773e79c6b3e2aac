/*
 * The log of a build: what is added while it runs, and the search in it. Without this script, the page is loaded again.
 */

const log = document.querySelector('#log');
const status = document.querySelector('.log-status');
const form = log?.parentElement.querySelector('form[role="search"]');
const field = form?.elements.q;

/** `0.4 s`, `42 s`, `3 min 20 s`, as the pages write it. */
function duration(ms) {
  if (ms < 9950) return `${(Math.max(ms, 0) / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Notes how long a step took, by the times of the server. */
function endStep(step, at) {
  if (step === null || at === undefined) return;
  step.querySelector('.took').textContent = duration(new Date(at) - new Date(step.dataset.at));
}

function show(html) {
  const isFollowing = window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - 80;
  const holder = document.createElement('template');
  holder.innerHTML = html;
  const before = [...holder.content.childNodes].filter((node) => !(node instanceof HTMLDetailsElement));
  log.lastElementChild?.querySelector('.log').append(...before);
  const steps = [...holder.content.querySelectorAll('details')];
  if (steps.length > 0 && log.lastElementChild !== null) {
    endStep(log.lastElementChild, steps[0].dataset.at);
    log.lastElementChild.open = false;
  }
  log.append(...steps);
  if (field !== undefined && field.value.trim() !== '') search();
  if (isFollowing) window.scrollTo(0, document.documentElement.scrollHeight);
}

/** Follows the log. A tab that nobody sees does not, because browsers limit the connections to a server. */
function follow() {
  let source;
  let last;
  let hasEnded = false;
  const connect = () => {
    if (hasEnded || document.hidden || (source !== undefined && source.readyState !== EventSource.CLOSED)) return;
    const address = new URL(log.dataset.events, location.href);
    if (last !== undefined) address.searchParams.set('after', last);
    source = new EventSource(address);
    source.addEventListener('message', ({ data, lastEventId }) => {
      last = lastEventId;
      show(JSON.parse(data).html);
    });
    source.addEventListener('end', ({ data }) => {
      const { state, at } = JSON.parse(data);
      hasEnded = true;
      source.close();
      endStep(log.lastElementChild, at ?? undefined);
      status.textContent = `The build has ended: ${state}.`;
    });
    source.addEventListener('error', () => {
      if (source.readyState === EventSource.CLOSED) setTimeout(connect, 10_000); // such as after a 503
    });
  };
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) source?.close();
    else connect();
  });
  connect();
}

/** Hides the lines without the text, and opens the steps of the others. */
function search() {
  const text = field.value.trim().toLowerCase();
  let count = 0;
  for (const step of log.children) {
    const lines = [...step.querySelectorAll('.line')];
    let found = 0;
    for (const line of lines) {
      line.hidden = text !== '' && !line.textContent.toLowerCase().includes(text);
      if (!line.hidden) found += 1;
    }
    step.hidden = text !== '' && found === 0;
    if (text !== '' && found > 0) step.open = true;
    count += found;
  }
  status.textContent = text === '' ? '' : `${count} ${count === 1 ? 'line' : 'lines'} with “${field.value.trim()}”`;
}

if (log?.dataset.events !== undefined) follow();
if (log?.dataset.whole !== undefined && form !== null) {
  field.addEventListener('input', search);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    search();
  });
}
