import path from 'node:path';
import ts from 'typescript';

/** Credential scope, and so the prefix of IAM actions, by the package of the client. */
const servicePrefixes: Record<string, string> = {
  'client-dynamodb': 'dynamodb',
  'client-ec2': 'ec2',
  'client-elastic-load-balancing-v2': 'elasticloadbalancing',
  'client-eventbridge': 'events',
  'client-lambda': 'lambda',
  'client-secrets-manager': 'secretsmanager',
  'client-sfn': 'states',
};

/** Actions that are not called like the operation that they allow. */
const otherNames: Record<string, string> = { 'lambda:Invoke': 'lambda:InvokeFunction' };

/** Answers for an entry file which IAM actions the code that it can reach asks AWS for. */
export interface CallGraph {
  /** For instance `dynamodb:GetItem`, in order. */
  actionsOf: (entryFile: string) => string[];
}

/**
 * Follows calls through the types: from an entry file to every function, and through an interface to the members of
 * objects that are made as one, so that a client's method counts only where somebody can call it. An action is asked
 * where a reachable line makes the SDK's command.
 */
export function createCallGraph(root: string, entryFiles: readonly string[]): CallGraph {
  const read = ts.readConfigFile(path.join(root, 'tsconfig.json'), (file) => ts.sys.readFile(file));
  const { options } = ts.parseJsonConfigFileContent(read.config, ts.sys, root);
  const program = ts.createProgram([...entryFiles], { ...options, incremental: false });
  const checker = program.getTypeChecker();
  const isOurs = (node: ts.Node): boolean => !node.getSourceFile().fileName.includes('/node_modules/');

  const declarationsOf = (symbol: ts.Symbol | undefined): readonly ts.Declaration[] => {
    if (symbol === undefined) return [];
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    return target.declarations ?? [];
  };

  /** The interface's member that a member of an object literal makes real, when the interface is ours. */
  const promised = (member: ts.ObjectLiteralElementLike): ts.Declaration[] => {
    if (!ts.isObjectLiteralExpression(member.parent) || member.name === undefined) return [];
    if (!ts.isIdentifier(member.name)) return [];
    const type = checker.getContextualType(member.parent);
    return [...declarationsOf(type?.getProperty(member.name.text))].filter(isOurs);
  };

  const actionsOf = (entryFile: string): string[] => {
    const entry = program.getSourceFile(entryFile);
    if (entry === undefined) throw new Error(`${entryFile} is not part of the program.`);
    const actions = new Set<string>();
    const seen = new Set<ts.Node>();
    const waiting: ts.Node[] = [entry];
    const called = new Set<ts.Declaration>();
    const members = new Map<ts.Declaration, ts.Node[]>();

    const reach = (node: ts.Node): void => {
      if (!seen.has(node) && isOurs(node)) {
        seen.add(node);
        waiting.push(node);
      }
    };
    const call = (declaration: ts.Declaration): void => {
      if (called.has(declaration)) return;
      called.add(declaration);
      for (const member of members.get(declaration) ?? []) reach(member);
    };
    const use = (symbol: ts.Symbol | undefined): void => {
      for (const declaration of declarationsOf(symbol)) {
        const service = /@aws-sdk\/(client-[^/]+)\//.exec(declaration.getSourceFile().fileName)?.[1];
        const operation =
          ts.isClassDeclaration(declaration) && /^(\w+)Command$/.exec(declaration.name?.text ?? '')?.[1];
        if (service !== undefined && operation) {
          const action = `${servicePrefixes[service] ?? service}:${operation}`;
          actions.add(otherNames[action] ?? action);
        }
        call(declaration);
        if (ts.isFunctionDeclaration(declaration) || ts.isVariableDeclaration(declaration))
          reach(declaration);
        if (ts.isClassDeclaration(declaration)) reach(declaration);
      }
    };
    const visit = (node: ts.Node): void => {
      if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isInterfaceDeclaration(node)) return;
      if (ts.isFunctionDeclaration(node) && !seen.has(node)) return;
      if (ts.isVariableDeclaration(node) && !seen.has(node) && isFunction(node.initializer)) return;
      if (ts.isObjectLiteralElementLike(node) && !seen.has(node)) {
        const declarations = promised(node);
        for (const declaration of declarations) {
          members.set(declaration, [...(members.get(declaration) ?? []), node]);
          if (called.has(declaration)) reach(node);
        }
        if (declarations.length > 0) return;
      }
      if (ts.isShorthandPropertyAssignment(node)) use(checker.getShorthandAssignmentValueSymbol(node));
      else if (ts.isIdentifier(node)) use(checker.getSymbolAtLocation(node));
      if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent)) {
        const name = node.propertyName ?? node.name;
        if (ts.isIdentifier(name)) use(checker.getTypeAtLocation(node.parent).getProperty(name.text));
      }
      ts.forEachChild(node, visit);
    };

    seen.add(entry);
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      if (ts.isShorthandPropertyAssignment(node)) visit(node);
      else ts.forEachChild(node, visit);
    }
    return [...actions].sort();
  };
  return { actionsOf };
}

function isFunction(node: ts.Node | undefined): boolean {
  return node !== undefined && (ts.isArrowFunction(node) || ts.isFunctionExpression(node));
}
