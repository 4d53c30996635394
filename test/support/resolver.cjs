/**
 * How Jest finds modules. TypeScript is imported by the name of the JavaScript that it compiles to: `./echo.js` stands for
 * `echo.ts`. A `moduleNameMapper` could do the same, but Jest keeps no cache of names that it maps, and would map those of
 * all packages as well.
 */
const typescript = { extensionAlias: { '.js': ['.ts', '.js'] } };

module.exports = (path, options) => {
  const isOwn = path.startsWith('.') && !options.basedir.includes('node_modules');
  return options.defaultResolver(path, isOwn ? { ...options, ...typescript } : options);
};
