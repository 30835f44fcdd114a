/** One version of a secret's value. */
export interface SecretVersion {
  id: string;
  string: string | undefined;
  binary: string | undefined;
  createdAt: Date;
}

/** A secret with all its versions. */
export interface Secret {
  name: string;
  arn: string;
  owner: string;
  description: string | undefined;
  kmsKeyId: string | undefined;
  tags: Map<string, string>;
  createdAt: Date;
  changedAt: Date;
  accessedAt: Date | undefined;
  /** When it will be gone; set by DeleteSecret with a recovery window. */
  deletionDate: Date | undefined;
  versions: Map<string, SecretVersion>;
  /** The version that each staging label is attached to; a label is on one version at a time. */
  stages: Map<string, string>;
}

/** The labels of one version. */
export function stagesOf(secret: Secret, versionId: string): string[] {
  return [...secret.stages].filter(([, id]) => id === versionId).map(([stage]) => stage);
}

/**
 * Attaches a label. AWSCURRENT leaves AWSPREVIOUS on the version that it was on:
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
 */
export function moveStage(secret: Secret, stage: string, versionId: string): void {
  const before = secret.stages.get(stage);
  if (before === versionId) return;
  secret.stages.set(stage, versionId);
  if (stage === 'AWSCURRENT') {
    if (secret.stages.get('AWSPREVIOUS') === versionId) secret.stages.delete('AWSPREVIOUS');
    if (before !== undefined) secret.stages.set('AWSPREVIOUS', before);
  }
}

/** Version ids with their labels; versions without a label are deprecated and not listed. */
export function versionsToStages(secret: Secret): Record<string, string[]> {
  const labelled = [...secret.versions.keys()].map((id) => [id, stagesOf(secret, id)] as const);
  return Object.fromEntries(labelled.filter(([, stages]) => stages.length > 0));
}
