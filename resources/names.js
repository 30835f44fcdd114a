// How one name is spelled in the template.

/** @param {string} name a kebab-case name, for instance `check-source` */
export const pascalCase = (name) =>
  name.replace(/(^|-)([a-z0-9])/g, (_, _dash, /** @type {string} */ letter) => letter.toUpperCase());
