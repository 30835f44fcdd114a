import { orderLayers, placeAcross, threadThrough, type Slot } from './layers.ts';
import { backEdges, innerMachines, layersOf, reachOrder, stepOf, visibleEdges } from './machine-ways.ts';
import type { AslDefinition } from './report-data.ts';

/** How far apart things stand, in the picture's own units. */
const box = { height: 34, gapY: 34, padding: 14, title: 24 };
const characterWidth = 7.2;

export interface Point {
  x: number;
  y: number;
}

export interface PlacedState {
  name: string;
  type: string;
  /** Upper left corner. */
  x: number;
  y: number;
  width: number;
  height: number;
  /** The machines inside a Parallel or Map, placed within the box. */
  inner: { x: number; y: number; graph: MachineGraph }[];
}

export interface PlacedEdge {
  from: string;
  to: string;
  kind: 'next' | 'catch';
  /** From below `from` to above `to`, or the other way round where the machine goes back. */
  points: Point[];
  /** Whether the way leads back up. */
  back: boolean;
}

/** A state machine laid out from top to bottom. */
export interface MachineGraph {
  width: number;
  height: number;
  states: PlacedState[];
  edges: PlacedEdge[];
}

/**
 * Lays a machine out in layers: each state below all that lead to it, ways that skip layers bent around the states
 * between, crossings reduced by ordering each layer after its neighbours.
 *
 * Nearly every state can fail into the failure lane; drawing all those ways would hide the machine. So of the ways
 * into one failure state only those in `takenSteps` (`from→to`) are drawn, or else a single one. The way taken is
 * kept as straight as it can be.
 */
export function layOut(definition: AslDefinition, takenSteps: ReadonlySet<string>): MachineGraph {
  const inner = new Map(
    Object.entries(definition.States).map(([name, state]) => [
      name,
      innerMachines(state).map((machine) => layOut(machine, takenSteps)),
    ]),
  );
  const order = reachOrder(definition);
  const edges = visibleEdges(definition, order, takenSteps);
  const back = backEdges(definition.StartAt, edges);
  const layerOf = layersOf(order, edges, back);
  const sizeOf = (name: string): { width: number; height: number } => boxSize(name, inner.get(name) ?? []);

  const layers: Slot[][] = Array.from({ length: Math.max(...layerOf.values()) + 1 }, () => []);
  for (const name of order) layers[layerOf.get(name) ?? 0]?.push({ id: name, ...sizeOf(name), x: 0 });
  const chains = edges.map((edge, index) => threadThrough(edge, index, layerOf, layers));
  const links = chains.flatMap((chain) =>
    chain.slice(1).map((to, index) => [chain[index] ?? to, to] as const),
  );
  orderLayers(layers, links);
  const strong = new Set(
    chains.flatMap((chain, index) => {
      const edge = edges[index];
      if (edge === undefined || !takenSteps.has(stepOf(edge))) return [];
      return chain.slice(1).map((to, at) => `${chain[at] ?? ''}→${to}`);
    }),
  );
  placeAcross(layers, links, strong);

  const tops = stack(layers);
  const slots = new Map(layers.flatMap((layer, depth) => layer.map((slot) => [slot.id, { slot, depth }])));
  const left = Math.min(...layers.flat().map(({ x, width }) => x - width / 2));
  const centre = (id: string): number => (slots.get(id)?.slot.x ?? 0) - left;

  const states = order.map((name): PlacedState => {
    const { width, height } = sizeOf(name);
    const x = centre(name) - width / 2;
    const y = tops[layerOf.get(name) ?? 0]?.top ?? 0;
    return {
      name,
      type: definition.States[name]?.Type ?? 'Pass',
      x,
      y,
      width,
      height,
      inner: placeInner(inner.get(name) ?? [], x, y),
    };
  });
  return {
    width: Math.max(...layers.flat().map(({ x, width }) => x + width / 2)) - left,
    height: (tops.at(-1)?.top ?? 0) + (tops.at(-1)?.height ?? 0),
    states,
    edges: edges.map((edge, index) => {
      const down = (chains[index] ?? []).map((id, place, chain): Point[] => {
        const { depth = 0, slot } = slots.get(id) ?? {};
        const { top = 0, height = 0 } = tops[depth] ?? {};
        const x = centre(id);
        if (place === 0) return [{ x, y: top + (slot?.height ?? height) }];
        return place === chain.length - 1
          ? [{ x, y: top }]
          : [
              { x, y: top },
              { x, y: top + height },
            ];
      });
      const isBack = back.has(edge);
      return { ...edge, points: isBack ? down.flat().reverse() : down.flat(), back: isBack };
    }),
  };
}

function boxSize(name: string, inner: MachineGraph[]): { width: number; height: number } {
  const ownWidth = Math.max(96, name.length * characterWidth + 34);
  if (inner.length === 0) return { width: ownWidth, height: box.height };
  const rows = inRows(inner);
  const width = Math.max(
    ...rows.map((row) => row.reduce((sum, graph) => sum + graph.width + box.padding, box.padding)),
  );
  const height = rows.reduce((sum, row) => sum + tallest(row) + box.padding, box.title + box.padding);
  return { width: Math.max(ownWidth, width), height };
}

function placeInner(inner: MachineGraph[], x: number, y: number): PlacedState['inner'] {
  let nextY = y + box.title + box.padding;
  return inRows(inner).flatMap((row) => {
    let nextX = x + box.padding;
    const placed = row.map((graph) => {
      const place = { x: nextX, y: nextY, graph };
      nextX += graph.width + box.padding;
      return place;
    });
    nextY += tallest(row) + box.padding;
    return placed;
  });
}

/** Two machines stand side by side; more of them fill a square, so that the box does not outgrow the page. */
function inRows(inner: MachineGraph[]): MachineGraph[][] {
  const columns = inner.length <= 2 ? 2 : Math.ceil(Math.sqrt(inner.length));
  return Array.from({ length: Math.ceil(inner.length / columns) }, (_, row) =>
    inner.slice(row * columns, (row + 1) * columns),
  );
}

function tallest(graphs: MachineGraph[]): number {
  return Math.max(...graphs.map(({ height }) => height));
}

function stack(layers: Slot[][]): { top: number; height: number }[] {
  let top = 0;
  return layers.map((layer) => {
    const height = Math.max(box.height, ...layer.map((slot) => slot.height));
    const row = { top, height };
    top += height + box.gapY;
    return row;
  });
}
