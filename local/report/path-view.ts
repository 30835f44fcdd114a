import { markup, type Html } from './html.ts';
import type { PartState, PathRecord } from './report-data.ts';

type Part = PathRecord['parts'][number];
type Stranger = PathRecord['strangers'][number];

interface Place {
  x: number;
  y: number;
  width: number;
  height: number;
}

const words: Record<PartState, string> = {
  up: 'up',
  down: 'down',
  waiting: 'waiting',
  unknown: 'not checked',
};
const strangerAt = 'endpoint service';
const card = { width: 166, height: 112, gap: 34, lineHeight: 15 };
const narrow = { width: 320, height: 84, gap: 26 };

/** The way of the data as a picture: what is up, what is not, and who was kept out. One for wide pages, one for phones. */
export function viewPath(path: PathRecord): Html {
  return markup`<div class="path">${viewWide(path)}${viewNarrow(path)}</div>`;
}

function viewWide({ parts, strangers }: PathRecord): Html {
  const places = parts.map((_, index) => ({
    x: index * (card.width + card.gap) + 1,
    y: 1,
    width: card.width,
    height: card.height,
  }));
  const door = places[parts.findIndex(({ name }) => name === strangerAt)];
  const width = parts.length * (card.width + card.gap) - card.gap + 2;
  const height = card.height + 2 + (strangers.length > 0 ? 104 : 0);
  return markup`<svg
    class="wide"
    viewBox="0 0 ${width} ${height}"
    role="img"
    aria-label="${inWords(parts, strangers)}"
  >
    ${places.slice(1).map((place, index) => {
      const from = places[index];
      const ends = [parts[index], parts[index + 1]];
      return from === undefined
        ? undefined
        : viewLink(from.x + from.width, place.x, place.y + place.height / 2, ends.every(isUp));
    })}
    ${parts.map((part, index) => viewPart(part, places[index], 19))}
    ${door !== undefined && strangers.map((stranger) => viewStrangerBelow(stranger, door))}
  </svg>`;
}

function viewNarrow({ parts, strangers }: PathRecord): Html {
  const places = parts.map((_, index) => ({
    x: 1,
    y: index * (narrow.height + narrow.gap) + 1,
    width: narrow.width,
    height: narrow.height,
  }));
  const bottom = parts.length * (narrow.height + narrow.gap) - narrow.gap;
  const height = bottom + 2 + strangers.length * (narrow.height + 20);
  return markup`<svg
    class="narrow"
    viewBox="0 0 ${narrow.width + 2} ${height}"
    role="img"
    aria-label="${inWords(parts, strangers)}"
  >
    ${places.slice(1).map((place, index) => {
      const up = [parts[index], parts[index + 1]].every(isUp);
      const x = narrow.width / 2;
      return markup`<g class="link ${up ? 'up' : 'down'}">
        <path d="M${x} ${place.y - narrow.gap}V${place.y - 3}" />
        <path class="tip" d="M${x} ${place.y - 1}l-5 -8h10z" />
      </g>`;
    })}
    ${parts.map((part, index) => viewPart(part, places[index], 44))}
    ${strangers.map((stranger, index) => {
      const y = bottom + 20 + index * (narrow.height + 20);
      return viewStranger(stranger, { x: 1, y, width: narrow.width, height: narrow.height });
    })}
  </svg>`;
}

function viewPart(part: Part, place: Place | undefined, charactersPerLine: number): Html | undefined {
  if (place === undefined) return undefined;
  const { x, y, width, height } = place;
  const lines = wrap(part.detail, charactersPerLine).slice(0, 3);
  return markup`<g class="part ${part.state}">
    <title>${part.name}: ${words[part.state]}. ${part.detail} ${part.id ?? ''}</title>
    <rect class="card" x="${x}" y="${y}" width="${width}" height="${height}" rx="12" />
    <circle cx="${x + 18}" cy="${y + 21}" r="5" />
    <text class="name" x="${x + 31}" y="${y + 26}">${part.name}</text>
    ${lines.map((line, index) => markup`<text class="detail" x="${x + 14}" y="${y + 48 + index * card.lineHeight}">${line}</text>`)}
    <text class="state" x="${x + width - 12}" y="${y + height - 10}" text-anchor="end"
      >${words[part.state]}</text
    >
  </g>`;
}

function viewLink(from: number, to: number, y: number, up: boolean): Html {
  const middle = (from + to) / 2;
  return markup`<g class="link ${up ? 'up' : 'down'}">
    <path d="M${from + 2} ${y}H${to - 4}" />
    ${
      up
        ? markup`<path class="tip" d="M${to - 2} ${y}l-8 -5v10z" />`
        : markup`<path class="cross" d="M${middle - 5} ${y - 5}l10 10m0 -10l-10 10" />`
    }
  </g>`;
}

function viewStrangerBelow(stranger: Stranger, door: Place): Html {
  const width = 330;
  const x = door.x + door.width / 2 - width / 2;
  const y = door.y + door.height + 38;
  const lineX = door.x + door.width / 2;
  return markup`<g class="link down">
      <path d="M${lineX} ${y}V${y - 36}" />
      <path class="cross" d="M${lineX - 6} ${y - 25}l12 12m0 -12l-12 12" />
    </g>
    ${viewStranger(stranger, { x, y, width, height: 64 })}`;
}

function viewStranger(stranger: Stranger, { x, y, width, height }: Place): Html {
  return markup`<g class="part stranger">
    <title>${stranger.endpointId} of account ${stranger.account}: ${stranger.state}</title>
    <rect class="card" x="${x}" y="${y}" width="${width}" height="${height}" rx="12" />
    <text class="name" x="${x + 14}" y="${y + 25}">Kept out: account ${stranger.account}</text>
    <text class="detail" x="${x + 14}" y="${y + 45}">${stranger.note}</text>
  </g>`;
}

function isUp(part: Part | undefined): boolean {
  return part?.state === 'up';
}

function inWords(parts: Part[], strangers: Stranger[]): string {
  const way = parts.map(({ name, state }) => `${name} ${words[state]}`).join(', ');
  const others = strangers.map(({ account, state }) => `; account ${account} kept out (${state})`).join('');
  return `The way of the data: ${way}${others}.`;
}

function wrap(text: string, width: number): string[] {
  const words = text
    .split(' ')
    .map((word) => (word.length > width ? `${word.slice(0, width - 6)}…${word.slice(-5)}` : word));
  return words.reduce<string[]>((lines, word) => {
    const last = lines.at(-1);
    if (last === undefined || `${last} ${word}`.length > width) return [...lines, word];
    return [...lines.slice(0, -1), `${last} ${word}`];
  }, []);
}
