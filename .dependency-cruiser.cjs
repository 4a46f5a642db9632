/** The import rules of docs/architecture.md. */
const only = (name, library, ...files) => ({
  name: `only-${name}`,
  comment: `${library} is used behind one file`,
  severity: 'error',
  from: { path: '^src/', pathNot: files },
  to: { path: `^(node_modules/)?${library}` },
});

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: { path: '^src/' }, to: { circular: true } },
    {
      name: 'common-imports-no-module',
      severity: 'error',
      from: { path: '^src/common/' },
      to: { path: '^src/modules/' },
    },
    {
      name: 'recording-never-imports-event',
      severity: 'error',
      from: { path: '^src/modules/recording/' },
      to: { path: '^src/modules/event/(?!event.entity)' },
    },
    {
      name: 'domain-is-pure',
      severity: 'error',
      comment: 'domain code touches nothing: no other kind of file of ours, no network, process or disk',
      from: { path: '^src/modules/[^/]+/domain/' },
      to: {
        path: ['^src/', '^(node:)?(fs|child_process|http|https|dgram|tls)'],
        pathNot: ['^src/modules/[^/]+/domain/', '^src/common/'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'src-never-imports-tools',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|tools|bench)/' },
    },
    only('aws', '@aws-sdk/', '^src/modules/storage/'),
    only('graphile', 'graphile-worker/', '^src/modules/jobs/'),
    only('child-process', '(node:)?child_process$', '\\.process\\.ts$'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
  },
};
