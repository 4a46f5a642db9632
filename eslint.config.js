import checkFile from 'eslint-plugin-check-file';
import perfectionist from 'eslint-plugin-perfectionist';
import tseslint from 'typescript-eslint';

/** What a file is, said between its name and its extension. A new word here is a new kind of file. */
const KINDS = [
  ...['module', 'controller', 'service', 'repository', 'client', 'process', 'store', 'reader', 'port', 'adapter'],
  ...[
    'dto',
    'response',
    'presenter',
    'view',
    'entity',
    'decorator',
    'guard',
    'strategy',
    'pipe',
    'filter',
    'interceptor',
  ],
  ...['cipher', 'cleaner', 'hasher', 'queue', 'runner', 'signer', 'contract', 'config', 'd'],
];
const KEBAB_CASE = '+([a-z0-9])*(-+([a-z0-9]))';

export default tseslint.config(
  { ignores: ['build', 'dist', 'data', 'coverage', 'node_modules', '.cache', 'packages/client/src/openapi.ts'] },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'off',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/require-await': 'off',
      'no-empty': ['error', { allowEmptyCatch: false }],
      eqeqeq: ['error', 'always'],
    },
  },
  {
    files: ['**/*.{ts,js,mjs,cjs}'],
    ignores: ['.dependency-cruiser.cjs'],
    plugins: { 'check-file': checkFile },
    rules: {
      'check-file/filename-naming-convention': [
        'error',
        { '**/*': `${KEBAB_CASE}?(.@(${KINDS.join('|')}))?(.test)` },
        { errorMessage: 'A file is called name.ts or name.kind.ts, in kebab-case; eslint.config.js lists the kinds.' },
      ],
      'check-file/folder-naming-convention': ['error', { '**/': KEBAB_CASE }],
    },
  },
  {
    files: ['**/*.{ts,js,mjs,cjs}'],
    plugins: { perfectionist },
    rules: {
      // Node's, packages, ours from further up, ours from beside or below; within these as the author likes.
      'perfectionist/sort-imports': [
        'error',
        {
          type: 'unsorted',
          newlinesBetween: 'ignore',
          groups: ['builtin', 'external', 'parent', ['sibling', 'index']],
        },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/common/child.process.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: ['child_process', 'node:child_process', 'cluster', 'node:cluster'].map((name) => ({
            name,
            allowTypeImports: true,
            message:
              'Start programs through common/child.process.ts: they must not get our environment, which holds secrets.',
          })),
        },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
);
