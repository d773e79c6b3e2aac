import { readFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import path from 'node:path';
import type { JestEnvironment } from '@jest/environment';
import { createScriptTransformer, type ScriptTransformer } from '@jest/transform';
import type { Config } from '@jest/types';
import type { TestResult } from '@jest/test-result';
import type Runtime from 'jest-runtime';

/*
 * How jest runs a test file here: in the process of the worker as it is, with modules that Node.js itself loads, once
 * for all files. jest itself would load everything again for each file, which took most of the time of a run.
 */

type RunFile = (
  globalConfig: Config.GlobalConfig,
  config: Config.ProjectConfig,
  environment: JestEnvironment,
  runtime: Runtime,
  testPath: string,
  sendMessage?: (name: string, args: readonly unknown[]) => Promise<void>,
) => Promise<TestResult>;

type Loader = (module: Module & { _compile(code: string, filename: string): void }, filename: string) => void;

const ROOT = path.resolve(__dirname, '../..') + path.sep;
const TESTS = path.join(ROOT, 'tests') + path.sep;
const KEPT = [path.join(ROOT, 'node_modules') + path.sep, __dirname + path.sep];
const { default: runInCircus } = createRequire(__filename)('jest-circus/runner') as { default: RunFile };
const loaders = (Module as unknown as { _extensions: Record<string, Loader | undefined> })._extensions;
const loadJavaScript = loaders['.js'];

/** The source maps, by the file whose stack traces they explain; jest starts each test file with none. */
const sourceMaps = new Map<string, string>();

let transformer: ScriptTransformer | undefined;

/**
 * Runs the tests of a file. Its imports from `src` and `node_modules` may have been loaded by an earlier file. Tests
 * and their helpers are loaded again; in watch mode `src` is too, since it may have changed.
 */
const runFile: RunFile = async (globalConfig, config, environment, runtime, testPath, sendMessage) => {
  transformer ??= await createScriptTransformer(config);
  // jest reads the map while the tests run.
  const known = runtime.getSourceMaps() as Map<string, string>;
  for (const [file, sourceMap] of sourceMaps) known.set(file, sourceMap);
  installLoaders(transformer, (file, sourceMap) => {
    sourceMaps.set(file, sourceMap);
    known.set(file, sourceMap);
  });
  forgetModules(globalConfig.watch || globalConfig.watchAll ? ROOT : TESTS);
  const globals = globalThis as { jest?: unknown };
  globals.jest = runtime.requireModuleOrMock<{ jest: unknown }>(testPath, '@jest/globals').jest;
  const variables = { ...process.env };
  const folder = process.cwd();
  try {
    return await runInCircus(globalConfig, config, environment, plainRuntime(runtime), testPath, sendMessage);
  } finally {
    runtime.restoreAllMocks();
    environment.fakeTimersModern?.useRealTimers();
    process.chdir(folder);
    restoreVariables(variables);
    forgetCircus();
  }
};

export default runFile;

/**
 * Makes Node.js load TypeScript, transformed as jest.config.js says, and removes the loaders that jest itself has left
 * before it.
 */
function installLoaders(by: ScriptTransformer, keepSourceMap: (file: string, sourceMap: string) => void): void {
  const options = {
    supportsDynamicImport: false,
    supportsExportNamespaceFrom: false,
    supportsStaticESM: false,
    supportsTopLevelAwait: false,
    collectCoverage: false,
    collectCoverageFrom: [],
    coverageProvider: 'v8' as const,
  };
  const loadTypeScript: Loader = (module, filename) => {
    const { code, sourceMapPath } = by.transform(filename, options, readFileSync(filename, 'utf8'));
    if (sourceMapPath !== null) keepSourceMap(filename, sourceMapPath);
    module._compile(code, filename);
  };
  loaders['.js'] = loadJavaScript;
  loaders['.ts'] = loadTypeScript;
  loaders['.tsx'] = loadTypeScript;
}

/** Makes Node.js load the files below a folder again when they are needed. */
function forgetModules(folder: string): void {
  for (const file of Object.keys(require.cache)) {
    if (file.startsWith(folder) && !KEPT.some((kept) => file.startsWith(kept))) forget(file);
  }
}

function forget(file: string): void {
  Reflect.deleteProperty(require.cache, file);
}

/** A runtime of jest, except that Node.js loads the modules. */
function plainRuntime(runtime: Runtime): Runtime {
  const load = createRequire(__filename); // one for each file, because it caches what it has loaded
  return Object.create(runtime, {
    unstable_shouldLoadAsEsm: { value: () => false },
    requireModule: { value: (file: string): unknown => load(file) },
    requireInternalModule: {
      value: (file: string): unknown => {
        forget(file); // it keeps the tests of a file in a state of its own
        return load(file);
      },
    },
  }) as Runtime;
}

function restoreVariables(variables: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(process.env)) if (!(name in variables)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, variables);
}

/** Releases a file's tests, which jest-circus keeps in the globals. */
function forgetCircus(): void {
  for (const symbol of Object.getOwnPropertySymbols(globalThis)) {
    if (['JEST_STATE_SYMBOL', 'EVENT_HANDLERS', 'TEST_TIMEOUT_SYMBOL'].includes(symbol.description ?? '')) {
      Reflect.deleteProperty(globalThis, symbol);
    }
  }
}
