/* global SwaggerUIBundle */
/* Starts Swagger UI. What it sends with the session of the browser has the token of that session. */

const SAFE = ['GET', 'HEAD'];

async function csrfToken() {
  const answer = await fetch('/api/v1.1/session/');
  return answer.ok ? (await answer.json()).csrf_token : undefined;
}

async function withToken(request) {
  const method = (request.method ?? 'GET').toUpperCase();
  if (SAFE.includes(method) || request.headers?.Authorization !== undefined) return request;
  const token = await csrfToken();
  return token === undefined ? request : { ...request, headers: { ...request.headers, 'X-CSRF-Token': token } };
}

SwaggerUIBundle({
  url: '/api/openapi.json',
  dom_id: '#swagger-ui',
  docExpansion: 'none',
  deepLinking: false, // links in the buttons that open operations are no use to a keyboard
  syntaxHighlight: { activated: false },
  requestInterceptor: withToken,
});

/* Swagger UI gives the field of the body no name. */
function nameFields() {
  for (const field of document.querySelectorAll('.body-param__text:not([aria-label])')) {
    field.setAttribute('aria-label', 'Request body');
  }
}

new MutationObserver(nameFields).observe(document.querySelector('#swagger-ui'), { childList: true, subtree: true });
