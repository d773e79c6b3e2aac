import { encode } from 'uqr';
import type { View } from '../view';

/** The margin around the code must be light, or phones do not find it. */
const MARGIN = 4;
const PIXELS = 5;

/**
 * A text as a QR code, for the camera of a phone.
 *
 * @param label - its meaning, for screen readers
 */
export function QrCode({ text, label }: { readonly text: string; readonly label: string }): View {
  const { data, size } = encode(text, { border: MARGIN });
  const squares = data.flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : '')));
  // Dark on light, even on a dark page, because not all apps can read the reverse.
  return (
    <svg
      class="qr"
      role="img"
      aria-label={label}
      width={size * PIXELS}
      height={size * PIXELS}
      viewBox={`0 0 ${size} ${size}`}
      shape-rendering="crispEdges"
    >
      <rect width={size} height={size} fill="#ffffff" />
      <path d={squares.join('')} fill="#000000" />
    </svg>
  );
}
