import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runSync } from '../../tests/fixtures/report-data.ts';
import { layOut, type MachineGraph } from './machine-graph.ts';
import type { AslDefinition } from './report-data.ts';

const overlaps = ({ states }: MachineGraph): string[] =>
  states.flatMap((a, index) =>
    states
      .slice(index + 1)
      .filter(
        (b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height,
      )
      .map((b) => `${a.name} over ${b.name}`),
  );

test('places each state once, below what leads to it, over no other, and inside the picture', () => {
  const graph = layOut(runSync, new Set());
  expect(graph.states.map(({ name }) => name).sort()).toEqual(Object.keys(runSync.States).sort());
  expect(overlaps(graph)).toEqual([]);
  for (const edge of graph.edges.filter(({ back }) => !back)) {
    const [first, last] = [edge.points[0]!, edge.points.at(-1)!];
    expect(last.y, `${edge.from} → ${edge.to}`).toBeGreaterThan(first.y);
  }
  for (const { x, y, width, height } of graph.states) {
    expect(x).toBeGreaterThanOrEqual(-0.001);
    expect(x + width).toBeLessThanOrEqual(graph.width + 0.001);
    expect(y + height).toBeLessThanOrEqual(graph.height + 0.001);
  }
});

test('draws a loop as a way back', () => {
  const graph = layOut(runSync, new Set());
  expect(graph.edges.filter(({ back }) => back).map(({ from, to }) => `${from}→${to}`)).toEqual([
    'HowDidItEnd→WaitForSync',
    'MarkSourceRecheck→VerifyIncrement',
  ]);
});

test('of all ways into the failure lane draws those that were taken', () => {
  const catches = (taken: string[]) =>
    layOut(runSync, new Set(taken)).edges.filter(
      ({ kind, to }) => kind === 'catch' && to === 'GatherEvidence',
    ).length;
  expect(catches([])).toBe(0);
  expect(catches(['StartSync→GatherEvidence', 'ReadSync→GatherEvidence'])).toBe(2);
});

test('places the branches of a Parallel inside its box', () => {
  const { states } = layOut(runSync, new Set());
  const parallel = states.find(({ name }) => name === 'GatherEvidence')!;
  expect(parallel.inner).toHaveLength(4);
  for (const { x, y, graph } of parallel.inner) {
    expect(x + graph.width).toBeLessThanOrEqual(parallel.x + parallel.width);
    expect(y + graph.height).toBeLessThanOrEqual(parallel.y + parallel.height);
  }
});

test('lays out any machine without overlaps', () => {
  const names = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H'];
  const machine = fc
    .array(fc.array(fc.constantFrom(...names), { maxLength: 3 }), { minLength: 8, maxLength: 8 })
    .map((targets): AslDefinition => ({
      StartAt: 'A',
      States: Object.fromEntries(
        names.map((name, index) => [
          name,
          { Type: 'Choice', Choices: (targets[index] ?? []).map((Next) => ({ Next })) },
        ]),
      ),
    }));
  fc.assert(
    fc.property(machine, (definition) => {
      expect(overlaps(layOut(definition, new Set()))).toEqual([]);
    }),
  );
});
