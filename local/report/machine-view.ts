import { markup, type Html } from './html.ts';
import { layOut, type MachineGraph, type PlacedEdge, type PlacedState, type Point } from './machine-graph.ts';
import { declaredWays } from './machine-ways.ts';
import type { ExecutionRecord } from './report-data.ts';

/** The way that an execution took: how often each state was entered, where it failed, and from where to where it went. */
interface Way {
  visits: Map<string, number>;
  failed: Set<string>;
  steps: Set<string>;
}

const margin = 16;
/** A wide machine shrinks to its frame, but not below what can be read. */
const smallestScale = 0.6;

/** The machine as a picture, the way that the execution took drawn strong. */
export function viewMachine(execution: ExecutionRecord): Html {
  const way = wayOf(execution);
  const graph = layOut(execution.definition, way.steps);
  const width = Math.ceil(graph.width + 2 * margin);
  const height = Math.ceil(graph.height + 2 * margin);
  const title = `${execution.machine}: the way through its states`;
  return markup`<svg
    class="machine"
    viewBox="${-margin} ${-margin} ${width} ${height}"
    style="width: ${width}px; min-width: ${Math.round(width * smallestScale)}px"
    role="img"
    aria-label="${title}"
  >
    ${viewGraph(graph, way)}
  </svg>`;
}

function wayOf({ visits, status, definition }: ExecutionRecord): Way {
  const counts = new Map<string, number>();
  const failed = new Set<string>();
  for (const visit of visits) {
    counts.set(visit.state, (counts.get(visit.state) ?? 0) + 1);
    if (visit.errors.length > 0 || visit.type === 'Fail') failed.add(visit.state);
  }
  const last = visits.at(-1);
  if (last !== undefined && status !== 'SUCCEEDED' && status !== 'RUNNING') failed.add(last.state);
  return { visits: counts, failed, steps: stepsTaken(visits, declaredWays(definition)) };
}

/**
 * For each visit the way by which it was reached: from the state left last before, among those that lead here. Branches
 * of a Parallel interleave, so the visit just before it in the history may be another branch's.
 */
function stepsTaken(visits: ExecutionRecord['visits'], ways: Set<string>): Set<string> {
  return new Set(
    visits.flatMap((visit, index) => {
      const from = visits
        .slice(0, index)
        .findLast(
          (earlier) =>
            ways.has(`${earlier.state}→${visit.state}`) &&
            earlier.exitedAt !== undefined &&
            Date.parse(earlier.exitedAt) <= Date.parse(visit.enteredAt),
        );
      return from === undefined ? [] : [`${from.state}→${visit.state}`];
    }),
  );
}

function viewGraph(graph: MachineGraph, way: Way): Html {
  const drawn = [...graph.edges].sort((a, b) => Number(isTaken(a, way)) - Number(isTaken(b, way)));
  return markup`${drawn.map((edge) => viewEdge(edge, way))}${graph.states.map((state) => viewState(state, way))}`;
}

function isTaken(edge: PlacedEdge, way: Way): boolean {
  return way.steps.has(`${edge.from}→${edge.to}`);
}

function viewEdge(edge: PlacedEdge, way: Way): Html {
  const taken = isTaken(edge, way);
  const kind = [
    'edge',
    edge.kind === 'catch' && 'catch',
    taken && 'taken',
    taken && way.failed.has(edge.from) && edge.kind === 'catch' && 'failed',
  ];
  const end = edge.points.at(-1) ?? { x: 0, y: 0 };
  const tip = edge.back ? 5 : -5;
  const head = `M${round(end.x)} ${round(end.y)}l-4 ${tip}h8z`;
  return markup`<g class="${kind.filter(Boolean).join(' ')}">
    <path class="line" d="${curve(edge.points)}" /><path class="head" d="${head}" />
    <title>${edge.from} → ${edge.to}${edge.kind === 'catch' ? ' (on failure)' : ''}</title>
  </g>`;
}

/** A line through the points that leaves and arrives upright. */
function curve([first, ...rest]: Point[]): string {
  if (first === undefined) return '';
  let from = first;
  const parts = rest.map((to) => {
    const bend = (to.y - from.y) / 2;
    const part = `C${round(from.x)} ${round(from.y + bend)} ${round(to.x)} ${round(to.y - bend)} ${round(to.x)} ${round(to.y)}`;
    from = to;
    return part;
  });
  return `M${round(first.x)} ${round(first.y)}${parts.join('')}`;
}

function viewState(state: PlacedState, way: Way): Html {
  const visits = way.visits.get(state.name) ?? 0;
  const kind = ['state', visits > 0 && 'visited', visits > 0 && way.failed.has(state.name) && 'failed'];
  const isBox = state.inner.length > 0;
  const middle = state.x + state.width / 2;
  const textY = isBox ? state.y + 20 : state.y + state.height / 2 + 4;
  return markup`<g class="${kind.filter(Boolean).join(' ')}">
    <title>${state.name} (${state.type})${visits > 1 ? `, entered ${visits} times` : ''}</title>
    <rect
      x="${round(state.x)}"
      y="${round(state.y)}"
      width="${round(state.width)}"
      height="${round(state.height)}"
      rx="${state.type === 'Choice' ? 17 : 7}"
    />
    <text x="${round(middle)}" y="${round(textY)}" text-anchor="middle">${state.name}</text>
    ${
      visits > 1 &&
      markup`<g class="count">
        <rect
          x="${round(state.x + state.width - 16)}"
          y="${round(state.y - 8)}"
          width="26"
          height="16"
          rx="8"
        />
        <text x="${round(state.x + state.width - 3)}" y="${round(state.y + 4)}" text-anchor="middle"
          >×${visits}</text
        >
      </g>`
    }
    ${state.inner.map(
      ({ x, y, graph }) =>
        markup`<g transform="translate(${round(x)} ${round(y)})">${viewGraph(graph, way)}</g>`,
    )}
  </g>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
