import type { Clock } from '../../clock.ts';
import {
  emptyRegister,
  EndpointRegister,
  type Binding,
  type EndpointRegister as Register,
} from '../../contracts/endpoint-register.ts';
import { parse } from '../../contracts/parse.ts';
import { bindingOfLink, prove, prune, usesOfLink } from '../../rules/endpoint-register.ts';
import { untilWon } from './optimistic.ts';
import type { LedgerTable } from './table.ts';

/** Who may be accepted, and who was: one register per endpoint service. */
export interface EndpointRegisters {
  /** The service's register; an empty one when nothing is known of it yet. */
  read(serviceId: string): Promise<Register>;
  /**
   * Changes the register by one conditional write. When somebody else changed it meanwhile, `change` is asked
   * again with what is there now, so it must decide from its argument alone.
   *
   * @param change the new register and an answer, or only an answer when there is nothing to write
   * @throws UnavailableError when it lost against others too often
   */
  change<Answer>(
    serviceId: string,
    change: (register: Register) => { register?: Register; answer: Answer },
  ): Promise<Answer>;
  /** Every service that has a register, whether it is still managed or not. */
  services(): Promise<string[]>;
  /** The live binding of the service, the newest when there are several. */
  bindingOfService(serviceId: string): Promise<Binding | undefined>;
  /** The live binding that a private link of ours serves. */
  bindingOfPrivateLink(privateLinkId: string): Promise<Binding | undefined>;
  /** All bindings that a private link of ours serves or served, at the service for which it was used last. */
  usesOfPrivateLink(privateLinkId: string): Promise<Binding[]>;
  /**
   * Records that data can flow: the private link is OK and a setup test through it passed. Only that makes a
   * binding proven. Recording it again, or for a link without a binding, changes nothing.
   *
   * @returns whether this made a binding proven
   */
  recordProof(proof: { privateLinkId: string; serviceId: string; connectionId: string }): Promise<boolean>;
}

const servicesPartition = 'services';
const registerKey = (serviceId: string) => ({ pk: `service#${serviceId}`, sk: 'register' });
const linkKey = (privateLinkId: string) => ({ pk: `private-link#${privateLinkId}`, sk: 'service' });

export function createEndpointRegisters(table: LedgerTable, clock: Clock): EndpointRegisters {
  async function read(serviceId: string): Promise<Register> {
    const item = await table.get(registerKey(serviceId));
    if (item === undefined) return emptyRegister(serviceId);
    return parse(EndpointRegister, item, `The register of ${serviceId} in the ledger`);
  }

  /** A private link leads to its service by an item of its own; the register stays the only truth. */
  async function noteLinks(before: Register, after: Register): Promise<void> {
    const known = new Set(linksOf(before));
    for (const privateLinkId of linksOf(after).filter((id) => !known.has(id))) {
      await table.put({ ...linkKey(privateLinkId), serviceId: after.serviceId });
    }
  }

  async function change<Answer>(
    serviceId: string,
    decide: (register: Register) => { register?: Register; answer: Answer },
  ): Promise<Answer> {
    return untilWon(clock, `The register of ${serviceId}`, async () => {
      const before = await read(serviceId);
      const { register: after, answer } = decide(before);
      if (after === undefined) return { answer };
      // The pointers are written first: one that leads to nothing is harmless, a missing one is not.
      if (before.version === 0) await table.put({ pk: servicesPartition, sk: serviceId });
      await noteLinks(before, after);
      const version = before.version + 1;
      const won = await table.put(
        { ...registerKey(serviceId), ...prune(after, clock.now().toISOString()), version },
        before.version === 0
          ? { expression: 'attribute_not_exists(pk)' }
          : {
              expression: '#version = :read',
              names: { '#version': 'version' },
              values: { ':read': before.version },
            },
      );
      return won ? { answer } : undefined;
    });
  }

  async function registerOfLink(privateLinkId: string): Promise<Register | undefined> {
    const pointer = await table.get(linkKey(privateLinkId));
    return typeof pointer?.serviceId === 'string' ? read(pointer.serviceId) : undefined;
  }

  return {
    read,
    change,
    services: async () => (await table.query(servicesPartition)).map(({ sk }) => sk),
    async bindingOfPrivateLink(privateLinkId) {
      const register = await registerOfLink(privateLinkId);
      return register === undefined ? undefined : bindingOfLink(register, privateLinkId);
    },
    async usesOfPrivateLink(privateLinkId) {
      const register = await registerOfLink(privateLinkId);
      return register === undefined ? [] : usesOfLink(register, privateLinkId);
    },
    async bindingOfService(serviceId) {
      const { bindings } = await read(serviceId);
      return bindings.filter(({ releasedAt }) => releasedAt === undefined).at(-1);
    },
    recordProof: ({ privateLinkId, serviceId, connectionId }) =>
      change(serviceId, (register) => {
        const proven = prove(register, {
          privateLinkId,
          at: clock.now().toISOString(),
          by: `a setup test of connection ${connectionId} passed through private link ${privateLinkId}`,
        });
        return proven === undefined ? { answer: false } : { register: proven, answer: true };
      }),
  };
}

const linksOf = ({ bindings }: Register): string[] =>
  bindings.flatMap(({ claim }) =>
    claim.kind !== 'expectation' && claim.privateLinkId !== '' ? [claim.privateLinkId] : [],
  );
