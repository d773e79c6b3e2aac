import type { ImageNode } from '../../../../src/features/images/tree';
import { roundUp } from '../../../../src/surfaces/web/components/bar-chart';
import { modeText } from '../../../../src/surfaces/web/areas/repository/file-table';
import {
  firstOverV2,
  isBefore,
  needsV1,
  speaksV2,
} from '../../../../src/surfaces/web/areas/repository/engine-generations';
import { groupByEngine } from '../../../../src/surfaces/web/areas/repository/fleet-report';
import { beginning, firstLine, shortenAll } from '../../../../src/surfaces/web/areas/repository/short-text';
import { tagLabel } from '../../../../src/surfaces/web/areas/repository/tree-figure';
import { below, layOut, tipsOf, type Box } from '../../../../src/surfaces/web/areas/repository/tree-layout';

let clock = 0;

function node(id: string, parentId?: string, tags: string[] = []): ImageNode {
  clock += 1000;
  const announcedAt = new Date(clock);
  return { id, parentId, depth: 1, layerSizeBytes: 10, tags, tagCount: tags.length, announcedAt };
}

const named = (boxes: readonly Box[]): string[] => boxes.map((box) => box.node?.id ?? `${box.count} layers`);

describe('the tree', () => {
  const TREE = [
    node('base'),
    node('a', 'base'),
    node('b', 'a'),
    node('fork', 'b'),
    node('old', 'fork', ['old']),
    node('c', 'fork'),
    node('new', 'c', ['latest']),
    node('other'),
  ];

  it('draws shared images once, runs as one box, and the newest branch in the row of its base', () => {
    const { boxes } = layOut(TREE);
    expect(named(boxes)).toEqual(['other', 'base', '2 layers', 'fork', '1 layers', 'new', 'old']);
    const of = (name: string): Box => boxes[named(boxes).indexOf(name)]!;
    expect(of('2 layers')).toMatchObject({ sizeBytes: 20, parent: of('base') });
    expect(of('new').y).toBe(of('base').y);
    expect(of('old').y).toBeGreaterThan(of('new').y);
    expect(of('old').parent).toBe(of('fork'));
    for (const box of boxes)
      if (box.parent !== undefined) expect(box.x).toBeGreaterThan(box.parent.x + box.parent.width);
  });

  it('draws boxes without overlaps, and all within the drawing', () => {
    const nodes = [node('n0')];
    for (let index = 1; index < 200; index += 1)
      nodes.push(node(`n${index}`, `n${Math.floor((index * 7919) % index)}`));
    const { boxes, width, height } = layOut(nodes);
    expect(new Set(boxes.map(({ x, y }) => `${x} ${y}`)).size).toBe(boxes.length);
    for (const box of boxes) {
      expect(box.x + box.width).toBeLessThan(width);
      expect(box.y + 44).toBeLessThan(height);
      for (const other of boxes) {
        if (other !== box && other.y === box.y)
          expect(other.x >= box.x + box.width || box.x >= other.x + other.width).toBe(true);
      }
    }
    expect(boxes.reduce((sum, { count }) => sum + count, 0)).toBe(200);
  });

  it('gives tags in the middle their own boxes while they are few', () => {
    const chain = (length: number) =>
      Array.from({ length }, (_, index) => node(`i${index}`, index === 0 ? undefined : `i${index - 1}`, [`t${index}`]));
    expect(layOut(chain(20)).boxes).toHaveLength(20);
    const { boxes } = layOut(chain(120));
    expect(named(boxes)).toEqual(['i0', '118 layers', 'i119']);
    expect(boxes[1]!.tagCount).toBe(118);
  });

  it('is limited to some tips and the images below them, the newest first', () => {
    const tips = tipsOf(TREE);
    expect(tips.map(({ id }) => id)).toEqual(['other', 'new', 'old']);
    expect(below(TREE, tips.slice(2)).map(({ id }) => id)).toEqual(['base', 'a', 'b', 'fork', 'old']);
    expect(layOut([])).toEqual({ boxes: [], width: 8, height: 0 });
  });

  it('names as many tags as there is room for', () => {
    expect(tagLabel({ tags: ['1', '1.9'], tagCount: 2 })).toBe('1, 1.9');
    expect(tagLabel({ tags: ['1.9.0', 'latest', 'a-longer-one'], tagCount: 12 })).toBe('1.9.0, latest +10');
    expect(tagLabel({ tags: ['x'.repeat(100)], tagCount: 1 })).toHaveLength(19);
  });
});

it('modes are written as in ls', () => {
  expect(modeText({ kind: 'directory', mode: 0o755 })).toBe('drwxr-xr-x');
  expect(modeText({ kind: 'file', mode: 0o4755 })).toBe('-rwsr-xr-x');
  expect(modeText({ kind: 'directory', mode: 0o1777 })).toBe('drwxrwxrwt');
  expect(modeText({ kind: 'symlink', mode: 0o2640 })).toBe('lrw-r-S---');
});

it('engines before 1.10 need v1, and others use what this server lets them see', () => {
  expect(['0.9.1', '1.5.0', '1.5.0-dev', '1.9.1'].map(needsV1)).toEqual([true, true, true, true]);
  const others = ['1.10.3', '1.12.6', '17.05.0-ce', '28.5.2', 'skopeo/1.22.0', '', 'other'];
  expect(others.filter(needsV1)).toEqual([]);
  expect(others.filter((engine) => speaksV2(engine, firstOverV2({ major: 17, minor: 6 })))).toEqual([
    '28.5.2',
    'skopeo/1.22.0',
  ]);
  expect(others.filter((engine) => isBefore(engine, firstOverV2('off')))).toEqual(['1.10.3', '1.12.6', '17.05.0-ce']);
  expect(others.filter((engine) => isBefore(engine, firstOverV2({ major: 1, minor: 10 })))).toEqual([]);
});

it('the kernels of an engine are grouped', () => {
  const row = { pulls: 1, pushes: 0, lastSeen: '2016-01-01' };
  expect(
    groupByEngine([
      { ...row, engine: '1.5.0', kernel: '3.13' },
      { ...row, engine: '0.9.1', kernel: '', pulls: 9 },
      { ...row, engine: '1.5.0', kernel: '4.4', pushes: 2, lastSeen: '2016-02-01' },
    ]),
  ).toEqual([
    { engine: '0.9.1', kernels: [], pulls: 9, pushes: 0, lastSeen: '2016-01-01' },
    { engine: '1.5.0', kernels: ['3.13', '4.4'], pulls: 2, pushes: 2, lastSeen: '2016-02-01' },
  ]);
});

it('the top of a chart is a round number', () => {
  expect([0, 1, 7, 24, 100, 101, 9999].map(roundUp)).toEqual([1, 1, 8, 30, 100, 200, 10_000]);
});

it('texts are cut to fit', () => {
  expect(firstLine('one\ntwo', 10)).toBe('one');
  expect(beginning('abcdef', 4)).toBe('abc…');
  expect(beginning('ab😀def', 4)).toBe('ab…');
  expect(shortenAll(['short', 'a'.repeat(100)], 1000)).toEqual(['short', 'a'.repeat(100)]);
  const [short, long] = shortenAll(['short', '<'.repeat(10_000)], 600);
  expect(short).toBe('short');
  expect(long!.length).toBeLessThan(110);
});
