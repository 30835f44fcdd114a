import type { Acceptance } from '../../shared/contracts/endpoint-decision.ts';
import { accept } from './accept.ts';
import { adopt, expectEndpoint, reject, withdraw } from './carry-out-order.ts';
import type { Dependencies, Task } from './task.ts';

/**
 * Carries out what was decided. Every order may be carried out twice: the second time finds it done.
 *
 * @throws EndpointRefusedError when EC2 refuses, by its own code
 * @throws UnavailableError when EC2 or Fivetran could not be asked; nothing is accepted on a guess
 */
export async function acceptEndpoint(
  { order, execution }: Task,
  dependencies: Dependencies,
): Promise<Acceptance> {
  switch (order.do) {
    case 'accept':
      return accept(order, execution, dependencies);
    case 'reject':
      return reject(order, dependencies);
    case 'adopt':
      return adopt(order, execution, dependencies);
    case 'expect':
      return expectEndpoint(order, execution, dependencies);
    case 'withdraw':
      return withdraw(order, dependencies);
  }
}
