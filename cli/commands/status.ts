import type { Claim } from '../../shared/contracts/endpoint-register.ts';
import type { Command } from '../command.ts';
import { readStatus, type StatusItems, type StatusLists } from '../stack-status.ts';

/** How people are shown one kind of thing. */
interface Section {
  kind: keyof StatusItems;
  title: string;
  headings: readonly string[];
  rows: (lists: StatusLists) => string[][];
}

/** A section with a column for each heading. */
function section<Kind extends keyof StatusItems>(
  kind: Kind,
  title: string,
  columns: Readonly<Record<string, (item: StatusItems[Kind]) => string>>,
): Section {
  return {
    kind,
    title,
    headings: Object.keys(columns),
    rows: (lists) => {
      const items: StatusItems[Kind][] = lists[kind];
      return items.map((item) => Object.values(columns).map((cell) => cell(item)));
    },
  };
}

const sections: readonly Section[] = [
  section('endpointServices', 'Endpoint services', {
    service: ({ serviceId }) => serviceId,
    source: ({ source }) => source ?? '',
    state: ({ state }) => state,
    targets: ({ targets }) => targets,
    name: ({ serviceName }) => serviceName,
  }),
  section('endpointConnections', 'Endpoint connections', {
    endpoint: ({ endpointId }) => endpointId,
    service: ({ serviceId }) => serviceId,
    owner: ({ ownerAccount }) => ownerAccount,
    state: ({ state }) => state,
    'accepted for': ({ claim }) => (claim === null ? '' : claimInWords(claim)),
    proven: ({ provenAt }) => provenAt ?? '',
  }),
  section('expectations', 'Expectations', {
    expectation: ({ expectationId }) => expectationId,
    service: ({ serviceId }) => serviceId,
    by: ({ recordedBy }) => recordedBy,
    until: ({ expiresAt }) => expiresAt,
    'used by': ({ usedBy }) => usedBy ?? '',
  }),
  section('fivetranConnections', 'Fivetran connections', {
    connection: ({ connectionId }) => connectionId,
    name: ({ name }) => name,
    state: ({ paused, setupState, syncState }) => (paused ? 'paused' : `${setupState}, ${syncState}`),
    'last success': ({ succeededAt }) => succeededAt ?? 'never',
    method: ({ updateMethod }) => updateMethod,
  }),
  section('incidents', 'Open incidents', {
    subject: ({ subject: { type, id } }) => `${type} ${id}`,
    since: ({ openedAt }) => openedAt,
    what: ({ problems }) => problems.map(({ summary }) => summary).join('; '),
  }),
];

export const status: Command = {
  name: 'status',
  summary: 'Shows services, endpoint connections, expectations, Fivetran connections and open incidents.',
  arguments: [],
  answer:
    'a list for each of endpointServices, endpointConnections, expectations, fivetranConnections and incidents, and unread: what could not be read',
  options: {},
  async run(_given, stack, terminal) {
    const answer = await readStatus(stack);
    for (const { kind, title, headings, rows } of sections) {
      const unread = answer.unread.find((other) => other.kind === kind);
      terminal.line(title);
      if (unread !== undefined) terminal.line(`  could not be read: ${unread.reason}`);
      else if (answer[kind].length === 0) terminal.line('  none');
      else terminal.table(headings, rows(answer));
      terminal.line();
    }
    return { ok: answer.unread.length === 0, answer };
  },
};

function claimInWords(claim: Claim): string {
  switch (claim.kind) {
    case 'private-link':
      return `private link ${claim.privateLinkId}`;
    case 'expectation':
      return `expectation of ${claim.recordedBy}`;
    case 'approval':
      return `decision of ${claim.approvedBy}`;
  }
}
