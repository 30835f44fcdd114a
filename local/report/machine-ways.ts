import type { AslDefinition, AslState } from './report-data.ts';

/** A way from one state to another. */
export interface Edge {
  from: string;
  to: string;
  kind: 'next' | 'catch';
}

/** The way's name, `from→to`. */
export function stepOf({ from, to }: Edge): string {
  return `${from}→${to}`;
}

/** The machines inside a Parallel or Map state. */
export function innerMachines(state: AslState): AslDefinition[] {
  const single = state.ItemProcessor ?? state.Iterator;
  return state.Branches ?? (single === undefined ? [] : [single]);
}

function allEdges({ States }: AslDefinition): Edge[] {
  return Object.entries(States).flatMap(([from, state]) => {
    const next = [state.Next, ...(state.Choices ?? []).map((choice) => choice.Next), state.Default];
    const caught = (state.Catch ?? []).map((catcher) => catcher.Next);
    const targets = new Set(next.filter((to) => to !== undefined));
    const catches = new Set(caught.filter((to) => !targets.has(to)));
    return [
      ...[...targets].map((to): Edge => ({ from, to, kind: 'next' })),
      ...[...catches].map((to): Edge => ({ from, to, kind: 'catch' })),
    ];
  });
}

/** Every way from one state to another, as `from→to`, those inside a Parallel or Map included. */
export function declaredWays(definition: AslDefinition): Set<string> {
  const inner = Object.values(definition.States).flatMap(innerMachines);
  return new Set([
    ...allEdges(definition).map(stepOf),
    ...inner.flatMap((machine) => [...declaredWays(machine)]),
  ]);
}

/** States in the order in which a walk from the start meets them; ordinary ways before failures. */
export function reachOrder(definition: AslDefinition): string[] {
  const edges = allEdges(definition);
  const seen = new Set<string>();
  const visit = (name: string): void => {
    if (seen.has(name) || definition.States[name] === undefined) return;
    seen.add(name);
    for (const kind of ['next', 'catch'] as const) {
      for (const edge of edges) if (edge.from === name && edge.kind === kind) visit(edge.to);
    }
  };
  visit(definition.StartAt);
  for (const name of Object.keys(definition.States)) visit(name);
  return [...seen];
}

/** The ways that are drawn: of those into one failure state only the taken ones, or else a single one. */
export function visibleEdges(definition: AslDefinition, order: string[], taken: ReadonlySet<string>): Edge[] {
  const edges = allEdges(definition);
  const rank = (edge: Edge): number => order.indexOf(edge.from);
  return edges.filter((edge) => {
    if (edge.kind === 'next') return true;
    if (taken.has(stepOf(edge))) return true;
    const siblings = edges.filter(({ to }) => to === edge.to);
    if (siblings.some((other) => other.kind === 'next' || taken.has(stepOf(other)))) return false;
    return siblings.every((other) => rank(other) <= rank(edge));
  });
}

/** The edges that close a circle. */
export function backEdges(start: string, edges: Edge[]): Set<Edge> {
  const back = new Set<Edge>();
  const done = new Set<string>();
  const open = new Set<string>();
  const visit = (name: string): void => {
    open.add(name);
    for (const edge of edges) {
      if (edge.from !== name) continue;
      if (open.has(edge.to)) back.add(edge);
      else if (!done.has(edge.to)) visit(edge.to);
    }
    open.delete(name);
    done.add(name);
  };
  visit(start);
  for (const { from } of edges) if (!done.has(from)) visit(from);
  return back;
}

/** Each state one layer below the lowest that leads to it. */
export function layersOf(order: string[], edges: Edge[], back: Set<Edge>): Map<string, number> {
  const layers = new Map(order.map((name) => [name, 0]));
  let moved = true;
  while (moved) {
    moved = false;
    for (const edge of edges) {
      if (back.has(edge)) continue;
      const below = (layers.get(edge.from) ?? 0) + 1;
      if (below > (layers.get(edge.to) ?? 0)) {
        layers.set(edge.to, below);
        moved = true;
      }
    }
  }
  return layers;
}
