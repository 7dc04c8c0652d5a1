import tseslint from 'typescript-eslint';

/** I/O that only some rooms may do. */
const outside = ['fs', 'net', 'tls', 'child_process', 'dgram', 'http', 'https', 'os'].flatMap((name) => [
  name,
  `node:${name}`,
]);

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'fixtures/'] },
  ...tseslint.configs.strict,
  {
    files: ['**/*.{ts,tsx}'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-invalid-void-type': 'off',
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    // Pure rooms: no I/O, no clock, no async.
    files: ['rules/**/*.ts', 'src/{rule,domain,engine,facts,reference,parse,report}/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { paths: outside.map((name) => ({ name, message: 'this room does no I/O' })) },
      ],
      'no-restricted-globals': ['error', 'process', 'setTimeout', 'setInterval', 'fetch'],
      'no-restricted-syntax': [
        'error',
        { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: 'the clock is a fact' },
        { selector: 'MemberExpression[object.name="Date"][property.name="now"]', message: 'the clock is a fact' },
        {
          selector: 'MemberExpression[object.name="Math"][property.name="random"]',
          message: 'the same facts give the same report',
        },
      ],
    },
  },
  {
    files: ['rules/**/*.ts'],
    rules: {
      'no-restricted-syntax': ['error', { selector: ':function[async=true]', message: 'rules are synchronous' }],
    },
  },
  { files: ['bin/*.js'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
  { files: ['bin/*.js', '.ci/**', 'test/**'], rules: { 'no-console': 'off' } },
  { files: ['test/**'], rules: { '@typescript-eslint/no-non-null-assertion': 'off' } },
);
