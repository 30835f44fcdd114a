declare module 'asl-validator' {
  interface Validation {
    isValid: boolean;
    /** One line per error, joined by the separator. */
    errorsText: (separator?: string) => string;
  }
  /** https://www.npmjs.com/package/asl-validator */
  export default function validate(
    definition: unknown,
    options?: { checkPaths?: boolean; checkArn?: boolean },
  ): Validation;
}
