'use strict';

/**
 * The lint rules. TypeScript is linted with type information; the few JavaScript files (this one, the other
 * configuration files, bin/, scripts/) without. Which folder may import which is dependency-cruiser's business, see
 * .dependency-cruiser.cjs; here are only the rules about what a single file may say.
 */

const js = require('@eslint/js');
const globals = require('globals');
const tseslint = require('typescript-eslint');

const TYPESCRIPT = ['**/*.{ts,tsx}'];
const JAVASCRIPT = ['**/*.{js,cjs,mjs}'];
const BROWSER = ['src/surfaces/web/static/**/*.js'];

// A later configuration object replaces the options of an earlier one, it does not add to them: these lists are put
// together below, once for each kind of file.
const NO_DEFAULT_EXPORTS = [
  {
    selector: 'ExportDefaultDeclaration, TSExportAssignment, ExportSpecifier[exported.name="default"]',
    message: 'No default exports: a thing has one name everywhere.',
  },
];

const NO_BARRELS = [
  {
    selector: 'ExportAllDeclaration',
    message: 'No barrels: import from the file that owns the thing.',
  },
];

const NO_PROCESS_ENV = [
  {
    selector:
      'MemberExpression[property.name="env"]:matches([object.name="process"], [object.property.name="process"]), ' +
      'MemberExpression[object.name="process"][property.value="env"]',
    message: 'Only src/config.ts reads the environment.',
  },
  {
    selector: 'VariableDeclarator[init.name="process"] > ObjectPattern > Property[key.name="env"]',
    message: 'Only src/config.ts reads the environment.',
  },
];

const NO_PROCESS_IMPORT = [
  { name: 'process', message: 'Use the global; only src/config.ts reads the environment.' },
  { name: 'node:process', message: 'Use the global; only src/config.ts reads the environment.' },
];

const NO_EXPRESS = {
  group: ['express', 'express/*', 'express-*', '@types/express*', 'helmet'],
  message: 'No HTTP below the surfaces, not even a type.',
};

const AUTHORIZED = '/^(Visible|Readable|Writable|Deletable|Administered|Participant)Repository$/';
const NO_FORGED_PERMISSION = [
  {
    selector: `:matches(TSAsExpression, TSTypeAssertion, TSTypePredicate) TSTypeReference[typeName.name=${AUTHORIZED}]`,
    message: 'Only src/features/repositories/access.ts says what an actor may do with a repository.',
  },
];

const TEST_RUNNERS = '/^(it|test|describe)$/';
const TEST_SWITCHES = '/^(only|skip|todo|failing)$/';
const NO_TEST_SWITCHES = [
  {
    selector: [
      `MemberExpression[object.name=${TEST_RUNNERS}][property.name=${TEST_SWITCHES}]`,
      `MemberExpression[object.name=${TEST_RUNNERS}][property.value=${TEST_SWITCHES}]`,
      `MemberExpression[object.object.name=${TEST_RUNNERS}][property.name=${TEST_SWITCHES}]`,
      'CallExpression[callee.name=/^(fit|fdescribe|xit|xtest|xdescribe)$/]',
      'MemberExpression[object.name=/^(fit|fdescribe|xit|xtest|xdescribe)$/]',
    ].join(', '),
    message: 'Every test runs: no only, skip, todo or failing.',
  },
  {
    selector: 'CallExpression[callee.name="expect"][arguments.0.type="Literal"]',
    message: 'An expectation about a literal tests nothing.',
  },
];

module.exports = tseslint.config(
  { ignores: ['dist/', 'data/', 'coverage/', 'tests/protocol/traces/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error', reportUnusedInlineConfigs: 'error' } },

  {
    files: JAVASCRIPT,
    extends: [js.configs.recommended],
    languageOptions: { globals: globals.node },
  },
  {
    files: ['**/*.{js,cjs}'],
    languageOptions: { sourceType: 'commonjs' },
  },
  {
    files: BROWSER,
    languageOptions: { sourceType: 'module', globals: globals.browser },
  },

  {
    files: TYPESCRIPT,
    extends: [js.configs.recommended, ...tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { project: ['tsconfig.test.json'], tsconfigRootDir: __dirname },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      eqeqeq: 'error',
      'no-restricted-syntax': ['error', ...NO_DEFAULT_EXPORTS],

      // Noise: these forbid what is clear and safe.
      '@typescript-eslint/no-confusing-void-expression': 'off', // as in `for (…; …; await sleep(pollMs))`
      '@typescript-eslint/no-misused-spread': ['error', { allow: [{ from: 'lib', name: 'string' }] }], // code points
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-unsafe-enum-assignment': 'off', // takes a generic key of strings for an enum
      '@typescript-eslint/require-await': 'off', // an interface asks for a promise, an implementation may not need it
    },
  },

  {
    files: ['src/**/*.{ts,tsx}', 'migrations/**/*.ts', 'seeds/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...NO_DEFAULT_EXPORTS,
        ...NO_BARRELS,
        ...NO_PROCESS_ENV,
        ...NO_FORGED_PERMISSION,
      ],
      'no-restricted-imports': ['error', { paths: NO_PROCESS_IMPORT }],
    },
  },
  {
    files: ['src/config.ts'],
    rules: {
      'no-restricted-syntax': ['error', ...NO_DEFAULT_EXPORTS, ...NO_BARRELS],
      'no-restricted-imports': 'off',
    },
  },
  {
    files: ['src/**/*.{ts,tsx}'],
    rules: {
      'max-lines': ['error', { max: 250 }],
      'max-lines-per-function': ['error', { max: 60, IIFEs: true }],
      'no-console': 'error',
    },
  },
  {
    files: ['src/surfaces/cli/output.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['src/features/**/*.ts', 'src/blobs/**/*.ts'],
    rules: {
      'no-restricted-imports': ['error', { paths: NO_PROCESS_IMPORT, patterns: [NO_EXPRESS] }],
    },
  },

  {
    files: ['tests/**/*.ts'],
    rules: {
      'no-restricted-syntax': ['error', ...NO_DEFAULT_EXPORTS, ...NO_TEST_SWITCHES, ...NO_FORGED_PERMISSION],

      // supertest's `body` is `any`, and a test says what it expects of it on the next line.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    // Jest itself looks for the default export of what it is configured with.
    files: ['tests/helpers/global-setup.ts', 'tests/helpers/global-teardown.ts', 'tests/runner/*.ts'],
    rules: { 'no-restricted-syntax': ['error', ...NO_TEST_SWITCHES] },
  },
);
