import { textsOf, type Block } from './block-kit.ts';
import { cut } from './clean-text.ts';

/** What a message needs to know beside its incident. */
export interface MessageSurroundings {
  /** Whom the first message mentions, in Slack's syntax; trusted, it comes from the deployment. */
  mention: string;
  /** Where docs/runbook.md can be read; empty when nobody said. */
  runbookUrl: string;
  /** ARN of the machine that decides about a held request. */
  acceptEndpointMachineArn: string;
  now: Date;
}

export interface Message {
  /** What a lock screen shows. */
  text: string;
  blocks: Block[];
}

/** The message as plain text alone, for when Slack does not take its blocks. */
export const withoutBlocks = (message: { text: string; blocks?: Block[] | undefined }) => ({
  text: cut(
    [message.text, ...(message.blocks ?? []).flatMap(textsOf)].filter((text) => text !== '').join('\n'),
    3_900,
  ),
  blocks: undefined,
});
