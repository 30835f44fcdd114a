import type { AslDefinition, AslState } from './report-data.ts';

/** How far apart things stand, in the picture's own units. */
const box = { height: 34, gapX: 26, gapY: 34, padding: 14, title: 24 };
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

interface Edge {
  from: string;
  to: string;
  kind: 'next' | 'catch';
}

interface Slot {
  id: string;
  width: number;
  height: number;
  x: number;
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
    chains.flatMap((chain, index) =>
      takenSteps.has(stepOf(edges[index])) ? chain.slice(1).map((to, at) => `${chain[at] ?? ''}→${to}`) : [],
    ),
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

function stepOf(edge: Edge | undefined): string {
  return `${edge?.from ?? ''}→${edge?.to ?? ''}`;
}

function innerMachines(state: AslState): AslDefinition[] {
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
function reachOrder(definition: AslDefinition): string[] {
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

function visibleEdges(definition: AslDefinition, order: string[], taken: ReadonlySet<string>): Edge[] {
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
function backEdges(start: string, edges: Edge[]): Set<Edge> {
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
function layersOf(order: string[], edges: Edge[], back: Set<Edge>): Map<string, number> {
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

/** Puts a thin slot into every layer that the edge crosses; gives the ids from the upper end to the lower. */
function threadThrough(edge: Edge, index: number, layerOf: Map<string, number>, layers: Slot[][]): string[] {
  const ends = [edge.from, edge.to].sort((a, b) => (layerOf.get(a) ?? 0) - (layerOf.get(b) ?? 0));
  const [upper = edge.from, lower = edge.to] = ends;
  const first = (layerOf.get(upper) ?? 0) + 1;
  const crossed = layers.slice(first, layerOf.get(lower) ?? first).map((layer, offset) => {
    const id = `${index}:${offset}`;
    layer.push({ id, width: 8, height: 0, x: 0 });
    return id;
  });
  return [upper, ...crossed, lower];
}

type Links = (readonly [upper: string, lower: string])[];

function neighboursBy(links: Links, side: 'above' | 'below'): Map<string, string[]> {
  const neighbours = new Map<string, string[]>();
  for (const [upper, lower] of links) {
    const [of, to] = side === 'above' ? [lower, upper] : [upper, lower];
    neighbours.set(of, [...(neighbours.get(of) ?? []), to]);
  }
  return neighbours;
}

function orderLayers(layers: Slot[][], links: Links): void {
  const above = neighboursBy(links, 'above');
  const below = neighboursBy(links, 'below');
  for (let sweep = 0; sweep < 12; sweep += 1) {
    const down = sweep % 2 === 0;
    const neighbours = down ? above : below;
    for (const depth of down ? layers.keys() : [...layers.keys()].reverse()) {
      const place = new Map(
        layers.flatMap((layer) => layer.map(({ id }, index) => [id, (index + 0.5) / layer.length])),
      );
      const layer = layers[depth] ?? [];
      const wanted = new Map(
        layer.map(({ id }) => {
          const own = neighbours.get(id) ?? [];
          return [
            id,
            own.length === 0 ? (place.get(id) ?? 0) : mean(own.map((other) => place.get(other) ?? 0)),
          ];
        }),
      );
      layer.sort((a, b) => (wanted.get(a.id) ?? 0) - (wanted.get(b.id) ?? 0));
    }
  }
}

/** Moves every slot towards the middle of its neighbours, never closer to the next one than the gap. */
function placeAcross(layers: Slot[][], links: Links, strong: ReadonlySet<string>): void {
  const above = neighboursBy(links, 'above');
  const below = neighboursBy(links, 'below');
  const slots = new Map(layers.flat().map((slot) => [slot.id, slot]));
  const xOf = (id: string): number => slots.get(id)?.x ?? 0;
  for (const layer of layers) spread(layer, () => ({ x: 0, weight: 1 }));
  for (let round = 0; round < 60; round += 1) {
    for (const layer of round % 2 === 0 ? layers : [...layers].reverse()) {
      spread(layer, ({ id, x }) => {
        const near = [
          ...(above.get(id) ?? []).map((other) => ({
            x: xOf(other),
            weight: strong.has(`${other}→${id}`) ? 12 : 1,
          })),
          ...(below.get(id) ?? []).map((other) => ({
            x: xOf(other),
            weight: strong.has(`${id}→${other}`) ? 12 : 1,
          })),
        ];
        const weight = near.reduce((sum, other) => sum + other.weight, 0);
        if (weight === 0) return { x, weight: 1 };
        return { x: near.reduce((sum, other) => sum + other.x * other.weight, 0) / weight, weight };
      });
    }
  }
}

/** Places the slots of a layer as near to where they want to be as their order and widths allow. */
function spread(layer: Slot[], wantedOf: (slot: Slot) => { x: number; weight: number }): void {
  interface Block {
    slots: { slot: Slot; offset: number }[];
    /** Where the block's first slot wants to be: the weighted mean over its members. */
    wanted: number;
    weight: number;
  }
  const distance = (a: Slot, b: Slot): number => (a.width + b.width) / 2 + box.gapX;
  const blocks: Block[] = [];
  for (const slot of layer) {
    const { x, weight } = wantedOf(slot);
    let block: Block = { slots: [{ slot, offset: 0 }], wanted: x, weight };
    for (let previous = blocks.at(-1); previous !== undefined; previous = blocks.at(-1)) {
      const lastSlot = previous.slots.at(-1);
      const firstSlot = block.slots[0];
      if (lastSlot === undefined || firstSlot === undefined) break;
      const shift = lastSlot.offset + distance(lastSlot.slot, firstSlot.slot);
      if (previous.wanted + shift <= block.wanted) break;
      blocks.pop();
      const sum = previous.weight + block.weight;
      block = {
        slots: [
          ...previous.slots,
          ...block.slots.map((member) => ({ ...member, offset: member.offset + shift })),
        ],
        wanted: (previous.wanted * previous.weight + (block.wanted - shift) * block.weight) / sum,
        weight: sum,
      };
    }
    blocks.push(block);
  }
  for (const { slots, wanted } of blocks) for (const { slot, offset } of slots) slot.x = wanted + offset;
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

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
