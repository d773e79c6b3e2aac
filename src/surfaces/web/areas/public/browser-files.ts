import type { Reply } from '../../../../platform/http/exchange';
import type { WebHandler } from '../../access';
import { assetUrl } from '../../assets';

/* The files that browsers and robots request from every site. */

const DAY = 'public, max-age=86400';

/** Search engines may index what everyone may see, but not pages for one reader, and none that never end. */
const ROBOTS = ['/account/', '/admin/', '/api/', '/dashboard/', '/organizations/', '/repository/', '/search', '/v1/'];

export const getRobots: WebHandler<'file'> = (): Reply => ({
  status: 200,
  headers: { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': DAY },
  body: ['User-agent: *', ...ROBOTS.map((path) => `Disallow: ${path}`), ''].join('\n'),
});

/** Browsers request this path if no page has told them about the icon. */
export const getFavicon: WebHandler<'file'> = (): Reply => ({
  status: 302,
  headers: { Location: assetUrl('icon.svg'), 'Cache-Control': DAY },
  body: undefined,
});
