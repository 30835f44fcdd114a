import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Where a line belongs, said by the rule that finds it in the wrong room. */
const onlyInClients = 'Only shared/clients/** touches a wire: put the call there and pass the client in.';
const wirePackages = ['@aws-sdk/*', '@smithy/*', 'pg', 'pg-*', 'ky', '@slack/*', 'undici'];
const wireModules = ['http', 'https', 'http2', 'net', 'tls', 'dns', 'dgram'].flatMap((name) => [
  name,
  `node:${name}`,
  `node:${name}/*`,
]);
const nobodyImports = {
  group: ['**/local/**', '**/tests/**', '**/scripts/**'],
  message: 'Nothing that ships imports local/, tests/ or scripts/.',
};
const wires = { group: [...wirePackages, ...wireModules], message: onlyInClients };

const restrictImports = (...patterns) => ({
  'no-restricted-imports': 'off',
  '@typescript-eslint/no-restricted-imports': ['error', { patterns }],
});

const ambient = {
  environment: {
    selector: "MemberExpression[object.name='process'][property.name='env']",
    message: 'Only shared/config.ts reads the environment: add a setting there.',
  },
  dateNow: {
    selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
    message: 'Only shared/clock.ts knows the time: take a Clock or an instant as a parameter.',
  },
  newDate: {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: 'Only shared/clock.ts knows the time: take a Clock or an instant as a parameter.',
  },
};

export default defineConfig(
  { ignores: ['node_modules/', '.build/', '.serverless/', '.local/', 'coverage/', '.cache/'] },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.js'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      eqeqeq: 'error',
      'max-depth': ['error', 4],
      'no-console': 'error',
    },
  },
  {
    files: ['functions/**/*.ts', 'shared/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      ...restrictImports(wires, nobodyImports),
      'no-restricted-globals': ['error', { name: 'fetch', message: onlyInClients }],
      'no-restricted-syntax': ['error', ...Object.values(ambient)],
    },
  },
  {
    files: ['shared/clients/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      ...restrictImports(nobodyImports, {
        group: ['**/functions/**'],
        message: 'shared/ never imports a function: move what both need to shared/.',
      }),
      'no-restricted-globals': 'off',
    },
  },
  {
    files: ['shared/contracts/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: restrictImports({
      regex: '^(?!zod/mini$|\\./|\\.\\./errors\\.ts$).*',
      message:
        'shared/contracts imports only the schema library and errors: a decision belongs in shared/rules.',
    }),
  },
  {
    files: ['shared/rules/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: restrictImports({
      regex: '^(?!\\./|\\.\\./contracts/|\\.\\./errors\\.ts$|node:crypto$).*',
      message:
        'shared/rules are pure: only contracts, errors and node:crypto. A wire belongs in shared/clients, data in a parameter.',
    }),
  },
  {
    files: ['functions/*/*.ts'],
    ignores: ['functions/*/handler.ts', '**/*.test.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            wires,
            nobodyImports,
            {
              group: ['../*/**', '!../../**'],
              message: 'Functions never import each other: move what both need to shared/.',
            },
            {
              group: ['**/shared/clients/**'],
              allowTypeImports: true,
              message:
                'Logic takes clients as parameters: import only their types; handler.ts constructs them.',
            },
          ],
        },
      ],
    },
  },
  {
    // The PostgreSQL client and the clients of the internet never share a bundle: those functions have no way out.
    files: [
      'functions/check-source/handler.ts',
      'functions/mark-source/handler.ts',
      'functions/refresh-targets/handler.ts',
    ],
    rules: restrictImports(wires, nobodyImports, {
      group: [
        '**/clients/fivetran/**',
        '**/clients/slack/**',
        '**/clients/databricks/**',
        '**/clients/privatelink/**',
      ],
      message:
        'This function runs in a VPC without internet: it reaches PostgreSQL, DynamoDB, Secrets Manager, ELBv2 and EventBridge only.',
    }),
  },
  {
    files: ['functions/*/handler.ts'],
    ignores: [
      'functions/check-source/handler.ts',
      'functions/mark-source/handler.ts',
      'functions/refresh-targets/handler.ts',
    ],
    rules: restrictImports(wires, nobodyImports, {
      group: ['**/clients/postgres/**'],
      message:
        'Only the functions inside the VPC reach PostgreSQL: check-source, mark-source, refresh-targets.',
    }),
  },
  {
    files: ['shared/config.ts'],
    rules: { 'no-restricted-syntax': ['error', ambient.dateNow, ambient.newDate] },
  },
  { files: ['shared/clock.ts'], rules: { 'no-restricted-syntax': ['error', ambient.environment] } },
  {
    files: ['**/*.test.ts', 'tests/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  { files: ['scripts/**/*.ts', 'local/**/*.ts'], rules: { 'no-console': 'off' } },
  { files: ['**/*.js', '**/*.cjs'], ...tseslint.configs.disableTypeChecked },
  { files: ['**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
);
