import { PublicUrl } from '../../../src/platform/http/public-url';

it.each([
  ['https://hub.example.com', 'https://hub.example.com/account/reset', 'hub.example.com'],
  ['https://hub.example.com/', 'https://hub.example.com/account/reset', 'hub.example.com'],
  ['http://hub.example.com:8080/drydock/', 'http://hub.example.com:8080/drydock/account/reset', 'hub.example.com:8080'],
])('the public URL is %s if the operator has configured it, wherever the server listens', (configured, link, host) => {
  const url = new PublicUrl(configured, 'http://127.0.0.1:5000');
  url.listensOn('http://127.0.0.1:1');
  expect([url.of('/account/reset'), url.host]).toEqual([link, host]);
});

it.each([
  ['http://127.0.0.1:5000', 'http://127.0.0.1:5000/a'],
  ['https://[::1]:443', 'https://[::1]/a'],
  ['http://0.0.0.0:5000', 'http://localhost:5000/a'],
  ['http://[::]:5000', 'http://localhost:5000/a'],
])('the public URL is by default where the server listens: %s', (listening, link) => {
  const url = new PublicUrl(undefined, 'http://127.0.0.1:0');
  url.listensOn(listening);
  expect(url.of('/a')).toBe(link);
});
