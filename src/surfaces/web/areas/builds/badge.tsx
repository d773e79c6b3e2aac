import { badgeState } from '../../../../features/builds/builds';
import { displayName } from '../../../../features/repositories/names';
import { entityTag, isNotModified } from '../../../../platform/http/etag';
import { render, type View } from '../../view';
import { repositoryPage } from '../repository/repository-page';

/* The status badge: a small picture that says how the last build ended, for a README. */

const STATES = {
  success: ['passing', '#1d6b3a'],
  error: ['failing', '#a81e1e'],
  none: ['not built', '#5c6770'],
} as const;

const HEIGHT = 20;
/** A character of the font at its size, and the space on both sides of a word. */
const CHARACTER = 6.6;
const SPACE = 12;
const NAME = 'build';

function widthOf(text: string): number {
  return Math.round(text.length * CHARACTER + SPACE);
}

function Badge({ title, text, colour }: { title: string; text: string; colour: string }): View {
  const [left, right] = [widthOf(NAME), widthOf(text)];
  const width = left + right;
  return (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      width={width}
      height={HEIGHT}
      viewBox={`0 0 ${width} ${HEIGHT}`}
      role="img"
      aria-label={title}
    >
      <title>{title}</title>
      <clipPath id="round">
        <rect width={width} height={HEIGHT} rx="3" />
      </clipPath>
      <g clip-path="url(#round)">
        <rect width={left} height={HEIGHT} fill="#3d4a52" />
        <rect x={left} width={right} height={HEIGHT} fill={colour} />
      </g>
      <g fill="#fff" font-family="DejaVu Sans,Verdana,sans-serif" font-size="11" text-anchor="middle">
        <text x={left / 2} y="14">
          {NAME}
        </text>
        <text x={left + right / 2} y="14">
          {text}
        </text>
      </g>
    </svg>
  );
}

function optional(query: URLSearchParams, name: string): string | undefined {
  const text = query.get(name)?.trim() ?? '';
  return text === '' ? undefined : text;
}

/**
 * The badge; `?ref=` for the builds of one branch or tag, `?tag=` for those of one docker tag. Other sites may show it, if the
 * repository is public.
 */
export const getBadge = repositoryPage<'anyone'>(async (ctx, { req, query }, repository) => {
  const filter = { refName: optional(query, 'ref'), tag: optional(query, 'tag') };
  const [text, colour] = STATES[await badgeState(ctx, repository, filter)];
  const title = `Build of ${displayName(repository)}: ${text}`;
  const body = render(<Badge title={title} text={text} colour={colour} />);
  const isPrivate = repository.visibility === 'private';
  const tag = entityTag(body);
  const headers = {
    'Content-Type': 'image/svg+xml',
    'Content-Security-Policy': "default-src 'none'",
    'Cache-Control': isPrivate ? 'private, no-cache' : 'public, max-age=60',
    'Cross-Origin-Resource-Policy': isPrivate ? 'same-origin' : 'cross-origin',
    ETag: tag,
  };
  return isNotModified(req, tag) ? { status: 304, headers, body: undefined } : { status: 200, headers, body };
});
