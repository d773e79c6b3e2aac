import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '../../platform/errors';
import type { WebRow } from './access';

/*
 * The stylesheets, the scripts and the icon. Their paths change with their bytes, so that browsers can keep them forever.
 */

const FOLDER = path.join(__dirname, 'static');
const TYPES = {
  'style.css': 'text/css; charset=utf-8',
  'dark.css': 'text/css; charset=utf-8',
  'drydock.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
  'icon.png': 'image/png',
  'api-docs.css': 'text/css; charset=utf-8',
  'api-docs.js': 'text/javascript; charset=utf-8',
  'build-log.js': 'text/javascript; charset=utf-8',
} as const;

type AssetName = keyof typeof TYPES;

interface Asset {
  readonly bytes: Buffer;
  readonly mark: string;
}

function load(name: AssetName): Asset {
  const bytes = readFileSync(path.join(FOLDER, name));
  return { bytes, mark: createHash('sha256').update(bytes).digest('hex').slice(0, 12) };
}

const ASSETS: Readonly<Record<AssetName, Asset>> = {
  'style.css': load('style.css'),
  'dark.css': load('dark.css'),
  'drydock.js': load('drydock.js'),
  'icon.svg': load('icon.svg'),
  'icon.png': load('icon.png'),
  'api-docs.css': load('api-docs.css'),
  'api-docs.js': load('api-docs.js'),
  'build-log.js': load('build-log.js'),
};

function isAsset(name: string): name is AssetName {
  return Object.hasOwn(ASSETS, name);
}

/** The path of an asset. */
export function assetUrl(name: AssetName): string {
  return `/static/${ASSETS[name].mark}/${name}`;
}

/** The routes of the files. */
export const assetRows: readonly WebRow[] = [
  {
    method: 'get',
    path: '/static/:mark/:name',
    access: 'file',
    handle: (_ctx, { params }) => {
      const name = params['name'] ?? '';
      if (!isAsset(name)) throw new AppError('not_found', 'File not found');
      const { bytes, mark } = ASSETS[name];
      // The path of another version, from a process before an update: the answer is good now, but must not be kept.
      const cacheControl = params['mark'] === mark ? 'public, max-age=31536000, immutable' : 'no-cache';
      return { status: 200, headers: { 'Content-Type': TYPES[name], 'Cache-Control': cacheControl }, body: bytes };
    },
  },
];
