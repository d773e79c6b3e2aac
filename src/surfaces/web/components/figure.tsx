import type { Children, View } from '../view';

interface FigureProps {
  /** its class next to `figure` */
  readonly kind: string;
  /** in units of the drawing */
  readonly width: number;
  readonly height: number;
  /** what it shows, for those who do not see it */
  readonly label: string;
  readonly children?: Children;
}

/** A drawing that becomes as wide as there is room. It has no text of its own, because that would be stretched. */
export function Figure({ kind, width, height, label, children }: FigureProps): View {
  return (
    <svg
      class={`figure ${kind}`}
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {children}
    </svg>
  );
}

/** A coordinate to one decimal, which is finer than a pixel. */
export function coordinate(value: number): number {
  return Math.round(value * 10) / 10;
}
