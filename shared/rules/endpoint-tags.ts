/** Keys that an accepted endpoint connection carries; IAM allows no others. */
const tagKeys = {
  at: 'fivetran-privatelink-accepted-at',
  by: 'fivetran-privatelink-accepted-by',
  why: 'fivetran-privatelink-accepted-why',
} as const;

/** EC2's limit of a tag's value: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html */
const longestValue = 256;

/** When, by which execution and why an endpoint was accepted, as tags of its connection. */
export function acceptanceTags(trace: { at: Date; execution: string; why: string }): Record<string, string> {
  return {
    [tagKeys.at]: trace.at.toISOString(),
    [tagKeys.by]: tagValue(trace.execution),
    [tagKeys.why]: tagValue(trace.why),
  };
}

/** Letters, digits, spaces and `+ - = . _ : / @` are what every AWS service takes. */
const tagValue = (text: string): string =>
  text.replace(/[^\p{L}\p{N} +\-=._:/@]/gu, ' ').slice(0, longestValue);
