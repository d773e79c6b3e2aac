/*
 * The script of the pages. All pages also work without it.
 */

/** Buttons that copy a line; without the clipboard they stay hidden. */
function offerCopying() {
  if (navigator.clipboard === undefined) return;
  for (const button of document.querySelectorAll('button[data-copy]')) {
    button.hidden = false;
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = 'Copied';
      setTimeout(() => (button.textContent = 'Copy'), 1500);
    });
  }
}

const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** Shows dates in the reader's time zone. */
function localizeTimes(root = document) {
  for (const time of root.querySelectorAll('time[datetime]')) {
    const text = exact.format(new Date(time.dateTime));
    time.title = text;
    if (time.classList.contains('exact')) time.textContent = text;
  }
}

/** Enables a dangerous button only after the name in `data-expects` was typed. */
function awaitTypedNames() {
  for (const field of document.querySelectorAll('input[data-expects]')) {
    const button = field.form.querySelector('button[type="submit"]');
    const update = () => (button.disabled = field.value !== field.dataset.expects);
    field.addEventListener('input', update);
    update();
  }
}

/**
 * Parts of a page that change by themselves: `data-refresh` is the path of the newer part, to load after `data-every`
 * seconds. Without these attributes the newer part is the last one.
 */
function keepFresh() {
  for (const part of document.querySelectorAll('[data-refresh]')) refreshLater(part);
}

function refreshLater(part) {
  setTimeout(() => refresh(part), Number(part.dataset.every ?? '2') * 1000);
}

async function refresh(part) {
  try {
    const answer = await fetch(part.dataset.refresh, { headers: { Accept: 'text/html' } });
    if (!answer.ok || answer.redirected) return;
    const holder = document.createElement('template');
    holder.innerHTML = await answer.text();
    localizeTimes(holder.content);
    const newer = holder.content.firstElementChild;
    part.replaceWith(holder.content);
    if (newer?.matches('[data-refresh]')) refreshLater(newer);
  } catch {
    setTimeout(() => refresh(part), 10_000); // the server cannot be reached
  }
}

/** Closes menus by a click elsewhere, or by Escape. */
function closeMenus() {
  const close = (except) => {
    for (const menu of document.querySelectorAll('details.menu[open]')) if (menu !== except) menu.open = false;
  };
  document.addEventListener('click', ({ target }) => close(target.closest('details.menu')));
  document.addEventListener('keydown', ({ key }) => {
    if (key === 'Escape') close(undefined);
  });
}

/** Brings the tab of this page into view, where the tabs scroll. */
function showCurrentTab() {
  for (const link of document.querySelectorAll('nav:is(.tabs, .sidebar) [aria-current]')) {
    link.scrollIntoView({ block: 'nearest', inline: 'center' });
  }
}

/** The key `/` leads to the search field, unless the reader is typing. */
function searchBySlash() {
  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest('input, textarea, select')) return;
    const field = document.querySelector('form[role="search"] input, .search input');
    if (field === null) return;
    event.preventDefault();
    field.focus();
  });
}

/** Applies a theme at once. Without the script, its form loads the page again. */
function switchThemes() {
  const form = document.querySelector('form.theme');
  form?.addEventListener('submit', (event) => {
    event.preventDefault();
    const { value, dataset } = event.submitter;
    document.querySelector('link[href$="/dark.css"]').media = dataset.media;
    document.querySelector('meta[name="color-scheme"]').content = dataset.scheme;
    for (const button of form.elements) {
      if (button.name === 'theme') button.ariaPressed = String(button.value === value);
    }
    const fields = new URLSearchParams([...new FormData(form), ['theme', value]]);
    fetch(form.action, { method: 'POST', body: fields, redirect: 'manual', keepalive: true }).catch(() => {});
  });
}

/** Shows Markdown next to its text area. Without the script, the form shows its page again with the preview. */
function previewMarkdown() {
  for (const button of document.querySelectorAll('button[data-preview-of]')) {
    button.addEventListener('click', (event) => {
      event.preventDefault();
      preview(button);
    });
  }
}

async function preview(button) {
  const { form, dataset } = button;
  const { csrf_token: token, [dataset.previewOf]: field } = form.elements;
  const body = new URLSearchParams({ csrf_token: token.value, kind: dataset.previewKind, text: field.value });
  try {
    const answer = await fetch('/markdown/preview/', { method: 'POST', body, headers: { Accept: 'text/html' } });
    if (!answer.ok || answer.redirected) throw new Error('the whole page says why');
    const holder = document.createElement('template');
    holder.innerHTML = await answer.text();
    form.querySelector('[data-preview-place]').replaceChildren(holder.content);
  } catch {
    form.requestSubmit(button);
  }
}

searchBySlash();
previewMarkdown();
switchThemes();
offerCopying();
showCurrentTab();
localizeTimes();
awaitTypedNames();
keepFresh();
closeMenus();
