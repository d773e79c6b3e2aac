import type { ImageNode } from '../../../../features/images/tree';

/*
 * The layout of a repository's images: a base is on the left, and the images on top of it are to its right. What
 * several tags share is drawn once. Most images have one child and no tag, and are of little interest: a run of them is
 * one box, "5 layers".
 */

/** An image, or a run of images, with its position. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  /** the image; undefined for a run */
  readonly node: ImageNode | undefined;
  /** the number of images in the box */
  readonly count: number;
  /** the size of all images in the box */
  readonly sizeBytes: number;
  /** the number of tags of images in a run that did not get their own boxes */
  readonly tagCount: number;
  /** undefined: the box is a base, or its parent is not drawn */
  readonly parent: Box | undefined;
}

/** The boxes of a drawing, and its size. */
export interface TreeLayout {
  /** parents before their children */
  readonly boxes: readonly Box[];
  readonly width: number;
  readonly height: number;
}

export const BOX = { width: 184, runWidth: 78, height: 44, gapX: 30, gapY: 14, margin: 8 };

/** The most tagged images inside chains that get their own boxes, so that the picture stays readable. */
const INNER_TAGGED = 60;

type Children = ReadonlyMap<string | undefined, readonly ImageNode[]>;

/** The last image of each chain, the newest first. */
export function tipsOf(nodes: readonly ImageNode[]): ImageNode[] {
  const parents = new Set(nodes.map(({ parentId }) => parentId));
  const tips = nodes.filter(({ id }) => !parents.has(id));
  return tips.sort((a, b) => b.announcedAt.getTime() - a.announcedAt.getTime() || (a.id < b.id ? -1 : 1));
}

/** The given tips and all images below them, in the order of `nodes`. */
export function below(nodes: readonly ImageNode[], tips: readonly ImageNode[]): ImageNode[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const kept = new Set<string>();
  for (const tip of tips) {
    let node: ImageNode | undefined = tip;
    while (node !== undefined && !kept.has(node.id)) {
      kept.add(node.id);
      node = node.parentId === undefined ? undefined : byId.get(node.parentId);
    }
  }
  return nodes.filter(({ id }) => kept.has(id));
}

/** @returns the children of each image, those with the newest tip first; the bases under undefined */
function childrenOf(nodes: readonly ImageNode[]): Children {
  const newest = new Map<string, number>();
  for (const { id, parentId, announcedAt } of [...nodes].reverse()) {
    const own = Math.max(newest.get(id) ?? 0, announcedAt.getTime());
    newest.set(id, own);
    if (parentId !== undefined) newest.set(parentId, Math.max(newest.get(parentId) ?? 0, own));
  }
  const children = new Map<string | undefined, ImageNode[]>();
  for (const node of nodes) children.set(node.parentId, [...(children.get(node.parentId) ?? []), node]);
  for (const list of children.values()) list.sort((a, b) => (newest.get(b.id) ?? 0) - (newest.get(a.id) ?? 0));
  return children;
}

/**
 * Computes the layout of images.
 *
 * @param nodes - parents before their children
 */
export function layOut(nodes: readonly ImageNode[]): TreeLayout {
  const children = childrenOf(nodes);
  const of = (node: ImageNode): readonly ImageNode[] => children.get(node.id) ?? [];
  const hasInnerTags = nodes.filter((node) => node.tagCount > 0 && of(node).length === 1).length <= INNER_TAGGED;
  const isOwn = (node: ImageNode): boolean =>
    of(node).length !== 1 || node.parentId === undefined || (hasInnerTags && node.tagCount > 0);

  const boxes: Box[] = [];
  let rows = 0;
  // From left to right; the first child is in its parent's row, and each other child begins a new row.
  const place = (first: ImageNode, parent: Box | undefined, row: number): void => {
    let node = first;
    let sizeBytes = 0;
    let count = 0;
    let tagCount = 0;
    while (!isOwn(node)) {
      sizeBytes += node.layerSizeBytes;
      tagCount += node.tagCount;
      count += 1;
      node = of(node)[0] ?? node;
    }
    const y = BOX.margin + row * (BOX.height + BOX.gapY);
    const afterOf = (box: Box | undefined): number => (box === undefined ? BOX.margin : box.x + box.width + BOX.gapX);
    let under = parent;
    if (count > 0) {
      under = { x: afterOf(under), y, width: BOX.runWidth, node: undefined, count, sizeBytes, tagCount, parent: under };
      boxes.push(under);
    }
    const box: Box = {
      x: afterOf(under),
      y,
      width: BOX.width,
      node,
      count: 1,
      sizeBytes: node.layerSizeBytes,
      tagCount: node.tagCount,
      parent: under,
    };
    boxes.push(box);
    of(node).forEach((child, at) => {
      if (at > 0) rows += 1;
      place(child, box, rows);
    });
  };
  (children.get(undefined) ?? []).forEach((root, at) => {
    if (at > 0) rows += 1;
    place(root, undefined, rows);
  });
  const right = boxes.reduce((most, { x, width }) => Math.max(most, x + width), 0);
  const height = (rows + 1) * (BOX.height + BOX.gapY) - BOX.gapY;
  return { boxes, width: right + BOX.margin, height: boxes.length === 0 ? 0 : height + 2 * BOX.margin };
}
