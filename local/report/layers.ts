import type { Edge } from './machine-ways.ts';

/** Between two slots of one layer, in the picture's own units. */
const gap = 26;

/** What takes room in a layer: a state, or a way that goes through it. */
export interface Slot {
  id: string;
  width: number;
  height: number;
  /** Its middle. */
  x: number;
}

/** Puts a thin slot into every layer that the edge crosses; gives the ids from the upper end to the lower. */
export function threadThrough(
  edge: Edge,
  index: number,
  layerOf: Map<string, number>,
  layers: Slot[][],
): string[] {
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

/** Ways between slots of neighbouring layers. */
export type Links = (readonly [upper: string, lower: string])[];

function neighboursBy(links: Links, side: 'above' | 'below'): Map<string, string[]> {
  const neighbours = new Map<string, string[]>();
  for (const [upper, lower] of links) {
    const [of, to] = side === 'above' ? [lower, upper] : [upper, lower];
    neighbours.set(of, [...(neighbours.get(of) ?? []), to]);
  }
  return neighbours;
}

/** Orders each layer after its neighbours above and below, so that few ways cross. */
export function orderLayers(layers: Slot[][], links: Links): void {
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

/**
 * Moves every slot towards the middle of its neighbours, never closer to the next one than the gap.
 *
 * @param strong ways, as `upper→lower`, that are kept as straight as they can be
 */
export function placeAcross(layers: Slot[][], links: Links, strong: ReadonlySet<string>): void {
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
  const distance = (a: Slot, b: Slot): number => (a.width + b.width) / 2 + gap;
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

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
