import { ago } from '../../../src/surfaces/web/components/quantities';

const NOW = new Date('2026-11-29T12:00:00Z');
const DAY_MS = 86_400_000;

it.each([
  [90, 'in 3 months'],
  [365, 'in 12 months'],
  [30, 'in 4 weeks'],
  [1.4, 'tomorrow'],
  [-2.9, '2 days ago'],
  [-0.9, '21 hours ago'],
])('a moment %d days from now, and a minute less, is %s', (days, text) => {
  expect(ago(new Date(NOW.getTime() + days * DAY_MS - 60_000), NOW)).toBe(text);
});
