/** The import rules of docs/architecture.md. */

/** From the ground up. A folder imports those further up in this list, and none on its own line. */
const LAYERS = [
  ['src/common', 'src/migrations'],
  ['src/config'],
  ['src/schema', 'src/mp4'],
  ['src/modules/database', 'src/modules/storage'],
  ['src/modules/auth', 'src/modules/jobs'],
  ['src/modules/health', 'src/modules/media'],
  ['src/ffmpeg', 'src/modules/incident'],
  ['src/modules/camera', 'src/modules/catalogue', 'src/modules/cluster'],
  ['src/modules/footage'],
  ['src/modules/archive'],
  ['src/modules/capture', 'src/modules/log-sweep', 'src/modules/preview', 'src/modules/retention'],
  ['src/modules/delivery'],
  ['src/modules/export'],
  ['src/modules/recording'],
  [
    'src/modules/event',
    'src/modules/playback',
    'src/modules/schedule',
    'src/modules/statistics',
    'src/modules/timeline',
  ],
];

const inside = (folders) => `^(${folders.join('|')})/`;

const layerRules = LAYERS.flatMap((layer, index) =>
  layer.map((folder) => ({
    name: `layer-of-${folder.replace(/^src\/(modules\/)?/, '')}`,
    comment: `${folder} may import only what stands below it`,
    severity: 'error',
    from: { path: `^${folder}/` },
    to: { path: [inside([...LAYERS.slice(index).flat()]), '^src/[^/]+\\.ts$'], pathNot: `^${folder}/` },
  })),
);

const only = (name, library, ...files) => ({
  name: `only-${name}`,
  comment: `${library} is used behind one file`,
  severity: 'error',
  from: { path: '^src/', pathNot: files },
  to: { path: `^(node_modules/)?${library}` },
});

module.exports = {
  forbidden: [
    {
      name: 'everything-is-found',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^ffmpeg-static$' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-folder-cycles', severity: 'error', scope: 'folder', from: {}, to: { circular: true } },
    ...layerRules,
    {
      name: 'every-folder-has-a-layer',
      severity: 'error',
      from: {},
      to: { path: '^src/(modules/)?[^/]+/', pathNot: [inside(LAYERS.flat())] },
    },
    {
      name: 'modules-have-one-door',
      comment: 'another module is entered through its index.ts or its *.module.ts',
      severity: 'error',
      from: { path: '^src/modules/([^/]+)/' },
      to: { path: '^src/modules/([^/]+)/', pathNot: ['^src/modules/$1/', '/index\\.ts$', '\\.module\\.ts$'] },
    },
    {
      name: 'domain-is-pure',
      severity: 'error',
      comment:
        'tables, formats and domain code touch nothing: no network, process or disk, and no file of ours that does',
      from: { path: ['^src/modules/[^/]+/domain/', '^src/ffmpeg/domain/', '^src/mp4/', '^src/schema/'] },
      to: {
        path: ['^src/', '^(node:)?(fs|child_process|http|https|dgram|tls|net)(/|$)'],
        pathNot: [
          '^src/(modules/[^/]+|ffmpeg)/domain/',
          '^src/modules/[^/]+/index\\.ts$',
          '^src/(mp4|schema|common|migrations)/',
        ],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'src-never-imports-tools',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|tools|bench|packages)/' },
    },
    {
      name: 'packages-stand-alone',
      comment: 'a package imports itself and what its package.json names',
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: { path: '^(src|test|tools|bench|packages)/', pathNot: '^packages/$1/' },
    },
    {
      name: 'packages-name-what-they-use',
      severity: 'error',
      from: { path: '^packages/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-dev', 'npm-unknown'] },
    },
    {
      name: 'packages-are-imported-by-name',
      comment: 'only tests of the inside of a package import its files',
      severity: 'error',
      from: { pathNot: ['^packages/', '^test/(unit|medium)/virtual-camera/'] },
      to: { path: '^packages/', dependencyTypesNot: ['aliased-workspace'] },
    },
    {
      name: 'tools-stand-outside',
      comment: 'tools know the service by its API, through packages/client',
      severity: 'error',
      from: { path: '^tools/' },
      to: { path: '^(src|test|bench)/' },
    },
    only('aws', '@aws-sdk/', '^src/modules/storage/'),
    only('graphile', 'graphile-worker/', '^src/modules/jobs/'),
    only('temporal', 'temporal-polyfill/', '^src/common/wall-time\\.ts$'),
    only('croner', 'croner/', '^src/modules/schedule/domain/cron\\.ts$'),
    only('child-process', '(node:)?child_process$', '\\.process\\.ts$'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    // Without these a package that is entered through `exports` is not found, and no rule sees it.
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['node', 'import', 'default'] },
  },
};
