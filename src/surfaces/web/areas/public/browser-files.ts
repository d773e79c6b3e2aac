import type { Reply } from '../../../../platform/http/exchange';
import type { WebHandler } from '../../access';
import { assetUrl } from '../../assets';

/* What browsers and robots ask every site for. */

const DAY = 'public, max-age=86400';

/** Search engines are welcome to what everybody may see; what is made for one reader, or never ends, is none of theirs. */
const ROBOTS = ['/account/', '/admin/', '/api/', '/dashboard/', '/organizations/', '/repository/', '/search', '/v1/'];

export const getRobots: WebHandler<'file'> = (): Reply => ({
  status: 200,
  headers: { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': DAY },
  body: ['User-agent: *', ...ROBOTS.map((path) => `Disallow: ${path}`), ''].join('\n'),
});

/** Browsers ask for it where no page has told them of the icon. */
export const getFavicon: WebHandler<'file'> = (): Reply => ({
  status: 302,
  headers: { Location: assetUrl('icon.svg'), 'Cache-Control': DAY },
  body: undefined,
});
